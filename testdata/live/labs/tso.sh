# Super packets that pass whole.

tso_up()
{
	veth_up && offload a eth0 tso on && offload b eth0 tso on
}

tso_traffic()
{
	serve b && streams a "$(end4 1 2)" && settle "$(end4 1 2)"
}

tso_checks()
{
	is super_packets_stay_whole 0 "$(ask "SELECT count(*) FROM packet WHERE relation IS NOT NULL
		AND relation <> 'again'")" "$(ask "SELECT max(packets) || ' segments at most'
		FROM packet")"
}
