#!/bin/sh
# Holds the count of every hop against the sender's and against what each interface counted, at full
# rate, through bridge, DNAT, masquerade and VXLAN: packets that the recorder missed would show.
#
# With a number as its argument: so many packets at full rate (1,000,000).
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh
. testdata/live/quiet.sh

if why=$(recorder_allowed); then
	:
else
	skip exact_counts "$why"
	finish
	exit
fi

packets=${1:-1000000}
fresh=$((packets / 10)) # flows that are made during a flood, one by each packet
[ "$fresh" -le 200000 ] || fresh=200000
work=$(mktemp -d build/exact.XXXXXX) || exit 1
trap 'net_down; rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
client=client-$$ router=router-$$ server=server-$$
quiet_path || exit 1
places="(SELECT $(inode "$client") AS network_namespace, 'client' AS place
	UNION ALL SELECT $(inode "$router"), 'router' UNION ALL SELECT $(inode "$server"), 'server')"
tick=
"$flowrec" record --help | grep -q -- '--tick ' && tick="--tick 20ms"

# --- one run: what interfaces counted before, the recorder, traffic, what they counted after ---

# begin NAME [OPTION]...
begin()
{
	run=$work/$1
	shift
	mkdir "$run"
	: >"$run/said"
	: >"$run/trouble"
	quiet_counters "$client" "$router" "$server" >"$run/before"
	recorder_start "$run/recording" "$run/recorder" $tick "$@" || exit 1
	net_serve "$server" "$run/sink" $live_tools/flood sink 5001 && sink=$started || exit 1
}

# says COMMAND...: one of the client's, whose account is kept, and its failure.
says()
{
	in_client "$@" >>"$run/said" 2>>"$run/trouble" </dev/null || echo "$*: $?" >>"$run/trouble"
}

# What the run recorded, beside what was said and what the interfaces counted.
end()
{
	quiet_settle "$router4" 5001 2>>"$run/trouble" || echo "the path is dead" >>"$run/trouble"
	net_stop TERM "$sink"
	recorder_stop INT
	quiet_counters "$client" "$router" "$server" >"$run/after"
	hops="hop JOIN $places USING (network_namespace)
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

		-- What an interface had no room for is a drop there and was at the hop; a tunnel's drops
		-- come between its count and the hop.
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
			('port0', 'router', 'receive', 'transmit'), ('br0', 'router', 'receive', 'transmit'),
			('tunnel0', 'router', 'transmit', 'receive'),
			('tunnel0', 'server', 'receive', 'transmit');
		CREATE TABLE talk AS SELECT json ->> 'id' AS id, json ->> 'role' AS role,
			json ->> 'local_port' AS port, json ->> 'sent_packets' AS packets,
			json ->> 'sent_bytes' AS bytes, coalesce(json ->> 'sent_again', 0) AS again FROM said;
	END
}
ask() { sqlite3 "$run/db" "$1"; }

# Where the recorder itself had no room, as it may beside others' floods, only the account is exact.
lost_none() { [ "$(ask 'SELECT lost FROM stage')" = 0 ]; }

# every_hop NAME: has what its interface counted; packets, since an interface may count other bytes.
every_hop()
{
	lost_none || return
	none "every_hop_has_what_its_interface_counted_$1" "$(ask "SELECT place, interface, io,
		due.packets, coalesce(hop.packets, 0) FROM due LEFT JOIN hop USING (place, interface, io)
		WHERE due.packets <> coalesce(hop.packets, 0)")" "$(ask "SELECT count(*) || ' hops, ' ||
		sum(packets) || ' packets, ' || sum(iif(place = 'client' AND io = 'transmit', packets, 0) -
		iif(place = 'server' AND interface = 'tunnel0' AND io = 'receive', packets, 0)) ||
		' dropped on the way' FROM due")"
}

# every_flow NAME: at each hop before the first drop.
every_flow()
{
	lost_none || return
	none "every_flow_has_what_its_end_sent_$1" "$(ask "
		WITH sent AS (SELECT sum(packets) AS packets FROM due WHERE place = 'client' AND io = 'transmit'),
		whole AS (SELECT * FROM path JOIN due USING (place, interface, io) JOIN sent USING (packets)),
		there AS (SELECT port, place, interface, talk.packets, bytes FROM talk CROSS JOIN whole
			WHERE role = 'client')
		SELECT 'expected', * FROM (SELECT * FROM there EXCEPT SELECT port, place, interface, sum(there),
			sum(bytes_there) FROM flow GROUP BY 1, 2, 3)")" \
		"$(ask "SELECT count(*) || ' flows at ' || (SELECT count(*) FROM path JOIN due
			USING (place, interface, io) WHERE packets = (SELECT packets FROM due
			WHERE place = 'client' AND io = 'transmit')) || ' of 5 hops'
			FROM talk WHERE role = 'client'")"
}

