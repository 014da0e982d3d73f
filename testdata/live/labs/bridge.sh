# A bridge between two places.

bridge_up()
{
	lab_places a r b && wire a eth0 r port0 && wire b eth0 r port1 &&
		bridge r br0 port0 port1 && ends 1 a eth0 b eth0
}

bridge_traffic()
{
	serve b && talk a "$(end4 1 2)" && settle "$(end4 1 2)"
}
