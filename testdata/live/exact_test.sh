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
. testdata/live/counted.sh

recorder_test exact exact_counts
packets=${1:-1000000}
fresh=$((packets / 10)) # flows that are made during a flood, one by each packet
[ "$fresh" -le 200000 ] || fresh=200000
client=client-$$ router=router-$$ server=server-$$
quiet_path || exit 1
tick=
"$flowrec" record --help | grep -q -- '--tick ' && tick="--tick 20ms"

# every_hop NAME: has what its interface counted; packets, since an interface may count other bytes.
every_hop()
{
	lost_none || return
	none "every_hop_has_what_its_interface_counted_$1" "$(ask "
		WITH got AS (SELECT place, interface, io, packets FROM hop)
		SELECT 'counted', * FROM (SELECT * FROM due EXCEPT SELECT * FROM got)
		UNION ALL SELECT 'recorded', * FROM (SELECT * FROM got EXCEPT SELECT * FROM due)")" \
		"$(ask "SELECT count(*) || ' hops, ' || sum(packets) || ' packets, ' || sum(CASE
			WHEN place = 'client' AND io = 'transmit' THEN packets
			WHEN place = 'server' AND interface = 'tunnel0' AND io = 'receive' THEN -packets
			ELSE 0 END) || ' dropped on the way' FROM due")"
}

# every_flow NAME: at each hop before the first drop.
every_flow()
{
	lost_none || return
	whole="(SELECT path.* FROM path JOIN due USING (place, interface, io) WHERE packets =
		(SELECT packets FROM due WHERE place = 'client' AND io = 'transmit'))"
	none "every_flow_has_what_its_end_sent_$1" "$(ask "
		SELECT 'expected', * FROM (SELECT port, place, interface, talk.packets, bytes
			FROM talk CROSS JOIN $whole WHERE role = 'client'
			EXCEPT SELECT port, place, interface, sum(there), sum(bytes_there)
			FROM flow GROUP BY 1, 2, 3)")" \
		"$(ask "SELECT count(*) || ' flows at ' || (SELECT count(*) FROM $whole) || ' of 5 hops'
			FROM talk WHERE role = 'client'")"
}

# every_conversation NAME PATH: of TCP, which says how many segments it sent, at every hop, both ways.
# What it sent again it may count without handing it down, as on a busy host.
every_conversation()
{
	none "every_conversation_has_what_its_ends_sent_$1" "$(ask "
		WITH both AS (SELECT c.port, c.packets AS there, c.bytes AS bytes_there,
			c.again AS again_there, s.packets AS back, s.bytes AS bytes_back,
			s.again AS again_back
			FROM talk c JOIN talk s USING (id)
			WHERE c.role = 'client' AND s.role = 'server'),
		seen AS (SELECT port, place, interface, io, sum(there) AS there,
			sum(bytes_there) AS bytes_there, sum(back) AS back,
			sum(bytes_back) AS bytes_back FROM flow GROUP BY 1, 2, 3, 4)
		SELECT path.place, path.interface, both.*, t.there, t.bytes_there, b.back, b.bytes_back
		FROM both CROSS JOIN $2 AS path
		LEFT JOIN seen t ON t.port = both.port AND t.place = path.place AND
			t.interface = path.interface AND t.io = path.io
		LEFT JOIN seen b ON b.port = both.port AND b.place = path.place AND
			b.interface = path.interface AND b.io = path.back
		WHERE coalesce(t.there, 0) NOT BETWEEN both.there - again_there AND both.there
		OR coalesce(b.back, 0) NOT BETWEEN both.back - again_back AND both.back
		OR t.bytes_there NOT BETWEEN both.bytes_there - again_there * 1500 AND both.bytes_there
		OR b.bytes_back NOT BETWEEN both.bytes_back - again_back * 1500 AND both.bytes_back")" \
		"$(ask "SELECT (count(*) / 2) || ' conversations, ' || sum(packets) ||
			' segments in ' || (SELECT sum(packets) FROM due WHERE place <> 'router' AND
			io = 'transmit' AND interface IN (SELECT interface FROM $2)) || ' packets, ' ||
			sum(again) || ' sent again' FROM talk WHERE packets > 1")"
}

# outside NAME: a packet in the tunnel is 50 bytes longer than it was, and its segments are as many.
outside()
{
	lost_none || return
	none "outside_the_tunnel_each_packet_is_50_bytes_longer_$1" "$(ask "
		SELECT o.*, i.* FROM hop o JOIN hop i USING (place, io)
		WHERE i.interface = 'tunnel0' AND o.interface = iif(place = 'router', 'eth1', 'eth0')
		AND (o.packets <> i.packets OR o.bytes <> i.bytes + 50 * i.packets)")" \
		"$(ask "SELECT sum(packets) || ' packets' FROM hop WHERE interface = 'tunnel0'")"
}

