# Records the packets of a path, and takes them into a database. Sourced by the tests that ask which
# packet a sighting is of. $work is their directory.
#
# Tables: packet (each sighting in our namespaces), stamped (those that say which they are), stage (the
# account), hop (what the stream hop has).

# sighted_begin NAME [OPTION]...
sighted_begin()
{
	run=$work/$1
	shift
	rm -rf "$run"
	mkdir "$run"
	: >"$run/trouble"
	recorder_start "$run/recording" "$run/recorder" --streams +packet \
		--only "netns=$client,$router,$server" "$@" || exit 1
	sinks=
	for port in 5001 5002 5003 5004; do
		net_start "$server" "$run/sink.$port" $live_tools/flood sink $port
		sinks="$sinks $started"
	done
}

# says COMMAND...: one of the client's, whose failure is kept.
says()
{
	in_client "$@" >>"$run/said" 2>>"$run/trouble" </dev/null || echo "$*: $?" >>"$run/trouble"
}

sighted_end()
{
	# What was sent last is behind a few more packets now.
	in_client ping -q -c 2 -i 0.2 "$router4" >/dev/null
	for pid in $sinks; do
		net_stop TERM "$pid"
	done
	recorder_stop INT
	ours="network_namespace IN ($(inode "$client"), $(inode "$router"), $(inode "$server"))"
	play "$run/recording" "SELECT packet_id, packet_identity, parent_packet_id, packet_relation,
		network_namespace, interface_index, network_io_direction, source_address, source_port,
		destination_address, destination_port, network_iana_number, network_bytes, packets,
		ip_identification, ip_fragment, ip_ttl, tcp_sequence_number,
		tcp_acknowledgement_number, tcp_flags, payload_bytes, payload_stamp, payload_hash,
		sampling_rate FROM packet WHERE $ours ORDER BY time_ns" >"$run/packet.csv"
	play "$run/recording" "SELECT network_namespace, interface_index, network_io_direction,
		sum(source_packets + destination_packets) FROM hop WHERE $ours GROUP BY 1, 2, 3" \
		>"$run/hop.csv"
	play "$run/recording" "SELECT stage.stage, attempted, stored, excluded,
		(SELECT coalesce(sum(count), 0) FROM loss WHERE loss.stage = stage.stage
		AND loss.stream = 'packet') FROM stage WHERE stream = 'packet'" >"$run/stage.csv"
	sqlite3 "$run/db" <<-END || exit 1
		CREATE TABLE packet(id INTEGER, identity TEXT, parent INTEGER, relation TEXT,
			place INTEGER, interface INTEGER, io TEXT, source TEXT, source_port INTEGER,
			destination TEXT, destination_port INTEGER, protocol INTEGER, bytes INTEGER,
			packets INTEGER, ip_id INTEGER, fragment INTEGER, ttl INTEGER,
			sequence INTEGER, acknowledgement INTEGER, flags INTEGER, payload INTEGER,
			stamp INTEGER, hash INTEGER, rate INTEGER);
		CREATE TABLE hop(place INTEGER, interface INTEGER, io TEXT, packets INTEGER);
		CREATE TABLE stage(stage TEXT, attempted INTEGER, stored INTEGER, excluded INTEGER,
			lost INTEGER);
		.mode csv
		.import --skip 1 $run/packet.csv packet
		.import --skip 1 $run/hop.csv hop
		.import --skip 1 $run/stage.csv stage
		UPDATE packet SET stamp = NULL WHERE stamp IN ('', 0);
		UPDATE packet SET relation = NULL WHERE relation = '';
		UPDATE packet SET parent = NULL WHERE parent = '';
		UPDATE packet SET identity = 'unknown' WHERE identity = '';
		CREATE VIEW stamped AS SELECT * FROM packet WHERE protocol = 17 AND
			destination_port BETWEEN 5000 AND 5999 AND stamp IS NOT NULL;
		CREATE INDEX packet_stamp ON packet(stamp);
		CREATE INDEX packet_id ON packet(id);
	END
}
ask() { sqlite3 "$run/db" "$1"; }

