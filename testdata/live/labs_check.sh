# What must hold in every lab, sourced by labs_test.sh.
#
# Tables: packet (each sighting), key (what each sighting's packet says that it is, and how often it was
# sent), said (what each end sent), design (what each deduplication makes of it).

# lab_load: the recording of the lab into $run/db.
lab_load()
{
	play "$run/recording" "SELECT packet_id, packet_identity, parent_packet_id, packet_relation,
		network_namespace, interface_index, network_io_direction, source_port,
		destination_port, network_iana_number, network_bytes, packets, ip_identification,
		ip_fragment, tcp_sequence_number, tcp_acknowledgement_number, tcp_flags,
		payload_bytes, payload_stamp, payload_hash, time_ns FROM packet ORDER BY time_ns" \
		>"$run/packet.csv" 2>"$run/play"
	play "$run/recording" "SELECT model, sightings, unknown_sightings, true_packets, true_bytes,
		times_counted, packets, bytes, packets_ratio, bytes_ratio, false_positive_rate,
		false_negative_rate FROM dedup" >"$run/design.csv" 2>>"$run/play"
	play "$run/recording" "SELECT coalesce(sum(count), 0) FROM loss
		WHERE stream = 'packet'" >"$run/loss.csv" 2>>"$run/play"
	sqlite3 "$run/db" <<-END || exit 1
		CREATE TABLE packet(id INTEGER, identity TEXT, parent INTEGER, relation TEXT,
			place INTEGER, interface INTEGER, io TEXT, source_port INTEGER,
			destination_port INTEGER, protocol INTEGER, bytes INTEGER,
			packets INTEGER, ip_id INTEGER, fragment INTEGER, sequence INTEGER,
			acknowledgement INTEGER, flags INTEGER, payload INTEGER, stamp INTEGER,
			hash INTEGER, time_ns INTEGER);
		CREATE TABLE design(model TEXT, sightings INTEGER, unknown INTEGER,
			true_packets INTEGER, true_bytes INTEGER, times REAL, packets INTEGER,
			bytes INTEGER, packets_ratio REAL, bytes_ratio REAL, false_positives REAL,
			false_negatives REAL);
		CREATE TABLE line(json TEXT);
		.mode csv
		.import --skip 1 $run/packet.csv packet
		.import --skip 1 $run/design.csv design
		.mode ascii
		.separator "\t" "\n"
		.import $run/said line
		.import $run/server line
		CREATE TABLE said AS SELECT json ->> 'transport' AS transport,
			json ->> 'sent_packets' AS packets, json ->> 'sent_bytes' AS bytes,
			json ->> 'sent_again' AS again FROM line;
		UPDATE packet SET stamp = NULL WHERE stamp IN ('', 0);
		UPDATE packet SET relation = NULL WHERE relation = '';
		UPDATE packet SET parent = NULL WHERE parent IN ('', 0);
		UPDATE packet SET id = NULL WHERE id IN ('', 0);
		UPDATE packet SET identity = 'unknown' WHERE identity = '';
		CREATE INDEX packet_by_id ON packet(id);
		-- What a packet says itself: a datagram its stamp, and which fragment of it; a
		-- segment its place in the stream and its size; TCP without data its numbers. The
		-- port of the server stays what it is. What a tunnel sends says nothing.
		CREATE TABLE key AS SELECT rowid AS sighting, id, place, io,
			iif(protocol = 6, min(source_port, destination_port) || ' ' ||
				coalesce(stamp, '') || ' ' || payload ||
				iif(stamp IS NULL, ' ' || sequence || ' ' || acknowledgement ||
					' ' || flags || ' ' || ip_id, ''),
				stamp || ' ' || (fragment & 8191)) AS key
			FROM packet WHERE id IS NOT NULL AND (protocol = 6 OR stamp IS NOT NULL) AND
			NOT (protocol = 17 AND destination_port IN (4789, 6081));
		CREATE INDEX key_by_key ON key(key);
		-- Packets that are said to be made of others where they begin. Fragments of a
		-- datagram that was never seen whole are not.
		CREATE TABLE view AS SELECT id FROM (SELECT id, relation, parent, min(rowid) FROM packet
			WHERE id IS NOT NULL GROUP BY id) AS made WHERE relation IS NOT NULL AND
			relation <> 'again' AND (relation <> 'fragment' OR (SELECT max(fragment & 16383)
			FROM packet WHERE id = made.parent) = 0);
		CREATE INDEX view_by_id ON view(id);
		-- For each such thing: how often an end sent it, and as how many packets it passes
		-- that are not said to be made of others.
		CREATE TABLE oracle AS SELECT key, protocol, max(packet.stamp) IS NOT NULL AS stamped,
			sum(key.place IN ($places) AND key.io = 'transmit') AS sent,
			count(DISTINCT iif(key.id IN (SELECT id FROM view), NULL, key.id)) AS ids,
			sum(identity = 'unknown') AS unknown, count(*) AS sightings
			FROM key JOIN packet ON packet.rowid = sighting GROUP BY 1, 2;
	END
}

ask() { sqlite3 "$run/db" "$1"; }

