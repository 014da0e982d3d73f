# A router makes super packets of the segments that it receives, others than they were cut from, and
# cuts them again where they leave.

merge_up()
{
	lab_places a r b && wire a eth0 r eth0 && wire r eth1 b eth0 && forwards r &&
		ends 1 a eth0 r eth0 && ends 2 r eth1 b eth0 &&
		link_at a route add default via "$(end4 1 2)" &&
		link_at b route add default via "$(end4 2 1)" || return 1
	for lab_end in "a eth0" "r eth0" "r eth1" "b eth0"; do
		offload $lab_end tso off || return 1
	done
	# From one side come large ones, which become several smaller ones; from the other single
	# segments. What the router receives waits for more.
	if ! offload r eth0 merged 8000 2>/dev/null; then
		LAB_LACKS="this kernel has no limit of merged packets"
		return
	fi
	link_at b link set eth0 gso_max_segs 1 || return 1
	for lab_end in eth0 eth1; do
		offload r $lab_end gro on &&
			at r sh -c "echo 500000 >/sys/class/net/$lab_end/gro_flush_timeout" || return 1
	done
	net_answers "$(place a)" "$(end4 2 2)"
}

merge_traffic()
{
	serve b && streams a "$(end4 2 2)" && settle "$(end4 2 2)"
}

merge_checks()
{
	for relation in segment merge; do
		is "super_packets_are_made_that_nobody_sent_by_$relation" 1 "$(ask "
			SELECT count(*) > 20 FROM packet WHERE relation = '$relation' AND packets > 1")" \
			"$(ask "SELECT count(*) || ' of ' || sum(packets) FROM packet
				WHERE relation = '$relation' AND packets > 1")"
	done
	none each_merged_packet_begins_with_its_parent "$(ask "
		SELECT merged.id, merged.identity, merged.sequence, merged.payload, merged.packets,
			first.id, first.sequence, first.payload
			FROM packet AS merged LEFT JOIN packet AS first ON first.id = merged.parent AND
			merged.sequence - first.sequence BETWEEN 0 AND first.payload - 1 AND
			merged.sequence + merged.payload > first.sequence + first.payload
			WHERE merged.relation = 'merge' AND first.id IS NULL LIMIT 5")"
	none each_segment_lies_in_its_parent_in_merge "$(ask "
		SELECT segment.id, segment.identity, segment.sequence, segment.payload,
			super.id, super.sequence, super.payload
			FROM packet AS segment LEFT JOIN packet AS super ON super.id = segment.parent AND
			segment.sequence - super.sequence BETWEEN 0 AND super.payload - segment.payload
			WHERE segment.relation = 'segment' AND super.id IS NULL LIMIT 5")"
}
