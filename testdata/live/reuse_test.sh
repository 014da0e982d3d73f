#!/bin/sh
# Connections that follow each other on the same ports within milliseconds, through NAT, routed and on
# loopback: each is a flow of its own, with its own counts, process, end and round trip.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh

recorder_test reuse reuse
count=${1:-8}
recording=$work/recording
truth=$work/truth.db
reuse=$live_tools/reuse
net_addresses_of_this_run
net_up || exit 1

# On one CPU no ACK overtakes a FIN.
one_cpu="taskset -c $(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')"
net_serve "$server" "$work/said.server" $one_cpu $reuse serve 8090 && remote=$started &&
	net_serve "$client" "$work/said.loopback" $one_cpu $reuse serve 8091 && local=$started ||
	exit 1
recorder_start "$recording" "$work/recorder" || exit 1

: >"$work/trouble"
# ask ADDRESS PORT LOCAL_PORT BYTES fin|reset
ask()
{
	in_client $one_cpu $reuse ask "$1" "$2" "$3" "$count" "$4" "$5" </dev/null \
		>>"$work/said.client" 2>>"$work/trouble" || echo "$* failed: $?" >>"$work/trouble"
}
ask "$router4" 8090 7001 700 fin
ask "$router4" 8090 7002 800 reset
ask "$server6" 8090 7003 900 fin
ask "$server6" 8090 7004 1000 reset
ask 127.0.0.1 8091 7005 1100 fin
ask 127.0.0.1 8091 7006 1200 reset
net_stop TERM "$remote"
net_stop TERM "$local"
recorder_stop INT
is the_recorder_ends_cleanly 0 "$recorder_status"
none every_end_did_its_part "$(cat "$work/trouble"; grep -vhx ready "$work"/said.*.err)"

cat "$work/said.client" "$work/said.server" "$work/said.loopback" >"$work/lines"
play "$recording" "SELECT flow_id, source_port, min(start_ns), sum(source_packets), sum(source_bytes),
	sum(destination_packets), sum(destination_bytes), max(process_pid), max(peer_process_pid),
	max(connection_state), max(tcp_rtt_ns), max(source_nat_port)
	FROM flow WHERE source_address IN ('$client4', '$client6', '127.0.0.1')
	AND source_port BETWEEN 7001 AND 7006 AND destination_port IN (8090, 8091)
	GROUP BY 1, 2" >"$work/flow.csv"
play "$recording" "SELECT flow_id, network_namespace, interface_index, network_io_direction,
	sum(source_packets), sum(source_bytes), sum(destination_packets), sum(destination_bytes)
	FROM hop GROUP BY 1, 2, 3, 4" >"$work/hop.csv"
counts="source_packets INTEGER, source_bytes INTEGER, destination_packets INTEGER,
	destination_bytes INTEGER"
sqlite3 "$truth" <<-END || exit 1
	CREATE TABLE line(json TEXT);
	.mode ascii
	.separator "\t" "\n"
	.import $work/lines line
	CREATE TABLE flow(flow_id, port INTEGER, start INTEGER, $counts, pid INTEGER,
		peer_pid INTEGER, state TEXT, rtt INTEGER, nat_port INTEGER);
	CREATE TABLE hop(flow_id, place, interface, io, $counts);
	.mode csv
	.import --skip 1 $work/flow.csv flow
	.import --skip 1 $work/hop.csv hop
	-- In the order in which they were made.
	CREATE TABLE truth AS SELECT c.json ->> 'local_port' AS port, row_number() OVER
		(PARTITION BY c.json ->> 'local_port' ORDER BY c.rowid) AS number,
		c.json ->> 'pid' AS pid, s.json ->> 'pid' AS peer_pid,
		c.json ->> 'sent_payload' AS payload, c.json ->> 'sent_packets' AS source_packets,
		c.json ->> 'sent_bytes' AS source_bytes, s.json ->> 'sent_packets' AS destination_packets,
		s.json ->> 'sent_bytes' AS destination_bytes,
		(c.json ->> 'sent_again') + (s.json ->> 'sent_again') AS again
		FROM line c JOIN line s ON c.json ->> 'id' = s.json ->> 'id'
		WHERE c.json ->> 'role' = 'client' AND s.json ->> 'role' = 'server';
	CREATE TABLE numbered AS SELECT *, row_number() OVER (PARTITION BY port ORDER BY start)
		AS number FROM flow;
