#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Holds the replay of two published designs against the designs themselves: their rules run in the
# kernel, at TC, on the packets that are recorded, and what their maps hold at the end is what the models
# make of the recording, flow by flow.
#
# The path is that of the lab nat: a bridge, DNAT and masquerade, with an interface index that two
# namespaces have. Nothing is evicted, neither there nor in the models: when user space comes to an
# entry, no recording tells.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh
. testdata/live/quiet.sh
. testdata/live/labs_net.sh
. testdata/live/labs/nat.sh

if why=$(recorder_allowed); then
	:
else
	skip faithful_replay "$why"
	finish
	exit
fi

lab_datagrams=${1:-3000}
lab_bytes=${2:-5000000}
work=$(mktemp -d build/faithful.XXXXXX) || exit 1
run=$work LAB_LACKS=
trap 'net_down; rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
net_addresses_of_this_run
nat_up || exit 1
if [ -n "$LAB_LACKS" ]; then
	skip faithful_replay "$LAB_LACKS"
	finish
	exit
fi

# yardstick DESIGN: counts from now on.
yardstick()
{
	$live_tools/yardstick "$1" "$(place a)/eth0" "$(place r)/port0" "$(place r)/br0" \
		"$(place r)/eth1" "$(place b)/eth0" >"$work/map-$1" 2>"$work/map-$1.err" </dev/null &
	started=$!
	net_pids="$net_pids $started"
	wait_for_line ready "$work/map-$1.err" "$started" || exit 1
}

# Large and small, one after the other and side by side, in both directions.
traffic()
{
	serve b || return 1
	talk a "$(end4 1 2)"
	talk a "$(end4 1 2)" &
	other=$!
	for size in 100 700 2000 30000; do
		says a exchange tcp "$(end4 1 2)" 8090 "$size" 500
		says a stamped "$(end4 1 2)" 5001 40 "$((size % 1000 + 40))" 0
	done
	wait "$other"
	settle "$(end4 1 2)"
	# Connections say goodbye at their own time.
	net_stop TERM "$server"
	net_stop TERM "$sink"
	settle "$(end4 1 2)"
}

columns="source_address, source_port, destination_address, destination_port, network_iana_number,
	icmp_type, icmp_code, ethernet_type, source_mac, destination_mac, interface_index,
	network_io_direction, packets, bytes, further_interfaces"

# take DESIGN: what the map held, and what the model says, as tables.
take()
{
	design_table=${1%.*}_${1#*.}
	play "$work/recording" "SELECT start_ns, $columns, forwarded
		FROM dedup_flows('netobserv-$1', 'eviction=100000s')" >"$work/model-$1"
	sqlite3 "$work/db" <<-END || exit 1
		CREATE TABLE map_$design_table(start_ns INTEGER, $columns);
		CREATE TABLE model_$design_table(start_ns INTEGER, $columns, forwarded INTEGER);
		.mode csv
		.import $work/map-$1 map_$design_table
		.import --skip 1 $work/model-$1 model_$design_table
	END
}

ask() { sqlite3 "$work/db" "$1"; }

# counted DESIGN COLUMN: what the model's score says.
counted()
{
	play "$work/recording" "SELECT $2 FROM dedup('netobserv-$1', 'eviction=100000s')" |
		tail -n 1
}

# equal DESIGN
equal()
{
	take "$1"
	is "nothing_was_lost_of_the_map_of_$1" "lost packets 0 interfaces 0" \
		"$(tail -n 1 "$work/map-$1.err")"
	none "the_replay_of_$1_equals_its_map_flow_by_flow" "$(ask "
		SELECT 'map', * FROM (SELECT $columns FROM map_$design_table
			EXCEPT SELECT $columns FROM model_$design_table) UNION ALL
		SELECT 'model', * FROM (SELECT $columns FROM model_$design_table
			EXCEPT SELECT $columns FROM map_$design_table) ORDER BY 2, 3, 4, 5")" \
		"$(ask "SELECT count(*) || ' flows, ' || sum(packets) || ' packets, ' ||
			sum(bytes) || ' bytes' FROM map_$design_table")"
	is "it_has_as_many_flows_of_$1" "$(ask "SELECT count(*) FROM map_$design_table")" \
		"$(ask "SELECT count(*) FROM model_$design_table")"
}

recorder_start "$work/recording" "$work/recorder" --streams +packet \
	--only "netns=$(place a),$(place r),$(place b)" || exit 1
: >"$work/trouble"
: >"$work/said"
: >"$work/server"
yardstick 1.8
yardstick_1_8=$started
yardstick 1.7
yardstick_1_7=$started
traffic || exit 1
net_stop TERM "$yardstick_1_8"
net_stop TERM "$yardstick_1_7"
recorder_stop INT

is it_is_recorded_to_the_end 0 "$recorder_status"
none every_sender_did_its_part "$(cat "$work/trouble")"
is no_sighting_was_lost 0 "$(play "$work/recording" "SELECT coalesce(sum(count), 0) FROM loss
	WHERE stream = 'packet'" | tail -n 1)"
equal 1.8
is the_score_of_1_8_is_its_map_s_sum "$(ask "SELECT sum(packets) || ',' || sum(bytes) FROM map_1_8")" \
	"$(counted 1.8 "packets, bytes")"
equal 1.7
# Of a flow's entries, user space forwards those of the interface that had a packet first.
is the_score_of_1_7_is_the_sum_of_what_is_forwarded "$(ask "
	WITH elected AS (SELECT *, first_value(interface_index) OVER (PARTITION BY source_address,
		source_port, destination_address, destination_port, network_iana_number, icmp_type,
		icmp_code ORDER BY start_ns) AS first FROM map_1_7)
	SELECT sum(packets) || ',' || sum(bytes) FROM elected WHERE first = interface_index")" \
	"$(counted 1.7 "packets, bytes")"
# A live proof of the published rule's count: of a translated datagram there are three flows, and the
# first is counted on both sides of a wire whose ends have one index.
datagrams=$(sed -n 's/.*"transport":"udp".*"sent_packets":\([0-9]*\).*/\1/p' "$work/said" |
	awk '{ sum += $1 } END { print sum + 0 }')
is each_datagram_is_four_in_the_map_of_1_8 "$((4 * datagrams))" \
	"$(ask "SELECT sum(packets) FROM map_1_8 WHERE network_iana_number = '17'")"

[ -z "${KEEP:-}" ] || { rm -rf build/faithful.kept; cp -r "$work" build/faithful.kept; }
finish
