#!/bin/sh
# Records every kind of translation, live, and holds what was recorded against what `conntrack -L`
# prints and what the endpoints say.
#
#   client ... port0 in bridge br0, router, eth1 ... server        nft, iptables, ICMP, redirect
#   peer ..... port1 in the same bridge                            hairpin
#   tenant1 .. eth2 of the router, zone 1     the same address and port in two
#   tenant2 .. eth3 of the router, zone 2     conntrack zones
#   left ..... ports of a bridge in `switch` ..... right           translated by a bridge alone
#
# NAT_CONNECTIONS: how many connections are begun at the highest rate at the end (5000). NAT_OPTIONS:
# more options for flowrec record, as --without=fentry.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh

recorder_test live live_translations
recording=$work/recording
net_addresses_of_this_run
net_up || exit 1

# --- more namespaces around the router ---

# Addresses of the router's own that it translates to, the peer's, the tenants', the bridge's.
snat4=$net4b.2 snat6=$net6b::2 snat4b=$net4b.3 snat6b=$net6b::3 zone1=$net4b.4 zone2=$net4b.5
ping4=$net4a.2
peer4=$net4a.11 peer6=$net6a::11
tenants=172.$((16 + $$ / 256 % 16)).$(($$ % 256))
left4=$tenants.66 right4=$tenants.67 nobody4=$tenants.68

add_namespace()
{
	ip netns add "$1" || return 1
	net_names="$net_names $1"
	ip netns exec "$1" sh -c 'echo 0 >/proc/sys/net/ipv4/tcp_sack &&
		echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad' && ip -n "$1" link set lo up
}

# join NAMESPACE ADDRESS[/BITS] OTHER INTERFACE: eth0 there is the other end of INTERFACE here.
join()
{
	ip link add eth0 netns "$1" type veth peer name "$4" netns "$3" &&
		ip -n "$1" addr add "$2" dev eth0 && ip -n "$1" link set eth0 up &&
		ip -n "$3" link set "$4" up
}

peer=peer-$$ tenant1=tenant1-$$ tenant2=tenant2-$$ switch=switch-$$ left=left-$$ right=right-$$
for name in $peer $tenant1 $tenant2 $switch $left $right; do
	add_namespace "$name" || exit 1
done
{
	join "$peer" "$peer4/24" "$router" port1 && ip -n "$router" link set port1 master br0 &&
		ip -n "$peer" addr add "$peer6/64" dev eth0 nodad &&
		ip -n "$peer" route add default via "$router4" &&
		ip -n "$peer" route add default via "$router6"
	ip -n "$server" route add default via "$router4b"
	for address in $snat4 $snat4b $zone1 $zone2; do
		ip -n "$router" addr add "$address/24" dev eth1
	done
	for address in $snat6 $snat6b; do
		ip -n "$router" addr add "$address/64" dev eth1 nodad
	done
	ip -n "$router" addr add "$ping4/24" dev br0
	for i in 2 3; do
		join "tenant$((i - 1))-$$" "$tenants.10/24" "$router" eth$i &&
			ip -n "$router" addr add "$tenants.1/24" dev eth$i &&
			ip -n "tenant$((i - 1))-$$" route add default via "$tenants.1"
		echo 0 | in_router tee /proc/sys/net/ipv4/conf/eth$i/rp_filter >"$work/null"
	done
	echo 0 | in_router tee /proc/sys/net/ipv4/conf/all/rp_filter >"$work/null"
	ip -n "$switch" link add br0 type bridge && ip -n "$switch" link set br0 up &&
		ip -n "$switch" addr add "$tenants.65/26" dev br0
	join "$left" "$left4/26" "$switch" port0 && ip -n "$switch" link set port0 master br0
	join "$right" "$right4/26" "$switch" port1 && ip -n "$switch" link set port1 master br0
} || exit 1

