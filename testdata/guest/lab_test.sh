#!/bin/sh
# Records the labs of testdata/guest/labs in one go, and holds what was recorded against what their
# ends, the kernel and its tools say. Runs in the guest.
#
# A lab is a file NAME.sh of two functions: NAME_traffic, while the recorder runs, and NAME_checks,
# when it has ended. In between, $work/NAME.truth has a line for each conversation of the lab, in
# the columns of recorded_flows.
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

# recorded_flows CONDITION
recorded_flows()
{
	recorded "SELECT network_iana_number, source_address, source_port, destination_address,
		destination_port, sum(source_packets), sum(source_bytes), sum(destination_packets),
		sum(destination_bytes), max(process_pid), max(process_executable_name),
		max(peer_process_pid), max(peer_process_executable_name)
		FROM flow WHERE $1 GROUP BY flow_id, 1, 2, 3, 4, 5"
}

# differ FILE LINES: the lines that only one of both has
differ()
{
	printf '%s\n' "$2" | grep . | sort >"$work/got"
	sort "$1" | diff - "$work/got" | grep '^[<>]' | sed 's/^</expected/; s/^>/recorded/'
}

# truth LAB: both ends of its conversations, joined
truth()
{
	: >>"$work/$1.said"
	sqlite3 -csv :memory: "CREATE TABLE line(json TEXT)" ".mode ascii" '.separator "\t" "\n"' \
		".import $work/$1.said line" ".import $work/servers line" ".mode csv" \
		"SELECT iif(c.json ->> 'transport' = 'tcp', 6, 17), c.json ->> 'local_address',
		c.json ->> 'local_port', c.json ->> 'remote_address', c.json ->> 'remote_port',
		c.json ->> 'sent_packets', c.json ->> 'sent_bytes', s.json ->> 'sent_packets',
		s.json ->> 'sent_bytes', c.json ->> 'pid', c.json ->> 'name', s.json ->> 'pid',
		s.json ->> 'name' FROM line c JOIN line s ON c.json ->> 'id' = s.json ->> 'id'
		WHERE c.json ->> 'role' = 'client' AND s.json ->> 'role' = 'server'" | tr -d '\r'
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
	truth "$lab" >"$work/$lab.truth"
	"${lab}_checks"
done
none nothing_of_the_labs_was_lost "$(recorded 'SELECT * FROM loss WHERE count > 0')"
finish
