#!/bin/sh
# Processes that live for about a millisecond and open one connection each: every one of them must be
# in the recording with its fork, its exec, its exit and its flow, and the flow must name the processes
# at both of its ends. The argument is how many; by default enough that 10000 live under 2 ms.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh

recorder_test short short_lived_processes
count=${1:-12000}
recording=$work/recording
net_addresses_of_this_run
net_up || exit 1
net_serve "$server" "$work/server.1" $live_tools/exchange tcp-serve 8090 && server1=$started &&
	net_serve "$server" "$work/server.2" $live_tools/exchange tcp-serve 8091 &&
	server2=$started || exit 1
recorder_start "$recording" "$work/recorder" || exit 1

# Two at a time, so that forks, execs and exits of one process are told by different CPUs.
for i in 1 2; do
	net_start "$client" "$work/clients" $live_tools/burst $((count / 2)) \
		$live_tools/brief tcp "$router4" 809$((i - 1))
	eval "burst$i=$started"
done
net_wait "$burst1"
first=$?
net_wait "$burst2"
is every_process_did_its_part "0 0" "$first $?" "$(tail -n 1 "$work/clients.err")"
net_stop TERM "$server1"
net_stop TERM "$server2"
recorder_stop INT
is the_recorder_ends_cleanly 0 "$recorder_status"
none nothing_was_lost "$(play "$recording" 'SELECT * FROM loss WHERE count > 0' | tail -n +2)"

cat "$work/clients" "$work/server.1" "$work/server.2" >"$work/lines"
play "$recording" "SELECT flow_id, source_port, destination_port, max(process_pid),
	max(process_executable_name), max(peer_process_pid), max(peer_process_executable_name)
	FROM flow WHERE source_address = '$client4' AND network_iana_number = 6
	GROUP BY flow_id" >"$work/flow.csv"
play "$recording" "SELECT process_entity_id, process_pid, event_action, time_ns, process_start_ns,
	process_executable_name, process_exit_code, coalesce(process_exit_signal, 0)
	FROM process
	WHERE process_entity_id IN (SELECT process_entity_id FROM process
		WHERE event_action = 'exec' AND process_executable_name = 'brief')" >"$work/process.csv"
truth=$work/truth.db
sqlite3 "$truth" <<-END || exit 1
	CREATE TABLE line(json TEXT);
	.mode ascii
	.separator "\t" "\n"
	.import $work/lines line
	CREATE TABLE flow(flow_id, port INTEGER, served_port INTEGER, pid INTEGER, name TEXT,
		peer_pid INTEGER, peer_name TEXT);
	CREATE TABLE process(entity, pid INTEGER, action TEXT, time INTEGER, start INTEGER,
		name TEXT, code INTEGER, signal INTEGER);
	.mode csv
	.import --skip 1 $work/flow.csv flow
	.import --skip 1 $work/process.csv process
	CREATE INDEX entity ON process(entity);
	CREATE TABLE said AS SELECT json ->> 'id' AS id, json ->> 'role' AS role,
		json ->> 'pid' AS pid, json ->> 'name' AS name,
		json ->> 'local_port' AS port, json ->> 'remote_port' AS remote_port FROM line;
	CREATE TABLE truth AS SELECT c.port, c.remote_port AS served_port, c.pid, c.name,
		s.pid AS peer_pid, s.name AS peer_name
		FROM said c JOIN said s USING (id) WHERE c.role = 'client' AND s.role = 'server';
	CREATE TABLE life AS SELECT entity, pid, group_concat(action, ' ') AS actions,
		max(time) - min(time) AS ns, max(code) AS code, max(signal) AS signal
		FROM (SELECT * FROM process ORDER BY entity, time) GROUP BY entity;
END
ask_truth() { sqlite3 "$truth" "$1"; }

is both_ends_of_every_connection_reported "$count" "$(ask_truth 'SELECT count(*) FROM truth')"
for action in fork exec exit; do
	is "every_process_has_its_$action" "$count" \
		"$(ask_truth "SELECT count(*) FROM process WHERE action = '$action'")"
done
none every_process_is_forked_executes_and_ends_in_this_order "$(ask_truth "SELECT * FROM life
	WHERE actions <> 'fork exec exit' OR code <> 0 OR signal <> 0")"
none the_recorded_processes_are_those_that_ran "$(ask_truth "SELECT * FROM
	(SELECT pid, count(*) FROM truth GROUP BY pid EXCEPT
	SELECT pid, count(*) FROM life GROUP BY pid)")"
is every_connection_is_one_flow "$count" "$(ask_truth 'SELECT count(*) FROM flow')"
none every_flow_names_the_processes_at_both_ends "$(ask_truth "SELECT 'expected', * FROM
	(SELECT * FROM truth EXCEPT SELECT port, served_port, pid, name, peer_pid, peer_name FROM flow)
	UNION ALL SELECT 'recorded', * FROM
	(SELECT port, served_port, pid, name, peer_pid, peer_name FROM flow EXCEPT SELECT * FROM truth)")"
ok how_long_they_lived "$(ask_truth "WITH sorted AS (SELECT ns / 1000 AS us,
	row_number() OVER (ORDER BY ns) AS place, count(*) OVER () AS n FROM life)
	SELECT sum(us < 2000) || ' of ' || max(n) || ' under 2 ms; shortest ' || min(us) ||
	', median ' || max(iif(place = (n + 1) / 2, us, 0)) ||
	', 99 % ' || max(iif(place = (n * 99 + 99) / 100, us, 0)) ||
	', longest ' || max(us) || ' us' FROM sorted")"

[ -z "${KEEP:-}" ] || { rm -rf build/short.kept; cp -r "$work" build/short.kept; }
finish
