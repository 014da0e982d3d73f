#!/bin/sh
# flowrec bench --probe: what it stores, that agents are attached in their own slices only, and that
# nothing is left of it however it ends. How much anything costs is not tested: that depends.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/check.sh
. testdata/live/net.sh
. testdata/live/recorder.sh

recorder_test probe the_probe

pairs=9
metered=5 # every other pair
lines() { tr '\n' ' ' | sed 's/ $//'; }

# value RECORDING SQL: the rows, without a heading, in one line.
value() { play "$1" "$(echo "$2" | lines)" | tail -n +2 | lines; }

# An agent that notes when it was told what, and how many programs flowrec had attached then.
cat >"$work/agent.sh" <<'END'
while read -r word; do
	echo "$word $(date +%s%N) $(grep -l '^link_id' /proc/$PPID/fdinfo/* 2>/dev/null | wc -l)" >>"$1"
	echo "something else"
	echo "$word"
done
echo "end $(date +%s%N) 0" >>"$1"
END

"$flowrec" bench --probe -o "$work/run" --loads 1 --pairs $pairs --arms off,on,off-again,1.8,noter \
	--arm "1.8=!exec build/testdata/live/yardstick --switched 1.8" \
	--arm "noter=!exec sh $work/agent.sh $work/notes" >"$work/out" 2>"$work/err"
is a_probe_ends_well 0 $?
is it_says_how_many_blocks_there_are "$pairs blocks of 5 arms in $work/run" "$(cat "$work/err")"

# --- rows ---

evidence="workload WHERE statistics_ns = 0"
none each_block_has_each_arm_once "$(value "$work/run" "SELECT pair, arm, command, count(*) FROM $evidence
	GROUP BY 1, 2, 3 HAVING count(*) <> 1")"
is nothing_is_missing "$(((pairs + 1) * 5 * 2)) $((metered * 5 * 2))" "$(value "$work/run" "SELECT
	sum(statistics_ns = 0) || ' ' || sum(statistics_ns > 0) FROM workload")"
none the_arms_of_a_block_come_one_after_another "$(value "$work/run" "SELECT pair FROM $evidence
	GROUP BY pair HAVING group_concat(DISTINCT position) IS NULL OR count(DISTINCT position) <> 5
		OR min(position) <> 1 OR max(position) <> 5")"
is they_come_in_more_than_one_order yes "$(value "$work/run" "SELECT CASE WHEN count(DISTINCT o) > 1 THEN 'yes' ELSE 'no' END AS said FROM (SELECT group_concat(arm) AS o FROM (SELECT pair, arm FROM $evidence
		AND command = 'probe round trip' ORDER BY pair, position) GROUP BY pair)")"
is roles_are_said "1.8 candidate,noter candidate,off baseline,off-again repeat,on candidate" \
	"$(value "$work/run" "SELECT group_concat(arm || ' ' || role) FROM (SELECT DISTINCT arm, role
		FROM workload ORDER BY 1)" | tr -d '"')"
is what_is_measured_is_said "flowrec record: its programs in the kernel, without user space" \
	"$(value "$work/run" "SELECT DISTINCT agent FROM workload WHERE arm = 'on'" | tr -d '"')"
none latencies_are_those_of_round_trips "$(value "$work/run" "SELECT pair, arm, latency_p50_ns, latency_max_ns
	FROM $evidence AND command = 'probe round trip' AND NOT (latency_p50_ns BETWEEN 1000 AND 10000000
		AND latency_p50_ns <= latency_p99_ns AND latency_p99_ns <= latency_max_ns
		AND operations > 0 AND duration_ns >= 20000000)")"
none every_round_trip_is_in_the_histogram "$(value "$work/run" "SELECT pair, arm, operations, told FROM
	(SELECT pair, arm, command, operations FROM $evidence AND command = 'probe round trip')
	LEFT JOIN (SELECT pair, arm, command, sum(count) AS told FROM latency GROUP BY 1, 2, 3)
		USING (pair, arm, command) WHERE told IS NOT operations")"
