#!/bin/sh
# Who a flow belongs to, live: containers that are gone after a millisecond, threads with names of their
# own, processes whose threads end at once; and the build ids of files that were executed for as long.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh

if why=$(recorder_allowed); then
	:
else
	skip attribution "$why"
	finish
	exit
fi

work=$(mktemp -d build/who.XXXXXX) || exit 1
work=$PWD/$work
cgroups=
clean()
{
	net_down
	for cgroup in $cgroups; do
		find "$cgroup" -depth -type d -exec rmdir {} +
	done
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' HUP INT PIPE TERM
recording=$work/recording
net_addresses_of_this_run
net_up || exit 1
for port in 8090 8091 8092 8093; do
	net_serve "$server" "$work/server.$port" $live_tools/exchange tcp-serve $port || exit 1
	servers="${servers:-} $started"
done
recorder_start "$recording" "$work/recorder" || exit 1

# cgroup_below HIERARCHY: a cgroup of this test, in $made; empty where that is not allowed.
cgroup_below()
{
	made=$1/flowtape-$$
	if [ -n "$1" ] && mkdir "$made" 2>/dev/null; then
		cgroups="$cgroups $made"
	else
		made=
	fi
}
mounted() { awk -v type="$1" -v option="$2" '$3 == type && "," $4 "," ~ "," option "," {
	print $2; exit }' /proc/self/mounts; }

# contain NAME HOW HIERARCHY PORT: 50 containers. (ip netns exec would hide the cgroups.)
contain()
{
	cgroup_below "$3"
	if [ -z "$made" ]; then
		skip "$1" "no cgroup can be made in such a hierarchy"
		return
	fi
	nsenter --net="/run/netns/$client" $live_tools/contain "$2" "$made" 50 "$router4" "$4" >>"$work/said" 2>>"$work/trouble" ||
		echo "contain $2 failed: $?" >>"$work/trouble"
	[ "$2" = clone ] && rmdir "$made" && cgroups=${cgroups% *}
	contained="${contained:-} $1:$4"
}
v2=$(mounted cgroup2 '.*')
contain containers_begun_by_clone clone "$v2" 8091
contain containers_moved_into_after_their_begin move "$v2" 8090
contain containers_of_the_memory_hierarchy move "$(mounted cgroup memory)" 8092

i=0
while [ $i -lt 20 ]; do
	in_client $live_tools/threads tcp "$router4" 8093 >>"$work/said" 2>>"$work/trouble"
	i=$((i + 1))
done
i=0
while [ $i -lt 200 ]; do
	$live_tools/threads exit 8
	[ $? = 3 ] || echo "threads ended with another status" >>"$work/trouble"
	i=$((i + 1))
done

# Files of their own, each executed once: as an absolute path, below the working directory, as the
# interpreter of a script, and below a mount that is seen in one mount namespace only: by the process
# that starts it, and by one that enters it and has its parent elsewhere.
mkdir "$work/bin"
i=0
while [ $i -lt 20 ]; do
	i=$((i + 1))
	for kind in absolute relative interpreter hidden entered; do
		cp $live_tools/threads "$work/bin/$kind-$i"
	done
	printf '#!%s\n' "$work/bin/interpreter-$i" >"$work/bin/script-$i"
	chmod +x "$work/bin/script-$i"
done
i=0
while [ $i -lt 20 ]; do
	i=$((i + 1))
	"$work/bin/absolute-$i"
	(cd "$work/bin" && "./relative-$i"; :)
	"$work/bin/script-$i"
done 2>/dev/null
net_start "$client" "$work/hidden" unshare -m --propagation private sh -c '
	mkdir "$1/away" && mount --bind "$1/bin" "$1/away" && mount -t tmpfs tmpfs "$1/bin" || exit
	i=0
	while [ $i -lt 20 ]; do
		i=$((i + 1))
		"$1/away/hidden-$i" 2>/dev/null
	done
	echo ready >&2
	exec sleep 600' sh "$work"
hidden=$started
wait_for_line ready "$work/hidden.err" "$hidden" ||
	echo "no mount namespace: $(tail -n 1 "$work/hidden.err")" >>"$work/trouble"
i=0
while [ $i -lt 20 ]; do
	i=$((i + 1))
	nsenter -t "$hidden" -m "$work/away/entered-$i" 2>/dev/null
done

for pid in $servers; do
	net_stop TERM "$pid"
done
recorder_stop INT
net_stop TERM "$hidden" 2>/dev/null
none everybody_did_its_part "$(cat "$work/trouble" 2>/dev/null)"
none nothing_of_processes_was_lost "$(play "$recording" "SELECT * FROM loss
	WHERE count > 0 AND stream = 'process'" 2>/dev/null | tail -n +2)"

cat "$work/said" "$work"/server.[0-9]*[0-9] >"$work/lines"
play "$recording" 2>/dev/null "SELECT source_port, destination_port, process_pid, process_executable_name,
	coalesce(container_id, '') FROM flow WHERE source_address = '$client4'
	GROUP BY 1, 2, 3, 4, 5" >"$work/flow.csv"
play "$recording" 2>/dev/null "SELECT process_entity_id, process_pid, event_action, process_executable_name,
	coalesce(process_executable_path, ''), coalesce(process_executable_build_id_gnu, ''),
	process_exit_code, coalesce(container_id, ''), coalesce(container_runtime_name, ''),
	coalesce(cgroup_path, ''), time_ns FROM process" >"$work/process.csv"
truth=$work/truth.db
sqlite3 "$truth" <<-END || exit 1
	CREATE TABLE line(json TEXT);
	.mode ascii
	.separator "\t" "\n"
	.import $work/lines line
	CREATE TABLE flow(port INTEGER, served_port INTEGER, pid INTEGER, name TEXT, container TEXT);
	CREATE TABLE process(entity, pid INTEGER, action TEXT, name TEXT, path TEXT, build_id TEXT,
		code INTEGER, container TEXT, runtime TEXT, cgroup TEXT, time INTEGER);
	.mode csv
	.import --skip 1 $work/flow.csv flow
	.import --skip 1 $work/process.csv process
	CREATE TABLE said AS SELECT json ->> 'id' AS id, json ->> 'role' AS role,
		json ->> 'pid' AS pid, json ->> 'name' AS name,
		json ->> 'local_port' AS port, json ->> 'remote_port' AS served_port FROM line;
	CREATE TABLE truth AS SELECT c.port, c.served_port, c.pid, c.name,
		coalesce(k.name, '') AS container
		FROM said c JOIN said s ON s.id = c.id AND s.role = 'server'
		LEFT JOIN said k ON k.id = c.id AND k.role = 'container' WHERE c.role = 'client';
END
ask_truth() { sqlite3 "$truth" "$1"; }

# --- containers ---

# flows_differ PORT: what only the truth or only the recording says of the flows to a port.
flows_differ()
{
	ask_truth "WITH a AS (SELECT * FROM truth WHERE served_port = $1),
		b AS (SELECT * FROM flow WHERE served_port = $1)
		SELECT 'expected', * FROM (SELECT * FROM a EXCEPT SELECT * FROM b) UNION ALL
		SELECT 'recorded', * FROM (SELECT * FROM b EXCEPT SELECT * FROM a)"
}
for one in ${contained:-}; do
	port=${one#*:} name=${one%:*}
	is "all_${name}_connected" 50 \
		"$(ask_truth "SELECT count(DISTINCT container) FROM truth WHERE served_port = $port")"
	none "${name}_are_known_by_their_first_connection" "$(flows_differ "$port")"
	case $name in
	*_clone) events="fork inside, exit inside" ;;
	*) events="fork, cgroup inside, exit inside" ;;
	esac
	none "${name}_are_known_to_their_processes" "$(ask_truth "WITH event AS (
		SELECT t.pid, p.action, p.container = t.container AND p.runtime = 'docker' AND
			p.cgroup LIKE '%/flowtape-$$/docker-' || t.container || '.scope' AS is_inside
		FROM truth t JOIN process p USING (pid)
		WHERE t.served_port = $port AND p.name = 'contain' ORDER BY t.pid, p.time)
		SELECT * FROM (SELECT pid, group_concat(action || iif(is_inside, ' inside', ''), ', ')
			AS events FROM event GROUP BY pid) WHERE events <> '$events'")"
