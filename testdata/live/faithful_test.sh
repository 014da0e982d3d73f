#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Holds the replay of two published designs against the designs themselves: their rules run in the
# kernel, at TC, on the packets that are recorded, and what their maps hold at the end is what the models
# make of the recording, flow by flow.
#
# The path is that of the lab nat: a bridge, DNAT and masquerade, with an interface index that two
# namespaces have. There is much traffic and one eviction, at the end; eviction_test.sh has many.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh
. testdata/live/quiet.sh
. testdata/live/labs_net.sh
. testdata/live/labs/nat.sh
. testdata/live/faithful.sh

recorder_test faithful faithful_replay
run=$work LAB_LACKS=
lab_datagrams=${1:-3000}
lab_bytes=${2:-5000000}
net_addresses_of_this_run
nat_up || exit 1
if [ -n "$LAB_LACKS" ]; then
	skip faithful_replay "$LAB_LACKS"
	finish
	exit
fi

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

recorder_start "$work/recording" "$work/recorder" --streams +packet \
	--only "netns=$(place a),$(place r),$(place b)" || exit 1
beside_both "$(place a)/eth0" "$(place r)/port0" "$(place r)/br0" "$(place r)/eth1" "$(place b)/eth0"
for design in 1.8 1.7; do
	is "nothing_was_lost_of_the_map_of_$design" "lost packets 0 interfaces 0" "$(lost "$design")"
	equal "$design" "$(evict_at "$design")"
done
is the_score_of_1_8_is_its_map_s_sum "$(ask "SELECT sum(packets) || ',' || sum(bytes) FROM map_1_8")" \
	"$(score 1.8 "$(evict_at 1.8)" "packets, bytes")"
# Of a flow's entries, user space forwards those of the interface that had a packet first.
is the_score_of_1_7_is_the_sum_of_what_is_forwarded "$(ask "
	WITH elected AS (SELECT *, first_value(interface_index) OVER (PARTITION BY $tuple
		ORDER BY start_ns) AS first FROM map_1_7)
	SELECT sum(packets) || ',' || sum(bytes) FROM elected WHERE first = interface_index")" \
	"$(score 1.7 "$(evict_at 1.7)" "packets, bytes")"
# A live proof of the published rule's count: of a translated datagram there are three flows, and the
# first is counted on both sides of a wire whose ends have one index.
datagrams=$(sed -n 's/.*"transport":"udp".*"sent_packets":\([0-9]*\).*/\1/p' "$work/said" |
	awk '{ sum += $1 } END { print sum + 0 }')
is each_datagram_is_four_in_the_map_of_1_8 "$((4 * datagrams))" \
	"$(ask "SELECT sum(packets) FROM map_1_8 WHERE network_iana_number = '17'")"

[ -z "${KEEP:-}" ] || { rm -rf build/faithful.kept; cp -r "$work" build/faithful.kept; }
finish
