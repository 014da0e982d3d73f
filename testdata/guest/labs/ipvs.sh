# A virtual server of IPVS in the router, which hands the connection to nf_conntrack
# (net.ipv4.vs.conntrack, as kube-proxy sets it); the router's masquerading comes on top.

ipvs_traffic()
{
	modprobe ip_vs || return 1
	in_router sh -c 'echo 1 >/proc/sys/net/ipv4/vs/conntrack' || return 1
	for service in "-t $router4:8100 $server4:8090" "-u $router4:6100 $server4:6001"; do
		set -- $service
		in_router ipvsadm -A "$1" "$2" -s rr &&
			in_router ipvsadm -a "$1" "$2" -r "$3" -m || return 1
	done
	talk "$client" tcp "$router4" 8100 1000 200000
	talk "$client" udp "$router4" 6100 30 500 echo
	in_router conntrack -L 2>/dev/null | awk -f testdata/live/conntrack.awk >"$work/ipvs.conntrack"
	in_router ipvsadm -Lnc >"$work/ipvs.list"
}

ipvs_checks()
{
	none flows_through_ipvs_are_exact_and_know_both_processes \
		"$(wrong_flows ipvs "destination_port IN (8100, 6100)")"
	translations=$(recorded "SELECT network_iana_number, source_address, source_port,
		destination_address, destination_port, source_nat_address, source_nat_port,
		destination_nat_address, destination_nat_port FROM nat
		WHERE destination_port IN (8100, 6100)")
	none translations_of_ipvs_are_those_of_conntrack \
		"$(differ "$work/ipvs.conntrack" "$translations")" \
		"$(printf '%s\n' "$translations" | grep -c .) entries"
	# protocol, expiry, state, client, virtual and real address
	none translations_of_ipvs_are_those_of_ipvsadm "$(awk '/:.*:.*:.*:/ {
		print ($1 == "TCP" ? 6 : 17) "," $4 "," $5 "," $6 }' "$work/ipvs.list" |
		tr : , >"$work/ipvs.expected"
		differ "$work/ipvs.expected" "$(printf '%s\n' "$translations" | cut -d , -f 1-5,8,9)")"
}