# every_conversation NAME: of TCP, which says how many segments it sent, at every hop, both ways. What
# it sent again it may count without handing it down, as on a busy host.
every_conversation()
{
	none "every_conversation_has_what_its_ends_sent_$1" "$(ask "
		WITH both AS (SELECT c.port, c.packets AS there, c.bytes AS bytes_there, c.again AS again_there,
			s.packets AS back, s.bytes AS bytes_back, s.again AS again_back
			FROM talk c JOIN talk s USING (id) WHERE c.role = 'client' AND s.role = 'server'),
		seen AS (SELECT port, place, interface, sum(there) AS there, sum(bytes_there) AS bytes_there,
			sum(back) AS back, sum(bytes_back) AS bytes_back, io FROM flow GROUP BY 1, 2, 3, 8)
		SELECT path.interface, path.place, both.*, t.there, t.bytes_there, b.back, b.bytes_back
		FROM both CROSS JOIN $2 AS path
		LEFT JOIN seen t ON t.port = both.port AND t.place = path.place AND
			t.interface = path.interface AND t.io = path.io
		LEFT JOIN seen b ON b.port = both.port AND b.place = path.place AND
			b.interface = path.interface AND b.io = path.back
		WHERE coalesce(t.there, 0) NOT BETWEEN both.there - again_there AND both.there
		OR coalesce(b.back, 0) NOT BETWEEN both.back - again_back AND both.back
		OR t.bytes_there NOT BETWEEN both.bytes_there - again_there * 1500 AND both.bytes_there
		OR b.bytes_back NOT BETWEEN both.bytes_back - again_back * 1500 AND both.bytes_back")" \
		"$(ask "SELECT (count(*) / 2) || ' conversations, ' || sum(packets) || ' segments in ' ||
			(SELECT sum(packets) FROM due WHERE place <> 'router' AND io = 'transmit' AND
				interface IN (SELECT interface FROM $2)) || ' packets, ' || sum(again) ||
			' sent again' FROM talk WHERE packets > 1")"
}

# outside NAME: a packet in the tunnel is 50 bytes longer than it was, and its segments are as many.
outside()
{
	none "outside_the_tunnel_each_packet_is_50_bytes_longer_$1" "$(ask "
		SELECT o.*, i.* FROM hop o JOIN hop i USING (place, io)
		WHERE i.interface = 'tunnel0' AND o.interface = iif(place = 'router', 'eth1', 'eth0')
		AND (o.packets <> i.packets OR o.bytes <> i.bytes + 50 * i.packets)")" \
		"$(ask "SELECT sum(packets) || ' packets' FROM hop WHERE interface = 'tunnel0'")"
}

# account NAME
account()
{
	is "the_account_adds_up_$1" 0 "$(ask 'SELECT attempted - stored - excluded - lost FROM stage')"
	none "every_sender_did_its_part_$1" "$(cat "$run/trouble"; grep -vhx ready "$run"/*.err |
		grep -vE '^(record(ing to|ed) |flowrec record: [0-9]+ lost)')"
}

# balance NAME: what an interface counted and no hop has is lost in the account, no packet more and none
# less. Where others on this machine had traffic, no more than theirs can be lost besides.
balance()
{
	account "$1"
	is "what_is_in_no_hop_is_lost_in_the_account_$1" 1 "$(ask "
		SELECT lost - due + got BETWEEN 0 AND attempted - due FROM stage,
		(SELECT sum(packets) AS due FROM due), (SELECT sum(packets) AS got FROM hop)")" \
		"$(ask "SELECT due || ' at interfaces = ' || got || ' in hops + ' || (due - got) || '; ' ||
			lost || ' lost; ' || (attempted - due) || ' of others' FROM stage,
			(SELECT sum(packets) AS due FROM due), (SELECT sum(packets) AS got FROM hop)")"
}

begin full
says $live_tools/flood send "$router4" 5001 4 "$packets" 200 0
end
every_hop at_full_rate
every_flow at_full_rate
outside at_full_rate
balance at_full_rate

begin fresh
net_start "$client" "$run/said" $live_tools/flood scatter "$client4" "$router4" 5100 "$fresh" 50000
says $live_tools/flood send "$router4" 5001 4 $((packets / 4)) 200 0
net_wait "$started" || echo "scatter: $?" >>"$run/trouble"
end
every_hop with_50000_new_flows_a_second
every_flow with_50000_new_flows_a_second
balance with_50000_new_flows_a_second

begin small --max-flows 64
says $live_tools/flood scatter "$client4" "$router4" 5100 $((fresh / 4)) 20000
says $live_tools/flood send "$router4" 5001 4 $((packets / 10)) 200 0
end
is a_table_that_is_too_small_loses 1 "$(ask "SELECT (SELECT sum(packets) FROM due) >
	(SELECT sum(packets) FROM hop)")"
balance with_a_table_that_is_too_small

begin tcp
net_serve "$server" "$run/server" $live_tools/exchange tcp-serve 8090 && serve=$started || exit 1
says $live_tools/exchange tcp "$router4" 8090 1000 $((packets * 30))
says $live_tools/exchange tcp "$router4" 8090 $((packets * 30)) 1000
says $live_tools/exchange tcp "$router4" 8090 $((packets * 3)) $((packets * 3))
net_stop TERM "$serve"
end
every_conversation of_tcp path
outside of_tcp
account of_tcp

# Super packets of more than 64 kB, whose headers cannot tell their length.
if quiet_big_pair; then
	begin big
	net_serve "$server" "$run/server" $live_tools/exchange tcp-serve 8091 && serve=$started || exit 1
	for address in "$server6" "$server4"; do
		says $live_tools/exchange tcp "$address" 8091 $((packets * 30)) 1000
		says $live_tools/exchange tcp "$address" 8091 1000 $((packets * 30))
	done
	net_stop TERM "$serve"
	end
	account of_big_tcp
	every_conversation of_big_tcp "(SELECT 'big0' AS interface, 'client' AS place,
		'transmit' AS io, 'receive' AS back UNION ALL SELECT 'big0', 'server', 'receive', 'transmit')"
else
	skip big_tcp "this kernel has no larger super packets"
fi

[ -z "${KEEP:-}" ] || { rm -rf build/exact.kept; cp -r "$work" build/exact.kept; }
finish
