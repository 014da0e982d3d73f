#!/bin/sh
# What a live recording can run into: no permission, a full disk, a directory that is in use. Each is
# one line that says what and where, the right exit status, and what was good is kept.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh

work=$(mktemp -d build/trouble.XXXXXX) || exit 1
disk=$work/disk
mounted=
clean()
{
	net_down
	[ -z "$mounted" ] || umount "$disk"
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' HUP INT PIPE TERM

flows_on_disk()
{
	play "$disk/recording" "SELECT count(DISTINCT flow_id) FROM flow WHERE
		destination_port BETWEEN 1000 AND 1199" 2>/dev/null | tail -n 1
}

# one_line NAME STATUS WORD...: the command in "$work/said" ended so, and said all the words in one line.
one_line()
{
	name=$1 expected=$2
	shift 2
	is "${name}_has_its_exit_status" "$expected" "$status"
	lines=$(wc -l <"$work/said")
	missing=
	for word in "$@"; do
		grep -qi "$word" "$work/said" || missing="$missing $word"
	done
	is "${name}_is_one_line_that_says_what_and_where" "1 line" \
		"$lines line${missing:+, without$missing: $(head -n 3 "$work/said")}"
}

if [ "$(id -u)" = 0 ]; then
	setpriv --bounding-set=-all --inh-caps=-all "$flowrec" record -o "$work/refused" \
		--duration 1s >"$work/said" 2>&1 </dev/null
else
	"$flowrec" record -o "$work/refused" --duration 1s >"$work/said" 2>&1 </dev/null
fi
status=$?
one_line no_permission_for_bpf 1 bpf

if why=$(recorder_allowed); then
	:
else
	skip full_disk "$why"
	skip used_directory "$why"
	skip unsealed_segments "$why"
	finish
	exit
fi

recorder_start "$work/used" "$work/first" || exit 1
recorder_stop TERM
is the_recorder_ends_cleanly_on_sigterm 0 "$recorder_status"
find "$work/used" -type f -exec md5sum {} + >"$work/before"
"$flowrec" record -o "$work/used" --duration 1s >"$work/said" 2>&1 </dev/null
status=$?
one_line a_directory_that_holds_a_recording 1 "$work/used"
is the_recording_that_was_there_is_untouched "$(cat "$work/before")" \
	"$(find "$work/used" -type f -exec md5sum {} +)"

# A flow table that is far too small: what finds no room is counted, and the account is whole.
net_addresses_of_this_run
net_up || exit 1
recorder_start "$work/small" "$work/overload" --max-flows 64 --when-full count || exit 1
in_client $live_tools/exchange scatter "$server6" 1000 5000
recorder_stop INT
status=$recorder_status
grep -vE '^record(ing to|ed) ' "$work/overload.err" >"$work/said"
one_line a_full_flow_table 3 lost "$work/small"
is what_found_no_room_is_counted 1 "$(play "$work/small" "SELECT sum(count) > 0 FROM loss
	WHERE stage = 'kernel' AND reason = 'flow table full'" 2>/dev/null | tail -n 1)"
is an_overloaded_table_still_accounts_for_every_packet 0 "$(play "$work/small" "SELECT
	attempted - stored - excluded - (SELECT sum(count) FROM loss WHERE loss.stage = stage.stage
	AND loss.stream = stage.stream) FROM stage WHERE stage = 'kernel' AND stream = 'flow'" \
	2>/dev/null | tail -n 1)"
is what_had_room_is_kept 1 "$(play "$work/small" "SELECT count(*) >= 10 FROM flow
	WHERE destination_address = '$server6' AND network_iana_number = 17" 2>/dev/null | tail -n 1)"

# Something stands where the sealed segment is to be made: that is told while the recording goes on,
# and at its end what is left and what to do. A full disk does the same, see recorder/writer_test.c.
recorder_start "$work/unsealed" "$work/sealing" --segment-time 1s --slice 100ms || exit 1
mkdir "$work/unsealed/000001.segment.sealing"
tries=0
until grep -q "tried again" "$work/sealing.err" || [ $tries = 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
is a_segment_that_cannot_be_sealed_is_told_at_once "1 line" "$(grep -v '^recording to ' \
	"$work/sealing.err" | grep '000001.segment.*tried again' | wc -l) line"
in_client $live_tools/exchange scatter "$server6" 3000 10
recorder_stop INT
status=$recorder_status
grep -vE '^record(ing to|ed) |tried again' "$work/sealing.err" >"$work/said"
one_line segments_that_stay_unsealed 3 "000001.segment.sealing" 'nothing is lost' append
play "$work/unsealed" "SELECT count(DISTINCT flow_id) FROM flow WHERE
	destination_port BETWEEN 3000 AND 3009" >"$work/got" 2>&1
is segments_that_stay_unsealed_answer "10 flows" "$(tail -n 1 "$work/got") flows"
rmdir "$work/unsealed/000001.segment.sealing"
"$flowrec" record -o "$work/unsealed" --append --duration 1s >"$work/said" 2>&1 </dev/null
is the_next_recorder_ends_cleanly 0 $? "$(tail -n 1 "$work/said")"
is the_next_recorder_seals_them "" \
	"$(ls "$work/unsealed" | grep -v '^[0-9]*\.segment$' | tr '\n' ' ')"
play "$work/unsealed" "SELECT count(DISTINCT flow_id) FROM flow WHERE
	destination_port BETWEEN 3000 AND 3009" >"$work/got" 2>&1
is what_was_sealed_later_answers "10 flows" "$(tail -n 1 "$work/got") flows"

mkdir "$disk"
if mount -t tmpfs -o size=8m tmpfs "$disk" 2>/dev/null; then
	mounted=1
	recorder_start "$disk/recording" "$work/full" || exit 1
	# First what fits, until it is there. Then the disk is full but for what the recorder has put
	# aside for its account, and stays so until the end: what comes now is lost.
	in_client $live_tools/exchange scatter "$server6" 1000 200
	tries=0
	until [ "$(flows_on_disk)" = 200 ] || [ $tries = 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	dd if=/dev/zero of="$disk/ballast" bs=4k 2>/dev/null
	in_client $live_tools/exchange scatter "$server6" 2000 3000
	tries=0
	until grep -q full "$work/full.err" || [ $tries = 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	recorder_stop INT
	status=$recorder_status
	grep -vE '^record(ing to|ed) |cannot be sealed' "$work/full.err" >"$work/said"
	one_line a_full_disk 3 "$disk" 'full\|no space'
	"$flowplay" info "$disk/recording" >"$work/info" 2>&1
	is a_full_disk_is_told 1 "$(grep -cE '^(INCOMPLETE|PARTIAL): .*disk full' "$work/info")"
	is what_fitted_on_the_disk_is_kept 200 "$(flows_on_disk)"
	is what_did_not_fit_is_counted 1 "$(play "$disk/recording" \
		"SELECT sum(count) > 0 FROM loss WHERE reason LIKE '%full%'" 2>/dev/null | tail -n 1)"
else
	skip full_disk "no permission to mount a small disk"
fi
finish
