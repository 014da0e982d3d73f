# The sender's super packets are cut where they leave, a router passes the segments on, and the receiver
# makes super packets of them again: one becomes many, and many become what was sent.

gro_up()
{
	lab_places a r b && wire a eth0 r eth0 && wire r eth1 b eth0 && forwards r &&
		ends 1 a eth0 r eth0 && ends 2 r eth1 b eth0 &&
		link_at a route add default via "$(end4 1 2)" &&
		link_at b route add default via "$(end4 2 1)" &&
		offload a eth0 tso off && offload r eth0 tso off && offload r eth1 tso off &&
		offload b eth0 tso off && offload a eth0 gro on && offload b eth0 gro on &&
		net_answers "$(place a)" "$(end4 2 2)"
}

gro_traffic()
{
	serve b && talk a "$(end4 2 2)" && settle "$(end4 2 2)"
}

gro_checks()
{
	is segments_become_what_was_sent 1 "$(ask "SELECT count(*) > 10 FROM packet
		WHERE packets > 1 AND (identity = 'inferred' OR relation = 'merge')")"
}
