#!/bin/sh
# A gate as CI has one: record, change, record again, compare. A slower encoder, larger rows, lost
# events and a worse fingerprint must each fail it, with one line that names metric, effect and evidence;
# what has not changed must pass.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/check.sh
. testdata/live/net.sh
. testdata/live/recorder.sh

recorder_test gate the_gate_of_a_live_recording
[ -z "${KEEP:-}" ] || trap 'net_down' EXIT
changed=$PWD/build/testdata/live/changed.so

# gate NAME STATUS METRIC ARGUMENT...: compare must end so, and say a line for each such metric, of no
# other (an empty METRIC: none).
gate()
{
	gate_name=$1 gate_status=$2 gate_metric=$3
	shift 3
	"$flowplay" compare "$@" >"$work/$gate_name.out" 2>"$work/$gate_name.err"
	is "$gate_name" "$gate_status" $?
	grep ': regressed: ' "$work/$gate_name.err" >"$work/$gate_name.lines"
	if [ -z "$gate_metric" ]; then
		none "${gate_name}_says_nothing" "$(cat "$work/$gate_name.lines")"
	else
		none "${gate_name}_says_which_alone" "$(grep -v "$gate_metric" "$work/$gate_name.lines")"
		is "${gate_name}_is_told" 1 "$(grep -qs "$gate_metric" "$work/$gate_name.lines" &&
			echo 1)" "$(sed -n 's/.*regressed: //p' "$work/$gate_name.lines" | head -n 1)"
	fi
}

# --- an encoder that got slower, rows that got larger: the same capture each time ---

build/testdata/bench/synth_capture "$work/capture.pcap" 500000 || exit 1

# encode NAME HOW: the runs of an import, as it is changed.
encode()
{
	FLOWTAPE_CHANGE=$2 LD_PRELOAD=$changed "$flowrec" import -o "$work/$1.rows" \
		"$work/capture.pcap" >/dev/null || exit 1
	FLOWTAPE_CHANGE=$2 "$flowrec" bench -q -o "$work/$1" --arms off,off-again --settle 0ms \
		--pairs 10 -- sh -c "rm -rf '$work/import' &&
		LD_PRELOAD=$changed '$flowrec' import -o '$work/import' '$work/capture.pcap'" || exit 1
}

cat >"$work/encoder.sql" <<-END
	-- title: Encoder
	SELECT 'import.user_cpu' AS metric, 'ns' AS unit, 'sampled' AS kind, 'lower' AS better,
		command_user_cpu_ns AS value, NULL AS whole
	FROM workload WHERE pair > 0 AND exit_status = 0
END
cat >"$work/encoder.gate" <<-END
	metric import.user_cpu threshold=10%
END

encode base none
encode again none
encode slow slow
encode large large
encoder="--metrics $work/encoder.sql --gate $work/encoder.gate"
gate an_encoder_as_it_was_passes 0 "" $encoder "$work/base" "$work/again"
gate a_slowed_encoder_fails 2 import.user_cpu $encoder "$work/base" "$work/slow"
gate rows_as_they_were_pass 0 "" "$work/base.rows" "$work/again.rows"
gate larger_rows_fail 2 bytes_per_row "$work/base.rows" "$work/large.rows"

# --- events that are lost ---

net_addresses_of_this_run
net_up || exit 1

# A live recording's sizes are never quite the same.
cat >"$work/lost.gate" <<-END
	clear
	metric lost.* threshold=0 absent=0
END

# lossy NAME STOP: 4,000 connections, while the recorder, where it is stopped, takes none of them.
lossy()
{
	recorder_start "$work/$1" "$work/$1.said" --max-flows 4096 --when-full count \
		--only "netns=$client,$router,$server" || exit 1
	[ "$2" = no ] || kill -STOP "$recorder_pid"
	in_client $live_tools/spray "$router4" 5000 100 4000 1000 >/dev/null
	[ "$2" = no ] || kill -CONT "$recorder_pid"
	recorder_stop INT
}

lossy kept no
lossy kept-again no
lossy stopped yes
gate nothing_lost_passes 0 "" --gate "$work/lost.gate" "$work/kept" "$work/kept-again"
gate a_lost_event_fails 2 lost. --gate "$work/lost.gate" "$work/kept" "$work/stopped"

# --- a fingerprint that knows less: the metrics alone are kept ---

net_serve "$server" "$work/sink" $live_tools/flood sink 5001
recorder_start "$work/packets" "$work/packets.said" --streams +packet \
	--only "netns=$client,$router,$server" || exit 1
in_client $live_tools/stamped "$router4" 5001 3000 200 10000 connected >/dev/null
# What was sent last is behind a few more packets now.
in_client ping -q -c 2 -i 0.2 "$router4" >/dev/null
recorder_stop INT

# fingerprint NAME RECIPE: the metrics of that recipe.
fingerprint()
{
	cat >"$work/$1.sql" <<-END
		-- title: Fingerprint
		SELECT 'fingerprint.errors' AS metric, 'sightings' AS unit, 'proportion' AS kind,
			'lower' AS better, false_positives + false_negatives AS value,
			sightings AS whole
		FROM fingerprint('$2', '100ms', 'split=no') WHERE split = 'all'
	END
	"$flowplay" report "$work/$1.sql" --format jsonl "$work/packets" >"$work/$1.jsonl" \
		2>"$work/$1.said" || cat "$work/$1.said"
}

fingerprint wide 'ip_identification,network_bytes,network_iana_number'
fingerprint wide-again 'ip_identification,network_bytes,network_iana_number'
fingerprint narrow 'ip_identification:8'
gate a_fingerprint_as_it_was_passes 0 "" "$work/wide.jsonl" "$work/wide-again.jsonl"
gate a_worse_fingerprint_fails 2 fingerprint.errors "$work/wide.jsonl" "$work/narrow.jsonl"

finish
