#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What recording adds to a round trip and a packet, beside yardsticks of published designs
# (testdata/bench/kernel/yardsticks.bpf.c), by flowrec bench --probe: medians of the differences of
# each block, with distribution-free 95 % intervals, and the recorder off once more (A/A).
# Prints a table; build/bench/overhead.jsonl has one object a figure.
#
# DURATION=60s is what the probe runs, LOADS=2 how often it loads each agent.
set -eu
cd "$(dirname "$0")/../.."

DURATION=${DURATION:-60s}
LOADS=${LOADS:-2}
flowrec=${FLOWREC:-build/flowrec}
flowplay=${FLOWPLAY:-build/flowplay}
yardstick=build/testdata/live/yardstick
work=build/bench/overhead
out=build/bench/overhead.jsonl

rm -rf "$work"
mkdir -p build/bench
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM

"$flowrec" bench --probe -q -o "$work" --duration "$DURATION" --loads "$LOADS" \
	--arms off,on,1.7,1.8,off-again \
	--arm "1.7=!exec $yardstick --probe 1.7" --arm "1.8=!exec $yardstick --probe 1.8"

# A row for each block and arm that records something else than the baseline.
"$flowplay" sql --format csv "$work" "SELECT replace(a.command, 'probe ', ''), a.arm,
		a.latency_p50_ns - b.latency_p50_ns, b.latency_p50_ns
	FROM workload a JOIN workload b ON a.pair = b.pair AND a.command = b.command
	WHERE a.pair > 0 AND a.statistics_ns = 0 AND b.statistics_ns = 0 AND b.arm = 'off'
		AND a.arm <> 'off'
	ORDER BY a.command DESC, a.arm, 3" | tr -d '\r' | tail -n +2 | awk -F , -v out="$out" '
{
	key = $1 SUBSEP $2
	if (!(key in count)) { keys[++all] = key; name[key] = $1; arm[key] = $2 }
	added[key, ++count[key]] = $3
	base[key] += $4
}
function at(key, rank)
{
	rank = int(rank)
	return added[key, rank < 1 ? 1 : rank > count[key] ? count[key] : rank]
}
function figure(id, key, yardstick, beside)
{
	printf "{\"name\":\"%s\",\"value\":%.1f,\"low\":%.1f,\"high\":%.1f,\"unit\":\"ns\",", id,
		median[key], low[key], high[key] >out
	printf "\"yardstick\":\"%s\",\"yardstick_value\":%.1f,\"yardstick_low\":%.1f,", yardstick,
		median[beside], low[beside] >out
	printf "\"yardstick_high\":%.1f,\"ratio\":%.4f}\n", high[beside],
		median[key] / median[beside] >out
}
END {
	printf "%-12s %-10s %7s %10s %10s %21s %8s\n", "", "arm", "blocks", "off ns", "added ns",
		"95 % interval", "of off"
	for (i = 1; i <= all; i++) {
		key = keys[i]; n = count[key]
		median[key] = (at(key, (n + 1) / 2) + at(key, (n + 2) / 2)) / 2
		low[key] = at(key, n / 2 - 0.98 * sqrt(n))
		high[key] = at(key, n / 2 + 0.98 * sqrt(n) + 1.5)
		printf "%-12s %-10s %7d %10.0f %+10.0f %+10.0f %+10.0f %+7.2f%%\n", name[key], arm[key], n,
			base[key] / n, median[key], low[key], high[key], 100 * median[key] / (base[key] / n)
	}
	trip = "round trip" SUBSEP; rate = "packet rate" SUBSEP
	figure("overhead.probe_p50_added", trip "on", "seven_tuple_lock", trip "1.8")
	figure("overhead.probe_p50_added_1_7", trip "on", "percpu_twelve_tuple", trip "1.7")
	figure("overhead.probe_packet_added", rate "on", "seven_tuple_lock", rate "1.8")
}'
