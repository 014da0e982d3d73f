#!/bin/sh
# Records sockets that a program at cgroup hooks redirects, as a load balancer for services does:
# the flow goes to what was asked for, and is known to have gone elsewhere.
#
#   client, in a cgroup of its own > service (nobody has this address) = server, behind the router
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh

hierarchy=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
if why=$(recorder_allowed); then
	[ -n "$hierarchy" ] && [ -w "$hierarchy/cgroup.procs" ] || why="no cgroup2 hierarchy"
fi
if [ -n "$why" ]; then
	skip live_redirected_sockets "$why"
	finish
	exit
fi
if ! "$flowrec" check --no-self-test | grep -q '^nat of sockets .* attached '; then
	skip live_redirected_sockets "this kernel allows no hook before that of the load balancer"
	finish
	exit
fi

work=$(mktemp -d build/live.XXXXXX) || exit 1
cgroup=$hierarchy/flowtape-$$
trap 'net_down; rmdir "$cgroup" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
recording=$work/recording
net_addresses_of_this_run
net_up && mkdir "$cgroup" || exit 1
service4=172.$((16 + $$ / 256 % 16)).$(($$ % 256)).80
service6=$net6a:80::80
exchange=$live_tools/exchange
said=$work/said

net_serve "$server" "$said.udp" $exchange udp-serve 5001 && udp=$started || exit 1
net_serve "$server" "$said.tcp" $exchange tcp-serve 8090 && tcp=$started || exit 1
net_serve "$server" "$work/web" $live_tools/web_server 8080 && web=$started || exit 1
recorder_start "$recording" "$work/recorder" --slice 1s || exit 1

# --- the load balancer, which comes after the recorder ---

redirect()
{
	: >"$work/redirect.err"
	$live_tools/redirect "$cgroup" "$@" 2>"$work/redirect.err" </dev/null &
	net_pids="$net_pids $!" balancers="$balancers $!"
	wait_for_line ready "$work/redirect.err" $!
}
balancers=
redirect "$service4" 53 "$server4" 5001 && redirect "$service6" 53 "$server6" 5001 &&
	redirect "$service4" 443 "$server4" 8090 && redirect "$service6" 443 "$server6" 8090 &&
	redirect "$service4" 80 "$server4" 8080 || exit 1

# inside COMMAND...: in the cgroup, in the client's namespace.
inside()
{
	sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$cgroup" ip netns exec "$client" "$@" \
		>>"$said.clients" 2>>"$work/trouble" </dev/null ||
		echo "$*: exit status $?" >>"$work/trouble"
}

redirected()
{
	play "$recording" "SELECT DISTINCT network_iana_number, source_address, source_port,
		destination_address, destination_port, source_nat_address, source_nat_port,
		destination_nat_address, destination_nat_port FROM nat WHERE probe = 'socket'
		AND destination_address IN ('$service4', '$service6')" 2>>"$work/null" | tail -n +2
}

# The recorder looks for such programs now and then.
: >"$work/trouble"
tries=0
until redirected | grep -q . || [ $tries = 100 ]; do
	tries=$((tries + 1))
	inside $exchange udp "$service4" 53 1 100 echo
	sleep 0.1
done
mv "$said.clients" "$said.early"

inside $exchange udp "$service4" 53 20 100 echo
inside $exchange udp "$service6" 53 20 100 one-way
inside $exchange tcp "$service4" 443 1000 30000
inside $exchange tcp "$service6" 443 30000 1000
inside $exchange udp "$server4" 5001 10 100 echo
inside $exchange tcp "$server6" 8090 100 100
mv "$said.clients" "$said.talks"
inside $live_tools/spray "$service4" 53 1 1
inside $live_tools/spray "$service6" 53 1 1
inside curl -sS -o /dev/null --max-time 20 "http://$service4/1000"

for pid in $udp $tcp $web $balancers; do
	net_stop TERM "$pid" 2>>"$work/null"
done
recorder_stop INT
# Others' traffic on this host may be malformed, and that counts as lost.
is the_recorder_ends_on_sigint 1 "$((recorder_status == 0 || recorder_status == 3))"
none every_endpoint_did_its_part "$(cat "$work/trouble")"

# --- the truth ---

