# Network namespaces in which nothing speaks unasked, sourced by the live tests that count exactly:
# no IPv6 of their own, no spanning tree, no filters in bridges. Uses net.sh, whose net_down takes
# them away.

# quiet_namespace NAME...
quiet_namespace()
{
	[ -d /run/netns ] || net_made_directory=1
	for name in "$@"; do
		ip netns add "$name" || return 1
		net_names="$net_names $name"
		ip netns exec "$name" sh -c '
			for interface in all default; do
				echo 1 >/proc/sys/net/ipv6/conf/$interface/disable_ipv6
			done
			for filter in /proc/sys/net/bridge/bridge-nf-call-*; do
				[ ! -e "$filter" ] || echo 0 >"$filter"
			done
			echo 0 >/proc/sys/net/ipv4/tcp_sack' || return 1
		ip -n "$name" link set lo up
	done
}

# quiet_pair NAMESPACE INTERFACE NAMESPACE INTERFACE: the two ends of a wire; jumbo packets fit.
quiet_pair()
{
	ip link add "$2" netns "$1" mtu 65535 type veth peer name "$4" netns "$3" mtu 65535 &&
		ip -n "$1" link set "$2" up &&
		ip -n "$3" link set "$4" up
}

# quiet_bridge NAMESPACE BRIDGE PORT...
quiet_bridge()
{
	quiet_place=$1 quiet_name=$2
	shift 2
	ip -n "$quiet_place" link add "$quiet_name" type bridge mcast_snooping 0 stp_state 0 &&
		ip -n "$quiet_place" link set "$quiet_name" up || return 1
	for port in "$@"; do
		ip -n "$quiet_place" link set "$port" master "$quiet_name" || return 1
	done
}

# The number by which a recording knows a namespace.
inode() { stat -L -c %i "/run/netns/$1"; }

# quiet_places: a subquery that names the namespaces of a recording.
quiet_places()
{
	echo "(SELECT $(inode "$client") AS network_namespace, 'client' AS place
		UNION ALL SELECT $(inode "$router"), 'router'
		UNION ALL SELECT $(inode "$server"), 'server')"
}

# quiet_neighbour NAMESPACE INTERFACE ADDRESS NAMESPACE INTERFACE: who has it is known, not asked for.
quiet_neighbour()
{
	mac=$(ip netns exec "$4" cat "/sys/class/net/$5/address") &&
		ip -n "$1" neigh replace "$3" dev "$2" lladdr "$mac" nud permanent
}

# What a packet meets between containers of two hosts:
#
#   client             router                                            server
#   eth0 ----- port0 in bridge br0 -- DNAT, masquerade -- tunnel0        tunnel0
#                                                         eth1 --------- eth0
#
# UDP ports 5000 to 5999 and TCP ports 8090 to 8099 of $router4 go on to $server4, masqueraded, in
# VXLAN. The wire takes packets of 1550 bytes, so that the tunnel takes 1500.
quiet_path()
{
	outer4=192.168.$(($$ % 256))
	net_addresses_of_this_run
	quiet_namespace "$client" "$router" "$server" &&
		quiet_pair "$client" eth0 "$router" port0 &&
		quiet_pair "$router" eth1 "$server" eth0 &&
		quiet_bridge "$router" br0 port0 || return 1
	ip -n "$client" link set eth0 mtu 1500
	ip -n "$router" link set port0 mtu 1500
	ip -n "$router" link set eth1 mtu 1550
	ip -n "$server" link set eth0 mtu 1550
	ip -n "$client" addr add "$client4/24" dev eth0 &&
		ip -n "$router" addr add "$router4/24" dev br0 &&
		ip -n "$router" addr add "$outer4.1/24" dev eth1 &&
		ip -n "$server" addr add "$outer4.2/24" dev eth0 &&
		ip -n "$router" link add tunnel0 type vxlan id 7 dstport 4789 nolearning \
			local "$outer4.1" remote "$outer4.2" &&
		ip -n "$server" link add tunnel0 type vxlan id 7 dstport 4789 nolearning \
			local "$outer4.2" remote "$outer4.1" &&
		ip -n "$router" link set tunnel0 up && ip -n "$server" link set tunnel0 up &&
		ip -n "$router" addr add "$router4b/24" dev tunnel0 &&
		ip -n "$server" addr add "$server4/24" dev tunnel0 &&
		quiet_neighbour "$client" eth0 "$router4" "$router" br0 &&
		quiet_neighbour "$router" br0 "$client4" "$client" eth0 &&
		quiet_neighbour "$router" eth1 "$outer4.2" "$server" eth0 &&
		quiet_neighbour "$server" eth0 "$outer4.1" "$router" eth1 &&
		quiet_neighbour "$router" tunnel0 "$server4" "$server" tunnel0 &&
		quiet_neighbour "$server" tunnel0 "$router4b" "$router" tunnel0 || return 1
	in_router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' &&
		in_router nft -f - <<-END
			table ip nat {
				chain prerouting {
					type nat hook prerouting priority dstnat
					ip daddr $router4 tcp dport 8090-8099 dnat to $server4
					ip daddr $router4 udp dport 5000-5999 dnat to $server4
				}
				chain postrouting {
					type nat hook postrouting priority srcnat
					oifname "tunnel0" masquerade
				}
			}
		END
}

