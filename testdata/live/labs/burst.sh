# Datagrams as fast as they go, of four senders at once, through a bridge.

burst_up()
{
	bridge_up
}

burst_traffic()
{
	serve b || return 1
	senders=
	for number in 1 2 3 4; do
		net_start "$(place a)" "$run/said" $live_tools/stamped "$(end4 1 2)" 5001 \
			$((lab_datagrams * 4)) 100 0
		senders="$senders $started"
	done
	for sender in $senders; do
		net_wait "$sender" || echo "stamped: exit status $?" >>"$run/trouble"
	done
	settle "$(end4 1 2)"
}
