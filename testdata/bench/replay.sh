#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What it costs to replay sightings: through each deduplication design, through all of them in one
# pass, and through one fingerprint, beside the design that only reads them. Medians of interleaved
# rounds; memory for a recording and for its first half, which must not differ. And what each digest
# takes by itself, beside what reports say that it takes (analyzer/models/digest.c).
# Prints a table; build/bench/replay.jsonl has one object a figure.
set -eu
cd "$(dirname "$0")/../.."

SIGHTINGS=${SIGHTINGS:-10000000}
ROUNDS=${ROUNDS:-3}
flowplay=${FLOWPLAY:-build/flowplay}
tools=build/testdata/bench
work=build/bench/replay
out=build/bench/replay.jsonl

rm -rf "$work"
mkdir -p "$work/whole" "$work/half"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM

# Five hops a packet, 100,000 packets a second.
"$tools/replay/sightings" "$work/whole" "$SIGHTINGS" 100000
"$tools/replay/sightings" "$work/half" "$((SIGHTINGS / 2))" 100000

# replay RECORDING SQL: as a command for the shell.
replay() { echo "$flowplay sql $work/$1 \"$2\" >/dev/null"; }
fields=ip_identification,network_bytes,network_iana_number

set --
for design in $("$flowplay" sql --format csv "$work/half" \
	"SELECT model FROM dedup('all', 'window=1ms')" | tr -d '\r' | tail -n +2); do
	set -- "$@" "$design" "$(replay whole "SELECT records FROM dedup('$design')")"
done
"$tools/measure" "$ROUNDS" "$@" \
	all_designs "$(replay whole "SELECT records FROM dedup")" \
	all_designs_half "$(replay half "SELECT records FROM dedup")" \
	fingerprint "$(replay whole "SELECT f1 FROM fingerprint('$fields', '100ms', 'split=no')")" \
	fingerprint_split "$(replay whole "SELECT f1 FROM fingerprint('$fields', '100ms')")" \
	all_recipes "$(replay whole "SELECT f1 FROM fingerprint('all', '', 'split=no')")" \
	>"$work/replay.tsv"
"$tools/replay/digests" >"$work/digests.tsv"

awk -F '\t' -v sightings="$SIGHTINGS" -v rounds="$ROUNDS" -v out="$out" '
{
	cpu[$1] = $2; peak[$1] = $4; order[NR] = $1
}
function figure(name, value, unit, yardstick, yardstick_value)
{
	printf "{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\",\"yardstick\":\"%s\"," \
	       "\"yardstick_value\":%.3f,\"ratio\":%.4f}\n", \
		name, value, unit, yardstick, yardstick_value, value / yardstick_value >out
}
END {
	printf "%d sightings, medians of %d rounds\n\n", sightings, rounds
	printf "%-20s %9s %18s %10s\n", "", "CPU s", "sightings/CPU s", "peak MiB"
	for (i = 1; i <= NR; i++) {
		n = order[i]
		count = n ~ /_half$/ ? sightings / 2 : sightings
		printf "%-20s %9.3f %18.0f %10.1f\n", n, cpu[n], count / cpu[n], peak[n] / 1048576
	}
	figure("replay.fingerprint_sightings_per_cpu_s", sightings / cpu["fingerprint"],
		"sightings/s", "raw", sightings / cpu["raw"])
	figure("replay.dedup_cpu_s_10m", cpu["all_designs"] * 10000000 / sightings, "s", "raw",
		cpu["raw"] * 10000000 / sightings)
	figure("replay.peak_bytes", peak["all_designs"], "bytes", "half of the recording",
		peak["all_designs_half"])
	for (i = 1; i <= NR; i++)
		if (order[i] ~ /^(netobserv|content|flowtape)/)
			figure("replay." order[i] "_sightings_per_cpu_s", sightings / cpu[order[i]],
				"sightings/s", "raw", sightings / cpu["raw"])
}' "$work/replay.tsv"

awk -F '\t' -v out="$out" '
$2 == "line" {
	line[$1] = $3 + 0 " + " $4 + 0 " a byte"
	next
}
{
	if (!($1 in row))
		order[++count] = $1
	row[$1] = row[$1] sprintf(" %11s", $3 "/" $4)
	if (!($2 in is_size)) {
		is_size[$2] = 1
		heading = heading sprintf(" %11s", $2 " bytes")
	}
}
$2 == 16 {
	printf "{\"name\":\"replay.digest_%s_ns_16_bytes\",\"value\":%.3f,\"unit\":\"ns\"," \
	       "\"yardstick\":\"what reports say\",\"yardstick_value\":%.3f,\"ratio\":%.4f}\n", \
		$1, $3, $4, $3 / $4 >>out
}
END {
	printf "\ndigests: ns found/ns that reports say, and the line through what was found\n\n"
	printf "%-6s%s\n", "", heading
	for (i = 1; i <= count; i++)
		printf "%-6s%s  %s\n", order[i], row[order[i]], line[order[i]]
}' "$work/digests.tsv"
