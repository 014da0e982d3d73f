#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Holds the account of sightings against what the interfaces counted, at full rate with too little room
# for them: what was lost is in the account, at each stage, and every figure that rests on the rest says
# so. Without a loss none does.
#
# With a number as its argument: so many datagrams at full rate (100,000).
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh
. testdata/live/quiet.sh
. testdata/live/counted.sh

recorder_test lossy lossy_sightings
datagrams=${1:-100000}
client=client-$$ router=router-$$ server=server-$$
quiet_path || exit 1
reports="dedup fingerprint fingerprint-rate fingerprint-sweep identity"

# sighted TRAFFIC [OPTION]...: the traffic that a function makes, and its sightings. Once more where the
# kernel did not call the programs for some packets, see counted_run.
sighted()
{
	for try in 1 2 3; do
		counted_begin "$@" --streams +packet --only "netns=$client,$router,$server"
		"$1"
		counted_end
		play "$run/recording" "SELECT stage, attempted, stored, excluded,
			(SELECT coalesce(sum(count), 0) FROM loss WHERE loss.stage = stage.stage AND
				loss.stream = 'packet'),
			(SELECT coalesce(sum(count), 0) FROM loss WHERE loss.stage = stage.stage AND
				loss.stream = 'packet' AND reason IN ('ring buffer full', 'over the budget'))
			FROM stage WHERE stream = 'packet'" >"$run/packet_stage.csv" 2>/dev/null
		sqlite3 "$run/db" <<-END || exit 1
			CREATE TABLE packet_stage(stage TEXT, attempted INTEGER, stored INTEGER,
				excluded INTEGER, lost INTEGER, had_no_room INTEGER);
			.mode csv
			.import --skip 1 $run/packet_stage.csv packet_stage
		END
		rows=$(play "$run/recording" "SELECT count(*) FROM packet" 2>/dev/null |
			tail -n 1)
		lost=$(ask "SELECT sum(lost) FROM packet_stage")
		unseen=$(ask "SELECT max(0, (SELECT sum(packets) FROM due) - attempted)
			FROM packet_stage WHERE stage = 'kernel'")
		[ "$unseen" != 0 ] || break
		echo "# $1, try $try: no program was called for $unseen packets"
	done
}

# account NAME
account()
{
	none "every_sender_did_its_part_$1" "$(cat "$run/trouble"; grep -vhx ready "$run"/*.err |
		grep -vE '^(record(ing to|ed) |flowrec record: [0-9]+ lost)')"
	none "the_account_of_sightings_adds_up_$1" "$(ask "SELECT * FROM packet_stage
		WHERE attempted <> stored + excluded + lost")" \
		"$(ask "SELECT group_concat(stage || ' ' || attempted || ' = ' || stored || ' + ' ||
			excluded || ' + ' || lost, '; ') FROM packet_stage")"
	is "what_a_stage_stored_comes_to_the_next_$1" \
		"$(ask "SELECT group_concat(stored) FROM (SELECT stored FROM packet_stage
			WHERE stage IN ('kernel', 'intake', 'writer') ORDER BY stage = 'writer',
			stage = 'intake')")" \
		"$(ask "SELECT coalesce(group_concat(attempted) || ',', '') FROM (
			SELECT attempted FROM packet_stage WHERE stage IN ('intake', 'writer')
			ORDER BY stage = 'writer')")$rows"
}

# balance NAME: packets that a program was not run for, or that cannot be read, may be of others.
balance()
{
	sums="(SELECT sum(packets) AS due FROM due), packet_stage"
	is "what_interfaces_counted_is_stored_left_out_or_lost_$1" 1 \
		"$(ask "SELECT due BETWEEN stored + excluded + had_no_room AND attempted FROM $sums
			WHERE stage = 'kernel'")" \
		"$(ask "SELECT due || ' at interfaces; ' || attempted || ' attempted, ' ||
			(lost - had_no_room) || ' of them of anyone' FROM $sums WHERE stage = 'kernel'")"
}