cat "$said.talks" "$said.udp" "$said.tcp" >"$work/lines"
# Rows of those that came before, whose ports nobody else has had since.
sed -n 's/.*"local_port":\([0-9]*\).*/,\1,172./p' "$said.early" >"$work/early"
redirected | grep -vFf "$work/early" | sort >"$work/redirected.csv"
play "$recording" "SELECT flow_id, network_iana_number, source_address, source_port,
	destination_address, destination_port, coalesce(source_nat_address, source_address),
	coalesce(source_nat_port, source_port), coalesce(destination_nat_address, destination_address),
	coalesce(destination_nat_port, destination_port), source_packets, source_bytes,
	destination_packets, destination_bytes, coalesce(process_pid, 0),
	coalesce(peer_process_pid, 0) FROM flow
	WHERE source_address IN ('$client4', '$client6')" 2>>"$work/null" >"$work/flow.csv"
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
	CREATE TABLE redirected(number INTEGER, source TEXT, source_port INTEGER, destination TEXT,
		destination_port INTEGER, source_nat TEXT, source_nat_port INTEGER,
		destination_nat TEXT, destination_nat_port INTEGER);
	.mode csv
	.import --skip 1 $work/flow.csv slice
	.import $work/redirected.csv redirected
	CREATE TABLE said AS SELECT json ->> 'id' AS id, json ->> 'role' AS role,
		iif(json ->> 'transport' = 'tcp', 6, 17) AS number, json ->> 'pid' AS pid,
		json ->> 'local_address' AS local_address, json ->> 'local_port' AS local_port,
		json ->> 'remote_address' AS remote_address, json ->> 'remote_port' AS remote_port,
		json ->> 'sent_packets' AS packets, json ->> 'sent_bytes' AS bytes,
		coalesce(json ->> 'sent_again', 0) AS again, rowid FROM line;
	-- The client's remote address is where its socket got to; the first four asked for a service.
	CREATE TABLE talk AS SELECT c.number, c.local_address AS source, c.local_port AS source_port,
		iif(c.rowid > 4, c.remote_address,
			iif(c.remote_address LIKE '%:%', '$service6', '$service4')) AS destination,
		iif(c.rowid > 4, c.remote_port, iif(c.number = 6, 443, 53)) AS destination_port,
		s.remote_address AS source_nat, s.remote_port AS source_nat_port,
		c.remote_address AS destination_nat, c.remote_port AS destination_nat_port,
		c.packets AS source_packets, c.bytes AS source_bytes,
		s.packets AS destination_packets, s.bytes AS destination_bytes,
		c.pid, s.pid AS peer_pid, c.again + s.again AS again, c.rowid <= 4 AS asked
		FROM said c JOIN said s USING (id) WHERE c.role = 'client' AND s.role = 'server';
	CREATE TABLE flow AS SELECT number, source, source_port, destination, destination_port,
		count(DISTINCT flow_id) AS flows, max(source_nat) AS source_nat,
		max(source_nat_port) AS source_nat_port, max(destination_nat) AS destination_nat,
		max(destination_nat_port) AS destination_nat_port,
		sum(source_packets) AS source_packets, sum(source_bytes) AS source_bytes,
		sum(destination_packets) AS destination_packets,
		sum(destination_bytes) AS destination_bytes, max(pid) AS pid,
		max(peer_pid) AS peer_pid FROM slice GROUP BY 1, 2, 3, 4, 5;
END
ask_truth() { sqlite3 "$truth" "$1"; }
ends="number, source, source_port, destination, destination_port"
pairs="talk t LEFT JOIN flow f USING ($ends)"
is every_conversation_was_answered_for 6 "$(ask_truth 'SELECT count(*) FROM talk')"
none what_sockets_asked_for_and_what_they_got_is_recorded "$(ask_truth "
	WITH a AS (SELECT $ends, source, source_port, destination_nat, destination_nat_port
		FROM talk WHERE asked), b AS (SELECT * FROM redirected
		WHERE source_port <> 10000 AND destination_port <> 80)
	SELECT 'expected', * FROM (SELECT * FROM a EXCEPT SELECT * FROM b)
	UNION ALL SELECT 'recorded', * FROM (SELECT * FROM b EXCEPT SELECT * FROM a)")"
is sockets_that_do_not_connect_and_those_of_ipv4_alone_are_redirected_too \
	"$service4:53>$server4:5001 $service6:53>$server6:5001 $service4:80>$server4:8080" \
	"$(ask_truth "SELECT group_concat(destination || ':' || destination_port || '>' ||
		destination_nat || ':' || destination_nat_port, ' ') FROM (SELECT * FROM redirected
		WHERE source_port = 10000 OR destination_port = 80 ORDER BY destination_port, number,
		length(destination) > 15)")"
none a_redirected_conversation_is_one_flow_to_what_was_asked_for "$(ask_truth "
	SELECT t.*, f.flows FROM $pairs WHERE f.flows IS NOT 1")"
none it_knows_where_it_went_and_where_it_came_from "$(ask_truth "
	SELECT t.*, f.source_nat, f.source_nat_port, f.destination_nat, f.destination_nat_port
	FROM $pairs WHERE f.source_nat IS NOT t.source_nat OR
	f.source_nat_port IS NOT t.source_nat_port OR f.destination_nat IS NOT t.destination_nat OR
	f.destination_nat_port IS NOT t.destination_nat_port")"
none every_packet_and_byte_is_counted_once "$(ask_truth "
	SELECT t.*, f.source_packets, f.source_bytes, f.destination_packets, f.destination_bytes
	FROM $pairs WHERE again = 0 AND (t.source_packets IS NOT f.source_packets OR
	t.source_bytes IS NOT f.source_bytes OR
	t.destination_packets IS NOT f.destination_packets OR
	t.destination_bytes IS NOT f.destination_bytes)")"
none both_processes_are_known "$(ask_truth "SELECT t.*, f.pid, f.peer_pid FROM $pairs
	WHERE t.pid IS NOT f.pid OR t.peer_pid IS NOT f.peer_pid")"

[ -z "${KEEP:-}" ] || { rm -rf build/live.kept; cp -r "$work" build/live.kept; }
finish