# How the sightings know, and what they have to do with their parents.
confidence()
{
	ask "SELECT group_concat(words, ', ') FROM (SELECT count(*) || ' ' || identity AS words
		FROM packet GROUP BY identity ORDER BY count(*) DESC)"
}

relations()
{
	ask "SELECT group_concat(words, ', ') FROM (SELECT count(*) || ' ' || relation AS words
		FROM packet WHERE relation IS NOT NULL GROUP BY relation ORDER BY count(*) DESC)"
}

# account NAME: of every stage.
account()
{
	none "the_account_adds_up_$1" "$(ask "SELECT * FROM stage
		WHERE attempted <> stored + excluded + lost")" \
		"$(ask "SELECT stored || ' of ' || attempted FROM stage WHERE stage = 'kernel'")"
	none "every_sender_did_its_part_$1" "$(cat "$run/trouble"
		grep -vE '^(record(ing to|ed) |flowrec record: [0-9]+ lost)' "$run/recorder.err")"
}

# whole NAME: nothing was lost.
whole()
{
	account "$1"
	is "nothing_was_lost_$1" 0 "$(ask "SELECT sum(lost) FROM stage")"
}

# every_hop NAME: has as many packets in its sightings as in the stream hop.
every_hop()
{
	none "sightings_are_what_hops_count_$1" "$(ask "
		WITH got AS (SELECT place, interface, io, sum(packets) FROM packet GROUP BY 1, 2, 3)
		SELECT 'counted', * FROM (SELECT * FROM hop EXCEPT SELECT * FROM got)
		UNION ALL SELECT 'sighted', * FROM (SELECT * FROM got EXCEPT SELECT * FROM hop)")" \
		"$(ask "SELECT count(*) || ' hops, ' || sum(packets) || ' packets' FROM hop")"
}

# never_two NAME: no two datagrams are taken for one.
never_two()
{
	none "no_two_datagrams_are_taken_for_one_$1" "$(ask "SELECT id, count(DISTINCT stamp)
		FROM stamped GROUP BY id HAVING count(DISTINCT stamp) > 1")" "$(confidence)"
}

# one_packet_each NAME: and none for two.
one_packet_each()
{
	never_two "$1"
	none "each_datagram_is_one_packet_$1" "$(ask "SELECT stamp, count(DISTINCT id),
		group_concat(id || ' ' || identity || ' ' || interface || ' ' || io, '; ')
		FROM stamped GROUP BY stamp HAVING count(DISTINCT id) > 1")" \
		"$(ask "SELECT count(DISTINCT stamp) || ' datagrams, ' || count(*) || ' sightings'
			FROM stamped")"
}

# one_range_each NAME: of TCP, each packet is one range of bytes, sent once, in one direction.
one_range_each()
{
	none "no_two_segments_are_taken_for_one_$1" "$(ask "SELECT id, count(*), count(DISTINCT sequence),
		count(DISTINCT payload), count(DISTINCT ip_id) FROM packet WHERE protocol = 6
		GROUP BY id HAVING count(DISTINCT sequence) > 1 OR count(DISTINCT payload) > 1 OR
		count(DISTINCT ip_id) > 1 OR count(DISTINCT acknowledgement) > 1 OR
		count(DISTINCT flags) > 1 OR count(DISTINCT place || ' ' || interface || io) < count(*)")" \
		"$(confidence)"
	none "each_segment_is_one_packet_$1" "$(ask "SELECT count(DISTINCT id), max(packets), *
		FROM packet WHERE protocol = 6 AND ip_id > 0
		GROUP BY sequence, acknowledgement, payload, ip_id, flags,
			min(source_port, destination_port)
		HAVING count(DISTINCT id) > 1 LIMIT 5")" "$(relations)"
}
