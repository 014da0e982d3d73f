# The sender makes no super packets, and the receiver does: many become one.

gro_up()
{
	veth_up || return 1
	for end in a b; do
		link_at $end link set eth0 gso_max_segs 1 && offload $end eth0 tso off &&
			offload $end eth0 gro on || return 1
	done
	net_answers "$(place a)" "$(end4 1 2)"
}

gro_traffic()
{
	serve b && talk a "$(end4 1 2)" && settle "$(end4 1 2)"
}

gro_checks()
{
	none each_merged_packet_begins_with_its_first_part "$(ask "
		SELECT merged.id, merged.sequence, merged.payload, part.id, part.sequence, part.payload
			FROM packet AS merged LEFT JOIN packet AS part ON part.id = merged.parent AND
			part.sequence = merged.sequence AND part.payload < merged.payload
			WHERE merged.relation = 'merge' AND part.id IS NULL LIMIT 5")"
	is segments_are_merged 1 "$(ask "SELECT count(*) > 10 FROM packet WHERE relation = 'merge'")"
}
