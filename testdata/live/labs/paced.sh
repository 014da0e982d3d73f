# Datagrams at an even pace, through a bridge.

paced_up()
{
	bridge_up
}

paced_traffic()
{
	rate=${LAB_RATE:-10000}
	serve b && says a stamped "$(end4 1 2)" 5001 $((rate * ${LAB_SECONDS:-1})) 300 "$rate" connected &&
		settle "$(end4 1 2)"
}
