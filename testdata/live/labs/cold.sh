# The first packets to a neighbour that has to be asked for first: they wait, and go on as copies.

cold_up()
{
	veth_up
}

cold_traffic()
{
	serve b || return 1
	for round in 1 2 3 4 5; do
		link_at a neigh flush dev eth0
		says a stamped "$(end4 1 2)" 5001 20 200 0
		link_at a neigh flush dev eth0
		says a exchange tcp "$(end4 1 2)" 8090 1000 1000
	done
	settle "$(end4 1 2)"
}