none packets_arrive "$(value "$work/run" "SELECT pair, arm, operations FROM $evidence
	AND command = 'probe packet rate' AND (coalesce(operations, 0) = 0 OR bytes <> 22 * operations)")"
none only_slices_that_are_no_evidence_are_metered "$(value "$work/run" "SELECT pair, arm FROM workload
	WHERE (statistics_ns > 0) <> (latency_p50_ns IS NULL AND latency_mean_ns IS NULL)
		AND command = 'probe round trip'")"

# --- programs ---

none programs_run_where_they_are_on_and_nowhere_else "$(value "$work/run" "SELECT pair, arm, command,
	program_run_count, operations FROM workload WHERE statistics_ns > 0
	AND CASE WHEN arm IN ('on', '1.8') THEN coalesce(program_run_count, 0) < 2 * operations
		ELSE coalesce(program_run_count, 0) <> 0 END")" "$(value "$work/run" "SELECT
	group_concat(arm || ' ' || ns || ' ns a packet', ', ') FROM (SELECT arm,
		sum(program_run_time_ns) / sum(operations) AS ns FROM workload WHERE statistics_ns > 0
		AND command = 'probe packet rate' AND program_run_count > 0 GROUP BY 1)" | tr -d '"')"
is each_program_has_its_cost yes "$(value "$work/run" "SELECT CASE WHEN
	(SELECT sum(run_count) || ' ' || sum(run_time_ns) FROM cost) =
	(SELECT sum(program_run_count) || ' ' || sum(program_run_time_ns) FROM workload)
	THEN 'yes' ELSE 'no' END AS said")"
none its_maps_have_their_size "$(value "$work/run" "SELECT arm, map_memory_bytes FROM workload
	WHERE statistics_ns > 0 AND arm IN ('on', '1.8') AND coalesce(map_memory_bytes, 0) = 0")"

# --- when agents are told what ---

value "$work/run" "SELECT group_concat(arm || ' ' || start_ns || ' ' || end_ns, ';') FROM workload" |
	tr -d '"' | tr ';' '\n' >"$work/runs"
awk 'FILENAME == ARGV[1] { if ($1 == "on") on[++n] = $2; else if (n && !off[n]) off[n] = $2; next }
	{
		# Times of 19 digits: the first ones are the same for all of them.
		begin = substr($2, 5) + 0; end = substr($3, 5) + 0; inside = overlaps = 0
		for (i = 1; i <= n; i++) {
			from = substr(on[i], 5) + 0; to = substr(off[i], 5) + 0
			if (begin >= from && end <= to) inside = 1
			if (begin < to && end > from) overlaps = 1
		}
		if ($1 == "noter" ? !inside : overlaps) print
	}' "$work/notes" "$work/runs" >"$work/outside"
is an_agent_is_told_for_each_of_its_slices "$((pairs + 1 + metered)) $((pairs + 2 + metered)) 1" \
	"$(for word in on off end; do grep -c "^$word " "$work/notes"; done | lines)"
none it_is_on_in_its_own_slices_and_in_no_other "$(cat "$work/outside")" "$(wc -l <"$work/runs") slices"
none the_recorder_is_detached_meanwhile "$(awk '$3 != 0' "$work/notes")"

# --- the end ---