# figures NAME LOST COMPLETE: each row of each report says that.
figures()
{
	for report in $reports; do
		"$flowplay" report "$report" --format csv "$run/recording" 2>/dev/null |
			tr -d '\r' >"$run/$report.csv"
		sqlite3 "$run/db" ".mode csv" ".import '$run/$report.csv' '$report'"
		is "every_row_of_report_${report}_says_so_$1" "$2 $2 $3 $3" \
			"$(ask "SELECT min(lost_sightings + 0) || ' ' || max(lost_sightings + 0) ||
				' ' || min(complete) || ' ' || max(complete) FROM \"$report\"")" \
			"$(ask "SELECT count(*) || ' rows' FROM \"$report\"")"
	done
}

# With the recorder held for a moment, the room is too small for sure.
lossy()
{
	net_serve "$server" "$run/sink" $live_tools/flood sink 5002 || exit 1
	before=$started
	says $live_tools/stamped "$router4" 5002 100 64 0
	# Once they are on disk, what is lost later is told from what they are.
	until [ "$(play "$run/recording" "SELECT count(*) >= 500 FROM packet
		WHERE destination_port = 5002" 2>/dev/null | tail -n 1)" = 1 ]; do
		kill -0 "$recorder_pid" || exit 1
		sleep 0.1
	done
	kill -STOP "$recorder_pid"
	until grep -q '^State:.T' "/proc/$recorder_pid/status"; do
		sleep 0.02
	done
	says $live_tools/flood send "$router4" 5001 4 10000 200 0
	kill -CONT "$recorder_pid"
	says $live_tools/flood send "$router4" 5001 4 "$datagrams" 200 0
	net_stop TERM "$before"
}
sighted lossy --packet-ring 1M
account at_full_rate
balance at_full_rate
is there_was_too_little_room 1 "$(ask "SELECT had_no_room > 0 FROM packet_stage
	WHERE stage = 'kernel'")" "$lost lost, $rows stored"
figures at_full_rate "$lost" no
is a_flow_before_the_loss_is_complete "0,yes" "$(play "$run/recording" "SELECT DISTINCT lost_sightings,
	complete FROM dedup_flows WHERE destination_port = 5002" 2>/dev/null | tail -n +2)"
is flows_during_the_loss_are_not "1,no" "$(play "$run/recording" "SELECT min(lost_sightings) > 0,
	max(complete) FROM dedup_flows WHERE destination_port = 5001 AND packets > 1000" 2>/dev/null |
	tail -n 1)"

few() { says $live_tools/stamped "$router4" 5001 2000 64 20000; }
sighted few
account of_few
balance of_few
is nothing_was_lost_of_few 0 "$lost"
figures of_few 0 yes
is every_flow_of_few_is_complete "1,0,yes" "$(play "$run/recording" "SELECT count(*) > 0,
	max(lost_sightings), min(complete) FROM dedup_flows" | tail -n 1)"

# Of a sample in which the few flows are not, for all that chance can do.
sighted few --packet-sample 1/1000000
account of_a_sample
balance of_a_sample
is a_sample_loses_nothing 0 "$lost"
is a_report_on_nothing_says_why "none of its $(ask "SELECT attempted FROM packet_stage
	WHERE stage = 'kernel'") packet sightings was stored" "$("$flowplay" report dedup \
	"$run/recording" | sed -n 's/.*\(none of .* stored\).*/\1/p')"

sighted few --packet-budget 248K
account of_a_budget
balance of_a_budget
is beyond_the_budget_is_lost "$(ask "SELECT attempted - 1024 FROM packet_stage WHERE stage = 'kernel'")" \
	"$lost"
reports=dedup
figures of_a_budget "$lost" no

[ -z "${KEEP:-}" ] || { rm -rf build/lossy.kept; cp -r "$work" build/lossy.kept; }
finish
