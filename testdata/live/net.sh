# Three network namespaces of one's own, sourced by the live tests and the demo:
#
#   client                     router                        server
#   eth0 ------------- port0 in bridge br0 ... eth1 ------------- eth0
#   $client4 $client6     $router4 $router6                $server4 $server6
#
# The router translates: its port 80 and UDP ports 53 and 5000 to 5999 go to the server (80 to
# 8080, 53 to 5353, the others as they are), and everything that leaves by eth1 is masqueraded.
# IPv6 is routed as it is. TCP port 8090 to 8099 go to the server too.
#
# All settings are made inside the namespaces; net_down, which also runs at exit, takes away what
# net_up made and ends the processes that net_start started.

live_tools=build/testdata/live
net_pids=
net_names=
net_made_directory=

# Whether this machine lets us make namespaces; prints why when it does not.
net_allowed()
{
	if [ "$(id -u)" != 0 ]; then
		echo "not root"
	elif ! unshare -n true 2>/dev/null; then
		echo "no permission to make a network namespace"
	else
		return 0
	fi
	return 1
}

net_addresses()
{
	net4a=$1 net4b=$2 net6a=$3 net6b=$4
	client4=$net4a.10 router4=$net4a.1 router4b=$net4b.1 server4=$net4b.20
	client6=$net6a::10 router6=$net6a::1 router6b=$net6b::1 server6=$net6b::20
}

# Addresses differ from run to run: recordings see the namespaces of other runs, too.
net_addresses_of_this_run()
{
	net_addresses "10.$((64 + $$ / 256 % 128)).$(($$ % 256))" \
		"10.$((192 + $$ / 256 % 60)).$(($$ % 256))" \
		"fd00:$(printf %x $(($$ % 65536))):1" "fd00:$(printf %x $(($$ % 65536))):2"
}

in_client() { ip netns exec "$client" "$@"; }
in_router() { ip netns exec "$router" "$@"; }
in_server() { ip netns exec "$server" "$@"; }

net_up()
{
	client=client-$$ router=router-$$ server=server-$$
	[ -d /run/netns ] || net_made_directory=1
	for name in $client $router $server; do
		ip netns add "$name" || return 1
		net_names="$net_names $name"
		# Addresses hold at once, without a second's probing.
		ip netns exec "$name" sh -c '
			cd /proc/sys/net || exit 1
			for interface in all default; do
				echo 0 >ipv6/conf/$interface/accept_dad
				echo 0 >ipv6/conf/$interface/accept_ra
				echo 0 >ipv6/conf/$interface/router_solicitations
			done
			echo 0 >ipv4/tcp_sack' || return 1
		ip -n "$name" link set lo up
	done

	ip link add eth0 netns "$client" type veth peer name port0 netns "$router" &&
		ip link add eth0 netns "$server" type veth peer name eth1 netns "$router" &&
		ip -n "$router" link add br0 type bridge &&
		ip -n "$router" link set port0 master br0 || return 1

	ip -n "$client" addr add "$client4/24" dev eth0
	ip -n "$client" addr add "$client6/64" dev eth0 nodad
	ip -n "$router" addr add "$router4/24" dev br0
	ip -n "$router" addr add "$router6/64" dev br0 nodad
	ip -n "$router" addr add "$router4b/24" dev eth1
	ip -n "$router" addr add "$router6b/64" dev eth1 nodad
	ip -n "$server" addr add "$server4/24" dev eth0
	ip -n "$server" addr add "$server6/64" dev eth0 nodad
	for pair in "$client eth0" "$router port0" "$router br0" "$router eth1" "$server eth0"; do
		set -- $pair
		ip -n "$1" link set "$2" up || return 1
	done
	ip -n "$client" route add default via "$router4"
	ip -n "$client" route add default via "$router6"
	ip -n "$server" route add default via "$router6b"

	in_router sh -c 'cd /proc/sys/net && echo 1 >ipv4/ip_forward &&
		echo 1 >ipv6/conf/all/forwarding' || return 1
	in_router nft -f - <<-END
		table ip nat {
			chain prerouting {
				type nat hook prerouting priority dstnat
				ip daddr $router4 tcp dport 80 dnat to $server4:8080
				ip daddr $router4 tcp dport 8090-8099 dnat to $server4
				ip daddr $router4 udp dport 53 dnat to $server4:5353
				ip daddr $router4 udp dport 5000-5999 dnat to $server4
			}
			chain postrouting {
				type nat hook postrouting priority srcnat
				oifname "eth1" masquerade
			}
		}
	END
	net_answers "$client" "$router4" && net_answers "$client" "$router6" &&
		net_answers "$router" "$server4" && net_answers "$router" "$server6"
}

# net_answers NAMESPACE ADDRESS: until it does; links and neighbours take a moment.
net_answers()
{
	tries=0
	until ip netns exec "$1" ping -q -c 1 -W 1 "$2" >/dev/null 2>&1; do
		tries=$((tries + 1))
		if [ $tries = 20 ]; then
			echo "$2 does not answer in $1" >&2
			return 1
		fi
	done
}

# net_start NAMESPACE OUTPUT COMMAND...: in the background; its pid is in $started.
net_start()
{
	net_namespace=$1 net_output=$2
	shift 2
	ip netns exec "$net_namespace" "$@" >>"$net_output" 2>>"$net_output.err" </dev/null &
	started=$!
	net_pids="$net_pids $started"
}

# wait_for_line TEXT FILE PID: until the process has written the line; 1 when it ended before.
wait_for_line()
{
	until grep -q "$1" "$2" 2>/dev/null; do
		kill -0 "$3" 2>/dev/null || { grep -q "$1" "$2" 2>/dev/null; return; }
		sleep 0.02
	done
}

# net_serve NAMESPACE OUTPUT COMMAND...: the same for a server that says "ready".
net_serve()
{
	net_start "$@"
	wait_for_line ready "$2.err" "$started"
}

# net_wait PID: until a process that was started here has ended; its exit status.
net_wait()
{
	wait "$1"
	net_status=$?
	net_left=
	for pid in $net_pids; do
		[ "$pid" = "$1" ] || net_left="$net_left $pid"
	done
	net_pids=$net_left
	return $net_status
}

# net_stop SIGNAL PID
net_stop()
{
	kill -"$1" "$2" 2>/dev/null
	net_wait "$2"
}

net_down()
{
	for pid in $net_pids; do
		kill -KILL "$pid" 2>/dev/null
	done
	for pid in $net_pids; do
		wait "$pid" 2>/dev/null
	done
	net_pids=
	for name in $net_names; do
		ip netns del "$name"
	done
	net_names=
	if [ -n "$net_made_directory" ] && [ -d /run/netns ] && [ -z "$(ls /run/netns)" ]; then
		umount /run/netns 2>/dev/null
		rmdir /run/netns
	fi
}