in_router nft -f - <<-END || exit 1
	flush ruleset
	table ip raw {
		chain prerouting {
			type filter hook prerouting priority raw
			iifname eth2 ct zone set 1
			iifname eth3 ct zone set 2
		}
	}
	table inet nat {
		chain prerouting {
			type nat hook prerouting priority dstnat
			ip daddr $router4 udp dport 5001 ct mark set 7 dnat ip to $server4
			ip6 daddr $router6 udp dport 5001 dnat ip6 to $server6
			ip daddr $router4 tcp dport 80 dnat ip to $server4:8090
			ip6 daddr $router6 tcp dport 80 dnat ip6 to [$server6]:8090
			ip daddr $router4 udp dport 5900 dnat ip to $peer4:5001
			ip6 daddr $router6 udp dport 5900 dnat ip6 to [$peer6]:5001
			ip daddr $router4 tcp dport 5900 dnat ip to $peer4:8090
			ip daddr $router4 udp dport 5901 dnat ip to $client4:5001
			ip daddr $ping4 icmp type echo-request dnat ip to $server4
			udp dport 7000-7009 redirect to :7500
			tcp dport 7000-7009 redirect to :7501
			iifname { eth2, eth3 } udp dport 9000 dnat ip to $server4:5001
			ip daddr $router4 udp dport 10000-10099 dnat ip to $server4
		}
		chain postrouting {
			type nat hook postrouting priority srcnat
			oifname eth1 udp dport 6101 snat ip to $snat4
			oifname eth1 udp dport 6101 snat ip6 to $snat6
			oifname eth1 udp dport 5001 ct zone 1 snat ip to $zone1
			oifname eth1 udp dport 5001 ct zone 2 snat ip to $zone2
			oifname eth1 udp dport { 5001, 10000-10099 } masquerade
			oifname eth1 tcp dport 8090 masquerade
			oifname eth1 meta l4proto { icmp, icmpv6 } masquerade
			oifname br0 ct status dnat masquerade
		}
	}
END
in_server nft -f - <<-END || exit 1
	table ip filter {
		chain input {
			type filter hook input priority filter
			udp dport 10000-10099 drop
		}
	}
END
# The router routes; what a bridge translates is the business of `switch`.
in_router sh -c 'cd /proc/sys/net/bridge 2>/dev/null || exit 0
	echo 0 >bridge-nf-call-iptables && echo 0 >bridge-nf-call-ip6tables' || exit 1
# Entries last as long as this test may take.
for timeout in udp_timeout udp_timeout_stream icmp_timeout icmpv6_timeout tcp_timeout_time_wait; do
	for name in $router $switch; do
		echo 3600 | ip netns exec "$name" tee "/proc/sys/net/netfilter/nf_conntrack_$timeout" \
			>"$work/null" || exit 1
	done
done

