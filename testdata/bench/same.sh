#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How often flowplay compare says that a build is worse than itself: 200 comparisons, each with the
# built-in rules.
#
#   recordings  10 live recordings of the same traffic, with all streams, against 10 others; drawn by
#               lot from RECORDINGS=40 that were made one after the other
#   pairs       an arm of flowrec bench --probe against another that is the same, over 20 pairs that
#               no other comparison has
#
# COMPARISONS=100 of each. What said regressed is told, with its evidence; the last line is the sum.
set -eu
cd "$(dirname "$0")/../.."
. testdata/live/net.sh
. testdata/live/recorder.sh

RECORDINGS=${RECORDINGS:-40}
COMPARISONS=${COMPARISONS:-100}
PAIRS=20
work=build/bench/same
out=build/bench/same.jsonl

if ! why=$(recorder_allowed); then
	echo "same.sh: $why" >&2
	exit 1
fi
trap 'set +e; net_down; rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
rm -rf "$work"
mkdir -p "$work"

# compare KIND ARGUMENT...: counts it, and what it says.
compare()
{
	kind=$1
	shift
	status=0
	"$flowplay" compare "$@" >/dev/null 2>"$work/said" || status=$?
	case $status in
	0) same=$((same + 1)) ;;
	2)
		regressed=$((regressed + 1))
		sed -n "s/^.*: regressed: /$kind: /p" "$work/said"
		;;
	*)
		tail -n 1 "$work/said" >&2
		exit 1
		;;
	esac
}

# summary KIND
summary()
{
	echo "$1: $((same + regressed)) comparisons of a build with itself, $regressed regressed"
	printf '{"name":"same.%s","value":%d,"unit":"regressed","of":%d}\n' "$1" "$regressed" \
		$((same + regressed)) >>"$out"
	all=$((all + same + regressed)) all_regressed=$((all_regressed + regressed))
	same=0 regressed=0
}

# Conversations, translations, processes, and datagrams that say which they are.
record()
{
	recorder_start "$work/recording-$1" "$work/said" --streams +packet \
		--only "netns=$client,$router,$server" || exit 1
	in_client $live_tools/spray "$router4" 5000 100 1000 500 >/dev/null
	in_client $live_tools/stamped "$router4" 5001 500 200 1000 connected >/dev/null
	for page in 1 2 3 4 5 6 7 8 9 10; do
		in_client curl -sS -o /dev/null --max-time 20 "http://$router4/$((page * 20000))"
	done
	recorder_stop INT
	[ $recorder_status = 0 ] || [ $recorder_status = 3 ] || exit 1
	flows=$(play "$work/recording-$1" "SELECT count(*) FROM flow" | tail -n 1)
	[ "$flows" -ge 1000 ] || {
		echo "same.sh: recording $1 has $flows flows, expected 1,000" >&2
		exit 1
	}
}

all=0 all_regressed=0 same=0 regressed=0
: >"$out"
net_addresses_of_this_run
net_up
net_serve "$server" "$work/web" $live_tools/web_server 8080
net_serve "$server" "$work/sink" $live_tools/flood sink 5001
made=0
while [ $made -lt "$RECORDINGS" ]; do
	made=$((made + 1))
	record $made
done
net_down || true # which ends what it started
drawn=0
while [ $drawn -lt "$COMPARISONS" ]; do
	drawn=$((drawn + 1))
	set --
	for one in $(awk -v seed=$drawn -v most="$RECORDINGS" 'BEGIN {
		srand(seed)
		for (i = 1; i <= most; i++) card[i] = i
		for (i = 1; i <= 20; i++) {
			other = i + int(rand() * (most - i + 1))
			one = card[other]; card[other] = card[i]
			print one
		}
	}'); do
		set -- "$@" "$work/recording-$one"
		[ $# != 10 ] || set -- "$@" --
	done
	compare recordings "$@"
done
summary recordings
rm -rf "$work"/recording-*

"$flowrec" bench -o "$work/probe" --probe -q --pairs $((COMPARISONS * PAIRS)) --arms off,on,again \
	--arm again=
drawn=0
while [ $drawn -lt "$COMPARISONS" ]; do
	sed "s/WHERE pair > 0/WHERE pair BETWEEN $((drawn * PAIRS + 1)) AND $(((drawn + 1) * PAIRS))/" \
		analyzer/reports/metrics.sql >"$work/metrics.sql"
	drawn=$((drawn + 1))
	compare pairs --metrics "$work/metrics.sql" --arms on,again "$work/probe"
done
summary pairs
echo "$all comparisons, $all_regressed regressed"
