#!/bin/sh
# Paths that are easily miscounted: interfaces of one index and connections of one tuple in
# namespaces that have nothing to do with each other, loopback, stacked devices, more hops than there
# are records for. Held against what both ends sent and against the interfaces' own counters.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/paths_net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh

recorder_test paths paths
recording=$work/recording
truth=$work/truth.db
said=$work/said
exchange=$live_tools/exchange
paths_net_up "$work/commands" || exit 1
[ -n "$paths_vlan" ] || skip hops_of_vlan_devices "this kernel has none"

# --- traffic ---

# On one CPU no ACK overtakes a FIN.
one_cpu="taskset -c $(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')"

# serve PLACE KIND PORT
servers=
serve()
{
	net_serve "path-$1-$$" "$said.$1" $one_cpu $exchange "$2" "$3" || exit 1
	servers="$servers $started"
}

# ask PLACE WORD...
ask()
{
	place=$1
	shift
	in_place "$place" $one_cpu $exchange "$@" >>"$said.$place" 2>>"$work/trouble" </dev/null ||
		echo "$place: $* failed: $?" >>"$work/trouble"
}

# talk PLACE ADDRESS ONE_WAY ECHOED SIZE: as one flow. When the first echo is back, all that was
# sent before it has arrived.
talk()
{
	ask "$1" udp "$2" 5000 "$3" "$5" one-way 5555
	ask "$1" udp "$2" 5000 "$4" "$5" echo 5555
}

# counters FILE: what each interface of each place has counted so far.
counters()
{
	for place in $paths_places; do
		ip -n "path-$place-$$" -d -j -s link >"$work/links" || exit 1
		sqlite3 -csv :memory: "SELECT '$place', value ->> 'ifindex', value ->> 'ifname',
			value ->> '\$.linkinfo.info_kind',
			value ->> '\$.stats64.tx.packets', value ->> '\$.stats64.tx.bytes',
			value ->> '\$.stats64.rx.packets', value ->> '\$.stats64.rx.bytes'
			FROM json_each(readfile('$work/links'))" || exit 1
	done >"$1"
}

: >"$work/trouble"
for place in here there here2 there2 away; do
	serve $place udp-serve 5000
done
serve here tcp-serve 5001
serve there tcp-serve 5001
# Others' traffic has no part in it, and takes no room.
recorder_start "$recording" "$work/recorder" --slice 1s --tick 100ms --only \
	"netns=$(for place in $paths_places; do inode "$place"; done | paste -sd,)" || exit 1
counters "$work/before"

talk here2 "$(end_of blue 2)" 211 83 120 &
other=$!
net_pids="$net_pids $other"
talk here "$(end_of eth0 2)" 307 61 200
net_wait $other
talk here2 127.0.0.1 41 23 90
talk here 127.0.0.1 67 43 300
talk here ::1 59 37 150
ask here tcp 127.0.0.1 5001 700000 300000
ask here tcp ::1 5001 5000 400000
talk here "$(end_of vepa 2)" 73 41 210
talk here "$(end_of bus 2)" 101 61 250
talk here "$(end_of near 2)" 83 53 230
talk here "$(end_of far 2)" 97 59 240
ask here tcp "$(end_of far 2)" 5001 900 800
talk here "$(end_of vx0 2)" 103 67 260
talk here "$(end_of big 2)" 107 71 270
[ -z "$paths_vlan" ] || talk here "$(end_of vlan10 2)" 109 73 280
# Between ticks each is seen in the middle of its way first.
ask chain udp "$(end_of own 2)" 5000 9 1400 echo 5555

counters "$work/after"
for pid in $servers; do
	net_stop TERM "$pid"
done
recorder_stop INT
is the_recorder_ends_cleanly 0 "$recorder_status"
none every_end_did_its_part "$(cat "$work/trouble" "$said".*.err | grep -vx ready)"

# --- the hops that are due ---

# due NUMBER ADDRESS HOP...: the way to that address, each hop as place:interface:in or out; back
# it is the other way round.
due()
{
	number=$1 address=$2
	shift 2
	for hop in "$@"; do
		echo "$number,$address,there,$hop" | sed 's/:in$/:receive/; s/:out$/:transmit/'
		echo "$number,$address,back,$hop" | sed 's/:in$/:transmit/; s/:out$/:receive/'
	done | sed 's/:\([^:]*\):\([^:]*\)$/,\1,\2/'
}

# through LETTER COUNT: all ports of the bridges in chain.
through()
{
	for i in $(seq "$2"); do
		printf 'chain:%sl:in chain:%sr:out ' "$1$i" "$1$i"
	done
}

