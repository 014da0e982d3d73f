# A VXLAN between two places.

vxlan_up()
{
	veth_up && tunnel_between vxlan dstport 4789
}

# tunnel_between KIND WORDS...: as the second wire.
tunnel_between()
{
	tunnel=$1
	shift
	if ! link_at a link add probe0 type "$tunnel" id 1 remote 192.0.2.1 "$@" 2>/dev/null; then
		LAB_LACKS="this kernel has no $tunnel"
		return
	fi
	link_at a link del probe0
	link_at a link add "$tunnel" type "$tunnel" id 7 remote "$(end4 1 2)" "$@" &&
		link_at b link add "$tunnel" type "$tunnel" id 7 remote "$(end4 1 1)" "$@" &&
		link_at a link set "$tunnel" mtu 1440 up && link_at b link set "$tunnel" mtu 1440 up &&
		ends 2 a "$tunnel" b "$tunnel"
}

vxlan_traffic()
{
	serve b && talk a "$(end4 2 2)" && settle "$(end4 2 2)"
}

vxlan_checks()
{
	none "what_a_tunnel_sends_is_around_what_it_carries_in_$lab" "$(ask "
		SELECT id, count(*), max(relation), max(identity) FROM packet
			WHERE protocol = 17 AND destination_port IN (4789, 6081) AND io = 'transmit'
			GROUP BY id HAVING max(coalesce(relation, '')) <> 'around' LIMIT 5")"
}
