#!/bin/sh
# Counts at hops that are easily taken for one another: the same interface index in two namespaces,
# loopback, packets that go out where they came in, more hops in a namespace than there is room for
# at first.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh
. testdata/live/quiet.sh
. testdata/live/crafted.sh

recorder_test hops hops
recording=$work/recording
client=client-$$ router=router-$$ server=server-$$
net_addresses_of_this_run
quiet_namespace "$client" "$router" "$server" || exit 1

# One index, and below one tuple, in two namespaces.
for name in client server; do
	ip link add same0 netns "$name-$$" index 77 type veth peer name "$name" netns "$router" &&
		ip -n "$name-$$" link set same0 mtu 65535 up &&
		ip -n "$router" link set "$name" mtu 65535 up || exit 1
done

# A bridge that sends frames out of the port where they came in.
quiet_pair "$client" hairpin0 "$router" hairpin1 && quiet_bridge "$router" hairpin hairpin1 &&
	echo 1 | ip netns exec "$router" tee /sys/class/net/hairpin1/brport/hairpin_mode >/dev/null ||
	exit 1

# Six bridges in one namespace, each wired to the next: twelve hops.
quiet_pair "$client" chain0 "$router" in0 && quiet_pair "$router" out5 "$server" chain1 || exit 1
for from in 0 1 2 3 4; do
	quiet_pair "$router" out$from "$router" in$((from + 1)) || exit 1
done
for bridge in 0 1 2 3 4 5; do
	quiet_bridge "$router" chain$bridge in$bridge out$bridge || exit 1
done

# A router with one interface: client and server are in two subnets of one wire, the switch between
# them is in the server's namespace, which so sees each packet go to the router and come back.
quiet_pair "$client" eth0 "$server" port0 && quiet_pair "$router" stick0 "$server" port1 &&
	quiet_bridge "$server" switch0 port0 port1 || exit 1
ip -n "$client" addr add "$client4/24" dev eth0
ip -n "$router" addr add "$router4/24" dev stick0
ip -n "$router" addr add "$router4b/24" dev stick0
ip -n "$server" addr add "$server4/24" dev switch0
ip -n "$client" route add default via "$router4"
ip -n "$server" route add default via "$router4b"
in_router sh -c 'cd /proc/sys/net/ipv4 && echo 1 >ip_forward &&
	echo 0 >conf/all/send_redirects && echo 0 >conf/stick0/send_redirects' || exit 1
quiet_neighbour "$client" eth0 "$router4" "$router" stick0 &&
	quiet_neighbour "$server" switch0 "$router4b" "$router" stick0 &&
	quiet_neighbour "$router" stick0 "$client4" "$client" eth0 &&
	quiet_neighbour "$router" stick0 "$server4" "$server" switch0 || exit 1

# --- traffic ---

: >"$work/trouble"
: >"$work/said"
recorder_start "$recording" "$work/recorder" || exit 1

subnet=$(($$ % 200))
# plain PATH PLACE OUT NAMESPACE IN: the same packets each time.
plain()
{
	ip netns exec "$2" $live_tools/craft "$1" "$3" "/run/netns/$4" "$5" $subnet plain \
		>>"$work/truth.csv" 2>>"$work/trouble" || echo "craft $1: $?" >>"$work/trouble"
}
plain same_client "$client" same0 "$router" client
plain same_server "$server" same0 "$router" server
plain same_server "$server" same0 "$router" server
subnet=$((subnet + 1))
plain hairpin "$client" hairpin0 "$client" hairpin0
subnet=$((subnet + 1))
plain chain "$client" chain0 "$server" chain1

# flows ADDRESS PORT COUNT
flows()
{
	in_client $live_tools/flood send "$1" "$2" 3 "$3" 300 32 >>"$work/said" 2>>"$work/trouble" ||
		echo "flood $1: $?" >>"$work/trouble"
}
net_serve "$client" "$work/sink.loopback" $live_tools/flood sink 5001 && loopback=$started || exit 1
net_serve "$server" "$work/sink.stick" $live_tools/flood sink 5002 && stick=$started || exit 1
flows 127.0.0.1 5001 1000
flows "$server4" 5002 3000
net_stop TERM "$loopback"
net_stop TERM "$stick"
recorder_stop INT
none every_sender_did_its_part "$(cat "$work/trouble"; grep -vhx ready "$work"/sink.*.err)"

