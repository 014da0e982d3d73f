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
recorder_start "$work/small" "$work/overload" --max-flows 64 || exit 1
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

mkdir "$disk"
if mount -t tmpfs -o size=1m tmpfs "$disk" 2>/dev/null; then
	mounted=1
	recorder_start "$disk/recording" "$work/full" || exit 1
	# First what fits, until it is there; then more connections than a megabyte holds.
	in_client $live_tools/exchange scatter "$server6" 1000 200
	tries=0
	until [ "$(flows_on_disk)" = 200 ] || [ $tries = 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	port=2000
	while [ $port -lt 62000 ] && ! grep -q full "$work/full.err"; do
		in_client $live_tools/exchange scatter "$server6" $port 10000
		port=$((port + 10000))
		sleep 0.5
	done
	recorder_stop INT
	status=$recorder_status
	grep -vE '^record(ing to|ed) ' "$work/full.err" >"$work/said"
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