{
	for number in 6 17; do # TCP, UDP
		due $number 127.0.0.1 here:lo:out here:lo:in
		due $number ::1 here:lo:out here:lo:in
		due $number "$(end_of far 2)" here:far:out there:far:in
	done
	due 17 127.0.0.1 here2:lo:out here2:lo:in
	due 17 "$(end_of eth0 2)" here:eth0:out there:eth0:in here2:blue:out there2:blue:in
	due 17 "$(end_of vepa 2)" here:vepa:out trunk:uplink:out switch:port:in switch:port:out \
		trunk:uplink:in there:vepa:in
	# The lower device receives what one macvlan has for another, whoever sends.
	due 17 "$(end_of bus 2)" here:bus:out trunk:lower:in there:bus:in |
		sed 's/lower,transmit$/lower,receive/'
	due 17 "$(end_of near 2)" here:near:out $(through n $near_bridges) there:near:in
	due 17 "$(end_of vx0 2)" here:vx0:out there:vx0:in
	due 17 "$(end_of vlan10 2)" here:vlan10:out here:eth0:out there:eth0:in there:vlan10:in
	# Interface 0 has no direction of its own.
	due 17 "$(end_of big 2)" here::out there::out | sed 's/receive$/transmit/'
} >"$work/due.csv"

# --- the truth, and what was recorded, side by side in one database ---

for place in here there here2 there2 chain away; do
	sed "s/^/$place	/" "$said.$place"
done >"$work/lines"
place="CASE network_namespace $(for place in $paths_places; do
	echo "WHEN $(inode "$place") THEN '$place'"
done) END"
tuple="network_iana_number, source_address, source_port, destination_address, destination_port"
counts="source_packets, source_bytes, destination_packets, destination_bytes"
play "$recording" "SELECT flow_id, $place, $tuple, $counts FROM flow" >"$work/flow.csv"
play "$recording" "SELECT flow_id, $place, interface_index,
	(SELECT network_interface_name FROM interface i WHERE i.network_namespace = h.network_namespace
		AND i.interface_index = h.interface_index),
	network_io_direction, $tuple, $counts FROM hop h" >"$work/hop.csv"

columns="number INTEGER, source, source_port INTEGER, destination, destination_port INTEGER,
	source_packets INTEGER, source_bytes INTEGER, destination_packets INTEGER,
	destination_bytes INTEGER"
sums="sum(source_packets) AS source_packets, sum(source_bytes) AS source_bytes,
	sum(destination_packets) AS destination_packets, sum(destination_bytes) AS destination_bytes"
