# Two routers in a row.

routers_up()
{
	lab_places a r s b && wire a eth0 r eth0 && wire r eth1 s eth0 && wire s eth1 b eth0 &&
		forwards r && forwards s && ends 1 a eth0 r eth0 && ends 2 r eth1 s eth0 &&
		ends 3 s eth1 b eth0 && link_at a route add default via "$(end4 1 2)" &&
		link_at r route add default via "$(end4 2 2)" &&
		link_at s route add default via "$(end4 2 1)" &&
		link_at b route add default via "$(end4 3 1)" && net_answers "$(place a)" "$(end4 3 2)"
}

routers_traffic()
{
	serve b && talk a "$(end4 3 2)" && settle "$(end4 3 2)"
}