# --- crafted frames ---

chain="client:chain0:transmit"
for bridge in 0 1 2 3 4 5; do
	chain="$chain router:in$bridge:receive router:out$bridge:transmit"
done
hairpin="client:hairpin0:transmit router:hairpin1:receive router:hairpin1:transmit"
hairpin="$hairpin client:hairpin0:receive"
crafted_read "$recording" <<-END || exit 1
	same_client client:same0:transmit router:client:receive
	same_server server:same0:transmit router:server:receive
	hairpin $hairpin
	chain $chain server:chain1:receive
END

if ! crafted_had_room; then
	skip hops "others on this machine have more flows than there is room for"
	finish
	exit
fi

# on PATH: what differs there.
on()
{
	ask_truth "WITH there AS (SELECT place, interface, io FROM path WHERE path LIKE '$1')
		SELECT 'expected', * FROM (SELECT * FROM sent EXCEPT SELECT * FROM seen) JOIN there
			USING (place, interface, io)
		UNION ALL SELECT 'recorded', * FROM (SELECT * FROM seen EXCEPT SELECT * FROM sent)
			JOIN there USING (place, interface, io)"
}
none one_index_and_one_tuple_in_two_namespaces_are_two_hops "$(on 'same%')" "$(ask_truth "
	SELECT sum(there) || ' packets at index 77 of one, ' || (SELECT sum(there) FROM hop
	WHERE place = 'server' AND interface = 'same0') || ' of the other' FROM hop
	WHERE place = 'client' AND interface = 'same0'")"
none a_port_that_frames_leave_where_they_came_in_is_two_hops "$(on hairpin)"
none the_ninth_hop_of_a_namespace_is_counted "$(on chain)" "$(ask_truth "SELECT count(DISTINCT
	interface || io) || ' hops' FROM seen WHERE place = 'router' AND interface GLOB '[io]*[0-5]'")"
is what_is_in_no_hop_is_lost_in_the_account "$(ask_truth "SELECT sum(packets) FROM sent")" \
	"$(ask_truth "SELECT (SELECT sum(packets) FROM seen JOIN path USING (place, interface, io)) +
		(SELECT coalesce(sum(count), 0) FROM loss WHERE reason LIKE '%hops%')")"
none hops_are_in_the_order_in_which_packets_passed "$(ask_truth "
	WITH passed AS (SELECT path, source, place, interface, io, order_there, row_number()
		OVER (PARTITION BY path, source, hop.number ORDER BY path.rowid) AS due
		FROM hop JOIN path USING (place, interface, io)
		WHERE path IN ('hairpin', 'chain') AND there > 0)
	SELECT * FROM passed WHERE order_there <> due")"
none flows_count_every_packet_once "$(ask_truth "SELECT 'expected', * FROM
	(SELECT * FROM once EXCEPT SELECT * FROM counted)")"

# --- conversations: by the port that the client began at ---

play "$recording" "SELECT port, place, network_interface_name, network_io_direction,
	sum(source_packets), sum(source_bytes), sum(destination_packets), sum(destination_bytes)
	FROM hop JOIN $(quiet_places) USING (network_namespace)
	LEFT JOIN interface USING (network_namespace, interface_index)
	JOIN (SELECT DISTINCT flow_id, source_port AS port FROM flow WHERE
		source_address IN ('127.0.0.1', '$client4') AND destination_port IN (5001, 5002))
		USING (flow_id) GROUP BY 1, 2, 3, 4" >"$work/talk.csv" 2>/dev/null
