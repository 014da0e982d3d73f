#!/bin/sh
# Records the same traffic many times at once: by a recorder that leaves nothing out, and by one for
# each kind of rule. What those hold must be what the whole recording holds of it, packet by packet.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh

if why=$(recorder_allowed); then
	:
else
	skip filters "$why"
	finish
	exit
fi

work=$(mktemp -d build/filter.XXXXXX) || exit 1
late=late-$$
cgroups=
clean()
{
	net_down
	for directory in $cgroups; do
		rmdir "$directory/inner" "$directory" 2>/dev/null
	done
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' HUP INT PIPE TERM
net_addresses_of_this_run
net_up || exit 1

inode() { stat -L -c %i "/run/netns/$1"; }
client_inode=$(inode "$client") router_inode=$(inode "$router") server_inode=$(inode "$server")

# --- one recorder for each rule ---

# record NAME OPTION...: of our namespaces only, whatever else this host does, but where the rule
# says which ones.
names= recorders=
record()
{
	name=$1
	shift
	case $* in
	*netns=*) ;;
	*) set -- "$@" --only "netns=$client,$router,$server" ;;
	esac
	recorder_start "$work/$name" "$work/$name" --slice 1s --max-flows 32768 "$@" || exit 1
	names="$names $name" recorders="$recorders $name:$recorder_pid"
}

# Names of processes that no other run has; a process is known by what it was executed as.
exchange=$live_tools/exchange
for name in ask serve inner after; do
	cp "$exchange" "$work/$name$$"
done
ask=$work/ask$$ serve=$work/serve$$ inner=$work/inner$$ after=$work/after$$
net_serve "$server" "$work/said.udp" $exchange udp-serve 5001 && udp=$started || exit 1
net_serve "$server" "$work/said.tcp" $exchange tcp-serve 8090 && tcp=$started || exit 1
net_serve "$server" "$work/said.udp2" "$serve" udp-serve 5002 && udp2=$started || exit 1
net_serve "$server" "$work/said.tcp2" "$serve" tcp-serve 8091 && tcp2=$started || exit 1
net_serve "$client" "$work/said.lo" "$serve" udp-serve 5003 && lo=$started || exit 1

unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
memory=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
[ -z "$memory" ] || { cgroups=$memory/flowtape-$$ && mkdir -p "$cgroups/inner" || exit 1; }

record whole
record net4 --only "net=$client4"
record net6 --not "net=$net6a::/64"
record nets --only "net=$net4a.0/24,$net4b.0/24" --not "net=$server4"
record within --not "within=$net4b.0/24"
record port --only port=5001,8090-8099
record not_port --not port=5001 --not port=8090-8099
record proto --only proto=udp,icmp
record interface --only "interface=br*,$server/eth0"
record not_interface --not "interface=br0,port0,eth1"
record index --only "interface=$client/$(in_client cat /sys/class/net/eth0/ifindex)"
record netns --only "netns=$client"
record not_netns --not "netns=$router_inode,/run/netns/$server"
record exe --only "exe=ask$$"
record not_exe --not "exe=ask$$"
record server --only "exe=serve$$"
record after --only "exe=after$$"
record begin --only "exe=inn*,ask$$"
record kinds --only "netns=$client" --not port=5001 --only proto=udp
record late --only "netns=$late"
is what_is_not_there_yet_is_told "1 line" "$(grep -c "no such network namespace yet: /run/netns/$late" \
	"$work/late.err") line"
[ -z "$unified$memory" ] || record cgroup --only "cgroup=/flowtape-$$"
record sample --sample 1/4 --sample-seed 1
record again --sample 1/4 --sample-seed 1
record other --sample 4 --sample-seed 2

# --- the traffic ---

: >"$work/trouble"
# from EXECUTABLE WORD...: a client that must succeed.
from()
{
	in_client "$@" >>"$work/said.clients" 2>>"$work/trouble" </dev/null ||
		echo "$* failed: $?" >>"$work/trouble"
}

# in_cgroup DIRECTORY WORD...
in_cgroup()
{
	sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' inner "$1" \
		ip netns exec "$client" "$inner" "$2" "$3" "$4" "$5" "$6" ${7:-} \
		>>"$work/said.clients" 2>>"$work/trouble" </dev/null ||
		echo "$* failed: $?" >>"$work/trouble"
}

