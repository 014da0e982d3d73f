#!/bin/sh
# flowrec bench -- COMMAND: what it stores of runs under each arm, in which order they come, what it says
# of agents, and how it ends. How much anything costs is not tested: that depends.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/check.sh
. testdata/live/net.sh
. testdata/live/recorder.sh

recorder_test bench paired_runs

lines() { tr '\n' ' ' | sed 's/ $//'; }

# value RECORDING SQL: the rows, without a heading, in one line.
value() { play "$work/$1" "$(echo "$2" | lines)" 2>"$work/value.err" | tail -n +2 | tr -d '"' | lines; }

# bench NAME OPTION...: its exit status in $status, what it says in $work/NAME.err.
bench()
{
	name=$1
	shift
	"$flowrec" bench -o "$work/$name" "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null
	status=$?
}

# --- a load tool under real agents ---

net_addresses_of_this_run
if ! net_up || ! net_serve "$server" "$work/web" $live_tools/web_server 8080; then
	skip paired_runs "no network of one's own"
	finish
	exit
fi
printf '%s\n' "ip netns exec $client wrk -t1 -c2 -d1s --latency http://$router4/1000" >"$work/load"
yardstick="1.8=!exec $live_tools/yardstick 1.8 $client/eth0"
bench wrk --pairs 2 --warmup 0 --settle 100ms --seed 1 --arms off,on,1.8,off-again --keep --arm "$yardstick" \
	-- sh "$work/load"
is a_load_tool_is_measured "0 2 pairs of 4 arms in $work/wrk" "$status $(cat "$work/wrk.err")"
evidence="workload WHERE statistics_ns = 0"
is every_pair_has_every_arm_once "8 4 4" "$(value wrk "SELECT count(*), count(DISTINCT pair || ' ' || position)
	/ 2, count(DISTINCT arm) FROM $evidence AND pair IN (1, 2)" | tr , ' ')"
none an_arm_does_not_come_twice "$(value wrk "SELECT pair, arm FROM $evidence GROUP BY 1, 2
	HAVING count(*) <> 1")"
is roles_are_said "1.8 candidate,off baseline,off-again repeat,on candidate" \
	"$(value wrk "SELECT group_concat(arm || ' ' || role) FROM
		(SELECT DISTINCT arm, role FROM workload ORDER BY 1)")"
is agents_are_said_as_they_were_given "${yardstick#*!},flowrec record" "$(value wrk "SELECT group_concat(agent) FROM
		(SELECT DISTINCT agent FROM workload WHERE agent IS NOT NULL ORDER BY 1)")"
none what_the_tool_said_is_stored "$(value wrk "SELECT pair, arm, tool, operations, latency_p50_ns,
	latency_p99_ns FROM workload WHERE NOT (tool = 'wrk' AND operation = 'request' AND operations > 0
		AND bytes > 1000 * operations / 2 AND exit_status = 0
		AND duration_ns BETWEEN 900000000 AND end_ns - start_ns
		AND latency_p50_ns > 0 AND latency_p50_ns <= latency_p99_ns)")" \
	"$(value wrk "SELECT sum(operations) || ' requests' FROM workload")"
is percentiles_alone_are_no_histogram 0 "$(value wrk "SELECT count(*) FROM latency")"

# A tick is 10 ms, and each CPU may be off by one in each column.
cpus=$(getconf _NPROCESSORS_ONLN)
slack=$((80000000 * cpus))
none cpu_times_of_the_machine_are_what_it_has "$(value wrk "SELECT pair, arm FROM
	(SELECT *, machine_user_cpu_ns + machine_system_cpu_ns + machine_interrupt_cpu_ns AS busy FROM workload)
	WHERE busy + machine_idle_cpu_ns > $cpus * (end_ns - start_ns) + $slack
		OR busy + $slack < command_user_cpu_ns + command_system_cpu_ns
		OR busy = 0")"
none only_agents_use_what_agents_use "$(value wrk "SELECT pair, arm FROM workload
	WHERE (agent LIKE 'flowrec%') > (agent_user_cpu_ns + agent_system_cpu_ns > 0)
		OR (agent IS NULL) > (agent_user_cpu_ns + agent_system_cpu_ns = 0)
		OR (agent IS NULL) <> (agent_memory_bytes IS NULL)
		OR agent_user_cpu_ns + agent_system_cpu_ns > $cpus * (end_ns - start_ns) + $slack")"

