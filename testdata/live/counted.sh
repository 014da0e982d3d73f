# Records traffic on the path of quiet.sh, and takes what was recorded into one database with what the
# senders said and what the interfaces counted meanwhile. Sourced by the tests that count exactly.
# $work is their directory.
#
# Tables: hop (each hop, all flows), flow (each hop and conversation, by the port of the client), due
# (packets by interface), talk (what each end said), stage (the account), socket (fates of datagrams
# at the server), path (where each packet passes).

# counted_begin NAME [OPTION]...
counted_begin()
{
	run=$work/$1
	shift
	rm -rf "$run"
	mkdir "$run"
	: >"$run/said"
	: >"$run/trouble"
	recorder_start "$run/recording" "$run/recorder" "$@" || exit 1
	quiet_counters "$client" "$router" "$server" >"$run/before"
	quiet_datagrams "$server" >"$run/datagrams.before"
	net_serve "$server" "$run/sink" $live_tools/flood sink 5001 && sink=$started || exit 1
}

# says COMMAND...: one of the client's, whose account is kept, and its failure.
says()
{
	in_client "$@" >>"$run/said" 2>>"$run/trouble" </dev/null || echo "$*: $?" >>"$run/trouble"
}

# counted_run NAME [OPTION]...: the traffic that the function NAME makes, recorded with these options.
# Once more where the kernel did not call the programs for some packets (see quiet_unseen): then the
# programs count fewer packets than our interfaces alone.
counted_run()
{
	for try in 1 2 3; do
		counted_begin "$@"
		"$1"
		counted_end
		unseen=$(ask "SELECT max(0, (SELECT sum(packets) FROM due) - attempted) FROM stage")
		[ "$unseen" != 0 ] || break
		echo "# $1, try $try: no program was called for $unseen packets"
	done
}

counted_end()
{
	quiet_settle "$router4" 5001 2>>"$run/trouble" || echo "the path is dead" >>"$run/trouble"
	net_stop TERM "$sink"
	recorder_stop INT
	quiet_counters "$client" "$router" "$server" >"$run/after"
	quiet_datagrams "$server" >"$run/datagrams.after"
	hops="hop JOIN $(quiet_places) USING (network_namespace)
		LEFT JOIN interface USING (network_namespace, interface_index)"
	play "$run/recording" "SELECT place, network_interface_name, network_io_direction,
		sum(source_packets + destination_packets), sum(source_bytes + destination_bytes)
		FROM $hops GROUP BY 1, 2, 3" >"$run/hop.csv" 2>/dev/null
	# Flows that conversations were reported of, by the port from which the client began.
	play "$run/recording" "SELECT port, place, network_interface_name, network_io_direction,
		sum(source_packets), sum(source_bytes), sum(destination_packets), sum(destination_bytes)
		FROM $hops JOIN (SELECT DISTINCT flow_id, source_port AS port FROM flow
			WHERE source_address IN ('$client4', '$client6') AND
			destination_port IN (5001, 8090, 8091)) USING (flow_id)
		GROUP BY 1, 2, 3, 4" >"$run/flow.csv" 2>/dev/null
	play "$run/recording" "SELECT attempted, stored, excluded, (SELECT coalesce(sum(count), 0)
		FROM loss WHERE stage = 'kernel' AND stream = 'flow') FROM stage
		WHERE stage = 'kernel' AND stream = 'flow'" >"$run/stage.csv" 2>/dev/null
	sqlite3 "$run/db" <<-END || exit 1
		CREATE TABLE line(moment TEXT, json TEXT);
		CREATE TABLE hop(place TEXT, interface TEXT, io TEXT, packets INTEGER, bytes INTEGER);
		CREATE TABLE flow(port INTEGER, place TEXT, interface TEXT, io TEXT, there INTEGER,
			bytes_there INTEGER, back INTEGER, bytes_back INTEGER);
		CREATE TABLE stage(attempted INTEGER, stored INTEGER, excluded INTEGER, lost INTEGER);
		CREATE TABLE said(json TEXT);
		.mode csv
		.import --skip 1 $run/hop.csv hop
		.import --skip 1 $run/flow.csv flow
		.import --skip 1 $run/stage.csv stage
		.mode ascii
		.separator "\t" "\n"
		.import "|sed 's/^/before\t/' $run/before" line
		.import "|sed 's/^/after\t/' $run/after" line
		.import "|cat $run/said $run/sink $run/server 2>/dev/null" said
		CREATE TABLE datagrams(name TEXT, packets INTEGER);
		.separator " " "\n"
		.import $run/datagrams.before datagrams
		UPDATE datagrams SET packets = -packets;
		.import $run/datagrams.after datagrams
		CREATE VIEW socket AS SELECT name, sum(packets) AS packets FROM datagrams GROUP BY 1;

		-- What an interface had no room for is a drop there and was at the hop; a tunnel's
		-- drops come between its count and the hop.
		CREATE TABLE counted AS SELECT moment, line.json ->> '\$[0].place' AS place,
			value ->> 'ifname' AS interface,
			value ->> '\$.stats64.tx.packets' + (value ->> '\$.stats64.tx.dropped') AS sent,
			value ->> '\$.stats64.rx.packets' - iif(value ->> 'ifname' LIKE 'tunnel%',
				value ->> '\$.stats64.rx.dropped', 0) AS received
			FROM line, json_each(line.json) WHERE value ->> 'ifname' IS NOT NULL;
		CREATE TABLE due AS SELECT place, interface, io, sum(packets) AS packets FROM (
			SELECT place, interface, 'transmit' AS io,
				iif(moment = 'after', sent, -sent) AS packets FROM counted
			UNION ALL SELECT place, interface, 'receive',
				iif(moment = 'after', received, -received) FROM counted)
			GROUP BY 1, 2, 3 HAVING sum(packets) > 0;
		CREATE TABLE path(interface TEXT, place TEXT, io TEXT, back TEXT);
		INSERT INTO path VALUES ('eth0', 'client', 'transmit', 'receive'),
			('port0', 'router', 'receive', 'transmit'),
			('br0', 'router', 'receive', 'transmit'),
			('tunnel0', 'router', 'transmit', 'receive'),
			('tunnel0', 'server', 'receive', 'transmit');
		CREATE TABLE talk AS SELECT json ->> 'id' AS id, json ->> 'role' AS role,
			json ->> 'local_port' AS port, json ->> 'sent_packets' AS packets,
			json ->> 'sent_bytes' AS bytes, coalesce(json ->> 'sent_again', 0) AS again
			FROM said;
	END
}
ask() { sqlite3 "$run/db" "$1"; }

# Where the recorder itself had no room, as it may beside others' floods, only the account is exact.
lost_none() { [ "$(ask 'SELECT lost FROM stage')" = 0 ]; }