from $exchange udp "$router4" 5001 20 100 one-way
from $exchange udp "$server6" 5001 20 200 echo
from $exchange tcp "$router4" 8090 3000 3000
from $exchange tcp "$server6" 8091 3000 100000
# A server that comes now and never answers: its first datagram is its own like the others.
net_serve "$server" "$work/said.after" "$after" udp-serve 5004 && after_pid=$started || exit 1
from $exchange udp "$server6" 5004 20 100 one-way
from "$ask" udp "$router4" 5002 20 300 echo
from "$ask" udp "$server6" 5002 20 1400 echo
from "$ask" tcp "$router4" 8091 100000 3000
from "$ask" tcp "$server6" 8090 3000 3000
from "$ask" udp 127.0.0.1 5003 20 100 echo
from "$ask" udp ::1 5003 20 100 echo
for address in $server4 $router4 $server6; do
	from ping -q -c 5 -i 0.02 -W 5 "$address"
done
# A cgroup that was there before the recorders, and one that comes now.
[ -z "$memory" ] || in_cgroup "$memory/flowtape-$$/inner" udp "$server6" 5002 10 100 echo
if [ -n "$unified" ]; then
	cgroups="$cgroups $unified/flowtape-$$"
	mkdir -p "$unified/flowtape-$$/inner" || exit 1
	in_cgroup "$unified/flowtape-$$/inner" tcp "$router4" 8090 100 100
fi
from $exchange scatter "$server6" 20000 2000
from $exchange scatter "$router4" 5010 900

# A namespace is known soon after it has come: what is sent there until then is left out.
ip netns add "$late" && net_names="$net_names $late" && ip -n "$late" link set lo up || exit 1
tries=0
until [ "$(play "$work/late" 'SELECT count(*) > 0 FROM flow' 2>/dev/null | tail -n 1)" = 1 ]; do
	ip netns exec "$late" ping -q -c 1 -W 1 127.0.0.1 >/dev/null
	tries=$((tries + 1))
	[ $tries -lt 200 ] || break
	sleep 0.05
done
is a_namespace_that_comes_later_is_recorded 1 "$([ $tries -lt 200 ] && echo 1)"

for pid in $udp $tcp $udp2 $tcp2 $lo $after_pid; do
	net_stop TERM "$pid"
done
net_answers "$client" "$server6" || exit 1
none every_endpoint_did_its_part "$(cat "$work/trouble" "$work"/said.*.err | grep -vx ready)"
# The whole recording ends last. Where this host is busy, a program may find itself running already:
# that is told as lost before any rule could be asked, of whomever the packet was.
for one in $(echo $recorders | tr ' ' '\n' | tac); do
	recorder_pid=${one#*:}
	recorder_stop INT
	reasons=$(play "$work/${one%:*}" "SELECT group_concat(DISTINCT reason) FROM loss" \
		2>/dev/null | tail -n 1 | tr -d '"')
	case "$recorder_status $reasons" in
	'0 ' | '3 program busy') ;;
	*) echo "$one ended with $recorder_status, lost: $reasons" ;;
	esac
done >"$work/ended"
none every_recorder_ends_cleanly "$(cat "$work/ended")"

# --- what each of them holds, against the whole ---

# Traffic of ours that both were there for: neighbour discovery and errors have no ports.
ours="network_namespace IN ($client_inode, $router_inode, $server_inode) AND source_port <> 0"

# packets RECORDING WHERE: what was counted, by tuple and hop, whoever began.
packets()
{
	play "$work/$1" "SELECT network_namespace, interface_index, network_io_direction,
		network_iana_number,
		min(source_address || ' ' || source_port, destination_address || ' ' || destination_port),
		max(source_address || ' ' || source_port, destination_address || ' ' || destination_port),
		sum(source_packets + destination_packets), sum(source_bytes + destination_bytes)
		FROM hop WHERE $ours AND ($2) GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6" \
		2>>"$work/play" | tail -n +2
}

# holds NAME WHERE: the recording holds what the whole one has where that is true, and no more.
holds()
{
	packets "$1" 1 >"$work/got"
	packets whole "$2" >"$work/expected"
	packets whole "NOT ($2)" >"$work/excluded"
	none "${1}_holds_what_it_should" \
		"$(diff "$work/expected" "$work/got" | grep '^[<>]')
		$([ -s "$work/expected" ] || echo nothing is expected)
		$([ -s "$work/excluded" ] || echo nothing is left out)" \
		"$(wc -l <"$work/expected") of $(packets whole 1 | wc -l) sightings"
}

# none, but for the white space that holds puts together.
none()
{
	if [ -z "$(printf %s "$2" | tr -d ' \t\n')" ]; then
		ok "$1" "${3:-}"
	else
		is "$1" "no difference" "$(printf '%s\n' "$2" | grep . | head -n 8)"
	fi
}