# A second wire, from client to server at once, whose super packets are up to 180 kB; $server4 and
# $server6 are reached by it. Fails where the kernel does not know such packets.
quiet_big_pair()
{
	quiet_pair "$client" big0 "$server" big0 || return 1
	for name in "$client" "$server"; do
		ip -n "$name" link set big0 mtu 1500
		ip netns exec "$name" $live_tools/offload big0 super 180000 2>/dev/null &&
			ip netns exec "$name" sh -c 'cd /proc/sys/net/ipv6/conf/big0 &&
				echo 0 >accept_dad && echo 0 >router_solicitations &&
				echo 0 >disable_ipv6' || return 1
	done
	ip -n "$client" addr add "$client6/128" dev big0 nodad
	ip -n "$server" addr add "$server6/128" dev big0 nodad
	ip -n "$client" route add "$server6" dev big0
	ip -n "$server" route add "$client6" dev big0
	ip -n "$server" addr add "$server4/32" dev lo
	ip -n "$client" route add "$server4" dev big0
	ip -n "$server" route add "$client4" dev big0
}

# quiet_settle ADDRESS PORT: until all that was sent before has arrived or is gone. On each CPU packets
# stay in order, so it is enough that one more has come through there.
quiet_settle()
{
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		in_client taskset -c "$cpu" $live_tools/flood send "$1" "$2" 1 1 64 1 >/dev/null ||
			return 1
	done
}

# quiet_counters NAMESPACE...: as JSON, an object for each interface, what it counted since it was made.
quiet_counters()
{
	for name in "$@"; do
		ip -n "$name" -s -j link | sed "s/^\[/[{\"place\":\"${name%-*}\"},/" | tr -d '\n'
		echo
	done
}

# quiet_unseen BEFORE AFTER RECORDING: how many packets fewer the recorder's programs were called for than
# interfaces counted between two files of quiet_counters, which were written while it recorded. It
# cannot know: on a busy host, packets have been seen to pass while no tracepoint fired, for perf neither.
quiet_unseen()
{
	sqlite3 :memory: "CREATE TABLE line(moment INTEGER, json TEXT);" ".mode ascii" \
		".separator \"\t\" \"\n\"" ".import \"|sed 's/^/-1\t/' $1\" line" \
		".import \"|sed 's/^/1\t/' $2\" line" "SELECT max(0, sum(moment * (
			(value ->> '\$.stats64.tx.packets') + (value ->> '\$.stats64.tx.dropped') +
			(value ->> '\$.stats64.rx.packets'))) - $(play "$3" "SELECT attempted FROM stage
			WHERE stage = 'kernel' AND stream = 'flow'" | tail -n 1))
		FROM line, json_each(line.json) WHERE value ->> 'ifname' IS NOT NULL"
}

# quiet_datagrams NAMESPACE: UDP datagrams that came there so far, a line "FATE NUMBER" for what became
# of them.
quiet_datagrams()
{
	ip netns exec "$1" cat /proc/net/snmp | awk '$1 == "Udp:" && !n { n = split($0, name); next }
		$1 == "Udp:" { for (i = 2; i <= n; i++)
			if (name[i] ~ /^(InDatagrams|NoPorts|InErrors)$/) print name[i], $i }'
}
