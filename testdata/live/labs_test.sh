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

if why=$(recorder_allowed); then
	:
else
	skip labs "$why"
	finish
	exit
fi

lab_datagrams=${LAB_DATAGRAMS:-1500}
lab_bytes=${LAB_BYTES:-2000000}
work=$(mktemp -d build/labs.XXXXXX) || exit 1
trap 'net_down; rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
net_addresses_of_this_run

# What every packet sent before has passed: on a processor they stay in order.
settle()
{
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		taskset -c "$cpu" ip netns exec "$(place a)" ping -q -c 1 "$1" >/dev/null
	done
}

# run_lab NAME
run_lab()
{
	lab=$1 run=$work/$1 LAB_LACKS= lab_ends="a b"
	mkdir "$run"
	: >"$run/trouble"
	: >"$run/said"
	: >"$run/server"
	if ! "${lab}_up" 2>"$run/up" || [ -n "$LAB_LACKS" ]; then
		if [ -n "$LAB_LACKS" ]; then
			skip "lab_$lab" "$LAB_LACKS"
		else
			none "the_lab_${lab}_can_be_made" "failed: $(cat "$run/up")"
		fi
		net_down
		return
	fi
	for end in $lab_ends; do
		eval "place_$end=$(lab_inode "$end")"
	done
	recorder_start "$run/recording" "$run/recorder" --streams +packet --only proto=udp,tcp \
		--only "net=$net4a.0/24,$net4b.0/24,$net6a::/64,$net6b::/64" || exit 1
	"${lab}_traffic" || echo "the lab's traffic cannot be sent" >>"$run/trouble"
	net_stop TERM "${sink:-}"
	net_stop TERM "${server:-}"
	recorder_stop INT
	net_down
	lab_load
	lab_checks
	if command -v "${lab}_checks" >/dev/null; then
		"${lab}_checks"
	fi
	lab_row
	[ -n "${KEEP:-}" ] || rm -rf "$run/recording" "$run/db"
}

labs=
for file in testdata/live/labs/*.sh; do
	. "$file"
	file=${file##*/}
	labs="$labs ${file%.sh}"
done
lab_heading >"$work/table"
for name in ${*:-$labs}; do
	run_lab "$name"
done
cp "$work/table" build/labs.txt
[ -z "${KEEP:-}" ] || { rm -rf build/labs.kept; cp -r "$work" build/labs.kept; }
finish
