#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Holds the replay of two published designs against the designs themselves over evictions: their rules
# run in the kernel, at TC, on the packets that are recorded; between bursts of traffic, all entries
# are taken from their maps. What each eviction finds is what the models make of the recording when
# they evict at the same instants, flow by flow: entries, sums, and which interface was elected.
#
# Two paths, the second without translation:
#
#   a/eth0 ---- r/port0 in bridge r/br0 -- DNAT, masquerade -- r/eth1 ---- b/eth0       lab nat
#
#   c/eth0 (11) ---- m/p1 (21) \
#                               bridge -- p2 (22) ---- p3 -- bridge -- p4 ---- p5 -- bridge -- p6
#   c/eth1 (12) ---- m/p7 (27) /                                                               |
#                                                                                   d/eth0 (22)
#
# The routes of c change between bursts and within them, so that another interface has a flow's first
# packet. From c to d it is seen at seven interfaces besides the first, which is one more than 1.8
# lists; the last one's index is in the list already, seen in the other direction.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh
. testdata/live/quiet.sh
. testdata/live/labs_net.sh
. testdata/live/labs/nat.sh
. testdata/live/faithful.sh

recorder_test eviction faithful_evictions
run=$work LAB_LACKS=
net_addresses_of_this_run

# link PLACE INTERFACE INDEX PLACE INTERFACE INDEX
link()
{
	ip link add "$2" index "$3" netns "$(place "$1")" type veth \
		peer name "$5" index "$6" netns "$(place "$4")" &&
		link_at "$1" link set "$2" up && link_at "$4" link set "$5" up
}

# Who has an address is known, not asked for; answers come to eth0, whatever the route.
chain_up()
{
	lab_places c m d && link c eth0 11 m p1 21 && link c eth1 12 m p7 27 &&
		link m p2 22 m p3 23 && link m p4 24 m p5 25 && link m p6 26 d eth0 22 &&
		bridge m first p1 p7 p2 && bridge m second p3 p4 && bridge m third p5 p6 &&
		at c sh -c 'for interface in all eth0 eth1; do
			echo 0 >/proc/sys/net/ipv4/conf/$interface/rp_filter || exit
		done' &&
		quiet_neighbour "$(place c)" eth0 "$(end4 3 2)" "$(place d)" eth0 &&
		quiet_neighbour "$(place c)" eth1 "$(end4 3 2)" "$(place d)" eth0 &&
		quiet_neighbour "$(place d)" eth0 "$(end4 3 1)" "$(place c)" eth0 &&
		ends 3 c eth0 d eth0 && route eth1 && net_answers "$(place c)" "$(end4 3 2)" &&
		route eth0
}

route()
{
	link_at c route replace "$(end4 3 2)/32" dev "$1" src "$(end4 3 1)"
}

servers_up()
{
	serve b &&
		net_serve "$(place d)" "$run/sink-d" $live_tools/flood sink 5001 &&
		net_serve "$(place d)" "$run/server-d" $live_tools/reuse serve 8090
}

# burst [INTERFACE...]: at a, with the same ports each time but for one connection; at c by each of
# these interfaces. It is over when all packets have passed.
burst()
{
	says a exchange udp "$(end4 1 2)" 5001 200 300 echo 40001 &
	datagrams=$!
	says a exchange tcp "$(end4 1 2)" 8090 100000 100000 &
	stream=$!
	for interface in "$@"; do
		route "$interface"
		say_to_d 40002
		says c reuse ask "$(end4 3 2)" 8090 40003 1 30000 fin
		settle "$(end4 3 2)" c
	done
	wait "$datagrams" "$stream"
	settle "$(end4 1 2)"
}

# say_to_d PORT
say_to_d() { says c exchange udp "$(end4 3 2)" 5001 20 100 one-way "$1"; }

evict_both()
{
	evictions=$((evictions + 1))
	evict 1.8 "$yardstick_1_8" "$evictions" && evict 1.7 "$yardstick_1_7" "$evictions"
}

# evicted NUMBER: when 1.7 was.
evicted() { sed -n "s/^evicted $1 [0-9]* \([0-9]*\) .*/\1/p" "$work/map-1.7.err"; }

# The election of 1.7 is kept from the first eviction to the fourth, not a nanosecond longer, and
# forgotten before the sixth. The fifth finds nothing.
traffic()
{
	say_to_d 40004
	settle "$(end4 3 2)" c
	burst eth0 && evict_both &&
		burst eth1 && evict_both &&
		burst eth0 eth1 && evict_both &&
		burst && route eth1 || return 1
	say_to_d 40004
	settle "$(end4 3 2)" c
	evict_both && evict_both || return 1
	expiry=$(($(evicted 4) - $(evicted 1)))
	sleep $((expiry / 1000000000 + 1))
	burst eth1 && evict_both && burst eth0
}

nat_up && chain_up || exit 1
if [ -n "$LAB_LACKS" ]; then
	skip faithful_evictions "$LAB_LACKS"
	finish
	exit
fi
servers_up || exit 1
recorder_start "$work/recording" "$work/recorder" --streams +packet \
	--only "netns=$(place a),$(place r),$(place b),$(place c),$(place m),$(place d)" || exit 1
