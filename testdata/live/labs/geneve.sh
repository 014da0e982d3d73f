# A Geneve tunnel between two places.

geneve_up()
{
	veth_up && tunnel_between geneve
}

geneve_traffic()
{
	vxlan_traffic
}

geneve_checks()
{
	vxlan_checks
}
