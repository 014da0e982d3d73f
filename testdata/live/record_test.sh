#!/bin/sh
# Records real traffic between namespaces, live, and holds every number against what the endpoints
# say that they sent and received. With "short" as its argument: less traffic, the same checks.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh
. testdata/live/quiet.sh

recorder_test live live_recording
case ${1:-} in
short) datagrams=20 big=2000000 brief=20 ;;
*) datagrams=500 big=60000000 brief=200 ;;
esac
recording=$work/recording
net_addresses_of_this_run
net_up || exit 1
# On a slow machine the first entry must still be there when the list of all is asked for.
in_router sh -c 'cd /proc/sys/net/netfilter || exit 1
	for timeout in udp_timeout udp_timeout_stream icmp_timeout tcp_timeout_last_ack \
		tcp_timeout_time_wait tcp_timeout_close; do
		echo 600 >nf_conntrack_$timeout
	done' || exit 1

# --- traffic; some servers live before the recorder, some come after it ---

exchange=$live_tools/exchange
said=$work/said
net_serve "$server" "$said.udp" $exchange udp-serve 5001 && udp=$started || exit 1
net_serve "$server" "$said.tcp" $exchange tcp-serve 8090 && tcp=$started || exit 1
statistics_before=$(sysctl -n kernel.bpf_stats_enabled)
recorder_start "$recording" "$work/recorder" --slice 1s || exit 1
quiet_counters "$client" "$router" "$server" >"$work/before"
net_serve "$server" "$said.udp2" $exchange udp-serve 5002 && udp2=$started || exit 1
net_serve "$server" "$said.tcp2" $exchange tcp-serve 8091 && tcp2=$started || exit 1
net_serve "$client" "$said.lo" $exchange udp-serve 5003 && lo=$started || exit 1
net_serve "$server" "$work/web" $live_tools/web_server 8080 && web=$started || exit 1

# ask COMMAND...: a client that must succeed; what it says is kept.
ask()
{
	in_client "$@" >>"$said.clients" 2>>"$work/trouble" </dev/null ||
		echo "$* failed: $?" >>"$work/trouble"
}

# pings ADDRESS HEADER: the ping sends no JSON, so its line is written here.
pings()
{
	net_start "$client" "$work/ping" ping -q -c 10 -i 0.02 -s 200 -W 5 "$1"
	net_wait "$started" || echo "ping $1 failed" >>"$work/trouble"
	bytes=$((10 * ($2 + 8 + 200)))
	for role in client server; do
		[ $role = client ] && pid=$started name=ping || pid=0 name=
		[ "$2" = 20 ] && local=$client4 || local=$client6
		printf '{"id":%d,"role":"%s","transport":"icmp","pid":%d,"name":"%s",' \
			"$started" $role "$pid" "$name"
		printf '"local_address":"%s","local_port":0,"remote_address":"%s",' "$local" "$1"
		printf '"remote_port":0,"sent_packets":10,"sent_bytes":%d}\n' "$bytes"
	done >>"$said.clients"
}

: >"$work/trouble"
net_start "$client" "$work/stream" $exchange stream "$router4" 5001 2000
stream=$started
ask $exchange udp "$router4" 5001 "$datagrams" 100 one-way
ask $exchange udp "$router4" 5002 "$datagrams" 1000 echo
ask $exchange udp "$server6" 5001 "$datagrams" 333 echo
ask $exchange udp "$server6" 5002 "$datagrams" 1200 one-way
ask $exchange udp "$router4" 5001 20 9000 one-way
ask $exchange udp "$router4" 5002 20 4321 echo
ask $exchange udp "$server6" 5002 20 5000 echo
ask $exchange udp 127.0.0.1 5003 50 100 echo
ask $exchange udp ::1 5003 50 100 echo
ask $exchange tcp "$router4" 8090 1000 1000
ask $exchange tcp "$router4" 8091 50000 "$big"
ask $exchange tcp "$server6" 8090 "$big" 1000
ask $exchange tcp "$server6" 8091 77777 77777
pings "$server4" 20
pings "$router4" 20
pings "$server6" 40
ask $live_tools/burst "$brief" $live_tools/brief tcp "$router4" 8090
ask $live_tools/burst "$brief" $live_tools/brief tcp "$server6" 8091
ask $live_tools/burst "$brief" $live_tools/brief udp "$router4" 5002
net_start "$client" "$work/curl" curl -sS -o /dev/null --max-time 20 "http://$router4/100000"
curl=$started
net_wait "$curl" || echo "curl failed" >>"$work/trouble"