play "$recording" "SELECT source_port, sum(source_packets), sum(source_bytes),
	sum(destination_packets), sum(destination_bytes) FROM flow WHERE flow_id IN
	(SELECT flow_id FROM hop JOIN $(quiet_places) USING (network_namespace)) AND
	destination_port IN (5001, 5002) GROUP BY 1" >"$work/total.csv" 2>/dev/null
sqlite3 "$work/truth.db" <<-END || exit 1
	CREATE TABLE said(json TEXT);
	CREATE TABLE talk(port INTEGER, place TEXT, interface TEXT, io TEXT, there INTEGER,
		bytes_there INTEGER, back INTEGER, bytes_back INTEGER);
	CREATE TABLE total(port INTEGER, there INTEGER, bytes_there INTEGER, back INTEGER,
		bytes_back INTEGER);
	.mode csv
	.import --skip 1 $work/talk.csv talk
	.import --skip 1 $work/total.csv total
	.mode ascii
	.separator "\t" "\n"
	.import "|cat $work/said $work/sink.loopback $work/sink.stick" said
	CREATE VIEW due AS SELECT c.json ->> 'local_port' AS port, c.json ->> 'sent_packets' AS there,
		c.json ->> 'sent_bytes' AS bytes_there, s.json ->> 'sent_packets' AS back,
		s.json ->> 'sent_bytes' AS bytes_back, c.json ->> 'remote_port' AS service
		FROM said c JOIN said s ON c.json ->> 'id' = s.json ->> 'id'
		WHERE c.json ->> 'role' = 'client' AND s.json ->> 'role' = 'server';
END

# conversations SERVICE THERE BACK: what differs where each conversation with the port SERVICE must be
# complete at all the hops of THERE and of BACK, and at no other.
hops_of() { printf '%s\n' $1 | sed "s/\(.*\):\(.*\):\(.*\)/('\1','\2','\3')/" | paste -sd,; }
conversations()
{
	ask_truth "WITH there(place, interface, io) AS (VALUES $(hops_of "$2")),
		back(place, interface, io) AS (VALUES $(hops_of "$3")),
		must AS (SELECT port, place, interface, io, sum(there), sum(bytes_there), sum(back),
			sum(bytes_back) FROM (
			SELECT port, place, interface, io, there, bytes_there, 0 AS back,
				0 AS bytes_back FROM due CROSS JOIN there WHERE service = $1 UNION ALL
			SELECT port, place, interface, io, 0, 0, back, bytes_back
				FROM due CROSS JOIN back WHERE service = $1) GROUP BY 1, 2, 3, 4),
		got AS (SELECT * FROM talk WHERE port IN (SELECT port FROM due WHERE service = $1))
		SELECT 'expected', * FROM (SELECT * FROM must EXCEPT SELECT * FROM got)
		UNION ALL SELECT 'recorded', * FROM (SELECT * FROM got EXCEPT SELECT * FROM must)"
}
is every_conversation_was_reported 6 "$(ask_truth "SELECT count(*) FROM due")"
none loopback_is_a_hop_out_and_a_hop_in "$(conversations 5001 \
	"client:lo:transmit client:lo:receive" "client:lo:transmit client:lo:receive")"
none a_router_with_one_interface_is_two_hops "$(conversations 5002 \
	"client:eth0:transmit server:port0:receive server:port1:transmit router:stick0:receive
	router:stick0:transmit server:port1:receive server:switch0:receive" \
	"server:switch0:transmit server:port1:transmit router:stick0:receive router:stick0:transmit
	server:port1:receive server:port0:transmit client:eth0:receive")"
none flows_count_each_conversation_once "$(ask_truth "
	WITH must AS (SELECT port, there, bytes_there, back, bytes_back FROM due)
	SELECT 'expected', * FROM (SELECT * FROM must EXCEPT SELECT * FROM total)
	UNION ALL SELECT 'recorded', * FROM (SELECT * FROM total EXCEPT SELECT * FROM must)")" \
	"$(ask_truth "SELECT sum(there + back) || ' packets' FROM due")"

[ -z "${KEEP:-}" ] || { rm -rf build/hops.kept; cp -r "$work" build/hops.kept; }
finish
