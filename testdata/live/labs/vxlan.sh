# A VXLAN between two places.

vxlan_up()
{
	veth_up && tunnel_between vxlan dstport 4789
}

# tunnel_between KIND WORDS...: as the second wire. Nothing passes but what the lab sends, so no neighbour
# is asked for.
tunnel_between()
{
	tunnel=$1
	shift
	if ! link_at a link add probe0 type "$tunnel" id 1 remote 192.0.2.1 "$@" 2>/dev/null; then
		LAB_LACKS="this kernel has no $tunnel"
		return
	fi
	link_at a link del probe0
	for side in "a 1 2" "b 2 1"; do
		set -- "$*" $side
		link_at "$2" link add "$tunnel" type "$tunnel" id 7 remote "$(end4 1 "$4")" $1 &&
			link_at "$2" link set "$tunnel" mtu 1440 up address 02:00:00:00:00:0"$3" &&
			link_at "$2" addr add "$(end4 2 "$3")/29" dev "$tunnel" &&
			link_at "$2" neigh replace "$(end4 2 "$4")" dev "$tunnel" nud permanent \
				lladdr 02:00:00:00:00:0"$4" || return 1
		set -- $1
	done
}

vxlan_traffic()
{
	serve b && talk a "$(end4 2 2)" && settle "$(end4 1 2)"
}

vxlan_checks()
{
	none "what_a_tunnel_sends_is_around_what_it_carries_in_$lab" "$(ask "
		SELECT id, count(*), max(relation), max(identity) FROM packet
			WHERE protocol = 17 AND destination_port IN (4789, 6081) AND io = 'transmit'
			GROUP BY id HAVING max(coalesce(relation, '')) <> 'around' LIMIT 5")"
}