# either TEST: of one of the two ends; {} stands for source or destination.
either() { echo "($1) OR ($1)" | sed 's/{}/source/; t1; :1; s/{}/destination/'; }

net_of() { echo "{}_address LIKE '$1.%'"; }
between() { echo "network_iana_number IN (6, 17) AND {}_port BETWEEN $1 AND $2"; }
named() { echo "(network_namespace, interface_index) IN (SELECT network_namespace, interface_index
	FROM interface WHERE network_interface_name IN ($1))"; }
# of NAME: the hops in the client's namespace of what processes of that name sent and received
of() { echo "network_namespace = $client_inode AND flow_id IN (SELECT flow_id FROM flow
	WHERE process_executable_name IN ($1) OR peer_process_executable_name IN ($1))"; }

holds net4 "'$client4' IN (source_address, destination_address)"
holds net6 "NOT (source_address LIKE '$net6a:%' OR destination_address LIKE '$net6a:%')"
holds nets "(source_address LIKE '$net4a.%' OR source_address LIKE '$net4b.%' OR
	destination_address LIKE '$net4a.%' OR destination_address LIKE '$net4b.%') AND
	'$server4' NOT IN (source_address, destination_address)"
holds within "NOT (source_address LIKE '$net4b.%' AND destination_address LIKE '$net4b.%')"
ports="network_iana_number IN (6, 17) AND (5001 IN (source_port, destination_port) OR
	source_port BETWEEN 8090 AND 8099 OR destination_port BETWEEN 8090 AND 8099)"
holds port "$ports"
holds not_port "NOT ($ports)"
holds proto "network_iana_number IN (1, 17)"
holds interface "$(named "'br0'") OR (network_namespace = $server_inode AND
	$(named "'eth0'"))"
holds not_interface "NOT $(named "'br0', 'port0', 'eth1'")"
holds index "network_namespace = $client_inode AND $(named "'eth0'")"
holds netns "network_namespace = $client_inode"
holds not_netns "network_namespace NOT IN ($router_inode, $server_inode)"
holds exe "$(of "'ask$$'")"
holds not_exe "NOT ($(of "'ask$$'"))"
holds server "network_namespace = $server_inode AND flow_id IN (SELECT flow_id FROM flow WHERE
	peer_process_executable_name = 'serve$$') OR
	network_namespace = $client_inode AND $(named "'lo'")"
holds after "network_namespace = $server_inode AND 5004 IN (source_port, destination_port)"
holds begin "$(of "'ask$$', 'inner$$'")"
holds kinds "network_namespace = $client_inode AND network_iana_number = 17 AND
	5001 NOT IN (source_port, destination_port)"
if [ -n "$unified$memory" ]; then
	holds cgroup "$(of "'inner$$'")"
else
	skip cgroup "no cgroup hierarchy is mounted"
fi

# one RECORDING SQL: a single number.
one() { play "$work/$1" "$2" 2>>"$work/play" | tail -n 1; }

is what_is_left_out_is_counted_by_kind "$(one whole "SELECT sum(source_packets + destination_packets)
	FROM hop WHERE network_namespace = $client_inode AND network_iana_number = 17 AND
	5001 IN (source_port, destination_port)")" \
	"$(one kinds "SELECT sum(excluded) FROM stage WHERE stage = 'filter: port' AND stream = 'flow'")"
for name in $names; do
	one "$name" "SELECT group_concat('$name: ' || stage || ' ' || stream) FROM (SELECT s.*,
		(SELECT coalesce(sum(count), 0) FROM loss l WHERE l.stage = s.stage
		AND l.stream = s.stream) AS lost FROM stage s)
		WHERE attempted <> stored + excluded + lost"
done | grep . >"$work/unbalanced"
none every_account_is_balanced "$(cat "$work/unbalanced")"

# --- translations and processes ---

# translations RECORDING WHERE
translations()
{
	play "$work/$1" "SELECT network_iana_number, source_address, source_port, destination_address,
		destination_port, source_nat_address, source_nat_port, destination_nat_address,
		destination_nat_port FROM nat WHERE network_namespace = $router_inode AND ($2)
		ORDER BY 1, 2, 3, 4, 5" 2>>"$work/play" | tail -n +2
}

# translates NAME WHERE
translates()
{
	translations "$1" 1 >"$work/got"
	translations whole "$2" >"$work/expected"
	none "${1}_has_the_translations_that_it_should" "$(diff "$work/expected" "$work/got" |
		grep '^[<>]')" "$(wc -l <"$work/expected") of $(translations whole 1 | wc -l)"
}

translates net4 "source_address = '$client4'"
translates nets 0
translates port "5001 IN (destination_port, destination_nat_port) AND network_iana_number = 17 OR
	destination_port BETWEEN 8090 AND 8099"