END
ask_truth() { sqlite3 "$truth" "$1"; }
# differ FROM_TRUTH FROM_RECORDING: rows that only one of both has.
differ()
{
	ask_truth "WITH a AS ($1), b AS ($2)
		SELECT 'expected', * FROM (SELECT * FROM a EXCEPT SELECT * FROM b)
		UNION ALL SELECT 'recorded', * FROM (SELECT * FROM b EXCEPT SELECT * FROM a)" ||
		echo "no answer"
}

is both_ends_of_every_connection_reported $((6 * count)) \
	"$(ask_truth 'SELECT count(*) FROM truth')"
none each_connection_is_a_flow_of_its_own "$(differ \
	"SELECT port, count(*) FROM truth GROUP BY 1" "SELECT port, count(*) FROM flow GROUP BY 1")" \
	"$(ask_truth "SELECT 'two began within ' || (min(next - start) / 1000) || ' us' FROM (SELECT
		start, lead(start) OVER (PARTITION BY port ORDER BY start) AS next FROM flow)")"
none each_flow_has_the_processes_of_its_connection "$(differ \
	"SELECT port, number, pid, peer_pid FROM truth" \
	"SELECT port, number, pid, peer_pid FROM numbered")"
ended="port IN (7001, 7003, 7005)"
columns="port, number, source_packets, source_bytes, destination_packets, destination_bytes"
# A SYN may meet the remains of the connection before, which answer it, are reset and counted by no
# socket; it is sent again then.
again="(port, number) IN (SELECT port, number FROM truth WHERE again)"
none each_flow_counts_what_its_connection_sent "$(differ \
	"SELECT $columns FROM truth WHERE $ended AND NOT $again" \
	"SELECT $columns FROM numbered WHERE $ended AND NOT $again")" \
	"$(ask_truth "SELECT sum(source_packets + destination_packets) || ' packets' FROM truth
		WHERE $ended AND NOT again")"
# Headers of a packet, and 8 bytes more of the SYN and the SYN-ACK.
header="iif(port IN (7003, 7004), 72, 52)"
none each_flow_has_the_payload_of_its_connection "$(differ \
	"SELECT port, number, payload, payload FROM truth WHERE NOT again" \
	"SELECT port, number, source_bytes - 8 - source_packets * $header,
		destination_bytes - 8 - destination_packets * $header FROM numbered
		WHERE NOT $again")"
none each_flow_ends_as_its_connection_did "$(ask_truth "SELECT * FROM numbered
	WHERE state <> iif($ended, 'SF', 'RSTO') AND NOT $again")"
none each_flow_has_a_round_trip "$(ask_truth "SELECT * FROM numbered
	WHERE coalesce(rtt, '') = '' AND NOT $again")"
none each_flow_knows_its_translation "$(ask_truth "SELECT * FROM numbered
	WHERE (port IN (7001, 7002)) <> (nat_port <> '')")"
none each_hop_counts_each_connection_for_itself "$(ask_truth "SELECT n.port, n.number, h.*
	FROM hop h JOIN numbered n USING (flow_id)
	WHERE h.source_packets NOT IN (0, n.source_packets)
	OR h.destination_packets NOT IN (0, n.destination_packets)")" \
	"$(ask_truth "SELECT count(*) || ' hops' FROM hop JOIN flow USING (flow_id)")"
none nothing_was_lost "$(play "$recording" 'SELECT * FROM loss WHERE count > 0' | tail -n +2)"
[ -z "${KEEP:-}" ] || { rm -rf build/reuse.kept; cp -r "$work" build/reuse.kept; }
finish
