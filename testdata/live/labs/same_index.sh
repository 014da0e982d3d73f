# Both ends of a wire have the same interface index, each in its namespace.

same_index_up()
{
	lab_places a b && wire a eth0 b eth0 77 && ends 1 a eth0 b eth0
}

same_index_traffic()
{
	serve b && talk a "$(end4 1 2)" && settle "$(end4 1 2)"
}
