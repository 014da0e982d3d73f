# Super packets that are cut where they leave, behind the hop: one becomes many.

tso_off_up()
{
	veth_up && offload a eth0 tso off && offload b eth0 tso off
}

tso_off_traffic()
{
	tso_traffic
}

tso_off_checks()
{
	none "each_segment_is_of_a_super_packet_that_carried_it_in_$lab" "$(ask "
		SELECT segment.id, segment.identity, segment.relation, segment.sequence, segment.payload,
			super.id, super.sequence, super.payload
			FROM packet AS segment LEFT JOIN packet AS super ON super.id = segment.parent AND
			segment.sequence - super.sequence BETWEEN 0 AND super.payload - segment.payload
			WHERE segment.relation = 'segment' AND super.id IS NULL LIMIT 5")"
	is "super_packets_are_cut_in_$lab" 1 "$(ask "SELECT count(*) > 100 FROM packet
		WHERE relation = 'segment'")"
}