evictions=0
set -- "$(place a)/eth0" "$(place r)/port0" "$(place r)/br0" "$(place r)/eth1" "$(place b)/eth0" \
	"$(place c)/eth0" "$(place c)/eth1" "$(place d)/eth0"
for port in p1 p2 p3 p4 p5 p6 p7; do
	set -- "$@" "$(place m)/$port"
done
beside_both "$@"

# --- 1.8 ---

equal 1.8 "$(evict_at 1.8)"
is the_score_of_1_8_is_its_map_s_sum "$(ask "SELECT count(*) || ',' || sum(packets) || ',' ||
	sum(bytes) || ',' || (SELECT max(entries) FROM evictions_1_8) || ',0' FROM map_1_8")" \
	"$(score 1.8 "$(evict_at 1.8)" "records, packets, bytes, peak_entries, partial_flows")"
is it_misses_as_many_interfaces_as_its_map \
	"lost packets 0 interfaces $(score 1.8 "$(evict_at 1.8)" interfaces_missed)" "$(lost 1.8)"
# flow DESIGN PORT COLUMNS: of the datagrams from that port of c, by eviction.
flow()
{
	ask "SELECT group_concat(eviction || ' ' || $3, ', ') FROM (SELECT * FROM map_$1
		WHERE source_port = '$2' AND network_iana_number = '17' ORDER BY eviction, start_ns)"
}
is the_election_of_1_8_begins_anew_with_each_eviction "1 11 20, 2 12 20, 3 11 20, 6 12 20, 7 11 20" \
	"$(flow 1_8 40002 "interface_index || ' ' || packets")"
further="21 receive,22 transmit,23 receive,24 transmit,25 receive,26 transmit"
is what_a_full_list_holds_stays_as_it_is "1 $further, 4 27 receive,${further#*,}" \
	"$(flow 1_8 40004 further_interfaces)"

# --- 1.7 ---

# first_come TABLE ORDER: which of the records of the map user space forwards that come in this order,
# and remembers each flow's interface until it had no record for $expiry.
first_come()
{
	sqlite3 -csv "$work/db" "SELECT map.rowid, begin_ns - (SELECT min(begin_ns)
			FROM evictions_1_7), interface_index, '', $tuple
		FROM map_1_7 AS map JOIN evictions_1_7 USING (eviction) ORDER BY eviction, $2" |
		awk -F ',"",' -v expiry="$expiry" '{
			split($1, record, ",")
			if (!($2 in elected) || record[2] - last[$2] > expiry)
				elected[$2] = record[3]
			last[$2] = record[2]
			print record[1] "," (elected[$2] == record[3])
		}' >"$work/$1"
	sqlite3 "$work/db" <<-END
		CREATE TABLE $1(record INTEGER PRIMARY KEY, forwarded INTEGER);
		.mode csv
		.import $work/$1 $1
	END
}

options="$(evict_at 1.7),expiry=$expiry"
equal 1.7 "$options"
first_come in_time start_ns
first_come in_the_maps_order map.rowid
ask "ALTER TABLE map_1_7 ADD COLUMN forwarded;
	UPDATE map_1_7 SET forwarded = in_time.forwarded FROM in_time
		WHERE record = map_1_7.rowid"
none the_same_records_are_forwarded "$(ask "
	SELECT eviction, $columns, forwarded FROM map_1_7
	EXCEPT SELECT eviction, $columns, forwarded FROM model_1_7")" "$(ask "
	SELECT sum(forwarded) || ' of ' || count(*) || '; in the order of the map, ' ||
		(SELECT count(*) FROM in_time JOIN in_the_maps_order AS other USING (record)
			WHERE in_time.forwarded <> other.forwarded) || ' would be decided otherwise'
	FROM map_1_7")"
is the_score_of_1_7_is_the_sum_of_what_is_forwarded "$(ask "SELECT sum(forwarded) || ',' ||
	sum(packets * forwarded) || ',' || sum(bytes * forwarded) || ',' ||
	(SELECT max(entries) FROM evictions_1_7) FROM map_1_7")" \
	"$(score 1.7 "$options" "records, packets, bytes, peak_entries")"
is nothing_was_lost_of_the_map_of_1_7 "lost packets 0 interfaces 0" "$(lost 1.7)"
# forwarded PORT: datagrams from that port of c, of all interfaces, by eviction.
forwarded()
{
	ask "SELECT group_concat(eviction || ' ' || packets, ', ') FROM (SELECT eviction,
		sum(packets * forwarded) AS packets FROM map_1_7 WHERE source_port = '$1' AND
		network_iana_number = '17' AND eviction <= 6 GROUP BY eviction ORDER BY eviction)"
}
is on_another_route_1_7_counts_nothing_until_it_forgets "1 20, 2 0, 3 20, 6 20" "$(forwarded 40002)"
is and_it_does_not_forget_before_the_expiry "1 20, 4 0" "$(forwarded 40004)"

[ -z "${KEEP:-}" ] || { rm -rf build/eviction.kept; cp -r "$work" build/eviction.kept; }
finish