is agents_are_metered_in_runs_of_their_own "1.8 1,on 1" "$(value wrk "SELECT
	group_concat(arm || ' ' || n) FROM (SELECT arm, count(*) AS n FROM workload WHERE statistics_ns > 0
		GROUP BY 1 ORDER BY 1)")"
# Another agent may be slow to begin.
none their_programs_run_for_every_request "$(value wrk "SELECT arm, program_run_count, operations FROM workload
	WHERE statistics_ns > 0 AND NOT (program_run_time_ns > 0
		AND program_run_count > CASE WHEN arm = '1.8' THEN 0 ELSE operations END)")" \
	"$(value wrk "SELECT group_concat(arm || ' ' || (program_run_time_ns / program_run_count) || ' ns a run')
		FROM workload WHERE statistics_ns > 0")"
none they_count_in_no_other_run "$(value wrk "SELECT pair, arm FROM $evidence
	AND program_run_count IS NOT NULL")"
none maps_have_their_size_in_every_run "$(value wrk "SELECT pair, arm, map_memory_bytes FROM workload
	WHERE (agent IS NULL) <> (map_memory_bytes IS NULL) OR (agent IS NULL) <> (map_entries IS NULL)")"
is each_part_has_its_cost yes "$(value wrk "SELECT CASE WHEN
	(SELECT sum(run_count) || ' ' || sum(run_time_ns) || ' ' || sum(memory_bytes) FROM cost) =
	(SELECT sum(program_run_count) || ' ' || sum(program_run_time_ns) || ' ' || sum(map_memory_bytes)
		FROM workload) THEN 'yes' ELSE 'no' END AS said")"
is parts_are_named yes "$(value wrk "SELECT CASE WHEN count(*) = 2 THEN 'yes' ELSE group_concat(name) END
	AS said FROM (SELECT DISTINCT name FROM cost WHERE part = 'program' AND run_count > 0
		AND name IN ('lock_ingress', 'lock_egress'))")"

kept=$(ls -d "$work"/wrk/*-run-* | wc -l)
is what_agents_recorded_is_kept 6 "$kept"
is it_is_no_part_of_the_experiment 10 "$(value wrk "SELECT count(*) FROM workload")"
none kept_recordings_are_whole "$(for one in "$work"/wrk/on-*; do
	"$flowplay" verify "$one" >/dev/null 2>&1 || echo "$one"
	[ "$(value "${one#"$work"/}" "SELECT count(*) > 0 FROM flow")" = 1 ] || echo "$one has no flow"
done)"

# --- agents that are held ---

bench held --held --pairs 3 --metered 1 --settle 20ms --lead-in 200ms --seed 1 --keep --arms off,on,1.8,off-again \
	--arm "1.8=!exec $live_tools/yardstick --switched 1.8 $client/eth0" \
	-- ip netns exec $client $live_tools/web_client $router4 80 /1000 2 200 200
is agents_that_are_held_are_measured "0 3 pairs of 4 arms in $work/held" "$status $(cat "$work/held.err")"
is each_starts_once "1.8-held on-held" "$(cd "$work/held" && echo *-held)"
none every_page_counts "$(value held "SELECT pair, arm FROM workload WHERE NOT (tool = 'hey' AND operations > 0
	AND exit_status = 0 AND errors = 0 AND duration_ns BETWEEN 1 AND 2 * (end_ns - start_ns)) IS NOT FALSE")" \
	"$(value held "SELECT sum(operations) || ' pages' FROM workload")"
none pages_are_a_histogram "$(value held "SELECT pair, arm FROM workload WHERE statistics_ns = 0 AND operations IS NOT
	(SELECT sum(count) FROM latency WHERE latency.time_ns = start_ns)")"
none those_that_are_on_count_packets "$(value held "SELECT arm, program_run_count, operations FROM workload
	WHERE statistics_ns > 0 AND (program_run_count > operations) IS NOT TRUE")" "$(value held "SELECT
	group_concat(arm || ' ' || program_run_count) FROM workload WHERE statistics_ns > 0")"
is what_was_switched_is_whole 0 "$("$flowplay" verify "$work/held/on-held" >"$work/verify" 2>&1; echo $?)" \
	"$(cat "$work/verify")"
pages="SELECT count(DISTINCT flow_id) FROM flow WHERE destination_port = 80 AND destination_address = '$router4'"
runs="SELECT start_ns, end_ns FROM workload WHERE arm"
value held "$runs = 'on'" >"$work/on-runs"
value held "$runs <> 'on'" >"$work/off-runs"
# seen RUNS: pages that began within them, by the recording.
seen()
{
	"$flowplay" sql --format csv "$work/held/on-held" "$pages AND EXISTS (WITH run(begin, end) AS (VALUES $(
		sed 's/[0-9]*,[0-9]*/(&),/g; s/,$//' "$1")) SELECT 1 FROM run WHERE start_ns > begin AND start_ns < end)" |
		tail -n 1 | tr -d '\r'
}
is pages_are_seen_while_it_is_on yes "$([ "$(seen "$work/on-runs")" -gt 0 ] && echo yes)" \
	"$(seen "$work/on-runs") of $(value held "SELECT sum(operations) FROM workload WHERE arm = 'on'")"