done

# --- threads ---

is all_threads_connected 20 "$(ask_truth "SELECT count(*) FROM truth WHERE served_port = 8093")"
none a_threads_connection_is_that_of_the_process "$(flows_differ 8093)"
is a_thread_has_no_name_of_its_own 20 "$(ask_truth "SELECT count(*) FROM flow
	WHERE served_port = 8093 AND name = 'threads'")"
is threads_that_end_at_once_are_one_end "200 200" "$(ask_truth "SELECT count(*) || ' ' ||
	count(DISTINCT entity) FROM process WHERE action = 'exit' AND code = 3 AND name = 'threads'")"
is a_process_has_the_status_that_its_parent_waits_for "0" "$(ask_truth "SELECT count(*)
	FROM process WHERE action = 'exit' AND code NOT IN (0, 3) AND name = 'threads'")"

# --- build ids ---

build_id=$(readelf -n $live_tools/threads | sed -n 's/.*Build ID: //p')
for kind in absolute relative interpreter hidden entered; do
	case $kind in
	interpreter) executed=script ;;
	*) executed=$kind ;;
	esac
	is "the_build_id_of_every_${kind}_executable_is_known" "20 $build_id" "$(ask_truth "SELECT
		count(*) || ' ' || group_concat(DISTINCT build_id) FROM process
		WHERE action = 'exec' AND path LIKE '/%/$executed-%'")"
done
tool=$(readelf -n $live_tools/exchange | sed -n 's/.*Build ID: //p')
is processes_of_before_have_build_ids "4 $tool" "$(ask_truth "SELECT count(*) || ' ' ||
	group_concat(DISTINCT build_id) FROM process WHERE action = 'exists' AND name = 'exchange'
	AND pid IN ($(echo $servers | tr ' ' ','))")"
ok how_long_they_lived "$(ask_truth "WITH life AS (SELECT (max(time) - min(time)) / 1000 AS us
	FROM process WHERE name GLOB '*-[0-9]*' OR name = 'contain' GROUP BY entity HAVING count(*) > 1),
	sorted AS (SELECT us, row_number() OVER (ORDER BY us) AS place, count(*) OVER () AS n FROM life)
	SELECT max(n) || ' of containers and of files executed once: shortest ' || min(us) ||
	', median ' || max(iif(place = (n + 1) / 2, us, 0)) || ' us' FROM sorted")"

[ -z "${KEEP:-}" ] || { rm -rf build/who.kept; cp -r "$work" build/who.kept; }
finish
