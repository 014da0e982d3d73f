#!/bin/sh
# What explains a connection, live: drops with their reasons against the counters of those that drop,
# TCP segments sent again against the sockets' own count, the handshake's round trip over a link whose
# delay is known, DSCP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh

recorder_test enrich what_explains_a_connection
if "$flowrec" check --no-self-test --format csv |
	grep -qE '^probes,(drop|retransmit),[^,]*,missing,'; then
	skip what_explains_a_connection "this kernel does not tell of drops or retransmissions"
	finish
	exit
fi
net_addresses_of_this_run
net_up || exit 1
exchange=$live_tools/exchange
for port in 8090 8091 8092 8093 8094; do
	net_serve "$server" "$work/said.$port" $exchange tcp-serve $port || exit 1
	servers="${servers:-} $started"
done
net_serve "$server" "$work/said.udp" $exchange udp-serve 5001 && udp=$started || exit 1
# A lost SYN is sent again once.
in_client sh -c 'echo 1 >/proc/sys/net/ipv4/tcp_syn_retries' || exit 1

in_router nft -f - <<-END || exit 1
	table inet loss {
		counter forwarded { }
		counter data { }
		chain forward {
			type filter hook forward priority filter
			udp dport 5100 counter name forwarded drop
			tcp dport { 8091, 8093 } meta length > 100 numgen inc mod 20 == 3 counter name data drop
			tcp dport 8092 tcp flags & (syn | ack) == syn numgen inc mod 2 == 0 drop
			tcp sport 8094 tcp flags & (syn | ack) == (syn | ack) numgen inc mod 2 == 0 drop
		}
	}
END
in_client nft -f - <<-END || exit 1
	table inet loss {
		counter refused { }
		chain output {
			type filter hook output priority filter
			tcp dport 8095 counter name refused drop
		}
	}
END
in_server nft -f - <<-END || exit 1
	table inet loss {
		counter arrived { }
		chain input {
			type filter hook input priority filter
			udp dport 5101 counter name arrived drop
		}
	}
END

recording=$work/recording
recorder_start "$recording" "$work/recorder" --slice 1s || exit 1

ask()
{
	in_client "$@" >>"$work/said.clients" 2>>"$work/trouble" </dev/null ||
		echo "$* failed: $?" >>"$work/trouble"
}

: >"$work/trouble"
ask $exchange tcp "$router4" 8090 1000 100000
ask $exchange tcp "$server6" 8090 100000 1000
ask $exchange udp "$router4" 5100 7 100 one-way
ask $exchange udp "$server6" 5100 6 100 one-way
ask $exchange udp "$server6" 5101 11 100 one-way
ask $exchange scatter "$router4" 5200 5
ask $exchange scatter "$server6" 5200 4
ask $exchange tcp "$router4" 8093 1000000 1000
ask $exchange tcp "$server6" 8091 500000 1000
ask $exchange tcp "$router4" 8092 1000 1000
ask $exchange tcp "$server6" 8094 1000 1000
in_client $exchange tcp "$server6" 8095 1000 1000 2>/dev/null
is a_connection_without_answer_fails 1 $?
ask ping -q -c 3 -i 0.02 -W 5 -Q 184 "$server4"
ask ping -q -c 3 -i 0.02 -W 5 -Q 0 "$server6"

# Nobody reads while more comes than a socket takes.
kill -STOP "$udp"
ask $exchange udp "$server6" 5001 20000 1400 one-way
kill -CONT "$udp"
unread=$(in_server awk '$1 == "Udp6RcvbufErrors" { print $2 }' /proc/net/snmp6)

for pid in $servers $udp; do
	net_stop TERM "$pid"
done
recorder_stop INT
is the_recorder_ends_cleanly 0 "$recorder_status"
none all_traffic_went_well "$(grep -v ' 0% packet loss\|^PING\|^rtt\|^---\|^$' "$work/trouble")"

# one SQL: a single value.
one() { play "$recording" "$1" | tail -n 1 | tr -d '"'; }
from_client="source_address IN ('$client4', '$client6')"
# dropped PORT ADDRESS: packets and reasons of what went there
dropped()
{
	one "SELECT sum(dropped_packets) || ' ' || group_concat(DISTINCT dropped_reason) FROM flow
		WHERE $from_client AND destination_port BETWEEN $1 AND ${3:-$1}
		AND destination_address = '$2'"
}
# counted NAMESPACE NAME: packets of a named counter
counted()
{
	ip netns exec "$1" nft list counter inet loss "$2" |
		sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}

# --- drops ---

is packets_dropped_on_their_way_have_the_filters_reason "7 netfilter_drop" \
	"$(dropped 5100 "$router4")"
is so_have_those_of_ipv6 "6 netfilter_drop" "$(dropped 5100 "$server6")"
is the_filter_counted_the_same 13 "$(counted "$router" forwarded)"
is packets_dropped_where_they_arrive_are_counted_once "$(counted "$server" arrived) netfilter_drop" \
	"$(dropped 5101 "$server6")"