is none_is_seen_while_it_is_off 0 "$(seen "$work/off-runs")"
is reports_say_that_times_are_left_out 1 "$("$flowplay" report summary "$work/held/on-held" |
	grep -c '^complete: .*nothing lost; recorded without times when it was off$')"

bench short --held --pairs 1 --arms off,short --arm "short=!read -r line; echo off" -- true
is an_agent_that_is_not_there_any_more_ends_it "1 flowrec bench: arm short: its agent cannot be turned on: Broken pipe" \
	"$status $(cat "$work/short.err")"
bench mute --held --pairs 1 --arms off,mute --arm "mute=!exit 0" -- true
is an_agent_is_to_answer "1 flowrec bench: arm mute: the agent does not answer \"off\" on its standard output:\
 Broken pipe" "$status $(cat "$work/mute.err")"

printf '%s\n' off on of course off | "$flowrec" record -q --switched -o "$work/orders" >"$work/orders.out" \
	2>"$work/orders.err"
is orders_are_answered_until_they_end "0 off on off" "$? $(lines <"$work/orders.out")"
is what_is_no_order_is_told "flowrec record: a line of standard input is neither on nor off: of\
 flowrec record: a line of standard input is neither on nor off: course" "$(lines <"$work/orders.err")"

setpriv --bounding-set=-all,+net_raw --inh-caps=-all "$flowrec" record --switched -o "$work/captured" \
	>"$work/captured.out" 2>"$work/captured.err" </dev/null
is what_cannot_be_switched_is_told "1 flowrec record: no program may count packets here, and what captures them\
 cannot be switched" "$? $(cat "$work/captured.err")"

# Two designs, and no run without any.
bench designs --pairs 1 --warmup 0 --metered 0 --settle 0s --arms flows,1.8 --arm "flows=--streams flow,cost" \
	--arm "$yardstick" -- true
is designs_are_compared_with_each_other "0 1.8 candidate,flows baseline" "$status $(value designs "SELECT
	group_concat(arm || ' ' || role) FROM (SELECT arm, role FROM workload ORDER BY 1)")"
is options_of_an_arm_are_said "flowrec record --streams flow,cost" "$(value designs "SELECT agent FROM workload
	WHERE arm = 'flows'")"

# --- orders ---

idle="--pairs 6 --warmup 0 --metered 0 --settle 0s --arms off,off-again,x,y"
orders() { value "$1" "SELECT group_concat(arm) FROM (SELECT arm FROM workload ORDER BY pair, position)"; }
for order in first:7 second:7 third:8; do
	bench "${order%:*}" $idle --arm "x=!exec sleep 60" --arm "y=!exec sleep 60" --seed "${order#*:}" -- true
done
bench drawn $idle --arm "x=!exec sleep 60" --arm "y=!exec sleep 60" -- true
seed=$("$flowplay" info "$work/drawn" | sed -n 's/^command_line  *flowrec bench --seed \([0-9]*\) .*/\1/p')
bench again $idle --arm "x=!exec sleep 60" --arm "y=!exec sleep 60" --seed "$seed" -- true
is a_seed_repeats_the_orders "$(orders first)" "$(orders second)"
is another_seed_gives_others no "$([ "$(orders first)" = "$(orders third)" ] && echo yes || echo no)"
is a_seed_that_was_drawn_is_stored "$(orders drawn)" "$(orders again)"
is wall_times_are_a_histogram "24 24" "$(value first "SELECT (SELECT sum(count) FROM latency), (SELECT count(*)
	FROM workload WHERE tool = 'command' AND latency_p50_ns > 0)" | tr , ' ')"
