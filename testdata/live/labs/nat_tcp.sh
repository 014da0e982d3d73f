# The same as nat, with TCP.

nat_tcp_up()
{
	nat_up
}

nat_tcp_traffic()
{
	serve b && streams a "$(end4 1 2)" && settle "$(end4 1 2)"
}
