# One wire.

veth_up()
{
	lab_places a b && wire a eth0 b eth0 && ends 1 a eth0 b eth0
}

veth_traffic()
{
	serve b && talk a "$(end4 1 2)" && settle "$(end4 1 2)"
}
