# Datagrams that their sender cuts, and others that a router cuts.

fragments_up()
{
	lab_places a r b && wire a eth0 r eth0 && wire r eth1 b eth0 && forwards r &&
		ends 1 a eth0 r eth0 && ends 2 r eth1 b eth0 &&
		link_at r link set eth1 mtu 1020 && link_at b link set eth0 mtu 1020 &&
		link_at a route add default via "$(end4 1 2)" &&
		link_at b route add default via "$(end4 2 1)" &&
		net_answers "$(place a)" "$(end4 2 2)"
}

# 1480 bytes of data go into a packet of 1500, 1000 into one of 1020.
fragments_traffic()
{
	net_serve "$(place r)" "$run/near" $live_tools/flood sink 5001 || return 1
	near=$started
	serve b && says a stamped "$(end4 1 2)" 5001 "$lab_datagrams" 4000 5000 cut 1480 &&
		says a stamped "$(end4 2 2)" 5001 "$lab_datagrams" 1400 5000 cut 1000 &&
		settle "$(end4 2 2)"
	net_stop TERM "$near"
}