# counts COLUMN: of each of its words, how many.
counts()
{
	ask "SELECT coalesce(group_concat(words, ' '), '-') FROM (SELECT $1 || ' ' || count(*) AS words
		FROM packet WHERE $1 IS NOT NULL GROUP BY $1 ORDER BY count(*) DESC)"
}

# share PROTOCOL: how much of what was sent is one packet each, in percent.
share()
{
	ask "SELECT iif(count(*), printf('%.2f', 100.0 * sum(ids = sent) / count(*)), '-') FROM oracle
		WHERE protocol = $1 AND sent > 0"
}

# design NAME: the factor by which it counts.
design()
{
	ask "SELECT printf('%.4f', times) FROM design WHERE model = '$1'"
}

lab_checks()
{
	none "every_sender_did_its_part_in_$lab" "$(cat "$run/trouble")"
	is "nothing_was_lost_in_$lab" 0 "$(tail -n 1 "$run/loss.csv")"
	none "no_two_packets_are_taken_for_one_in_$lab" "$(ask "
		SELECT 'two of', id, group_concat(DISTINCT key) FROM key
			WHERE id NOT IN (SELECT id FROM view)
			GROUP BY id HAVING count(DISTINCT key) > 1 LIMIT 5;
		SELECT 'twice at a hop', id, place, interface, io, count(*) FROM packet
			WHERE id IS NOT NULL GROUP BY 2, 3, 4, 5 HAVING count(*) > 1 LIMIT 5;
		SELECT 'sent oftener', key, sent, ids FROM oracle
			WHERE ids < sent AND NOT unknown LIMIT 5")" \
		"$(counts identity)"
	none "each_packet_is_one_in_$lab" "$(ask "
		SELECT 'sent', sent, 'packets', ids, key, (SELECT group_concat(packet.id || ' ' ||
			identity || ' ' || coalesce(relation, '-') || ' ' || interface || ' ' ||
			packet.io, ', ') FROM key JOIN packet ON packet.rowid = sighting
			WHERE key.key = oracle.key)
			FROM oracle WHERE ids > sent AND NOT unknown LIMIT 5")" \
		"$(counts relation)"
	none "flowtape_counts_what_was_sent_in_$lab" "$(ask "
		SELECT 'sent', p, b, 'counted', packets, bytes, 'not known', unknown FROM design,
			(SELECT sum(packets) AS p, sum(bytes) AS b FROM said)
			WHERE model = 'flowtape' AND NOT (abs(packets - p) <= p * 0.0001 AND
				abs(bytes - b) <= b * 0.0001)")" \
		"$(ask "SELECT sum(packets) || ' packets, ' || sum(bytes) || ' bytes' FROM said")"
	"$flowplay" report fingerprint-sweep --format csv "$run/recording" 2>>"$run/play" |
		tr -d '\r' >"$run/sweep.csv"
	sqlite3 "$run/db" ".import --csv $run/sweep.csv sweep" || exit 1
	# All, but for those that are small and mostly wrong.
	none "one_fingerprint_beats_every_published_one_in_$lab" "$(ask "
		SELECT 'nothing to beat' WHERE (SELECT count(*) FROM sweep WHERE kind = 'published') = 0;
		SELECT 'none beats', recipe, errors, state_bytes FROM sweep LEFT JOIN
			(SELECT errors + 0 AS least, state_bytes + 0 AS state FROM sweep
			WHERE kind IN ('winner', 'closest')) WHERE sweep.kind = 'published' AND
			errors * 2 < (SELECT count(*) FROM packet) AND (errors + 0 >= least AND
			state_bytes + 0 >= state AND errors + state_bytes > least + state) IS NOT 1;
		SELECT 'it beats', beats, 'of', published FROM
			(SELECT sum(beats) AS beats FROM sweep WHERE kind = 'winner'),
			(SELECT count(*) AS published FROM sweep WHERE kind = 'published')
			WHERE beats <> published")" \
		"$(winner)"
}

# winner: what the sweep names.
winner()
{
	ask "SELECT kind || ' ' || fields || ' ' || function || ' ' || width_bits || ' bits' ||
		iif(table_entries <> '', ', ' || table_entries || ' entries', '') || ': ' || errors ||
		' errors, ' || state_bytes || ' bytes, beats ' || beats ||
		iif(unbeaten <> '', ', not ' || unbeaten, '')
		FROM sweep WHERE kind IN ('winner', 'closest')"
}

designs="raw netobserv-1.7 netobserv-1.8 netobserv-1.8-netns netobserv-poc content flowtape"

lab_heading()
{
	printf 'What each lab shows: of the packets sent, how many are one packet each in the recording; how\n'
	printf 'sightings are known; and how often each deduplication design counts a packet.\n\n'
	printf '%-12s %9s %8s %7s %7s  %-20s' lab sightings packets UDP_% TCP_% times_counted
	printf '\n'
}

lab_row()
{
	printf '%-12s %9s %8s %7s %7s ' "$lab" "$(ask "SELECT count(*) FROM packet")" \
		"$(ask "SELECT sum(packets) FROM said")" "$(share 17)" "$(share 6)"
	for name in $designs; do
		printf ' %s %s' "$name" "$(design $name)"
	done
	printf '\n%12s  identity: %s; relations: %s\n' '' "$(counts identity)" "$(counts relation)"
	printf '%12s  %s\n' '' "$(winner)"
} >>"$work/table"