# One connection goes on for some slices.
until [ "$(grep -c . "$work/stream")" -gt 120 ]; do
	sleep 0.1
done
net_stop TERM "$stream"
grep '^{' "$work/stream" >>"$said.clients"

in_router conntrack -L -f ipv4 >"$work/conntrack" 2>/dev/null
for pid in $udp $tcp $udp2 $tcp2 $lo; do
	net_stop TERM "$pid"
done
net_stop TERM "$web" 2>/dev/null
quiet_counters "$client" "$router" "$server" >"$work/after"
recorder_stop INT
unseen=$(quiet_unseen "$work/before" "$work/after" "$recording")
if [ "$unseen" != 0 ] && [ "${LIVE_TRY:-1}" -lt 3 ]; then
	echo "# try ${LIVE_TRY:-1}: no program was called for $unseen packets"
	net_down
	rm -rf "$work"
	LIVE_TRY=$((${LIVE_TRY:-1} + 1)) exec "$0" "$@"
fi
is a_program_was_called_for_each_packet 0 "$unseen"
is the_recorder_ends_cleanly_on_sigint 0 "$recorder_status"
none the_recorder_has_nothing_to_complain_of \
	"$(grep -vE '^record(ing to|ed) ' "$work/recorder.err")"
none every_endpoint_did_its_part "$(cat "$work/trouble" "$said".*.err | grep -vx ready)"

# --- the truth, and what was recorded, side by side in one database ---

truth=$work/truth.db
cat "$said.clients" "$said.udp" "$said.tcp" "$said.udp2" "$said.tcp2" "$said.lo" >"$work/lines"
inode() { stat -L -c %i "/run/netns/$1"; }
ours="(source_address IN ('$client4', '$client6') OR
	source_address IN ('127.0.0.1', '::1') AND network_namespace = $(inode "$client"))
	AND (network_iana_number <> 58 OR icmp_type = 128) AND destination_port <> 80"

play "$recording" "SELECT flow_id, network_iana_number, source_address,
	iif(network_iana_number IN (1, 58), 0, source_port), destination_address,
	iif(network_iana_number IN (1, 58), 0, destination_port),
	coalesce(source_nat_address, source_address), coalesce(source_nat_port, source_port),
	coalesce(destination_nat_address, destination_address),
	coalesce(destination_nat_port, destination_port),
	source_packets, source_bytes, destination_packets, destination_bytes,
	coalesce(process_pid, 0), coalesce(process_executable_name, ''),
	coalesce(peer_process_pid, 0), coalesce(peer_process_executable_name, ''), hop_count,
	CASE WHEN source_tcp_flags & 4 THEN 'source' WHEN destination_tcp_flags & 4 THEN 'destination'
		ELSE '' END FROM flow WHERE $ours" >"$work/flow.csv"
play "$recording" "SELECT h.flow_id, h.network_iana_number, h.source_address, h.source_port,
	h.destination_address, h.destination_port,
	CASE h.network_namespace WHEN $(inode "$client") THEN 'client'
		WHEN $(inode "$router") THEN 'router' WHEN $(inode "$server") THEN 'server' END,
	i.network_interface_name, h.network_io_direction, coalesce(h.source_order, 0),
	coalesce(h.destination_order, 0),
	h.source_packets, h.source_bytes, h.destination_packets, h.destination_bytes
	FROM hop h LEFT JOIN interface i USING (network_namespace, interface_index)
	WHERE flow_id IN (SELECT flow_id FROM flow WHERE $ours)" >"$work/hop.csv"
play "$recording" "SELECT network_iana_number, source_address, source_port, destination_address,
	destination_port, source_nat_address, source_nat_port, destination_nat_address,
	destination_nat_port
	FROM nat WHERE network_namespace = $(inode "$router") AND event_action <> 'delete'" \
	>"$work/nat.csv"

awk -f testdata/live/conntrack.awk "$work/conntrack" >"$work/conntrack.csv"

