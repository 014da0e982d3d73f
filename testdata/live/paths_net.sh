# The namespaces of paths_test.sh, sourced by it after net.sh:
#
#   here ─ eth0 (vlan10 and vx0 on it) ───────────────────────────────────── eth0 ─ there
#        ─ near ── n1l n1 n1r ── n2l n2 n2r ── ... n5r   bridges in chain ── near ─
#        ─ far  ── f1l f1 f1r ── f2l f2 f2r ── ... f16r                   ── far  ─
#        ─ vepa    macvlan on uplink in trunk, whose switch sends it back by hairpin ── vepa ─
#        ─ bus     macvlan on lower in trunk, which hands over by itself ─────── bus  ─
#        ─ big     of an index that is more than a record can tell ────────────── big ─
#   chain ─ own ── o1l o1 o1r ── ... o14r   bridges in the place where it begins ──── own ─ away
#   here2 ─ blue ─────────────────────────────────────────────────────────── blue ─ there2
#
# Links have numbers, which make their addresses; here2 and there2 have those of here and there.
# No neighbour is asked for, and IPv6 is off but at loopback: nothing passes but what is sent.

paths_places="here there here2 there2 chain trunk switch"
paths_unrecorded=away
paths_links="eth0 near far vepa bus big vx0"
near_bridges=5
far_bridges=16
own_bridges=14
same_index=7
big_index=$((1 << 26 | 6))

link_number()
{
	case $1 in
	eth0 | blue) echo 1 ;;
	near) echo 2 ;;
	far) echo 3 ;;
	vepa) echo 4 ;;
	bus) echo 5 ;;
	big) echo 6 ;;
	vx0) echo 7 ;;
	vlan10) echo 8 ;;
	own) echo 9 ;;
	esac
}

# end_of LINK SIDE, hardware LINK SIDE: its address at side 1, here, or 2, there.
end_of() { echo "$net4a.$(($(link_number "$1") * 8 + $2))"; }
hardware() { echo "02:00:00:00:0$2:0$(link_number "$1")"; }

in_place()
{
	paths_place=path-$1-$$
	shift
	ip netns exec "$paths_place" "$@"
}

inode() { stat -L -c %i "/run/netns/path-$1-$$"; }

# What follows prints commands for ip, each after the place where it is to run.

# link_up LINK PLACE PLACE: both ends have addresses and know each other.
link_up()
{
	for side in 1 2; do
		[ $side = 1 ] && place=$2 || place=$3
		echo "$place addr add $(end_of "$1" $side)/29 dev $1"
		echo "$place link set $1 up"
		echo "$place neigh add $(end_of "$1" $((3 - side))) dev $1" \
			"lladdr $(hardware "$1" $((3 - side)))"
	done
}

# direct LINK INDEX PLACE PLACE
direct()
{
	echo "$3 link add $1 index $2 address $(hardware "$1" 1) type veth" \
		"peer $1 index $2 address $(hardware "$1" 2) netns path-$4-$$"
	link_up "$1" "$3" "$4"
}

# bridge PLACE NAME PORT...
bridge()
{
	place=$1 name=$2
	shift 2
	echo "$place link add $name up type bridge mcast_snooping 0"
	for port in "$@"; do
		echo "$place link set $port up master $name"
	done
}

# chain_of LINK LETTER COUNT PLACE PLACE
chain_of()
{
	echo "$4 link add $1 address $(hardware "$1" 1) type veth peer ${2}1l netns path-chain-$$"
	echo "$5 link add $1 address $(hardware "$1" 2) type veth peer $2${3}r netns path-chain-$$"
	for i in $(seq "$3"); do
		[ "$i" = "$3" ] || echo "chain link add $2${i}r type veth peer $2$((i + 1))l"
		bridge chain "$2$i" "$2${i}l" "$2${i}r"
	done
	link_up "$1" "$4" "$5"
}

# macvlans LINK LOWER MODE
macvlans()
{
	echo "trunk link set $2 up"
	for side in 1 2; do
		[ $side = 1 ] && place=here || place=there
		echo "trunk link add link $2 name $1 address $(hardware "$1" $side)" \
			"netns path-$place-$$ type macvlan mode $3"
	done
	link_up "$1" here there
}

stacked()
{
	for side in 1 2; do
		[ $side = 1 ] && place=here || place=there
		echo "$place link add vx0 address $(hardware vx0 $side) type vxlan id 42 dstport 4789" \
			"local $(end_of eth0 $side) remote $(end_of eth0 $((3 - side)))"
		[ -z "$paths_vlan" ] || echo "$place link add link eth0 name vlan10" \
			"address $(hardware vlan10 $side) type vlan id 10"
	done
	link_up vx0 here there
	[ -z "$paths_vlan" ] || link_up vlan10 here there
}

paths_commands()
{
	direct eth0 $same_index here there
	direct blue $same_index here2 there2
	direct big $big_index here there
	chain_of near n $near_bridges here there
	chain_of far f $far_bridges here there
	chain_of own o $own_bridges chain away
	echo "trunk link add uplink index $same_index type veth" \
		"peer port index $same_index netns path-switch-$$"
	bridge switch br0 port
	echo "switch link set port type bridge_slave hairpin on"
	macvlans vepa uplink vepa
	echo "trunk link add lower type veth peer nobody"
	echo "trunk link set nobody up"
	macvlans bus lower bridge
	stacked
}

# paths_net_up FILE: which gets the commands that made it.
paths_net_up()
{
	net_addresses_of_this_run
	[ -d /run/netns ] || net_made_directory=1
	for place in $paths_places $paths_unrecorded; do
		ip netns add "path-$place-$$" || return 1
		net_names="$net_names path-$place-$$"
		in_place "$place" sh -c 'cd /proc/sys/net || exit 1
			echo 1 >ipv6/conf/all/disable_ipv6
			echo 1 >ipv6/conf/default/disable_ipv6
			echo 0 >ipv6/conf/lo/disable_ipv6
			for filter in bridge/bridge-nf-call-*; do
				[ ! -e "$filter" ] || echo 0 >"$filter"
			done
			echo 0 >ipv4/tcp_sack' || return 1
		ip -n "path-$place-$$" link set lo up
	done
	# Not every kernel has VLAN devices.
	paths_vlan=
	ip -n "path-trunk-$$" link add below type bridge || return 1
	ip -n "path-trunk-$$" link add link below name above type vlan id 1 2>/dev/null &&
		paths_vlan=vlan10
	ip -n "path-trunk-$$" link del below || return 1
	paths_commands >"$1" || return 1
	while read -r place command; do
		ip -n "path-$place-$$" $command || { echo "$place: ip $command" >&2; return 1; }
	done <"$1"
	for link in $paths_links $paths_vlan; do
		net_answers "path-here-$$" "$(end_of "$link" 2)" || return 1
	done
	net_answers "path-here2-$$" "$(end_of blue 2)" &&
		net_answers "path-chain-$$" "$(end_of own 2)" || return 1
	# A datagram that follows another of 1400 bytes has to wait for 150 ms.
	in_place chain tc qdisc add dev own root tbf rate 76kbit burst 1500 latency 5s
}