# tables COMMAND FIRST_PORT: DNAT to port FIRST_PORT + 1, SNAT of that and masquerade of the next, REDIRECT.
tables()
{
	case $1 in
	ip6*) to=[$server6] from=$snat6b here=$router6 ;;
	*) to=$server4 from=$snat4b here=$router4 ;;
	esac
	in_router sh -ec "nat() { $1 -t nat -A \"\$@\"; }
		nat PREROUTING -d $here -p udp --dport $2 -j DNAT --to-destination $to:$(($2 + 1))
		nat PREROUTING -d $here -p tcp --dport $2 -j DNAT --to-destination $to:8091
		nat POSTROUTING -o eth1 -p udp --dport $(($2 + 1)) -j SNAT --to-source $from
		nat POSTROUTING -o eth1 -p udp --dport $(($2 + 2)) -j MASQUERADE
		nat PREROUTING -d $here -p udp --dport $(($2 + 3)) -j REDIRECT --to-ports 7500" \
		2>>"$work/tables.err"
}
iptables=
for command in iptables-nft:6200 iptables-legacy:6300; do
	if tables "${command%:*}" "${command#*:}" &&
		tables "$(echo "ip6${command#ip}" | cut -d : -f 1)" "${command#*:}"; then
		iptables="$iptables ${command#*:}"
	else
		skip "translations_of_${command%:*}" "$(tail -n 1 "$work/tables.err")"
	fi
done

# Bridged packets go through the rules of IP, and come out of the bridge elsewhere than they would.
bridged=
if [ -d /proc/sys/net/bridge ]; then
	bridged=1
	ip netns exec "$switch" sh -c 'cd /proc/sys/net && echo 1 >ipv4/ip_forward &&
		echo 1 >bridge/bridge-nf-call-iptables' &&
		ip netns exec "$switch" nft -f - <<-END || exit 1
			table ip nat {
				chain prerouting {
					type nat hook prerouting priority dstnat
					ip daddr $nobody4 udp dport 5001 dnat to $right4
				}
			}
		END
	hardware=$(ip netns exec "$right" cat /sys/class/net/eth0/address)
	ip -n "$left" neighbour add "$nobody4" lladdr "$hardware" dev eth0 || exit 1
else
	skip translations_of_a_bridge "br_netfilter is not loaded"
fi
for each in "$client $server4" "$client $server6" "$peer $router4" "$peer $router6" "$left $right4"; do
	net_answers ${each} || exit 1
done

# --- servers ---

exchange=$live_tools/exchange
said=$work/said

# serve NAMESPACE KIND PORT
servers=
serve()
{
	net_serve "$1" "$said.$1.$2.$3" $exchange "$2-serve" "$3" || exit 1
	servers="$servers $started"
}

for port in 5001 6101 6201 6202 6301 6302; do
	serve "$server" udp $port
done
serve "$server" tcp 8090
serve "$server" tcp 8091
serve "$peer" udp 5001
serve "$peer" tcp 8090
serve "$client" udp 5001
serve "$right" udp 5001
serve "$router" udp 7500
serve "$router" tcp 7501

# talk NAMESPACE WORDS...: a conversation that must succeed; what its client says is kept.
: >"$work/trouble"
talk()
{
	namespace=$1
	shift
	ip netns exec "$namespace" $exchange "$@" >>"$said.clients" 2>>"$work/trouble" </dev/null ||
		echo "$*: exit status $?" >>"$work/trouble"
}

# entries NAMESPACE: the translated ones
entries()
{
	for family in ipv4 ipv6; do
		ip netns exec "$1" conntrack -L -f $family 2>>"$work/null"
	done | awk -v more=1 -f testdata/live/conntrack.awk
}

# --- before the recorder: one that goes on, one that is idle, one that never had an answer ---

net_start "$client" "$work/stream" $exchange stream "$router4" 5001 5000 && stream=$started
talk "$client" udp "$router6" 5001 1 100 echo
talk "$client" udp "$router4" 7009 1 100 one-way
mv "$said.clients" "$said.before"
until grep -q . "$work/stream"; do
	sleep 0.02
done

before=$(entries "$router" | grep -c .)
recorder_start "$recording" "$work/recorder" --slice 1s ${NAT_OPTIONS:-} || exit 1

# --- every kind ---

for router_address in $router4 $router6; do
	[ "$router_address" = "$router4" ] && server_address=$server4 || server_address=$server6
	talk "$client" udp "$router_address" 5001 20 100 echo
	talk "$client" udp "$router_address" 5001 20 100 one-way
	talk "$client" udp "$router_address" 5001 2 4000 echo
	talk "$client" tcp "$router_address" 80 1000 50000
	talk "$client" udp "$server_address" 6101 10 200 echo
	talk "$client" udp "$router_address" 7000 10 100 echo
	talk "$client" udp "$router_address" 7001 10 100 one-way
	talk "$client" tcp "$router_address" 7002 20000 1000
	talk "$client" udp "$router_address" 5900 10 100 echo
	for port in $iptables; do
		talk "$client" udp "$router_address" $port 10 100 echo
		talk "$client" udp "$server_address" $((port + 2)) 10 100 echo
		talk "$client" udp "$router_address" $((port + 3)) 10 100 one-way
		talk "$client" tcp "$router_address" $port 3000 3000
	done
done
talk "$client" tcp "$router4" 5900 1000 1000
talk "$client" udp "$router4" 5901 10 100 echo
[ -z "$bridged" ] || talk "$left" udp "$nobody4" 5001 10 100 echo
for namespace in $tenant1 $tenant2; do
	ip netns exec "$namespace" $live_tools/spray "$tenants.1" 9000 1 1 >"$work/null" ||
		echo "spray failed" >>"$work/trouble"
done
for address in $ping4 $server4 $server6; do
	in_client ping -q -c 5 -i 0.02 -W 5 "$address" >"$work/null" 2>&1 ||
		echo "ping $address failed" >>"$work/trouble"
done

# --- what conntrack says, then nothing of it is left ---

inode() { stat -L -c %i "/run/netns/$1"; }
here="network_namespace IN ($(inode "$router"), $(inode "$switch"))"

# translations CONDITION
translations()
{
	play "$recording" "SELECT network_iana_number, source_address, source_port,
		destination_address, destination_port, source_nat_address, source_nat_port,
		destination_nat_address, destination_nat_port, conntrack_zone, conntrack_mark
		FROM nat WHERE $here AND $1" 2>>"$work/null" | tail -n +2 | sort
}

# until_recorded COUNT CONDITION: rows of nat; for half a minute at most.
until_recorded()
{
	tries=0
	until [ "$(translations "$2" | grep -c .)" -ge "$1" ] || [ $tries = 300 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}

net_stop TERM "$stream"
entries "$router" >"$work/entries"
entries "$switch" >>"$work/entries"
sort -o "$work/entries" "$work/entries"
until_recorded "$(grep -c . "$work/entries")" "event_action <> 'delete'"
for name in $router $switch; do
	ip netns exec "$name" conntrack -F 2>>"$work/null" || echo "conntrack -F" >>"$work/trouble"
done
until_recorded "$(grep -c . "$work/entries")" "event_action = 'delete'"

# --- many at the highest rate ---

connections=${NAT_CONNECTIONS:-5000}
in_client $live_tools/spray "$router4" 10000 100 "$connections" >"$work/spray" ||
	echo "spray failed" >>"$work/trouble"
entries "$router" | sort >"$work/many"

for pid in $servers; do
	net_stop TERM "$pid"
done
recorder_stop INT
# Others' traffic on this host may be malformed, and that counts as lost.
is the_recorder_ends_on_sigint 1 "$((recorder_status == 0 || recorder_status == 3))"
none every_endpoint_did_its_part "$(cat "$work/trouble" "$said".*.err | grep -vx ready)"
none no_event_of_a_translation_was_lost "$(play "$recording" "
	SELECT * FROM loss WHERE stream = 'nat' AND count > 0" 2>>"$work/null" | tail -n +2)"

# --- translations ---

few="NOT (destination_port BETWEEN 10000 AND 10099)"
translations "$few AND event_action <> 'delete'" >"$work/begun"
translations "$few AND event_action = 'delete'" >"$work/ended"
translations "NOT $few AND event_action <> 'delete'" >"$work/many.begun"

is the_entries_are_of_every_kind "1 6 17 58" \
	"$(cut -d , -f 1 "$work/entries" | sort -nu | tr '\n' ' ' | sed 's/ $//')"
is the_same_tuple_translates_in_two_zones "1 2" \
	"$(grep "^17,$tenants.10,10000,$tenants.1,9000," "$work/begun" | cut -d , -f 10 | sort |
		tr '\n' ' ' | sed 's/ $//')"
none both_tuples_zone_and_mark_of_every_translation_are_those_of_conntrack \
	"$(diff "$work/entries" "$work/begun" | grep '^[<>]')" \
	"$(grep -c . "$work/entries") entries"
none every_translation_ends_once "$(diff "$work/entries" "$work/ended" | grep '^[<>]')"
none a_translation_ends_as_the_flow_it_began_as "$(play "$recording" "
	SELECT b.*, e.flow_id FROM nat b JOIN nat e USING (network_namespace, network_iana_number,
		source_address, source_port, destination_address, destination_port, conntrack_zone)
	WHERE b.event_action <> 'delete' AND e.event_action = 'delete' AND b.$here
	AND (b.flow_id IS NOT e.flow_id OR e.time_ns < b.time_ns OR e.since_ns > e.time_ns)" |
	tail -n +2)"