sqlite3 "$truth" <<-END || exit 1
	CREATE TABLE line(json TEXT);
	.mode ascii
	.separator "\t" "\n"
	.import $work/lines line
	CREATE TABLE slice(flow_id, number INTEGER, source TEXT, source_port INTEGER,
		destination TEXT, destination_port INTEGER, source_nat TEXT, source_nat_port INTEGER,
		destination_nat TEXT, destination_nat_port INTEGER, source_packets INTEGER,
		source_bytes INTEGER, destination_packets INTEGER, destination_bytes INTEGER,
		pid INTEGER, name TEXT, peer_pid INTEGER, peer_name TEXT, hop_count INTEGER, reset TEXT);
	CREATE TABLE hop(flow_id, number INTEGER, source TEXT, source_port INTEGER,
		destination TEXT, destination_port INTEGER, place TEXT, interface TEXT, direction TEXT,
		source_order INTEGER, destination_order INTEGER, source_packets INTEGER,
		source_bytes INTEGER, destination_packets INTEGER, destination_bytes INTEGER);
	CREATE TABLE nat(number INTEGER, source TEXT, source_port INTEGER, destination TEXT,
		destination_port INTEGER, source_nat TEXT, source_nat_port INTEGER,
		destination_nat TEXT, destination_nat_port INTEGER);
	CREATE TABLE conntrack(number INTEGER, source TEXT, source_port INTEGER,
		destination TEXT, destination_port INTEGER, source_nat TEXT, source_nat_port INTEGER,
		destination_nat TEXT, destination_nat_port INTEGER);
	.mode csv
	.import --skip 1 $work/flow.csv slice
	.import --skip 1 $work/hop.csv hop
	.import --skip 1 $work/nat.csv nat
	.import $work/conntrack.csv conntrack

	CREATE TABLE said AS SELECT json ->> 'id' AS id, json ->> 'role' AS role,
		json ->> 'transport' AS transport,
		CASE json ->> 'transport' WHEN 'tcp' THEN 6 WHEN 'udp' THEN 17 ELSE
			iif(json ->> 'remote_address' LIKE '%:%', 58, 1) END AS number,
		json ->> 'pid' AS pid, json ->> 'name' AS name,
		json ->> 'local_address' AS local_address, json ->> 'local_port' AS local_port,
		json ->> 'remote_address' AS remote_address, json ->> 'remote_port' AS remote_port,
		json ->> 'sent_packets' AS packets, json ->> 'sent_bytes' AS bytes,
		json ->> 'sent_payload' AS payload, json ->> 'received_payload' AS received,
		coalesce(json ->> 'sent_again', 0) AS again
		FROM line;
	CREATE TABLE truth AS SELECT c.number, c.local_address AS source,
		c.local_port AS source_port, c.remote_address AS destination,
		c.remote_port AS destination_port, s.remote_address AS seen_source,
		s.remote_port AS seen_port, s.local_port AS served_port,
		c.packets AS source_packets, c.bytes AS source_bytes,
		s.packets AS destination_packets, s.bytes AS destination_bytes,
		c.pid, c.name, s.pid AS peer_pid, s.name AS peer_name,
		c.again AS source_again, s.again AS destination_again
		FROM said c JOIN said s USING (id) WHERE c.role = 'client' AND s.role = 'server';
	CREATE TABLE flow AS SELECT number, source, source_port, destination, destination_port,
		flow_id, source_nat, source_nat_port, destination_nat, destination_nat_port,
		sum(source_packets) AS source_packets, sum(source_bytes) AS source_bytes,
		sum(destination_packets) AS destination_packets,
		sum(destination_bytes) AS destination_bytes,
		max(pid) AS pid, max(name) AS name, max(peer_pid) AS peer_pid,
		max(peer_name) AS peer_name, max(hop_count) AS hop_count, max(reset) AS reset
		FROM slice GROUP BY 1, 2, 3, 4, 5, 6;

	-- A busy host's TCP sends again what the layers below it refused: it counts both, the device
	-- sees one. Where it did so, any number between is what the endpoint sent.
	UPDATE truth SET source_packets = f.source_packets, source_bytes = f.source_bytes
		FROM flow f WHERE source_again > 0 AND truth.number = f.number
		AND truth.source = f.source AND truth.source_port = f.source_port
		AND truth.destination = f.destination AND truth.destination_port = f.destination_port
		AND f.source_packets BETWEEN truth.source_packets - source_again
			AND truth.source_packets
		AND f.source_bytes BETWEEN truth.source_bytes - source_again * 1500
			AND truth.source_bytes;
	UPDATE truth SET destination_packets = f.destination_packets,
		destination_bytes = f.destination_bytes
		FROM flow f WHERE destination_again > 0 AND truth.number = f.number
		AND truth.source = f.source AND truth.source_port = f.source_port
		AND truth.destination = f.destination AND truth.destination_port = f.destination_port
		AND f.destination_packets BETWEEN truth.destination_packets - destination_again
			AND truth.destination_packets
		AND f.destination_bytes BETWEEN truth.destination_bytes - destination_again * 1500
			AND truth.destination_bytes;

	-- An ACK that the FIN behind it overtook, on another CPU, comes to a connection in TIME-WAIT:
	-- that is answered without the socket, and the answer by a RST of the end that is closed.
	-- Neither end counts these two.
	UPDATE truth SET
		source_packets = truth.source_packets + 1,
		source_bytes = truth.source_bytes
			+ iif(f.reset = 'source', 20, 32) + iif(truth.source LIKE '%:%', 40, 20),
		destination_packets = truth.destination_packets + 1,
		destination_bytes = truth.destination_bytes
			+ iif(f.reset = 'source', 32, 20) + iif(truth.source LIKE '%:%', 40, 20)
		FROM flow f WHERE f.reset <> '' AND truth.number = f.number
		AND truth.source = f.source AND truth.source_port = f.source_port
		AND truth.destination = f.destination AND truth.destination_port = f.destination_port;
