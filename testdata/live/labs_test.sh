#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Holds which packet a sighting is said to be of against what the packets say themselves, in one
# laboratory after another (testdata/live/labs); and what each deduplication design makes of it
# against what the senders say that they sent. The figures are in build/labs.txt.
#
#   testdata/live/labs_test.sh [LAB...]
#
# A lab is a file NAME.sh of functions: NAME_up makes its places and their wires (or says why this
# kernel cannot: LAB_LACKS), NAME_traffic sends, NAME_checks (where there is one) looks for what is
# particular to it. Datagrams have a number that nothing else in them tells, at the bytes 32 to 39 of
# their payload; TCP's payload says there where in which stream it is. LAB_DATAGRAMS, LAB_BYTES,
# LAB_RATE, LAB_SECONDS make them larger.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh
. testdata/live/quiet.sh
. testdata/live/labs_net.sh
. testdata/live/labs_check.sh

recorder_test labs labs
lab_datagrams=${LAB_DATAGRAMS:-1500}
lab_bytes=${LAB_BYTES:-2000000}
net_addresses_of_this_run

segment_count() { ls "$work/recording" | sed 's/\..*//' | sort -u | wc -l; }

# milliseconds: since 1970, and not of date(1), which does not have them everywhere.
milliseconds()
{
	sqlite3 -batch :memory: "SELECT strftime('%s', 'now') || substr(strftime('%f', 'now'), 4)"
}

# begin_segment: returns when all that has passed is recorded, and a new segment has begun, so that it
# is in others than what comes.
begin_segment()
{
	now_ms=$(milliseconds)
	until [ "$(play "$work/recording" "SELECT max(covered_ns) / 1000000 > $now_ms FROM segment" \
		2>"$work/played" | tail -n 1)" = 1 ]; do
		kill -0 "$recorder_pid" || return 1
		sleep 0.02
	done
	segments=$(segment_count)
	until [ "$(segment_count)" -gt "$segments" ]; do
		kill -0 "$recorder_pid" || return 1
		sleep 0.02
	done
}

# run_lab NAME
run_lab()
{
	lab=$1 run=$work/$1 LAB_LACKS= lab_ends="a b" sink= server=
	mkdir "$run"
	: >"$run/trouble"
	: >"$run/said"
	: >"$run/server"
	if "${lab}_up" 2>"$run/up" && [ -z "$LAB_LACKS" ]; then
		places=
		for end in $lab_ends; do
			places="$places${places:+, }$(lab_inode "$end")"
		done
		began_ms=$(milliseconds)
		"${lab}_traffic" || echo "the lab's traffic cannot be sent" >>"$run/trouble"
		[ -z "$sink" ] || net_stop TERM "$sink"
		[ -z "$server" ] || net_stop TERM "$server"
		echo "${began_ms}000000 $(milliseconds)999999 $places" >"$run/made"
		made="$made $lab"
	elif [ -n "$LAB_LACKS" ]; then
		skip "lab_$lab" "$LAB_LACKS"
	else
		none "the_lab_${lab}_can_be_made" "failed: $(cat "$run/up")"
	fi
	lab_down
	begin_segment
}

# The lab's places, and nothing of the recorder.
lab_down()
{
	for name in $net_names; do
		ip netns del "$name"
	done
	net_names=
}

# check_lab NAME
check_lab()
{
	lab=$1 run=$work/$1
	read -r began_ns ended_ns places <"$run/made"
	mkdir "$run/recording"
	while read -r segment first_ns last_ns; do
		[ "$last_ns" -lt "$began_ns" ] || [ "$first_ns" -gt "$ended_ns" ] ||
			ln "$work/recording/$segment" "$run/recording/"
	done <"$work/segments"
	lab_load
	lab_checks
	if command -v "${lab}_checks" >/dev/null; then
		"${lab}_checks"
	fi
	lab_row
}

labs= made=
for file in testdata/live/labs/*.sh; do
	. "$file"
	file=${file##*/}
	labs="$labs ${file%.sh}"
done
recorder_start "$work/recording" "$work/recorder" --streams flow,packet --slice 200ms --tick 50ms \
	--segment-time 100ms --only proto=udp,tcp \
	--only "net=$net4a.0/24,$net4b.0/24,$net6a::/64,$net6b::/64" || exit 1
for name in ${*:-$labs}; do
	run_lab "$name"
done
recorder_stop INT
is labs_are_recorded_to_the_end 0 "$recorder_status"
for segment in "$work"/recording/*.segment; do
	echo "${segment##*/} $(play "$segment" "SELECT min(time_ns) || ' ' || max(time_ns)
		FROM packet" 2>/dev/null | tail -n +2 | tr -d '"')"
done | grep ' .' >"$work/segments"
lab_heading >"$work/table"
for name in $made; do
	check_lab "$name"
done
cp "$work/table" build/labs.txt
[ -z "${KEEP:-}" ] || { rm -rf build/labs.kept; cp -r "$work" build/labs.kept; }
finish