is what_was_there_before_exists_and_the_rest_is_created "$before" \
	"$(translations "event_action = 'exists'" | grep -c .)"
is all_of_many_connections_at_once_are_told "$connections" "$(grep -c . "$work/many.begun")" \
	"$(sed 's/.*"ns":\([0-9]*\).*/\1/' "$work/spray" |
		awk -v n="$connections" '{ printf "%d a second", n * 1e9 / $1 }')"
none none_of_many_is_missing_wrong_or_told_twice \
	"$(diff "$work/many" "$work/many.begun" | grep '^[<>]')"

# --- flows ---

grep '^{' "$work/stream" >>"$said.before"
# Nobody knows how much of what began before was recorded; of the rest, each byte.
cat "$said.clients" "$said".*.udp.* "$said".*.tcp.* | grep '^{' >"$work/lines"
play "$recording" "SELECT flow_id, network_iana_number, source_address, source_port,
	destination_address, destination_port, coalesce(source_nat_address, source_address),
	coalesce(source_nat_port, source_port), coalesce(destination_nat_address, destination_address),
	coalesce(destination_nat_port, destination_port), source_packets, source_bytes,
	destination_packets, destination_bytes, coalesce(process_pid, 0),
	coalesce(peer_process_pid, 0) FROM flow
	WHERE source_address IN ('$client4', '$client6', '$left4')" 2>>"$work/null" >"$work/flow.csv"