translates not_port "NOT (5001 IN (destination_port, destination_nat_port) AND
	network_iana_number = 17 OR destination_port BETWEEN 8090 AND 8099)"
translates proto "network_iana_number IN (1, 17)"
translates not_netns 0
is only_such_processes_are_recorded "ask$$ 1" "$(one exe "SELECT
	group_concat(DISTINCT process_executable_name) || ' ' ||
	(count(*) = 2 * count(DISTINCT process_entity_id)) FROM process
	WHERE event_action <> 'exists'")"
is such_processes_are_not_recorded 0 "$(one not_exe "SELECT count(*) FROM process WHERE
	process_executable_name = 'ask$$' AND event_action <> 'fork'")"
is processes_of_other_namespaces_are_not_recorded "$client_inode" "$(one netns "SELECT
	group_concat(DISTINCT network_namespace) FROM process")"

# --- the sample ---

# sampled RECORDING: the scattered connections, each sent one datagram, with all their hops.
sampled()
{
	play "$work/$1" "SELECT f.source_address, f.source_port, f.destination_address,
		f.destination_port, coalesce(f.source_nat_address, ''), coalesce(f.source_nat_port, 0),
		coalesce(f.destination_nat_address, ''), f.packets, h.hops
		FROM (SELECT *, sum(source_packets) AS packets FROM flow
			WHERE source_address IN ('$client4', '$client6') AND network_iana_number = 17 AND
			(destination_port BETWEEN 5010 AND 5909 OR destination_port BETWEEN 20000 AND 21999)
			GROUP BY flow_id) AS f
		LEFT JOIN (SELECT flow_id, count(DISTINCT network_namespace || ' ' || interface_index ||
			network_io_direction) AS hops FROM hop GROUP BY 1) AS h USING (flow_id)
		ORDER BY 1, 2, 3, 4" 2>>"$work/play" | tail -n +2
}

for name in whole sample again other; do
	sampled $name >"$work/$name.csv"
done
all=$(wc -l <"$work/whole.csv")
is every_connection_is_in_the_whole 2900 "$all"
none a_sampled_connection_is_recorded_as_in_the_whole \
	"$(comm -23 "$work/sample.csv" "$work/whole.csv") $(comm -23 "$work/other.csv" "$work/whole.csv")" \
	"$(wc -l <"$work/sample.csv") and $(wc -l <"$work/other.csv") of $all"
none the_same_seed_takes_the_same_connections "$(diff "$work/sample.csv" "$work/again.csv")"
is another_seed_takes_others 1 "$(cmp -s "$work/sample.csv" "$work/other.csv" || echo 1)"

# A sum of n connections of one packet each, one in N of them times N, has the variance n (N - 1);
# of many such sums, one in a million is more than five standard deviations off.
for name in sample other; do
	for where in "destination_port BETWEEN 5010 AND 5909" "destination_port >= 20000"; do
		where="network_iana_number = 17 AND source_address IN ('$client4', '$client6') AND $where"
		estimate=$(one $name "SELECT sum(source_packets * sampling_rate) FROM flow WHERE $where")
		truth=$(one whole "SELECT sum(source_packets) FROM flow WHERE $where")
		awk -v a="$estimate" -v b="$truth" 'BEGIN { exit !((a - b) ^ 2 <= 25 * b * (4 - 1)) }' ||
			echo "$name: $estimate for $truth"
	done
done >"$work/estimates"
none the_sample_times_its_rate_is_the_whole "$(cat "$work/estimates")"
is every_row_tells_its_rate 4 "$(one sample "SELECT group_concat(DISTINCT sampling_rate) FROM flow")"
is the_recording_tells_the_seed "one in 4 connections, seed 0x0000000000000001" \
	"$(one sample "SELECT explanation FROM probe WHERE feature = 'sample'" | tr -d '"')"
cut -d , -f 1-4 "$work/sample.csv" | grep "^$client4" | sort >"$work/expected"
translations sample "network_iana_number = 17 AND destination_port BETWEEN 5010 AND 5909" |
	cut -d , -f 2-5 | sort >"$work/got"
none the_sample_has_the_translations_of_its_connections "$(diff "$work/expected" "$work/got")" \
	"$(wc -l <"$work/got")"
is what_is_not_sampled_is_counted 1 "$(one sample "SELECT sum(excluded) > 2000 FROM stage
	WHERE stage = 'filter: sample' AND stream = 'flow'")"

[ -z "${KEEP:-}" ] || { rm -rf build/filter.kept; cp -r "$work" build/filter.kept; }
finish
