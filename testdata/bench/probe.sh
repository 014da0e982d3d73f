#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whether flowrec bench --probe finds that the recorder's programs got slower by 5 %, run after run.
#
# All arms are the recorder's programs with a busy loop beside them (testdata/bench/slower):
#
#   a       the loop takes nothing
#   again   the same (A/A)
#   packet  5 % of what a packet costs, sent and received, with the recorder on
#   program 5 % of what the recorder's programs themselves take of that
#
# A difference is found where its 95 % interval (of the median over the blocks, distribution-free)
# is above 0 and the median at least 1 % of a packet's time or a round trip's, or 3 % of the metered
# time of the programs. Less is not claimed: one load of the same programs differs from
# another, see recorder/bench/bench_probe.h. RUNS=20 runs of DURATION=30s, with LOADS=2 of each.
set -eu
cd "$(dirname "$0")/../.."

RUNS=${RUNS:-20}
DURATION=${DURATION:-30s}
LOADS=${LOADS:-2}
flowrec=${FLOWREC:-build/flowrec}
flowplay=${FLOWPLAY:-build/flowplay}
slower=build/testdata/bench/slower/slower
work=build/bench/probe
out=build/bench/probe.jsonl

rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM

# rows RECORDING SQL
rows() { "$flowplay" sql --format csv "$1" "$2" | tr -d '\r' | tail -n +2; }

# What 5 % is: a packet meets the loop twice.
"$flowrec" bench --probe -q -o "$work/first" --loads 1 --duration 5s --arms a,again \
	--arm "a=!exec $slower 0" --arm "again=!exec $slower 0" 2>/dev/null
packet_ns=$(rows "$work/first" "SELECT round(avg(latency_p50_ns), 1) FROM workload WHERE pair > 0
	AND statistics_ns = 0 AND command = 'probe packet rate'")
program_ns=$(rows "$work/first" "SELECT round(sum(program_run_time_ns) * 1.0 / sum(operations), 1)
	FROM workload WHERE statistics_ns > 0 AND command = 'probe packet rate'")
echo "a packet takes $packet_ns ns, of which programs $program_ns ns"
half() { awk -v ns="$1" 'BEGIN { printf "%.1f", ns * 0.05 / 2 }'; }

# A row for each block: run, what, arm, a's value, the difference.
run=0
while [ $run -lt "$RUNS" ]; do
	run=$((run + 1))
	"$flowrec" bench --probe -q -o "$work/$run" --loads "$LOADS" --duration "$DURATION" \
		--arms a,again,packet,program --arm "a=!exec $slower 0" --arm "again=!exec $slower 0" \
		--arm "packet=!exec $slower $(half "$packet_ns")" \
		--arm "program=!exec $slower $(half "$program_ns")" 2>/dev/null
	rows "$work/$run" "WITH slice AS (SELECT pair, arm,
			CASE WHEN statistics_ns > 0 THEN 'programs' ELSE replace(command, 'probe ', '') END AS what,
			CASE WHEN statistics_ns > 0 THEN program_run_time_ns * 1.0 / operations
				ELSE latency_p50_ns END AS ns
			FROM workload WHERE pair > 0 AND (statistics_ns = 0 OR command = 'probe packet rate'))
		SELECT $run, what, b.arm, a.ns, b.ns - a.ns AS more FROM slice a JOIN slice b USING (pair, what)
		WHERE a.arm = 'a' AND b.arm <> 'a' ORDER BY 2, 3, more"
	rm -rf "${work:?}/$run"
done | awk -F , -v out="$out" '
function end(  n, median, low, high, share, least)
{
	n = count
	if (!n) return
	median = (more[int((n + 1) / 2)] + more[int((n + 2) / 2)]) / 2
	low = int(n / 2 - 0.98 * sqrt(n)); high = int(n / 2 + 0.98 * sqrt(n) + 1.5)
	share = 100 * median / (base / n)
	least = now_what == "programs" ? 3 : 1
	found[now_what, now_arm] += (low >= 1 && more[low] > 0 && share >= least)
	runs[now_what, now_arm]++
	sum[now_what, now_arm] += share
	printf("%3d  %-12s %-8s %5d blocks %+7.2f %%  %+.1f ns (%+.1f to %+.1f)\n", now_run, now_what,
		now_arm, n, share, median, more[low < 1 ? 1 : low], more[high > n ? n : high])
}
{
	if ($1 != now_run || $2 != now_what || $3 != now_arm) {
		end()
		now_run = $1; now_what = $2; now_arm = $3; count = base = 0
	}
	more[++count] = $5; base += $4
}
END {
	end()
	print ""
	for (key in runs) {
		split(key, part, SUBSEP)
		printf "%-12s %-8s found in %d of %d, %+.2f %% on average\n", part[1], part[2], found[key],
			runs[key], sum[key] / runs[key] | "sort"
		gsub(" ", "_", part[1])
		printf "{\"name\":\"probe.%s.%s\",\"value\":%d,\"unit\":\"runs that found it\",\"of\":%d}\n",
			part[1], part[2], found[key], runs[key] >out
	}
}'
