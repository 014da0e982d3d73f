# Datagrams that their sender hands over many at a time, and that are cut where they leave, behind the
# hop: one becomes many.

udp_tso_off_up()
{
	veth_up && link_at a link set eth0 gso_max_segs 1
}

# By IPv4 identification one finds what they were cut from; where that is 0, it is not told.
udp_tso_off_traffic()
{
	serve b || return 1
	for together in 1 2 7 32; do
		says a stamped "$(end4 1 2)" 5001 "$lab_datagrams" 200 20000 super $together
	done
	says a stamped "$(end4 1 2)" 5001 "$lab_datagrams" 1200 20000 super 40
	settle "$(end4 1 2)"
}

udp_tso_off_checks()
{
	is "super_packets_are_cut_in_$lab" 1 "$(ask "SELECT count(*) > 100 FROM packet
		WHERE relation = 'segment'")"
	none "each_datagram_is_of_the_super_packet_that_carried_it_in_$lab" "$(ask "
		SELECT datagram.id, datagram.identity, datagram.stamp, super.id, super.stamp, super.packets
			FROM packet AS datagram LEFT JOIN packet AS super ON super.id = datagram.parent AND
			datagram.stamp - super.stamp BETWEEN 0 AND super.packets - 1
			WHERE datagram.relation = 'segment' AND super.id IS NULL LIMIT 5")"
}