none agents_leave_nothing "$(ls "$work/first" | grep -v '\.segment$\|^catalog$')"

# --- other agents ---

# One that computes, one that writes, one that starts others and ends after its shell has.
cat >"$work/slow" <<'END'
trap 'sleep 0.3; echo ended >>"$1"; exit' TERM
while :; do sleep 0.02; done
END
bench agents --pairs 2 --warmup 2 --metered 0 --settle 0s --arms off,computes,writes,slow --keep \
	--arm "computes=!while :; do :; done" --arm "writes=!while :; do echo text; done >$work/text" \
	--arm "slow=!(exec sh $work/slow $work/ended) & wait" -- sleep 0.3
is any_agent_is_measured 0 $status "$(cat "$work/agents.err")"
none an_agent_that_computes_does_so_in_user_space "$(value agents "SELECT pair, agent_user_cpu_ns,
	agent_system_cpu_ns FROM workload WHERE arm = 'computes'
	AND NOT (agent_user_cpu_ns > agent_system_cpu_ns
		AND agent_user_cpu_ns + agent_system_cpu_ns BETWEEN 1000000 AND end_ns - start_ns + $slack)")"
none an_agent_that_writes_is_seen_to "$(value agents "SELECT pair, written_bytes, write_count FROM workload
	WHERE arm = 'writes' AND NOT (write_count > 10 AND agent_system_cpu_ns > 0)")"
is an_agent_has_its_time_to_end 4 "$(grep -c ended "$work/ended")"

bench gone --pairs 2 --warmup 0 --settle 100ms --arms off,gone --arm "gone=!exit 1" -- true
is an_agent_that_is_gone_ends_it "1 flowrec bench: arm gone: its agent ended before the workload" \
	"$status $(cat "$work/gone.err")"
bench brief --pairs 2 --warmup 0 --metered 0 --settle 0s --arms off,brief --arm "brief=!exec sleep 0.1" \
	-- sleep 0.4
is an_agent_that_ends_meanwhile_is_no_evidence "3 70" "$status $(value brief "SELECT group_concat(DISTINCT
	exit_status) FROM workload WHERE arm = 'brief'")"
is other_arms_stay_evidence 0 "$(value brief "SELECT group_concat(DISTINCT exit_status) FROM workload
	WHERE arm = 'off'")"
bench options --arms off,bad --arm "bad=--bogus" -- true
is options_of_an_arm_are_checked_before_anything_runs "64 flowrec record: unknown option: --bogus; see flowrec\
 record --help" "$status $(cat "$work/options.err")"
is and_leave_no_recording 1 "$([ -e "$work/options" ]; echo $?)"

# --- commands ---

bench fails $idle --arm x=--quiet --arm "y=!exec sleep 60" -- true
is where_to_record_is_not_for_an_arm 64 $status
idle="--pairs 3 --warmup 0 --metered 0 --settle 0s --arms off,off-again"
bench fails $idle -- sh -c 'echo fine; printf "it \033[1mbroke\n\n" >&2; exit 7'
is a_command_that_fails_is_told_once "3 1 1" "$status $(grep -c '^flowrec bench: pair 1, arm [^ ]*: it \\x1b\[1mbroke$' \
	"$work/fails.err") $(grep -c '^flowrec bench: 6 runs failed, and are no evidence$' "$work/fails.err")"
is its_status_is_stored "6 7" "$(value fails "SELECT count(*), max(exit_status) FROM workload" | tr , ' ')"
bench missing $idle -- "$work/no-such-command"
is a_command_that_is_none_is_told "3 127" "$status $(value missing "SELECT min(exit_status) FROM workload")"
bench killed $idle -- sh -c 'kill -9 $$'
is a_signal_is_its_status "3 137" "$status $(value killed "SELECT min(exit_status) FROM workload")"
bench file $idle --result "$work/result" -- sh -c "cat testdata/results/hyperfine-2-schema.json >$work/result; echo"
is a_result_can_come_in_a_file "0 hyperfine 3 18" "$status $(value file "SELECT tool, max(operations),
	(SELECT sum(count) FROM latency) FROM workload" | tr , ' ')"
