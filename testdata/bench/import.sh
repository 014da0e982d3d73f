#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What importing a capture costs, beside what libpcap alone costs on the same file: packets per
# second of CPU (user and system, all threads), and the peak memory. Medians of interleaved rounds.
# Prints a table; build/bench/import.jsonl has one object a figure.
set -eu
cd "$(dirname "$0")/../.."

PACKETS=${PACKETS:-2000000}
ROUNDS=${ROUNDS:-7}
flowrec=${FLOWREC:-build/flowrec}
tools=build/testdata/bench
work=build/bench
capture=$work/synth-$PACKETS.pcap
out=$work/import.jsonl

mkdir -p "$work"
if [ ! -f "$capture" ]; then
	"$tools/synth_capture" "$capture.part" "$PACKETS"
	mv "$capture.part" "$capture"
fi
# The file goes into the page cache, and every program sees the same packets.
packets=$("$tools/libpcap_loop" count "$capture" | cut -d' ' -f1)

recording=$work/import.recording
"$tools/measure" "$ROUNDS" \
	libpcap_count "exec $tools/libpcap_loop count $capture >/dev/null" \
	libpcap_hash "exec $tools/libpcap_loop hash $capture >/dev/null" \
	flowrec_import "rm -rf $recording ;; exec $flowrec import -o $recording $capture >/dev/null" \
	>"$work/import.tsv"
size=$(cat "$recording"/*.segment | wc -c)

awk -F '\t' -v packets="$packets" -v size="$size" -v out="$out" -v rounds="$ROUNDS" '
{
	cpu[$1] = $2; elapsed[$1] = $3; peak[$1] = $4; order[NR] = $1
}
function figure(name, value, unit, yardstick, yardstick_value)
{
	printf "{\"name\":\"%s\",\"value\":%.0f,\"unit\":\"%s\",\"yardstick\":\"%s\"," \
	       "\"yardstick_value\":%.0f,\"ratio\":%.4f}\n", \
		name, value, unit, yardstick, yardstick_value, value / yardstick_value >out
}
END {
	printf "%d packets, medians of %d rounds\n\n", packets, rounds
	printf "%-16s %10s %12s %14s %10s\n", "", "CPU s", "elapsed s", "packets/CPU s", "peak MiB"
	for (i = 1; i <= NR; i++) {
		n = order[i]
		printf "%-16s %10.3f %12.3f %14.0f %10.1f\n", n, cpu[n], elapsed[n], \
			packets / cpu[n], peak[n] / 1048576
	}
	printf "\nrecording: %d bytes\n", size
	rate = packets / cpu["flowrec_import"]
	printf "flowrec_import / libpcap_count: %.3f\n", rate * cpu["libpcap_count"] / packets
	printf "flowrec_import / libpcap_hash:  %.3f\n", rate * cpu["libpcap_hash"] / packets
	figure("import.packets_per_cpu_s", rate, "packets/s", "libpcap_count",
		packets / cpu["libpcap_count"])
	figure("import.packets_per_cpu_s", rate, "packets/s", "libpcap_hash",
		packets / cpu["libpcap_hash"])
	figure("import.peak_memory_bytes", peak["flowrec_import"], "bytes", "libpcap_hash",
		peak["libpcap_hash"])
}' "$work/import.tsv"
rm -rf "$recording" "$work/import.tsv"
