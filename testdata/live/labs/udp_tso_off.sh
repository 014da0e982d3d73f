# Datagrams that their sender hands over many at a time, and that are cut where they leave, behind the
# hop: one becomes many. Their IPv4 identifications go on from the one's, but the next one's is only
# one more, so nothing in them tells which they were cut from: it must not be guessed.

udp_tso_off_up()
{
	veth_up && link_at a link set eth0 gso_max_segs 1
}

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
	is "super_packets_are_cut_in_$lab" 1 "$(ask "SELECT max(packets) > 20 AND
		sum(io = 'receive') > 3 * sum(io = 'transmit' AND packets > 1) FROM packet")"
	none "what_was_cut_is_said_not_to_be_known_in_$lab" "$(ask "
		SELECT DISTINCT cut.identity, cut.relation FROM packet AS cut JOIN packet AS super
			ON super.source_port = cut.source_port AND super.packets > 1
			WHERE cut.io = 'receive' AND NOT (cut.identity = 'unknown' AND
			cut.relation IS NULL)")"
}
