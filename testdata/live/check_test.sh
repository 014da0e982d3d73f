#!/bin/sh
# flowrec check against this kernel, and the recorder without any single one of its hooks: what is
# left out costs its own feature, the rest works, and check, the segment and the reports say so.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/check.sh
. testdata/live/net.sh
. testdata/live/recorder.sh

recorder_test check flowrec_check

# check_says OUTPUT OPTION...: what check says, as JSON lines; its exit status in $status.
check_says()
{
	output=$1
	shift
	"$flowrec" check --format jsonl "$@" >"$output" 2>"$output.err"
	status=$?
}

# rows FILE EXPRESSION: the rows of check's answer for which the expression is true, as
# FEATURE|PROBE|TEST|STATE|EXPLANATION.
rows()
{
	sqlite3 :memory: 'CREATE TABLE line(json)' '.mode tabs' ".import $1 line" \
		"SELECT coalesce(json ->> 'feature', '') || '|' || coalesce(json ->> 'probe', '') ||
			'|' || coalesce(json ->> 'test', '') || '|' || (json ->> 'state') || '|' ||
			(json ->> 'explanation') FROM line WHERE $2"
}
is_probe="json ->> 'section' = 'probes'"
is_test="json ->> 'section' = 'self_test'"

# --- the whole plan ---

check_says "$work/all"
none the_self_test_does_not_fail "$(rows "$work/all" "$is_test AND json ->> 'state' = 'FAILED'")" \
	"$(rows "$work/all" "$is_test AND json ->> 'state' = 'passed'" | wc -l) lines passed"
for one in $(rows "$work/all" "$is_test AND json ->> 'state' = 'not tried'" | tr ' ' '_'); do
	skip "$(echo "$one" | cut -d'|' -f3)" "$(echo "$one" | cut -d'|' -f5 | tr '_' ' ')"
done
missing=$(rows "$work/all" "$is_probe" | awk -F'|' '
	$4 == "attached" { there[$1] = 1 } { all[$1] = 1 }
	END { for (one in all) if (!(one in there)) print one }')
is the_exit_status_says_whether_something_is_missing \
	"$([ -z "$missing$(rows "$work/all" "$is_test AND json ->> 'state' <> 'passed'")" ] &&
	echo 0 || echo 3)" "$status"
none what_was_refused_says_why "$(rows "$work/all" \
	"$is_probe AND json ->> 'state' <> 'attached' AND json ->> 'explanation' = ''")"
none a_spare_is_one_that_a_better_one_precedes "$(rows "$work/all" "$is_probe" | awk -F'|' '
	$4 == "attached" { there[$1] = 1 } $4 == "spare" && !there[$1]')"
none nothing_is_left_of_the_temporary_recording "$(ls -d "${TMPDIR:-/tmp}"/flowrec.?????? 2>/dev/null)"

for format in text json jsonl csv markdown; do
	"$flowrec" check --no-self-test --format $format >"$work/$format" 2>&1
	grep -q "netif.*receive.*skb" "$work/$format" || echo $format
done >"$work/formats"
none every_format_lists_the_probes "$(cat "$work/formats")"
is json_is_one_object "$(rows "$work/all" "$is_probe" | wc -l)" \
	"$(sqlite3 :memory: "SELECT json_array_length(readfile('$work/json'), '\$.probes')")"

# --- without each hook ---

rows "$work/all" "$is_probe" | cut -d'|' -f2 | sort -u >"$work/hooks"
while read -r hook; do
	check_says "$work/check" --without "$hook"
	features=$(rows "$work/check" "$is_probe AND json ->> 'probe' = '$hook'" | cut -d'|' -f1)
	[ "$status" = 0 ] || [ "$status" = 3 ] || echo "$hook: $(cat "$work/check.err")"
	rows "$work/check" "$is_probe AND json ->> 'probe' = '$hook'
		AND json ->> 'state' <> 'left out'" | sed "s,^,$hook is used: ,"
	rows "$work/check" "$is_test AND json ->> 'state' = 'FAILED'" | sed "s,^,$hook: ,"
	rows "$work/check" "$is_probe" >"$work/plan"
	rm -rf "$work/recording"
	"$flowrec" record -q -o "$work/recording" --duration 100ms --without "$hook" \
		>"$work/record" 2>&1 || echo "$hook: $(cat "$work/record")"
	"$flowplay" info "$work/recording" >"$work/info" 2>&1
	"$flowplay" report summary "$work/recording" >"$work/summary" 2>&1
	play "$work/recording" "SELECT explanation FROM probe WHERE variant = '$hook'" |
		grep -q 'left out by --without' || echo "$hook: its segment does not say so"
	echo "$features" | while read -r feature; do
		grep -q "^$feature|.*|attached|" "$work/plan" && continue
		grep -q "recorded without.*$feature" "$work/info" ||
			echo "$hook: flowplay info does not say that there is no $feature"
		grep -q "not recorded.*$feature" "$work/summary" ||
			echo "$hook: the summary does not say that there is no $feature"
		[ "$status" = 3 ] || echo "$hook: exit status $status without $feature"
	done
	# Other features are as they were; translations are seen in packets that leave.
	for other in $(rows "$work/all" "$is_probe AND json ->> 'state' = 'attached'" |
		cut -d'|' -f1 | tr ' ' '_' | sort -u); do
		other=$(echo "$other" | tr '_' ' ')
		grep -q "^$other|.*|attached|" "$work/plan" || echo "$features" | grep -qx "$other" ||
			grep -q "^$other|.*no program sees the packets" "$work/plan" ||
			echo "$hook: it costs $other, too"
	done
done <"$work/hooks" >"$work/without"
none any_single_hook_can_be_missing "$(cat "$work/without")" "$(wc -l <"$work/hooks") hooks"

# --- without BPF ---

# Only the right to capture is left; without that, too, there is one line.
limited()
{
	setpriv --bounding-set="-all${1:-}" --inh-caps=-all "$flowrec" check --format jsonl \
		>"$work/limited" 2>"$work/limited.err"
}
limited ,+net_raw
is where_bpf_is_not_allowed_packets_are_captured "3 2 2" "$? $(rows "$work/limited" "$is_probe AND
	json ->> 'probe' = 'libpcap/any' AND json ->> 'state' = 'attached'" | wc -l) $(rows \
	"$work/limited" "$is_test AND json ->> 'state' = 'passed' AND json ->> 'test' LIKE '%flow'" |
	wc -l)"
limited
is where_that_is_not_allowed_either_it_is_said "1 1" "$? $(grep -c BPF "$work/limited.err")"

for word in tp_btf/no_such_hook nonsense; do
	"$flowrec" check --without "$word" >"$work/out" 2>"$work/err"
	echo "$? $(grep -c "no such hook: $word" "$work/err")"
done >"$work/misuse"
is a_hook_that_is_not_known_is_misuse "64 1 64 1" "$(tr '\n' ' ' <"$work/misuse" | sed 's/ $//')"
finish