bench stale $idle --result "$work/result" -- true
is a_result_of_before_is_none "3 65" "$status $(value stale "SELECT min(exit_status) FROM workload")"
bench cut $idle -- head -n 8 testdata/results/wrk-4.1.0.txt
is a_result_that_is_cut_is_none "3 65" "$status $(value cut "SELECT min(exit_status) FROM workload")"

# --- the end ---

# begin NAME AGENT: one that does not end by itself, in the middle of a run under that agent.
begin()
{
	: >"$work/runs"
	"$flowrec" bench -o "$work/$1" --pairs 1000 --warmup 0 --settle 0s --arms "off,$2" --seed 1 \
		--arm "$yardstick" -- sh -c 'echo >>"$1"; exec sleep 1' sh "$work/runs" >"$work/$1.out" 2>"$work/$1.err" &
	bench=$!
	net_pids="$net_pids $bench"
	until [ "$(wc -l <"$work/runs")" -gt 1 ] && processes=$(pgrep -P $bench) &&
		programs=$(for one in $processes; do cat /proc/"$one"/fdinfo/*; done 2>/dev/null |
			awk '$1 == "prog_id:" { print $2 }' | sort -u) && [ -n "$programs" ] &&
		[ "$(echo "$processes" | wc -l)" = 2 ]; do
		[ "$(wc -l <"$work/runs")" -lt 20 ] && kill -0 $bench 2>/dev/null || return 1
		sleep 0.05
	done
}

left()
{
	for one in $processes; do
		[ ! -d /proc/"$one" ] || grep -q '^State:.Z' /proc/"$one"/status ||
			echo "process $one: $(tr '\0' ' ' </proc/"$one"/cmdline)"
	done
	for one in $programs; do
		bpftool prog show id "$one" 2>/dev/null
	done
}

# The kernel takes some things away a little later.
wait_for_nothing()
{
	tries=0
	while [ -n "$(left)" ] && [ $tries -lt 200 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	left
}

for signal in INT KILL; do
	if ! begin $signal "$([ $signal = INT ] && echo on || echo 1.8)"; then
		is "it_runs_until_$signal" running "$(cat "$work/$signal.err")"
		continue
	fi
	kill -$signal $bench
	wait $bench 2>/dev/null
	status=$?
	none "nothing_runs_after_$signal" "$(wait_for_nothing)" "$(echo $programs | wc -w) programs"
	if [ $signal = INT ]; then
		is a_signal_makes_it_partial 3 $status
		is what_was_measured_is_sound 0 "$("$flowplay" verify "$work/INT" >"$work/verify" 2>&1; echo $?)"
	fi
	none "runs_before_${signal}_are_whole" "$(value $signal "SELECT pair, arm FROM workload
		WHERE NOT (exit_status = 0 AND end_ns - start_ns >= 1000000000)")" "$(value $signal "SELECT
		count(*) || ' runs' FROM workload")"
done

: >"$work/file-in-the-way"
"$flowrec" bench -o "$work/file-in-the-way/run" -- true >"$work/out" 2>&1
is a_directory_that_cannot_be_is_told "1 1" "$? $(grep -c "^flowrec bench: .*file-in-the-way" "$work/out")"
bench first $idle -- true
is a_recording_is_not_written_over 1 $status "$(cat "$work/first.err")"

# An agent fills the disk: what was measured before is there.
mkdir "$work/disk"
unshare -m sh -c 'mount -t tmpfs -o size=1m none "$1/disk" || exit 99
	"$2" bench -o "$1/disk/run" --pairs 40 --warmup 0 --metered 0 --settle 0s --arms off,fills \
		--arm "fills=!cat /dev/zero >$1/disk/fill; exec sleep 60" -- sleep 0.1 2>"$1/full.err"
	status=$?
	cp -r "$1/disk/run" "$1/full"
	exit $status' sh "$work" "$(realpath "$flowrec")"
is a_full_disk_is_told "1 1" "$? $(grep -c "^flowrec bench: .*[Ff]ull\|No space" "$work/full.err")"
is one_can_read_what_fitted 1 "$(value full "SELECT count(*) > 0 FROM workload" 2>/dev/null)"
finish
