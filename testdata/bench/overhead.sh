#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What recording costs a workload, beside two published designs of the kernel's flow table (the
# yardsticks of testdata/bench/kernel/yardsticks.bpf.c), by paired runs of the same minutes:
#
#   probe   round trips and packets flat out between two namespaces on one CPU, programs switched on
#           and off in short slices: what the programs in the kernel cost
#   http    the demo's web pages through its bridge and NAT as fast as they go: the whole recorder
#           with all its streams, user space too, and 1.8's program with a table that has room for
#           all and nobody to empty it meanwhile
#
# Of a machine that others share, the speed changes by half within seconds. So both take turns in a
# second or less: programs, and the recorder as a whole, are turned on and off, and each run of http is
# what follows on 600 ms under the same load: by then the recorder hands over rows of that load.
#
# Prints the report `overhead` of both, and what was seen beside what NetObserv 1.8 reported;
# build/bench/overhead.jsonl has one object a figure, the recordings stay in build/bench/overhead.
#
# FLOWTAPE_BENCH_PART="probe http" runs those parts alone; DURATION=60s is that of the probe, PAIRS=100
# the number of pairs of http (five seconds each).
set -eu
cd "$(dirname "$0")/../.."
. testdata/live/net.sh
. testdata/live/recorder.sh

parts=${FLOWTAPE_BENCH_PART:-probe http}
out=build/bench/overhead.jsonl
work=build/bench/overhead
yardstick=build/testdata/live/yardstick

if ! why=$(recorder_allowed); then
	echo "overhead.sh: $why" >&2
	exit 1
fi
trap 'set +e; net_down' EXIT
trap 'exit 130' HUP INT PIPE TERM

# figure PART METRIC NAME COMMAND: what recording added, beside what a 7-tuple yardstick did, and by how
# much these differ.
figure()
{
	printf '\n%s: what the arms add to those of 1.8 (seven_tuple_lock), in the same pairs\n\n' "$3"
	"$flowplay" sql "$work/$1" "SELECT arm, pairs, round(baseline, 1) AS ns_of_yardstick,
		round(difference, 1) AS difference, round(difference_low, 1) AS low,
		round(difference_high, 1) AS high, verdict
		FROM overhead('group=workload', '1.8') WHERE metric = '$2' AND command LIKE '$4'"
	"$flowplay" sql --format csv "$work/$1" "
		SELECT '{\"name\":\"overhead.$3\",\"value\":' || round(o.difference, 2)
			|| ',\"unit\":\"' || o.unit || '\",\"yardstick\":\"seven_tuple_lock\"'
			|| ',\"yardstick_value\":' || round(y.difference, 2)
			|| ',\"ratio\":' || round(o.difference / y.difference, 4)
			|| ',\"low\":' || round(o.difference_low, 2)
			|| ',\"high\":' || round(o.difference_high, 2) || '}' AS figure
		FROM overhead AS o JOIN overhead AS y USING (command, metric)
		WHERE o.arm = 'on' AND y.arm = '1.8' AND metric = '$2' AND command LIKE '$4'" |
		sed '1d; s/\r//; s/^"//; s/"$//; s/""/"/g' >>"$out"
}

probe()
{
	"$flowrec" bench -o "$work/probe" --probe --duration "${DURATION:-120s}" --arms off,on,1.7,1.8,off-again \
		--arm "1.7=!exec $yardstick --switched 1.7" --arm "1.8=!exec $yardstick --switched 1.8"
	"$flowplay" report overhead "$work/probe"
	figure probe latency_p50 probe_p50_added 'probe round trip'
	figure probe latency_p99 probe_p99_added 'probe round trip'
}

# Each page is a connection of its own: without tcp_tw_reuse the client's ports are used up within seconds,
# and then the search for a free one is what is measured.
http()
{
	net_addresses_of_this_run
	net_up
	net_serve "$server" "$work/web" $live_tools/web_server 8080
	in_client sysctl -qw net.ipv4.tcp_tw_reuse=1
	places="$client/eth0 $router/port0 $router/br0 $router/eth1 $server/eth0"
	"$flowrec" bench -o "$work/http" --held --pairs "${PAIRS:-400}" --settle 20ms --lead-in 600ms \
		--arms off,on,1.8,off-again \
		--arm "1.8=!exec $yardstick --switched --room 262144 1.8 $places" \
		-- ip netns exec "$client" $live_tools/web_client "$router4" 80 /1000 8 600 400
	net_down || true # which ends what it started
	"$flowplay" report overhead "$work/http"
	figure http latency_p50 http_p50_added '%web_client%'
	figure http latency_p99 http_p99_added '%web_client%'
}

rm -rf "$work"
mkdir -p "$work"
: >"$out"
for part in $parts; do
	case $part in
	probe | http) "$part" ;;
	*)
		echo "overhead.sh: no part $part" >&2
		exit 64
		;;
	esac
done