END
ask_truth() { sqlite3 "$truth" "$1"; }

# differ COLUMNS FROM_TRUTH FROM_RECORDING: rows that only one of both has.
differ()
{
	ask_truth "WITH a AS ($1), b AS ($2)
		SELECT 'expected', * FROM (SELECT * FROM a EXCEPT SELECT * FROM b)
		UNION ALL SELECT 'recorded', * FROM (SELECT * FROM b EXCEPT SELECT * FROM a)"
}

conversations=$((14 + 3 + 3 * brief))
tuple="number, source, source_port, destination, destination_port"
is both_ends_of_every_conversation_reported "$conversations" \
	"$(ask_truth 'SELECT count(*) FROM truth')"
# TCP may send a segment again.
none what_one_end_sent_the_other_received "$(ask_truth "SELECT c.*, s.* FROM said c
	JOIN said s USING (id) WHERE c.role <> s.role AND (c.transport = 'udp' AND
	c.payload <> s.received OR c.transport = 'tcp' AND c.payload < s.received)")"

# --- flows ---

is each_conversation_is_one_flow "$conversations" "$(ask_truth 'SELECT count(*) FROM flow')"
is the_longest_connection_has_several_slices 1 \
	"$(ask_truth 'SELECT count(*) > 2 FROM slice GROUP BY flow_id ORDER BY count(*) DESC LIMIT 1')"
is all_bytes_are_counted_once \
	"$(ask_truth 'SELECT sum(source_bytes + destination_bytes) FROM truth')" \
	"$(play "$recording" "SELECT sum(source_bytes + destination_bytes) AS bytes FROM flow WHERE $ours" | tail -n 1)"
none packets_and_bytes_of_every_flow_are_exact "$(differ \
	"SELECT $tuple, source_packets, source_bytes, destination_packets, destination_bytes FROM truth" \
	"SELECT $tuple, source_packets, source_bytes, destination_packets, destination_bytes FROM flow")" \
	"$conversations flows, $(ask_truth "SELECT sum(source_packets + destination_packets) || ' packets, ' ||
		sum(source_again + destination_again) || ' sent again' FROM truth")"
none every_flow_knows_the_process_that_opened_it "$(differ "SELECT $tuple, pid, name FROM truth" \
	"SELECT $tuple, pid, name FROM flow")"
# Before Linux 6.3, who never sends is known only when it was there before the recorder.
answered=1
if [ "$(play "$recording" "SELECT count(*) FROM probe WHERE NOT chosen
		AND explanation LIKE '%receivers that never send%'" | tail -n 1)" != 0 ]; then
	answered="destination_packets > 0 OR destination_port <> 5002"
	skip a_new_receiver_that_never_sends_is_known "this kernel does not tell of receiving"
fi
none every_flow_knows_the_process_that_answered "$(differ \
	"SELECT $tuple, peer_pid, peer_name FROM truth WHERE $answered" \
	"SELECT $tuple, peer_pid, peer_name FROM flow WHERE $answered")"
is an_http_request_has_the_pids_of_curl_and_of_the_server "$curl,curl,$web,web_server" \
	"$(play "$recording" "SELECT DISTINCT process_pid, process_executable_name, peer_process_pid,
		peer_process_executable_name FROM flow WHERE destination_port = 80
		AND source_address = '$client4'" | tail -n +2)"

