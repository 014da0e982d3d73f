#!/bin/sh
# Whether the recorder's threads give way to the rest of the machine (SCHED_IDLE) while they are on time,
# and do so no more when they are late, as they are when nothing is left to give them.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/check.sh
. testdata/live/net.sh
. testdata/live/recorder.sh

recorder_test giving threads_give_way

# policy THREAD: the kernel's number of it, 0 SCHED_OTHER, 5 SCHED_IDLE.
policy()
{
	for task in /proc/"$recorder_pid"/task/*; do
		[ "$(cat "$task/comm" 2>/dev/null)" != "$1" ] || sed 's/.*) //' "$task/stat" | cut -d ' ' -f 39
	done
}

# until_policy THREAD NUMBER: what it is when it is that, or after a minute.
until_policy()
{
	for try in $(seq 1200); do
		found=$(policy "$1")
		[ "$found" != "$2" ] || break
		sleep 0.05
	done
	echo "$found"
}

recorder_start "$work/recording" "$work/recorder" || exit 1
for thread in intake writer; do
	is "the_${thread}_gives_way_while_it_is_on_time" 5 "$(until_policy $thread 5)"
done
spinning=
for spinner in $(seq $((2 * $(nproc)))); do
	timeout 90 sh -c 'while :; do :; done' &
	spinning="$spinning $!" net_pids="$net_pids $!"
done
is the_intake_gives_way_no_more_when_it_is_late 0 "$(until_policy intake 0)"
for spinner in $spinning; do
	net_stop TERM "$spinner" 2>>"$work/stopped"
done
is it_does_again_when_it_is_on_time 5 "$(until_policy intake 5)"
recorder_stop INT
is the_recording_ends_as_any_other 0 "$recorder_status"
finish
