# The sender's super packets, of four segments each, are cut where they leave, a router passes the segments
# on, and the receiver makes larger super packets of them: one becomes many, and many become one.

gro_up()
{
	lab_places a r b && wire a eth0 r eth0 && wire r eth1 b eth0 && forwards r &&
		ends 1 a eth0 r eth0 && ends 2 r eth1 b eth0 &&
		link_at a route add default via "$(end4 1 2)" &&
		link_at b route add default via "$(end4 2 1)" &&
		link_at a link set eth0 gso_max_segs 4 && offload a eth0 tso off && offload r eth0 tso off && offload r eth1 tso off &&
		offload b eth0 tso off && offload a eth0 gro on && offload b eth0 gro on &&
		net_answers "$(place a)" "$(end4 2 2)"
}

gro_traffic()
{
	serve b && talk a "$(end4 2 2)" && settle "$(end4 2 2)"
}

# So do the first segment's bytes, whatever else it has become.
gro_checks()
{
	none each_merged_packet_begins_with_its_first_part "$(ask "
		SELECT merged.id, merged.sequence, merged.payload FROM packet AS merged
			WHERE merged.relation = 'merge' AND NOT EXISTS (SELECT 1 FROM packet AS part
				WHERE part.id = merged.parent AND part.sequence = merged.sequence AND
				part.payload < merged.payload) LIMIT 5")"
	is segments_are_merged 1 "$(ask "SELECT count(*) > 10 FROM packet WHERE relation = 'merge'")"
}
