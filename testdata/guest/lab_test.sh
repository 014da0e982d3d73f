#!/bin/sh
# Records the labs of testdata/guest/labs in one go, and holds what was recorded against what their
# ends, the kernel and its tools say. Runs in the guest.
#
# A lab is a file NAME.sh of two functions: NAME_traffic, while the recorder runs, and NAME_checks,
# when it has ended.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh

labs=
for file in testdata/guest/labs/*.sh; do
	. "$file"
	file=${file##*/}
	labs="$labs ${file%.sh}"
done
work=$(mktemp -d build/lab.XXXXXX) || exit 1
trap 'net_down; rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
net_addresses_of_this_run

# talk NAMESPACE WORDS...: a conversation of the lab at hand, with a server at port 8090 (TCP) or
# 6001 (UDP, echo) of $server.
talk()
{
	namespace=$1
	shift
	ip netns exec "$namespace" $live_tools/exchange "$@" </dev/null >>"$work/$lab.said" ||
		echo "exchange $*: exit status $?" >>"$work/trouble"
}

# recorded SQL: the rows, without a heading
recorded()
{
	play "$work/recording" "$1" | tail -n +2
}

# wrong_flows LAB CONDITION: where the flows of that condition are not the lab's conversations, in
# their counts at both ends or in their processes. What TCP sent again may be missing, and answers
# to it be there, which no endpoint counts.
wrong_flows()
{
	recorded "SELECT source_address, source_port, destination_address, destination_port,
		sum(source_packets), sum(source_bytes), sum(destination_packets),
		sum(destination_bytes), max(process_pid) || ' ' || max(process_executable_name),
		max(peer_process_pid) || ' ' || max(peer_process_executable_name)
		FROM flow WHERE $2 GROUP BY flow_id, 1, 2, 3, 4" >"$work/flows"
	sqlite3 -batch :memory: <<-END
		CREATE TABLE line(json TEXT);
		.mode ascii
		.separator "\t" "\n"
		.import $work/$1.said line
		.import $work/servers line
		CREATE TABLE flow(source, source_port INTEGER, destination, destination_port INTEGER,
			source_packets INTEGER, source_bytes INTEGER, destination_packets INTEGER,
			destination_bytes INTEGER, process, peer);
		.mode csv
		.import $work/flows flow
		CREATE TABLE said AS SELECT json ->> 'id' AS id, json ->> 'role' AS role,
			json ->> 'local_address' AS local_address, json ->> 'local_port' AS local_port,
			json ->> 'remote_address' AS remote_address, json ->> 'remote_port' AS remote_port,
			json ->> 'sent_packets' AS packets, json ->> 'sent_bytes' AS bytes,
			(json ->> 'pid') || ' ' || (json ->> 'name') AS process,
			json ->> 'sent_again' AS again FROM line;
		CREATE TABLE truth AS SELECT c.local_address AS source, c.local_port AS source_port,
			c.remote_address AS destination, c.remote_port AS destination_port,
			c.packets AS source_packets, c.bytes AS source_bytes,
			s.packets AS destination_packets, s.bytes AS destination_bytes,
			c.process AS process, s.process AS peer, c.again + s.again AS again
			FROM said c JOIN said s USING (id) WHERE c.role = 'client' AND s.role = 'server';
		CREATE TABLE matched AS SELECT t.rowid AS t, f.rowid AS f FROM truth t
			JOIN flow f USING (source, source_port, destination, destination_port, process, peer)
			WHERE abs(t.source_packets - f.source_packets) <= again
			AND abs(t.destination_packets - f.destination_packets) <= again
			AND abs(t.source_bytes - f.source_bytes) <= again * 1500
			AND abs(t.destination_bytes - f.destination_bytes) <= again * 1500;
		SELECT 'expected', * FROM truth WHERE rowid NOT IN (SELECT t FROM matched);
		SELECT 'recorded', * FROM flow WHERE rowid NOT IN (SELECT f FROM matched);
		SELECT 'no conversation' WHERE NOT EXISTS (SELECT * FROM truth);
	END
}

# differ FILE LINES: the lines that only one of both has
differ()
{
	printf '%s\n' "$2" | grep . | sort >"$work/got"
	sort "$1" | diff - "$work/got" | grep '^[<>]' | sed 's/^</expected/; s/^>/recorded/'
}

net_up || exit 1
net_serve "$server" "$work/tcp" $live_tools/exchange tcp-serve 8090 && tcp=$started || exit 1
net_serve "$server" "$work/udp" $live_tools/exchange udp-serve 6001 && udp=$started || exit 1
recorder_start "$work/recording" "$work/recorder" || exit 1
: >"$work/trouble"
for lab in $labs; do
	"${lab}_traffic" || echo "the lab $lab cannot be made" >>"$work/trouble"
done
net_stop TERM "$tcp"
net_stop TERM "$udp"
recorder_stop INT
cat "$work/tcp" "$work/udp" >"$work/servers"
is labs_are_recorded_to_the_end 0 "$recorder_status"
none labs_work "$(cat "$work/trouble")"
for lab in $labs; do
	"${lab}_checks"
done
none nothing_of_the_labs_was_lost "$(recorded 'SELECT * FROM loss WHERE count > 0')"
finish
