# A VXLAN and a Geneve tunnel between router and server: what goes through is counted inside, and
# once more as what the tunnel sends.

tunnels_traffic()
{
	for kind in vxlan geneve; do
		[ $kind = vxlan ] && inside=172.16.7 port="dstport 4789" || inside=172.16.8 port=
		in_router ip link add $kind type $kind id 7 remote "$server4" $port &&
			in_server ip link add $kind type $kind id 7 remote "$router4b" $port &&
			tunnel_end "$router" 1 && tunnel_end "$server" 2 || return 1
		talk "$router" udp $inside.2 6001 20 300 echo
		talk "$router" tcp $inside.2 8090 1000 1000
	done
}

# tunnel_end NAMESPACE NUMBER: nothing passes but what the lab sends.
tunnel_end()
{
	ip netns exec "$1" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$kind/disable_ipv6" &&
		ip -n "$1" link set $kind address 02:00:00:00:00:0"$2" mtu 1450 up &&
		ip -n "$1" addr add $inside."$2"/24 dev $kind &&
		ip -n "$1" neigh replace $inside.$((3 - $2)) lladdr 02:00:00:00:00:0$((3 - $2)) \
			dev $kind nud permanent
}

tunnels_checks()
{
	none flows_inside_tunnels_are_exact_and_know_both_processes \
		"$(wrong_flows tunnels "source_address IN ('172.16.7.1', '172.16.8.1')")"
	for kind in "vxlan 172.16.7.1 4789" "geneve 172.16.8.1 6081"; do
		set -- $kind
		# Ethernet, the tunnel's own header, UDP, IPv4
		is "what_a_$1_tunnel_sends_is_exact" "$(recorded "SELECT
			sum(source_packets + destination_packets), sum(source_bytes + destination_bytes
				+ (source_packets + destination_packets) * (14 + 8 + 8 + 20)) AS bytes
			FROM flow WHERE source_address = '$2'")" \
			"$(recorded "SELECT sum(source_packets), sum(source_bytes) FROM flow
				WHERE destination_port = $3")"
	done
}