lives=$(play "$recording" "SELECT (e.time_ns - f.time_ns) / 1000 AS us FROM process e
	JOIN process f USING (process_entity_id)
	WHERE e.event_action = 'exit' AND f.event_action = 'fork'
	AND e.process_executable_name = 'brief' ORDER BY 1" | tail -n +2)
is every_short_lived_process_was_seen_from_fork_to_exit $((3 * brief)) \
	"$(printf '%s\n' "$lives" | grep -c .)" \
	"$(printf '%s\n' "$lives" | awk '$1 < 5000 { short++ } NR == 1 { least = $1 }
		{ most = $1; all[NR] = $1 }
		END { printf "%d lived under 5 ms; shortest %d, median %d, longest %d us",
			short, least, all[int((NR + 1) / 2)], most }')"

# --- translations ---

none both_tuples_of_every_translation_are_those_of_conntrack "$(differ \
	"SELECT * FROM conntrack" "SELECT * FROM nat")" \
	"$(ask_truth 'SELECT count(*) FROM conntrack') entries"
is conntrack_holds_every_translated_conversation \
	"$(ask_truth "SELECT count(*) + 1 FROM truth
		WHERE number <> 58 AND source = '$client4' AND destination <> '$router4' OR
		number <> 1 AND destination = '$router4'")" \
	"$(ask_truth 'SELECT count(*) FROM conntrack')" "HTTP is the one more"
none no_translation_is_recorded_twice "$(ask_truth "SELECT *, count(*) FROM nat
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING count(*) > 1")"
none every_flow_knows_its_addresses_behind_the_nat "$(differ \
	"SELECT $tuple, seen_source, seen_port, '$server4', served_port FROM truth
		WHERE destination = '$router4' AND number <> 1" \
	"SELECT $tuple, source_nat, source_nat_port, destination_nat, destination_nat_port
		FROM flow WHERE destination = '$router4' AND number <> 1")"

# --- hops ---

path="group_concat(place || ' ' || interface || ' ' || direction || ' ' || source_order || ' '
	|| destination_order, ', ')"
there="client eth0 transmit 1 0, router br0 receive 3 0, router eth1 transmit 4 0,\
 router port0 receive 2 0, server eth0 receive 5 0"
both="client eth0 receive 0 5, client eth0 transmit 1 0, router br0 receive 3 0,\
 router br0 transmit 0 3, router eth1 receive 0 2, router eth1 transmit 4 0,\
 router port0 receive 2 0, router port0 transmit 0 4, server eth0 receive 5 0,\
 server eth0 transmit 0 1"
none every_conversation_is_seen_at_every_hop_in_order "$(ask_truth "
	WITH seen AS (SELECT flow_id, $path AS path FROM (SELECT DISTINCT flow_id, place, interface,
		direction, source_order, destination_order FROM hop
		ORDER BY place, interface, direction) GROUP BY flow_id)
	SELECT $tuple, path FROM flow LEFT JOIN seen USING (flow_id) WHERE
	destination <> '127.0.0.1' AND destination <> '::1' AND
	(destination <> '$router4' OR number <> 1) AND
	path IS NOT iif(destination_packets, '$both', '$there')")"
is loopback_is_seen_going_out_and_coming_in \
	"client lo receive 2 2, client lo transmit 1 1" \
	"$(ask_truth "SELECT DISTINCT path FROM (SELECT $path AS path FROM (SELECT DISTINCT flow_id,
		place, interface, direction, source_order, destination_order FROM hop
		JOIN flow USING (flow_id) WHERE flow.destination IN ('127.0.0.1', '::1')
		ORDER BY place, interface, direction) GROUP BY flow_id)")"
none flows_agree_with_their_hops "$(differ \
	"SELECT flow_id, sum(source_packets), sum(source_bytes), sum(destination_packets),
		sum(destination_bytes) FROM slice GROUP BY 1" \
	"SELECT flow_id, total(iif(source_order = 1, source_packets, 0)),
		total(iif(source_order = 1, source_bytes, 0)),
		total(iif(destination_order = 1, destination_packets, 0)),
		total(iif(destination_order = 1, destination_bytes, 0)) FROM hop GROUP BY 1")"

