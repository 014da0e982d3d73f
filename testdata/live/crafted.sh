# Holds what was recorded of crafted frames against what their senders said (craft.h): both as packets
# of one direction in one database. Sourced by the live tests that send them, after quiet.sh. $work is
# their directory.

# crafted_read RECORDING: takes both in, and from standard input the paths, a line "PATH HOP..." for
# each with hops as PLACE:INTERFACE:IO. Views: sent and seen, with the same columns, the packets of
# each tuple at each hop; once and counted, those of each flow.
crafted_read()
{
	while read -r path path_hops; do
		for hop in $path_hops; do
			echo "$path:$hop" | tr : ,
		done
	done >"$work/path.csv"
	crafted_flows="SELECT flow_id FROM hop JOIN $(quiet_places) USING (network_namespace)"
	play "$1" "SELECT place, network_interface_name, network_io_direction,
		network_iana_number, source_address, source_port, destination_address, destination_port,
		sum(source_packets), sum(source_bytes), sum(destination_packets),
		sum(destination_bytes), min(source_order), min(destination_order)
		FROM hop JOIN $(quiet_places) USING (network_namespace)
		LEFT JOIN interface USING (network_namespace, interface_index)
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8" >"$work/hop.csv" 2>/dev/null
	play "$1" "SELECT network_iana_number, source_address, source_port, destination_address,
		destination_port, coalesce(icmp_type, 0), coalesce(icmp_code, 0),
		sum(source_packets), sum(source_bytes), sum(destination_packets), sum(destination_bytes)
		FROM flow WHERE flow_id IN ($crafted_flows) GROUP BY 1, 2, 3, 4, 5, 6, 7" \
		>"$work/flow.csv" 2>/dev/null
	play "$1" "SELECT reason, sum(count) FROM loss WHERE stage = 'kernel' AND stream = 'flow'
		GROUP BY 1" >"$work/loss.csv" 2>/dev/null
	sqlite3 "$work/truth.db" <<-END
		CREATE TABLE truth(path TEXT, name TEXT, verdict TEXT, packets INTEGER, bytes INTEGER,
			number INTEGER, source TEXT, source_port INTEGER, destination TEXT,
			destination_port INTEGER, icmp_type INTEGER, icmp_code INTEGER);
		CREATE TABLE hop(place TEXT, interface TEXT, io TEXT, number INTEGER, source TEXT,
			source_port INTEGER, destination TEXT, destination_port INTEGER, there INTEGER,
			bytes_there INTEGER, back INTEGER, bytes_back INTEGER, order_there INTEGER,
			order_back INTEGER);
		CREATE TABLE flow(number INTEGER, source TEXT, source_port INTEGER, destination TEXT,
			destination_port INTEGER, icmp_type INTEGER, icmp_code INTEGER, there INTEGER,
			bytes_there INTEGER, back INTEGER, bytes_back INTEGER);
		CREATE TABLE loss(reason TEXT, count INTEGER);
		CREATE TABLE path(path TEXT, place TEXT, interface TEXT, io TEXT);
		.mode csv
		.import $work/path.csv path
		.import $work/truth.csv truth
		.import --skip 1 $work/hop.csv hop
		.import --skip 1 $work/flow.csv flow
		.import --skip 1 $work/loss.csv loss

		CREATE VIEW sent AS SELECT number, source, source_port, destination, destination_port,
			sum(packets) AS packets, sum(bytes) AS bytes, place, interface, io
			FROM truth JOIN path USING (path) WHERE verdict = 'flow'
			GROUP BY 1, 2, 3, 4, 5, 8, 9, 10;
		CREATE VIEW seen AS
			SELECT number, source, source_port, destination, destination_port,
				there AS packets, bytes_there AS bytes, place, interface, io
				FROM hop WHERE there > 0
			UNION ALL
			SELECT number, destination, destination_port, source, source_port, back,
				bytes_back, place, interface, io FROM hop WHERE back > 0;
		CREATE VIEW once AS SELECT number, source, source_port, destination, destination_port,
			icmp_type, icmp_code, sum(packets), sum(bytes) FROM truth
			WHERE verdict = 'flow' GROUP BY 1, 2, 3, 4, 5, 6, 7;
		CREATE VIEW counted AS
			SELECT number, source, source_port, destination, destination_port, icmp_type,
				icmp_code, there, bytes_there FROM flow WHERE there > 0
			UNION ALL
			SELECT number, destination, destination_port, source, source_port, icmp_type,
				icmp_code, back, bytes_back FROM flow WHERE back > 0;
	END
}
ask_truth() { sqlite3 "$work/truth.db" "$1"; }

# Whether the recorder had room for all flows, of which others on this machine may have too many.
crafted_had_room()
{
	[ "$(ask_truth "SELECT count(*) FROM loss WHERE reason NOT LIKE '%header%' AND
		reason NOT LIKE '%hops%'")" = 0 ]
}

# Two tables' differences, the name of the case first.
crafted_differences()
{
	ask_truth "SELECT (SELECT name FROM truth WHERE truth.source IN (d.source, d.destination)
		LIMIT 1), d.* FROM (SELECT 'expected', * FROM (SELECT * FROM $1 EXCEPT SELECT * FROM $2)
		UNION ALL SELECT 'recorded', * FROM (SELECT * FROM $2 EXCEPT SELECT * FROM $1)) d"
}