is nobody_is_at_a_closed_port "5 no_socket" "$(dropped 5200 "$router4" 5299)"
is nobody_is_there_by_ipv6 "4 no_socket" "$(dropped 5200 "$server6" 5299)"
is what_a_full_socket_refused_is_counted "$unread socket_rcvbuff" "$(dropped 5001 "$server6")"
is nothing_else_was_lost "20000 20000" "$(one "SELECT sum(source_packets) || ' ' ||
	(sum(dropped_packets) + $(sed -n 's/.*"received_payload":\([0-9]*\).*/\1/p' \
		"$work/said.udp" | awk '{ sum += $1 } END { print sum / 1400 }')) FROM flow
	WHERE $from_client AND destination_port = 5001")"
is what_was_translated_and_dropped_is_one_connection "5100 1,8092 1" "$(one "SELECT
	group_concat(x) FROM (SELECT destination_port || ' ' || count(DISTINCT flow_id) AS x
	FROM flow WHERE source_address = '$client4' AND destination_port IN (5100, 8092)
	GROUP BY destination_port ORDER BY destination_port)")"
is what_never_left_has_a_row_too "$(counted "$client" refused) netfilter_drop 0 S0 exchange" "$(one "SELECT
	sum(dropped_packets) || ' ' || max(dropped_reason) || ' ' || sum(source_packets) || ' ' ||
	max(connection_state) || ' ' || max(process_executable_name) FROM flow
	WHERE $from_client AND destination_port = 8095")"
is whole_connections_lost_nothing "0 0" "$(one "SELECT sum(dropped_packets) || ' ' ||
	sum(source_tcp_retransmits + destination_tcp_retransmits) FROM flow
	WHERE $from_client AND destination_port = 8090")"
is segments_lost_on_their_way_are_what_did_not_arrive "$(one "SELECT sum(source_packets *
	(CASE network_namespace WHEN $(stat -L -c %i "/run/netns/$client") THEN 1 ELSE -1 END))
	FROM hop WHERE network_io_direction = CASE network_namespace
		WHEN $(stat -L -c %i "/run/netns/$client") THEN 'transmit'
		WHEN $(stat -L -c %i "/run/netns/$server") THEN 'receive' END
	AND flow_id IN (SELECT flow_id FROM flow WHERE $from_client
		AND destination_port IN (8091, 8093))")" \
	"$(one "SELECT sum(value) FROM flow, json_each(dropped_reasons)
	WHERE $from_client AND destination_port IN (8091, 8093) AND key = 'netfilter_drop'")" \
	"$(counted "$router" data) packets for the filter"
is the_report_says_who_lost_what "$(one "SELECT sum(dropped_packets) FROM flow")" \
	"$("$flowplay" report drops --format csv "$recording" 2>/dev/null | tr -d '\r' |
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "dropped_packets") column = i; next }
		{ sum += $column } END { print sum + 0 }')"

# --- sent again ---

# Of each connection: the client's port, and how many segments its ends sent again.
sed -n 's/.*"id":\([0-9]*\),"role":"\([a-z]*\)","transport":"tcp".*"local_port":\([0-9]*\),.*"sent_again":\([0-9]*\).*/\1 \2 \3 \4/p' \
	"$work"/said.clients "$work"/said.80* |
	awk '$2 == "client" { port[$1] = $3; source[$1] = $4 } $2 == "server" { destination[$1] = $4 }
		END { for (id in port) print port[id] "," source[id] "," destination[id] }' |
	sort >"$work/expected"
play "$recording" "SELECT source_port, sum(source_tcp_retransmits),
	sum(destination_tcp_retransmits) FROM flow WHERE $from_client AND network_iana_number = 6
	AND destination_port <> 8095 GROUP BY flow_id" | tail -n +2 | sort >"$work/got"
none every_socket_sent_again_what_it_says "$(diff "$work/expected" "$work/got")" \
	"$(awk -F, '{ sum += $2 + $3 } END { print sum, "segments" }' "$work/got")"
is a_lost_syn_was_sent_again 1 "$(one "SELECT sum(source_tcp_retransmits) FROM flow
	WHERE $from_client AND destination_port = 8092")"
is a_lost_syn_ack_was_sent_again 1 "$(one "SELECT sum(destination_tcp_retransmits) > 0 FROM flow
	WHERE $from_client AND destination_port = 8094")"
is the_round_trip_is_not_told_where_the_answer_may_be_to_another_syn 0 "$(one "SELECT
	count(tcp_rtt_ns) FROM flow WHERE $from_client AND destination_port = 8094")"
# Unless the client waited so long that it may have sent its SYN again (RFC 6298).
play "$recording" "SELECT source_port, count(tcp_rtt_ns) FROM flow WHERE $from_client
	AND destination_port IN (8090, 8091, 8093) GROUP BY flow_id" | tail -n +2 >"$work/told"
