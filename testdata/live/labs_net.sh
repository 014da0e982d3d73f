# What the labs are made of, sourced by labs_test.sh after net.sh and quiet.sh: places (network
# namespaces), wires between them, and traffic that says which packet each one is.
#
# A place has a short name; wires have numbers, which make the addresses of their two ends: 1 is
# $(end4 N 1), 2 is $(end4 N 2), and the same for end6.

end4() { echo "$net4a.$(($1 * 8 + $2))"; }
end6() { printf '%s::%x\n' "$net6a" $(($1 * 8 + $2)); }
place() { echo "lab-$1-$$"; }
lab_inode() { inode "$(place "$1")"; }

# at PLACE COMMAND...: ip netns exec there.
at()
{
	at_place=$(place "$1")
	shift
	ip netns exec "$at_place" "$@"
}

# link_at PLACE WORDS...: ip there.
link_at()
{
	at_place=$(place "$1")
	shift
	ip -n "$at_place" "$@"
}

lab_places()
{
	for lab_place in "$@"; do
		quiet_namespace "$(place "$lab_place")" || return 1
	done
}

# wire PLACE INTERFACE PLACE INTERFACE [INDEX]: both of that index, where one is given.
wire()
{
	ip link add "$2" ${5:+index $5} netns "$(place "$1")" type veth \
		peer name "$4" ${5:+index $5} netns "$(place "$3")" &&
		link_at "$1" link set "$2" up && link_at "$3" link set "$4" up
}

# bridge PLACE NAME PORT...
bridge()
{
	bridge_place=$(place "$1")
	shift
	quiet_bridge "$bridge_place" "$@"
}

# ends N PLACE INTERFACE PLACE INTERFACE: they have the addresses of wire N, and answer each other.
ends()
{
	link_at "$2" addr add "$(end4 "$1" 1)/29" dev "$3" &&
		link_at "$4" addr add "$(end4 "$1" 2)/29" dev "$5" &&
		net_answers "$(place "$2")" "$(end4 "$1" 2)"
}

# ends_6: the same of IPv6.
ends_6()
{
	for lab_end in "$2 $3 1" "$4 $5 2"; do
		set -- "$1" "$2" "$3" "$4" "$5" $lab_end
		at "$6" sh -c "cd /proc/sys/net/ipv6/conf/$7 && echo 0 >accept_dad &&
			echo 0 >router_solicitations && echo 0 >disable_ipv6" &&
			link_at "$6" addr add "$(end6 "$1" "$8")/125" dev "$7" nodad || return 1
	done
	net_answers "$(place "$2")" "$(end6 "$1" 2)"
}

forwards()
{
	at "$1" sh -c 'cd /proc/sys/net && echo 1 >ipv4/ip_forward &&
		echo 1 >ipv6/conf/all/forwarding'
}

offload()
{
	offload_place=$1
	shift
	at "$offload_place" $live_tools/offload "$@"
}

# --- traffic ---

# says PLACE TOOL WORDS...: its account is kept, and its failure.
says()
{
	says_place=$1 says_tool=$live_tools/$2
	shift 2
	at "$says_place" "$says_tool" "$@" >>"$run/said" 2>>"$run/trouble" </dev/null ||
		echo "$says_tool $*: exit status $?" >>"$run/trouble"
}

# serve PLACE: UDP at 5001, which only counts, and TCP at 8090.
serve()
{
	net_serve "$(place "$1")" "$run/sink" $live_tools/flood sink 5001 && sink=$started &&
		net_serve "$(place "$1")" "$run/server" $live_tools/exchange tcp-serve 8090 &&
		server=$started
}

# datagrams PLACE ADDRESS [SIZE]: of a socket that is not connected, and of one that is.
datagrams()
{
	says "$1" stamped "$2" 5001 "$lab_datagrams" "${3:-200}" 20000
	says "$1" stamped "$2" 5001 "$lab_datagrams" 1200 20000 connected
}

# streams PLACE ADDRESS: much in one direction, and then in the other.
streams()
{
	says "$1" exchange tcp "$2" 8090 "$lab_bytes" 1000
	says "$1" exchange tcp "$2" 8090 1000 "$lab_bytes"
}

# talk PLACE ADDRESS: all of this.
talk()
{
	datagrams "$1" "$2"
	streams "$1" "$2"
}

# settle ADDRESS [PLACE]: what every packet sent from there (a) before has passed: on a processor they
# stay in order.
settle()
{
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		at "${2:-a}" taskset -c "$cpu" ping -q -c 1 "$1" >/dev/null
	done
}
