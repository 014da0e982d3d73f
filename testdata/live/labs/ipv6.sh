# A router between two places, with IPv6.

ipv6_up()
{
	lab_places a r b && wire a eth0 r eth0 && wire r eth1 b eth0 && forwards r &&
		ends_6 1 a eth0 r eth0 && ends_6 2 r eth1 b eth0 && forwards r &&
		link_at a route add default via "$(end6 1 2)" &&
		link_at b route add default via "$(end6 2 1)" &&
		net_answers "$(place a)" "$(end6 2 2)"
}

ipv6_traffic()
{
	serve b && talk a "$(end6 2 2)" && settle "$(end6 2 2)"
}