# Without the recorder's own join: from raw tuples, turned back through the translations.
is bytes_recomputed_from_hop_and_nat_agree \
	"$(ask_truth 'SELECT sum(source_bytes + destination_bytes) FROM truth')" \
	"$(ask_truth "WITH original AS (SELECT coalesce(n.source, h.source) AS a,
			coalesce(n.source_port, h.source_port) AS b,
			coalesce(n.destination, h.destination) AS c,
			coalesce(n.destination_port, h.destination_port) AS d, h.*
			FROM hop h LEFT JOIN nat n ON n.number = h.number
			AND h.source IN (n.source_nat, n.source)
			AND h.source_port IN (n.source_nat_port, n.source_port)
			AND n.destination_nat = h.destination
			AND (n.destination_nat_port = h.destination_port OR h.number = 1)),
		hops AS (SELECT number, a, b, c, d, place, interface, direction,
			min(nullif(source_order, 0)) AS first_there,
			min(nullif(destination_order, 0)) AS first_back,
			sum(source_bytes) AS there, sum(destination_bytes) AS back
			FROM original GROUP BY 1, 2, 3, 4, 5, 6, 7, 8)
		SELECT sum(iif(first_there = 1, there, 0) + iif(first_back = 1, back, 0)) FROM hops")"

# --- the recording itself ---

"$flowplay" info "$recording" >"$work/info" 2>&1
is info_calls_the_recording_whole 0 $?
none nothing_was_lost "$(play "$recording" 'SELECT * FROM loss WHERE count > 0' | tail -n +2)"
segments=$(ls "$recording")
none only_sealed_segments_and_a_catalog_are_left "$(printf '%s\n' "$segments" |
	grep -vE '^([0-9]+\.segment|catalog)$')"
