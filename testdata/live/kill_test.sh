#!/bin/sh
# Kills the recorder at random moments: everything older than a second must be in the recording, and
# flowplay must say that it was not finished. The argument is how many times, 4 by default.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh

recorder_test kill killed_recorder
net_addresses_of_this_run
net_up || exit 1
net_serve "$server" "$work/server" $live_tools/exchange udp-serve 5001 || exit 1

# at FILE NS COLUMN: what the sender had sent for certain at that instant.
at()
{
	grep -v '^{' "$1" | awk -v until="$2" -v column="$3" 'length($1) < length(until) ||
		length($1) == length(until) && $1 "" <= until "" { value = $column }
		END { print value + 0 }'
}

round=0
while [ $round -lt "${1:-4}" ]; do
	round=$((round + 1))
	recording=$work/$round
	sent=$work/sent.$round
	recorder_start "$recording" "$work/recorder.$round" || exit 1
	net_start "$client" "$sent" $live_tools/exchange stream "$router4" 5001 500
	sender=$started
	# Between 1.2 and 8.2 seconds: within the first slice, at its end, and in the second.
	milliseconds=$((1200 + $(od -An -N4 -tu4 /dev/urandom) % 7000))
	sleep "$((milliseconds / 1000)).$(printf %03d $((milliseconds % 1000)))"
	killed_ns=$(date +%s%N)
	kill -KILL "$recorder_pid"
	net_wait "$recorder_pid" 2>/dev/null
	net_stop TERM "$sender"

	"$flowplay" info "$recording" >"$work/info" 2>&1
	is "kill_${round}_leaves_a_recording_called_partial" 3 $?
	is "kill_${round}_is_told" 1 "$(grep -c '^PARTIAL: .*not finished' "$work/info")"
	play "$recording" "SELECT coalesce(sum(source_packets), 0) AS p,
		coalesce(sum(source_bytes), 0) AS b, count(DISTINCT flow_id) AS f FROM flow
		WHERE source_address = '$client4' AND destination_port = 5001" \
		>"$work/got" 2>"$work/got.err"
	IFS=, read -r packets bytes flows <<-END
		$(tail -n 1 "$work/got")
	END
	least=$(at "$sent" $((killed_ns - 1000000000)) 2)
	most=$(at "$sent" 9999999999999999999 2)
	is "kill_${round}_costs_less_than_a_second" "1 flow, $least to $most packets" \
		"$flows flow, $(if [ "$packets" -ge "$least" ] && [ "$packets" -le "$((most + 10))" ]
		then echo "$least to $most"; else echo "$packets"; fi) packets" \
		"$packets packets; $least sent a second before, $(at "$sent" "$killed_ns" 2) at the kill"
	is "kill_${round}_tears_no_count" "$((packets * 52))" "$bytes" "bytes of $packets packets"
done
finish