sed -n 's/.*"local_port":\([0-9]*\),.*"remote_port":809[013],.*"connect_ns":\([0-9]*\).*/\1,\2/p' \
	"$work/said.clients" |
	awk -F, 'NR == FNR { waited_ns[$1] = $2; next } { seen++ }
		!($1 in waited_ns) || $2 > 1 || (!$2 && waited_ns[$1] < 1000000000) {
			print "port " $1 ": " $2 " times after " waited_ns[$1] " ns" }
		END { if (seen != 4) print seen + 0 " connections" }' - "$work/told" >"$work/wrong"
none else_it_is_told_once "$(cat "$work/wrong")" "4 connections"

# --- DSCP ---

is the_dscp_is_that_of_the_sender "46 46" "$(one "SELECT DISTINCT source_dscp || ' ' ||
	destination_dscp FROM flow WHERE source_address = '$client4' AND network_iana_number = 1
	AND icmp_type = 8")"
is others_have_none 0 "$(one "SELECT max(source_dscp + destination_dscp) FROM flow
	WHERE $from_client AND network_iana_number <> 1")"

one "SELECT group_concat(stage || ' ' || stream) FROM (SELECT s.*, (SELECT
	coalesce(sum(count), 0) FROM loss l WHERE l.stage = s.stage AND l.stream = s.stream) AS lost
	FROM stage s) WHERE attempted <> stored + excluded + lost" >"$work/unbalanced"
is every_account_is_balanced "" "$(cat "$work/unbalanced")"

# --- the round trip, over a link with a known delay: within one drain, and across some ---

if [ ! -e /dev/net/tun ]; then
	skip the_round_trip_is_that_of_the_link "there is no /dev/net/tun"
	finish
	exit
fi
net_serve "$server" "$work/slow.server" $exchange tcp-serve 8090 || exit 1
listener=$started
recorder_start "$work/slow" "$work/slow.recorder" --slice 1s --tick 100ms || exit 1
: >"$work/slow.said"
for link in 1:10000:10 2:130000:3; do
	number=${link%%:*} connections=${link##*:}
	delay_us=${link#*:} delay_us=${delay_us%:*}
	net_start "$client" "$work/slow_link.$number" $live_tools/slow_link \
		"/run/netns/$client" "/run/netns/$server" slow$number "$delay_us"
	relay=$started
	wait_for_line ready "$work/slow_link.$number.err" "$relay" || exit 1
	ip -n "$client" addr add 172.31.$number.1/24 dev slow$number
	ip -n "$server" addr add 172.31.$number.2/24 dev slow$number
	i=0
	while [ $i -lt "$connections" ]; do
		i=$((i + 1))
		in_client $exchange tcp 172.31.$number.2 8090 100 100 |
			sed "s/^/$delay_us /" >>"$work/slow.said"
	done
	# The client's last word may still be on its way; until it is there, the server hears no other.
	until [ "$(wc -l <"$work/slow.server")" = "$(wc -l <"$work/slow.said")" ]; do
		kill -0 "$listener" && kill -0 "$relay" || exit 1
		sleep 0.02
	done
	net_stop TERM "$relay"
done
recorder_stop INT
play "$work/slow" "SELECT source_port, sum(tcp_rtt_ns) FROM flow
	WHERE destination_address LIKE '172.31._.2' AND source_address LIKE '172.31._.1'
	AND network_namespace = $(stat -L -c %i "/run/netns/$client")
	GROUP BY flow_id" | tail -n +2 >"$work/slow.got"
# Two ways at least, and no longer than the client waited to be connected. It is not told where a SYN
# may have been sent again: after a second (RFC 6298), or an end says that it sent something again.
sed -n 's/^\([0-9]*\) .*"local_port":\([0-9]*\),.*"sent_again":\([0-9]*\),"connect_ns":\([0-9]*\).*/\2,\3,\1,\4/p
	s/.*"role":"server".*"remote_port":\([0-9]*\),.*"sent_again":\([0-9]*\),.*/\1,\2/p' \
	"$work/slow.said" "$work/slow.server" |
	awk -F, 'NR == FNR { again[$1] += $2 } NR == FNR && NF == 4 { least[$1] = 2000 * $3; most[$1] = $4 }
		NR == FNR { next } { seen++ }
		$2 == "" ? most[$1] < 1000000000 && !again[$1] \
			: !($1 in least) || $2 < least[$1] || $2 > most[$1] {
			print "port " $1 ": " $2 " not in " least[$1] " to " most[$1] ", " again[$1] " again" }
		END { if (seen != 13) print seen + 0 " connections" }' - "$work/slow.got" >"$work/wrong"
none the_round_trip_is_that_of_the_link "$(cat "$work/wrong")" \
	"$(grep -c ',[0-9]' "$work/slow.got") of 13 connections"

finish
