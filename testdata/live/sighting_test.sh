#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Holds the sightings of every packet at every hop against what the packets themselves say which they
# are: datagrams alike but for a stamp, which no rule of the kernel side looks at; and TCP's numbers.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh
. testdata/live/quiet.sh
. testdata/live/sighted.sh

recorder_test sighting sightings
datagrams=${1:-20000}
net_addresses_of_this_run
net_up || exit 1

# The path has five hops: bridge, DNAT and masquerade lie between.
udp()
{
	sighted_begin udp
	says $live_tools/stamped "$router4" 5001 "$datagrams" 200 20000
	says $live_tools/stamped "$router4" 5002 "$datagrams" 200 0
	says $live_tools/stamped "$router4" 5003 "$datagrams" 1400 20000 connected
	says $live_tools/stamped "$server6" 5004 "$datagrams" 64 20000
	sighted_end
	whole of_udp
	every_hop of_udp
	one_packet_each of_udp
	is every_datagram_has_been_sighted_of_udp "$((datagrams * 4))" \
		"$(ask "SELECT count(DISTINCT stamp) FROM stamped")"
	is every_datagram_has_been_at_five_hops_of_udp "$((datagrams * 4))" \
		"$(ask "SELECT count(*) FROM (SELECT stamp FROM stamped GROUP BY 1
			HAVING count(*) = 5)")" "$(confidence)"
	is the_first_32_bytes_are_alike_of_udp 1 \
		"$(ask "SELECT count(DISTINCT hash) FROM stamped")"
}

tcp()
{
	sighted_begin tcp
	net_serve "$server" "$run/server" $live_tools/exchange tcp-serve 8090 || exit 1
	says $live_tools/exchange tcp "$router4" 8090 1000 30000000
	says $live_tools/exchange tcp "$server6" 8090 30000000 1000
	net_stop TERM "$started"
	sighted_end
	whole of_tcp
	every_hop of_tcp
	one_range_each of_tcp
	is super_packets_stand_for_many 1 "$(ask "SELECT max(packets) > 10 FROM packet")"
}

# What is left out is counted, and what is recorded of a connection is all of it.
less()
{
	sighted_begin sampled --packet-sample 1/2
	for port in $(seq 5011 5050); do
		says $live_tools/stamped "$router4" "$port" 50 64 0
	done
	sighted_end
	whole of_a_sample
	is of_a_sample_all_five_hops_are_recorded 0 "$(ask "SELECT count(*) FROM (SELECT stamp
		FROM stamped GROUP BY 1 HAVING count(*) <> 5)")"
	is a_sample_says_its_rate 2 "$(ask "SELECT DISTINCT rate FROM packet")"
	is a_sample_leaves_out 1 "$(ask "SELECT excluded > 0 FROM stage WHERE stage = 'kernel'")"
	sighted_begin budget --packet-budget 248K
	says $live_tools/stamped "$router4" 5001 1000 64 5000
	sighted_end
	account of_a_budget
	is a_budget_is_kept 1024 "$(ask "SELECT count(*) FROM packet")"
	is beyond_the_budget_is_lost 1 "$(ask "SELECT lost > 0 FROM stage WHERE stage = 'kernel'")"
}

imported()
{
	run=$work/imported
	mkdir "$run"
	"$flowrec" import -o "$run/recording" --streams +packet testdata/captures/story.pcap \
		>"$run/import" 2>&1
	is a_capture_yields_sightings "$(play "$run/recording" "SELECT sum(source_packets +
		destination_packets) FROM hop" | tail -n 1)" \
		"$(play "$run/recording" "SELECT count(*) FROM packet" | tail -n 1)"
	is a_capture_does_not_know_which_packets 0 "$(play "$run/recording" "SELECT count(*) FROM packet
		WHERE packet_id IS NOT NULL OR packet_identity IS NOT NULL" | tail -n 1)"
}

udp
tcp
less
imported

[ -z "${KEEP:-}" ] || { rm -rf build/sighting.kept; cp -r "$work" build/sighting.kept; }
finish
