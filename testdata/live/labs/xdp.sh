# An XDP program on the receiving end, which has the interface make new packets.

xdp_up()
{
	if [ ! -e $live_tools/labs/pass.bpf.o ]; then
		LAB_LACKS="no XDP program here"
		return
	fi
	veth_up || return 1
	for end in a b; do
		# The other end has no XDP ring of its own to take super packets.
		at "$end" ip link set eth0 xdp obj $live_tools/labs/pass.bpf.o sec xdp || return 1
	done
	net_answers "$(place a)" "$(end4 1 2)"
}

xdp_traffic()
{
	serve b && talk a "$(end4 1 2)" && settle "$(end4 1 2)"
}