tuple="number, source, source_port, destination, destination_port"
sqlite3 "$truth" <<-END || exit 1
	CREATE TABLE line(place, json);
	.mode ascii
	.separator "\t" "\n"
	.import $work/lines line
	CREATE TABLE due(number INTEGER, destination, side, place, interface, io);
	CREATE TABLE slice(flow_id, place, $columns);
	CREATE TABLE sight(flow_id, place, ifindex INTEGER, interface, io, $columns);
	CREATE TABLE before(place, ifindex INTEGER, interface, kind, transmit_packets INTEGER,
		transmit_bytes INTEGER, receive_packets INTEGER, receive_bytes INTEGER);
	CREATE TABLE after AS SELECT * FROM before;
	.mode csv
	.import $work/due.csv due
	.import --skip 1 $work/flow.csv slice
	.import --skip 1 $work/hop.csv sight
	.import $work/before before
	.import $work/after after

	CREATE TABLE said AS SELECT place, json ->> 'id' AS id, json ->> 'role' AS role,
		iif(json ->> 'transport' = 'tcp', 6, 17) AS number,
		json ->> 'local_address' AS source, json ->> 'local_port' AS source_port,
		json ->> 'remote_address' AS destination, json ->> 'remote_port' AS destination_port,
		json ->> 'sent_packets' AS packets, json ->> 'sent_bytes' AS bytes FROM line;
	-- One row for each connection: what was sent one way and what was echoed are one.
	CREATE TABLE truth AS SELECT c.place, c.number, c.source, c.source_port, c.destination,
		c.destination_port, sum(c.packets) AS source_packets, sum(c.bytes) AS source_bytes,
		sum(s.packets) AS destination_packets, sum(s.bytes) AS destination_bytes
		FROM said c JOIN said s USING (id) WHERE c.role = 'client' AND s.role = 'server'
		GROUP BY 1, 2, 3, 4, 5, 6;
	CREATE TABLE hop AS SELECT place, interface, io, $tuple, $sums
		FROM sight GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
	CREATE TABLE counted AS SELECT a.place, a.interface, a.kind, 'transmit' AS io,
		a.transmit_packets - b.transmit_packets AS packets,
		a.transmit_bytes - b.transmit_bytes AS bytes
		FROM after a JOIN before b USING (place, ifindex)
		UNION ALL SELECT a.place, a.interface, a.kind, 'receive',
		a.receive_packets - b.receive_packets, a.receive_bytes - b.receive_bytes
		FROM after a JOIN before b USING (place, ifindex);

	-- What the kernel hands up from a device to one stacked on it passes its tracepoint once, as
	-- the lower device's.
	CREATE TABLE unseen AS SELECT DISTINCT place, interface FROM after
		WHERE kind IN ('vlan', 'macvlan') AND $(play "$recording" "SELECT count(*) AS n FROM probe
			WHERE chosen AND variant = 'tp_btf/netif_receive_skb'" | tail -n 1);
	DELETE FROM due WHERE io = 'receive' AND EXISTS (SELECT * FROM unseen
		WHERE unseen.place = due.place AND unseen.interface = due.interface);
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

is both_ends_of_every_connection_reported $((15 + ${#paths_vlan} / 6)) \
	"$(ask_truth 'SELECT count(*) FROM truth')"

# --- each hop ---

far="destination = '$(end_of far 2)'"
own="destination = '$(end_of own 2)'"
tunnel="destination = '$(end_of vx0 2)'"
same_tuple="destination = '$(end_of eth0 2)' AND destination_port = 5000"

# hops_are_exact NAME WHERE: at each hop that is due, and at no other.
hops_are_exact()
{
	none "$1" "$(differ "SELECT d.place, d.interface, d.io, $tuple,
		sum(iif(side = 'there', source_packets, 0)), sum(iif(side = 'there', source_bytes, 0)),
		sum(iif(side = 'back', destination_packets, 0)),
		sum(iif(side = 'back', destination_bytes, 0))
		FROM truth t JOIN due d USING (number, destination)
		WHERE (d.place LIKE '%2') = (t.place LIKE '%2') AND $2
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8" \
		"SELECT place, interface, io, $tuple, $counts FROM hop WHERE $2
			AND NOT ($far AND place = 'chain')")" \
		"$(ask_truth "SELECT count(*) || ' hops, ' || sum(source_packets) || ' packets there, ' ||
			sum(destination_packets) || ' back' FROM hop WHERE $2")"
}
hops_are_exact one_index_and_one_tuple_in_unconnected_namespaces_are_told_apart "$same_tuple"
hops_are_exact loopback_counts_once_out_and_once_in "destination IN ('127.0.0.1', '::1')"
hops_are_exact macvlans_behind_one_hairpin_are_told_apart "destination = '$(end_of vepa 2)'"
hops_are_exact macvlans_that_their_device_connects_are_told_apart \
	"destination = '$(end_of bus 2)'"
hops_are_exact twenty_hops_in_one_namespace_are_told_apart "destination = '$(end_of near 2)'"
hops_are_exact the_ends_of_a_long_chain_are_told_apart "$far"
hops_are_exact what_is_in_a_tunnel_counts_once_at_each_end "$tunnel"
hops_are_exact an_index_beyond_what_a_record_holds_is_counted_without_it \
	"destination = '$(end_of big 2)'"
[ -z "$paths_vlan" ] || hops_are_exact vlan_devices_count_beside_their_lower_ones \
	"destination = '$(end_of vlan10 2)'"

# Outside are 50 bytes more: IPv4, UDP, VXLAN, Ethernet.
none the_tunnel_counts_once_at_each_end "$(differ "
	SELECT column1, column2, column3, '$(end_of eth0 1)', source_packets,
		source_bytes + 50 * source_packets FROM truth,
		(VALUES ('here', 'eth0', 'transmit'), ('there', 'eth0', 'receive')) WHERE $tunnel
	UNION ALL SELECT column1, column2, column3, '$(end_of eth0 2)', destination_packets,
		destination_bytes + 50 * destination_packets FROM truth,
		(VALUES ('there', 'eth0', 'transmit'), ('here', 'eth0', 'receive')) WHERE $tunnel" \
	"SELECT place, interface, io, source, sum(source_packets), sum(source_bytes)
		FROM hop WHERE destination_port = 4789 GROUP BY 1, 2, 3, 4")"

# --- more hops than there are records for: each bridge has two ---

none every_hop_of_a_long_chain_counts "$(differ \
	"SELECT $tuple, 2 * $far_bridges * source_packets, 2 * $far_bridges * source_bytes,
		2 * $far_bridges * destination_packets, 2 * $far_bridges * destination_bytes
		FROM truth WHERE $far" \
	"SELECT $tuple, $sums FROM hop WHERE place = 'chain' AND $far GROUP BY 1, 2, 3, 4, 5")" \
	"$(ask_truth "SELECT count(DISTINCT iif(ifindex = '', NULL, ifindex || io)) ||
		' hops have rows of their own, ' || sum(iif(ifindex = '', source_packets
		+ destination_packets, 0)) || ' of ' || sum(source_packets + destination_packets) ||
		' sightings are without interface' FROM sight
		WHERE place = 'chain' AND $far AND number = 17")"
none no_hop_of_a_long_chain_counts_twice "$(ask_truth "SELECT h.* FROM hop h JOIN truth t
	USING ($tuple) WHERE h.place = 'chain' AND $far AND interface <> ''
	AND (h.source_packets > t.source_packets OR h.destination_packets > t.destination_packets)")"
is more_hops_than_records_show_without_interface 1 "$(ask_truth "SELECT count(*) > 0 FROM hop
	WHERE place = 'chain' AND $far AND interface = ''")"

# The totals of flows, below, know all that began: there is always a record for those hops.
none the_hop_where_packets_begin_has_a_row_however_many_follow "$(differ \
	"SELECT $tuple, source_packets, source_bytes FROM truth WHERE $own" \
	"SELECT $tuple, source_packets, source_bytes FROM hop
		WHERE place = 'chain' AND interface = 'own' AND io = 'transmit'")" \
	"$(ask_truth "SELECT count(DISTINCT interface || io) || ' hops there' FROM hop WHERE $own")"

# --- the interfaces' own counters ---

# All but vxlan count the Ethernet header. What macvlans hand to each other no counter of the lower
# device shows; that of loopback counts TCP's superpackets as one.
none hops_agree_with_the_counters_of_every_interface "$(differ "
	SELECT place, interface, io, packets, bytes - iif(kind = 'vxlan', 0, 14) * packets FROM counted
		WHERE packets > 0 AND interface NOT IN ('lo', 'big') AND
		(place <> 'chain' OR interface LIKE 'n%') AND NOT
		(io = 'receive' AND (place, interface) IN (SELECT place, interface FROM unseen))" \
	"SELECT place, interface, io, sum(source_packets + destination_packets),
		sum(source_bytes + destination_bytes) FROM hop
		WHERE interface NOT IN ('lo', '', 'lower') AND (place <> 'chain' OR interface LIKE 'n%')
		GROUP BY 1, 2, 3")" \
	"$(ask_truth "SELECT count(DISTINCT place || interface || io) || ' hops' FROM hop")"
is all_hops_of_the_long_chain_agree_with_the_counters_of_its_ports \
	"$(ask_truth "SELECT sum(packets) FROM counted WHERE place = 'chain' AND interface LIKE 'f%'")" \
	"$(ask_truth "SELECT sum(source_packets + destination_packets) FROM hop
		WHERE place = 'chain' AND $far")"

# --- flows ---

none every_connection_is_one_flow_and_counted_once "$(differ \
	"SELECT 1, place, $tuple, $counts FROM truth WHERE NOT ($same_tuple)" \
	"SELECT count(DISTINCT flow_id), place, $tuple, $sums FROM slice
		WHERE NOT ($same_tuple) AND destination_port <> 4789 GROUP BY 2, 3, 4, 5, 6, 7")"
# They may as well be two places on one way.
none connections_of_one_tuple_are_one_flow_of_both "$(differ \
	"SELECT 1, $tuple, $sums FROM truth WHERE $same_tuple GROUP BY 2, 3, 4, 5, 6" \
	"SELECT count(DISTINCT flow_id), $tuple, $sums FROM slice WHERE $same_tuple
		GROUP BY 2, 3, 4, 5, 6")"
is and_only_they_show_that_they_began_in_two_places "$(end_of eth0 2),5000" "$(play "$recording" "
	SELECT DISTINCT destination_address, destination_port FROM flow WHERE flow_id IN
		(SELECT flow_id FROM hop WHERE source_order = 1
		GROUP BY 1 HAVING count(DISTINCT network_namespace) > 1)" | tail -n +2)"
for segment in "$recording"/*.segment; do
	none every_stage_accounts_for_all_that_came "$(sqlite3 "$segment" "
		SELECT stage, stream, attempted, stored, excluded, lost FROM (SELECT s.*,
			(SELECT coalesce(sum(count), 0) FROM loss l WHERE l.stage = s.stage
			AND l.stream = s.stream) AS lost FROM stage s)
		WHERE attempted <> stored + excluded + lost")" \
		"$(sqlite3 "$segment" "SELECT max(attempted) || ' packets at the busiest' FROM stage")"
done
finish