truth=$work/truth.db
sqlite3 "$truth" <<-END || exit 1
	CREATE TABLE line(json TEXT);
	.mode ascii
	.separator "\t" "\n"
	.import $work/lines line
	CREATE TABLE slice(flow_id, number INTEGER, source TEXT, source_port INTEGER,
		destination TEXT, destination_port INTEGER, source_nat TEXT, source_nat_port INTEGER,
		destination_nat TEXT, destination_nat_port INTEGER, source_packets INTEGER,
		source_bytes INTEGER, destination_packets INTEGER, destination_bytes INTEGER,
		pid INTEGER, peer_pid INTEGER);
	CREATE TABLE entry(number INTEGER, source TEXT, source_port INTEGER, destination TEXT,
		destination_port INTEGER, source_nat TEXT, source_nat_port INTEGER,
		destination_nat TEXT, destination_nat_port INTEGER, zone INTEGER, mark INTEGER);
	.mode csv
	.import --skip 1 $work/flow.csv slice
	.import $work/entries entry
	CREATE TABLE said AS SELECT json ->> 'id' AS id, json ->> 'role' AS role,
		iif(json ->> 'transport' = 'tcp', 6, 17) AS number, json ->> 'pid' AS pid,
		json ->> 'local_address' AS local_address, json ->> 'local_port' AS local_port,
		json ->> 'remote_address' AS remote_address, json ->> 'remote_port' AS remote_port,
		json ->> 'sent_packets' AS packets, json ->> 'sent_bytes' AS bytes,
		coalesce(json ->> 'sent_again', 0) AS again FROM line;
	CREATE TABLE talk AS SELECT c.number, c.local_address AS source, c.local_port AS source_port,
		c.remote_address AS destination, c.remote_port AS destination_port,
		s.remote_address AS source_nat, s.remote_port || '' AS source_nat_port,
		s.local_port || '' AS destination_nat_port, c.packets AS source_packets,
		c.bytes AS source_bytes, s.packets AS destination_packets,
		s.bytes AS destination_bytes, c.pid, s.pid AS peer_pid, c.again + s.again AS again
		FROM said c JOIN said s USING (id) WHERE c.role = 'client' AND s.role = 'server';
	CREATE TABLE flow AS SELECT number, source, source_port, destination, destination_port,
		group_concat(DISTINCT flow_id) AS flow_ids,
		group_concat(DISTINCT source_nat) AS source_nat,
		group_concat(DISTINCT source_nat_port) AS source_nat_port,
		group_concat(DISTINCT destination_nat) AS destination_nat,
		group_concat(DISTINCT destination_nat_port) AS destination_nat_port,
		sum(source_packets) AS source_packets, sum(source_bytes) AS source_bytes,
		sum(destination_packets) AS destination_packets,
		sum(destination_bytes) AS destination_bytes, max(pid) AS pid,
		max(peer_pid) AS peer_pid FROM slice GROUP BY 1, 2, 3, 4, 5;
END
# TCP may send a segment again.
both="t.number, t.source, t.source_port, t.destination, t.destination_port"
pairs="talk t LEFT JOIN flow f USING (number, source, source_port, destination, destination_port)
	LEFT JOIN entry e USING (number, source, source_port, destination, destination_port)"
ask_truth() { sqlite3 "$truth" "$1"; }
is every_conversation_was_answered_for "$(grep -c . "$said.clients")" \
	"$(ask_truth 'SELECT count(*) FROM talk')"
none every_conversation_is_one_flow_behind_every_translation "$(ask_truth "
	SELECT $both, f.flow_ids FROM $pairs WHERE f.flow_ids IS NULL OR f.flow_ids LIKE '%,%'")"
none a_flow_knows_the_addresses_that_conntrack_and_the_server_saw "$(ask_truth "
	SELECT $both, f.source_nat, f.source_nat_port, f.destination_nat, f.destination_nat_port
	FROM $pairs WHERE f.source_nat IS NOT t.source_nat OR
	f.source_nat_port IS NOT t.source_nat_port OR
	f.destination_nat_port IS NOT t.destination_nat_port OR
	f.source_nat IS NOT e.source_nat OR f.source_nat_port IS NOT e.source_nat_port OR
	f.destination_nat IS NOT e.destination_nat OR
	f.destination_nat_port IS NOT e.destination_nat_port")"
none every_packet_and_byte_is_counted_once "$(ask_truth "
	SELECT $both, t.source_packets, f.source_packets, t.source_bytes, f.source_bytes,
	t.destination_packets, f.destination_packets, t.destination_bytes, f.destination_bytes
	FROM $pairs WHERE again = 0 AND (t.source_packets IS NOT f.source_packets OR
	t.source_bytes IS NOT f.source_bytes OR
	t.destination_packets IS NOT f.destination_packets OR
	t.destination_bytes IS NOT f.destination_bytes)")"
none both_processes_are_known_through_the_translation "$(ask_truth "
	SELECT $both, t.pid, f.pid, t.peer_pid, f.peer_pid FROM $pairs
	WHERE t.pid IS NOT f.pid OR t.peer_pid IS NOT f.peer_pid")"

[ -z "${KEEP:-}" ] || { rm -rf build/live.kept; cp -r "$work" build/live.kept; }
finish