# begin NAME: one that does not end by itself, once it has measured something; what it has in
# $processes, $programs and $spaces.
begin()
{
	"$flowrec" bench --probe -o "$work/$1" --loads 1 --pairs 1000000 --arms off,on,1.8 \
		--arm "1.8=!exec build/testdata/live/yardstick --switched 1.8" >"$work/$1.out" 2>&1 &
	probe=$!
	net_pids="$net_pids $probe"
	until [ "$(value "$work/$1" "SELECT max(pair) > 0 FROM workload" 2>/dev/null)" = 1 ]; do
		kill -0 $probe 2>/dev/null || return 1
		sleep 0.1
	done
	processes=$(cat /proc/$probe/task/*/children)
	programs=$(for one in $probe $processes; do cat /proc/$one/fdinfo/*; done 2>/dev/null |
		awk '$1 == "prog_id:" { print $2 }' | sort -u)
	spaces=$(for one in $processes; do readlink /proc/$one/ns/net; done | sort -u |
		grep -vxF "$(readlink /proc/self/ns/net)")
	# The kernel gives numbers of namespaces again: a mark tells that it is still this one.
	for one in $processes; do
		for interface in near0 far0; do
			nsenter -t "$one" -n ip link set "$interface" alias "probe-$$" 2>/dev/null
		done
	done
}

# left: what is there of it still.
left()
{
	for one in $processes; do
		[ ! -d /proc/"$one" ] || echo "process $one: $(tr '\0' ' ' </proc/"$one"/cmdline)"
	done
	for one in $programs; do
		bpftool prog show id "$one" 2>/dev/null
	done
	for one in /proc/[0-9]*; do
		case " $(echo $spaces) " in
		*" $(readlink "$one/ns/net" 2>/dev/null) "*)
			nsenter -t "${one#/proc/}" -n ip link 2>/dev/null | grep "alias probe-$$"
			;;
		esac
	done
}

# The kernel takes some things away a little later.
wait_for_nothing()
{
	tries=0
	while [ -n "$(left)" ] && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	left
}

for signal in INT KILL; do
	if ! begin $signal; then
		is "a_probe_runs_until_$signal" running "$(cat "$work/$signal.out")"
		continue
	fi
	is "it_has_processes_namespaces_and_programs_before_$signal" yes "$([ "$(echo "$spaces" | wc -l)" = 2 ] &&
		[ "$(echo "$programs" | wc -l)" -gt 4 ] && echo yes || echo "$spaces, programs $programs")"
	kill -$signal $probe
	wait $probe 2>/dev/null
	status=$?
	none "nothing_is_left_after_$signal" "$(wait_for_nothing)" "$(echo $programs | wc -w) programs"
	if [ $signal = INT ]; then
		is a_signal_makes_it_partial 3 $status
		is what_it_measured_is_sound 0 "$("$flowplay" verify "$work/INT" >"$work/verify" 2>&1; echo $?)"
		none its_blocks_are_whole "$(value "$work/INT" "SELECT pair FROM $evidence GROUP BY 1
			HAVING count(*) <> 6")"
	fi
done

# Nothing is recorded yet while an agent does not answer.
"$flowrec" bench --probe -o "$work/early" --arms off,mute --arm "mute=!exec sh -c 'cat >$work/heard; sleep 1'" \
	>"$work/early.out" 2>&1 &
probe=$!
net_pids="$net_pids $probe"
until [ -s "$work/heard" ]; do
	kill -0 $probe || break
	sleep 0.05
done
processes=$(cat /proc/$probe/task/*/children) programs='' spaces=none
kill -TERM $probe
wait $probe 2>/dev/null
is a_signal_ends_it_before_it_measures 143 $?
none nothing_is_left_of_that_either "$(wait_for_nothing)"

# --- what cannot be ---

# refused NAME STATUS LINE OPTION...: one line, and no recording.
refused()
{
	name=$1 expected="$2 $3"
	shift 3
	"$@" bench --probe -o "$work/none" ${options:-} >"$work/out" 2>&1
	is "$name" "$expected" "$? $(cat "$work/out")"
	is "${name}_and_leaves_no_recording" 1 "$([ -e "$work/none" ]; echo $?)"
}

refused who_is_not_root_is_told 1 "flowrec bench: cannot make a network namespace: Operation not permitted:\
 run as root" setpriv --bounding-set -all --inh-caps -all "$flowrec"
options="--arms off,mute --arm mute=!true"
refused an_agent_that_does_not_answer_is_told 1 "flowrec bench: arm mute: the agent does not answer \"off\" on\
 its standard output: Broken pipe" "$flowrec"
options="--arms off,gone"
refused an_arm_that_is_none_is_told 64 "flowrec bench: there is no such arm: gone; see flowrec bench --help" \
	"$flowrec"
finish