# received NAME: what came to the server's interfaces, its sockets took or refused: the tunnel's own
# socket what is outside, others what is inside.
received()
{
	lost_none || return
	is "what_the_last_hops_have_is_what_sockets_took_or_dropped_$1" \
		"$(ask "SELECT sum(packets) FROM socket")" \
		"$(ask "SELECT sum(packets) FROM hop WHERE place = 'server' AND io = 'receive'")" \
		"$(ask "SELECT group_concat(packets || ' ' || name, ', ') FROM socket")"
}

# account NAME
account()
{
	is "the_account_adds_up_$1" 0 "$(ask 'SELECT attempted - stored - excluded - lost FROM stage')"
	none "every_sender_did_its_part_$1" "$(cat "$run/trouble"; grep -vhx ready "$run"/*.err |
		grep -vE '^(record(ing to|ed) |flowrec record: [0-9]+ lost)')"
}

# balance NAME: what an interface counted and no hop has is lost in the account, no packet more and
# none less. Where others on this machine had traffic, no more than theirs can be lost besides.
balance()
{
	account "$1"
	sums="stage, (SELECT sum(packets) AS due FROM due), (SELECT sum(packets) AS got FROM hop)"
	is "what_is_in_no_hop_is_lost_in_the_account_$1" 1 \
		"$(ask "SELECT lost - due + got BETWEEN 0 AND attempted - due FROM $sums")" \
		"$(ask "SELECT due || ' at interfaces = ' || got || ' in hops + ' || (due - got) ||
			'; ' || lost || ' lost; ' || (attempted - due) || ' of others' FROM $sums")"
}

full()
{
	says $live_tools/flood send "$router4" 5001 4 "$packets" 200 0
}
counted_run full $tick
every_hop at_full_rate
every_flow at_full_rate
outside at_full_rate
received at_full_rate
balance at_full_rate

fresh()
{
	net_start "$client" "$run/said" $live_tools/flood scatter "$client4" "$router4" 5100 \
		"$fresh" 50000
	says $live_tools/flood send "$router4" 5001 4 $((packets / 4)) 200 0
	net_wait "$started" || echo "scatter: $?" >>"$run/trouble"
}
counted_run fresh $tick
every_hop with_50000_new_flows_a_second
every_flow with_50000_new_flows_a_second
received with_50000_new_flows_a_second
balance with_50000_new_flows_a_second

small()
{
	says $live_tools/flood scatter "$client4" "$router4" 5100 $((fresh / 4)) 20000
	says $live_tools/flood send "$router4" 5001 4 $((packets / 10)) 200 0
}
counted_run small $tick --max-flows 64
is a_table_that_is_too_small_loses 1 "$(ask "SELECT (SELECT sum(packets) FROM due) >
	(SELECT sum(packets) FROM hop)")"
balance with_a_table_that_is_too_small

tcp()
{
	net_serve "$server" "$run/server" $live_tools/exchange tcp-serve 8090 || exit 1
	serve=$started
	says $live_tools/exchange tcp "$router4" 8090 1000 $((packets * 30))
	says $live_tools/exchange tcp "$router4" 8090 $((packets * 30)) 1000
	says $live_tools/exchange tcp "$router4" 8090 $((packets * 3)) $((packets * 3))
	net_stop TERM "$serve"
}
counted_run tcp $tick
every_conversation of_tcp path
outside of_tcp
account of_tcp

# Super packets of more than 64 kB, whose headers cannot tell their length.
big()
{
	net_serve "$server" "$run/server" $live_tools/exchange tcp-serve 8091 || exit 1
	serve=$started
	for address in "$server6" "$server4"; do
		says $live_tools/exchange tcp "$address" 8091 $((packets * 30)) 1000
		says $live_tools/exchange tcp "$address" 8091 1000 $((packets * 30))
	done
	net_stop TERM "$serve"
}
if quiet_big_pair; then
	counted_run big $tick
	every_conversation of_big_tcp "(SELECT 'big0' AS interface, 'client' AS place,
		'transmit' AS io, 'receive' AS back UNION ALL
		SELECT 'big0', 'server', 'receive', 'transmit')"
	account of_big_tcp
else
	skip big_tcp "this kernel has no larger super packets"
fi

[ -z "${KEEP:-}" ] || { rm -rf build/exact.kept; cp -r "$work" build/exact.kept; }
finish