"$flowplay" verify "$recording" >"$work/verify" 2>&1
is every_byte_of_it_checks 0 $?
FLOWTAPE_SEGMENTS=$(ls "$recording"/*.segment) "${flowrec%/*}/schema/rewrite_test" \
	>"$work/rewrite" 2>&1
is rows_of_every_stream_come_back_from_another_segment 0 $?
for segment in "$recording"/*.segment; do
	is "a_segment_is_readable_by_its_owner_only" 600 "$(stat -c %a "$segment")"
	none every_stage_accounts_for_all_that_came "$(sqlite3 "$segment" "
		SELECT stage, stream, attempted, stored, excluded, lost FROM (SELECT s.*,
			(SELECT coalesce(sum(count), 0) FROM loss l WHERE l.stage = s.stage
			AND l.stream = s.stream) AS lost FROM stage s)
		WHERE attempted <> stored + excluded + lost")" \
		"$(sqlite3 "$segment" "SELECT count(*) || ' stages, ' || max(attempted) ||
			' packets at the busiest' FROM stage")"
	is the_account_names_its_stages 1 "$(sqlite3 "$segment" "SELECT count(*) > 2 AND
		max(attempted) > $conversations FROM stage")"
	is plain_sqlite_shows_the_schema "$(grep -c '^CREATE TABLE' schema/segment.sql)" \
		"$(sqlite3 "$segment" .schema | grep -c '^CREATE TABLE')"
	for table in segment host clock interface probe stage string chunk part stream_column; do
		[ "$(sqlite3 "$segment" "SELECT count(*) > 0 FROM $table")" = 1 ] || echo $table
	done >"$work/empty"
	none plain_sqlite_reads_every_plain_table "$(cat "$work/empty")"
done

# --- what it cost ---

# cost RECORDING SQL: the rows without their heading.
cost()
{
	play "$1" "$2" | tail -n +2
}

is every_part_says_what_it_cost map,program,recorder,ring,thread "$(cost "$recording" "
	SELECT group_concat(part, ',') FROM (SELECT DISTINCT part FROM cost ORDER BY part)" |
	tr -d '"')"
is threads_have_their_names 4 "$(cost "$recording" "SELECT count(DISTINCT name) FROM cost
	WHERE part = 'thread' AND name IN ('flowrec', 'intake', 'writer', 'sealer')")"
none spans_follow_each_other "$(cost "$recording" "
	SELECT time_ns, span_ns, time_ns - span_ns - before FROM (SELECT time_ns, span_ns,
		lag(time_ns) OVER (ORDER BY time_ns) AS before FROM cost WHERE part = 'recorder')
	WHERE span_ns IS NULL OR before IS NOT NULL AND time_ns - span_ns <> before")"
none programs_have_whole_spans_one_second_in_ten "$(cost "$recording" "
	WITH span AS (SELECT time_ns, span_ns, min(time_ns) OVER () AS first,
			time_ns - span_ns AS began FROM cost WHERE part = 'recorder'),
		metered AS (SELECT DISTINCT time_ns, span_ns, time_ns - span_ns AS began,
			lag(time_ns - span_ns) OVER (ORDER BY time_ns) AS before
			FROM (SELECT DISTINCT time_ns, span_ns FROM cost WHERE part = 'program'))
	SELECT 'no such span', * FROM metered
		WHERE (time_ns, span_ns) NOT IN (SELECT time_ns, span_ns FROM span)
	UNION ALL SELECT 'too soon', * FROM metered WHERE began < before + 10000000000
	UNION ALL SELECT 'not the first', time_ns, span_ns, began, NULL FROM span
		WHERE time_ns = first AND time_ns NOT IN (SELECT time_ns FROM metered)")"
none no_more_waits_in_a_ring_than_fits "$(cost "$recording" "SELECT name, high_water_bytes,
	memory_bytes FROM cost WHERE part = 'ring' AND high_water_bytes > memory_bytes")"
is the_ring_of_events_was_used 1 "$(cost "$recording" "SELECT max(high_water_bytes) > 0
	FROM cost WHERE part = 'ring' AND name = 'events'")"
is no_map_has_more_entries_than_it_has_room_for 0 "$(cost "$recording" "SELECT count(*)
	FROM cost WHERE part = 'map' AND entries > entries_most")"
is flows_stood_in_their_table 1 "$(cost "$recording" "SELECT max(entries) > 0
	FROM cost WHERE name = 'flow_units'")"
# A thread is read before the process is: what runs in between counts for threads that ended.
is all_of_its_time_is_that_of_a_thread 1 "$(cost "$recording" "SELECT
	sum(iif(part = 'thread', user_cpu_ns + system_cpu_ns, 0)) + count(*) * 2000 >=
	sum(iif(part = 'recorder', user_cpu_ns + system_cpu_ns, 0)) AS is_all FROM cost")"
is the_packets_are_those_of_the_flows "$(cost "$recording" "SELECT
	sum(source_packets + destination_packets) FROM flow")" \
	"$(cost "$recording" "SELECT sum(packets) FROM cost")"
is packets_have_a_price_in_the_kernel 1 "$(cost "$recording" "SELECT
	sum(run_time_ns) > 0 AND sum(run_count) > 0 FROM cost WHERE name LIKE 'on_%'")"

for statistics in all off; do
	recorder_start "$work/$statistics" "$work/$statistics" --statistics $statistics || exit 1
	in_client ping -q -c 10 -i 0.2 "$server4" >"$work/ping.$statistics"
	recorder_stop INT
done
is with_all_statistics_every_span_has_them 1 "$(cost "$work/all" "SELECT count(DISTINCT time_ns) > 1
	AND count(DISTINCT time_ns) = count(DISTINCT iif(part = 'program', time_ns, NULL))
	AS are_all FROM cost")"
is without_statistics_nothing_is_said_of_programs 0,1 "$(cost "$work/off" "SELECT
	sum(part = 'program') || ',' || (sum(part = 'thread') > 0) FROM cost" | tr -d '"')"
is the_switch_for_statistics_is_as_it_was "$statistics_before" \
	"$(sysctl -n kernel.bpf_stats_enabled)"

# Of sightings and experiments, which are not recorded here, none has an answer but how to record
# them.
for report in analyzer/reports/*.sql; do
	report=$(basename "$report" .sql)
	"$flowplay" report "$report" "$recording" >"$work/report" 2>&1
	case "$report $?" in
	dedup" "3 | fingerprint*" "3 | identity" "3)
		grep -q "holds no packet sightings; 'flowrec record --streams +packet'" "$work/report" ||
			echo "$report: says nothing of sightings" ;;
	overhead" "3)
		grep -q "'flowrec bench -o DIR -- COMMAND' records one" "$work/report" ||
			echo "$report: says nothing of experiments" ;;
	*" "0) [ -s "$work/report" ] || echo "$report: is empty" ;;
	*) echo "$report: $(tail -n 1 "$work/report")" ;;
	esac
done >"$work/reports"
none every_report_answers "$(cat "$work/reports")"

[ -z "${KEEP:-}" ] || { rm -rf build/live.kept; cp -r "$work" build/live.kept; }
finish
