#!/bin/sh
# The recorder on TC programs, by tcx and by clsact: what it records at tracepoints it must record there;
# and interfaces that come while it runs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/check.sh
. testdata/live/net.sh
. testdata/live/recorder.sh

recorder_test tc recording_by_tc

# without KIND: what to leave out so that this one is used.
without()
{
	case $1 in
	tcx) echo netif_receive_skb,net_dev_queue ;;
	clsact) echo netif_receive_skb,net_dev_queue,tcx ;;
	esac
}

# filters NAMESPACE: how many clsact qdiscs there are.
filters() { tc -n "$1" qdisc show 2>/dev/null | grep -c clsact; }

for kind in tcx clsact; do
	options="--without $(without $kind)"
	if [ "$("$flowrec" check --no-self-test --format csv $options |
		grep -c "^probes,flow .*,$kind/.*,attached,")" != 2 ]; then
		skip "recording_by_$kind" "$("$flowrec" check --no-self-test --format csv $options |
			grep "^probes,flow receive,$kind/" | cut -d, -f5)"
		continue
	fi
	RECORDER_OPTIONS=$options testdata/live/record_test.sh short >"$work/$kind" 2>&1
	none "${kind}_records_all_that_tracepoints_do" "$(grep -v '^ok' "$work/$kind" |
		grep -v ' 0 failed, 0 skipped$')" "$(tail -n 1 "$work/$kind")"

	recorder_start "$work/recording.$kind" "$work/record.$kind" $options || exit 1
	net_addresses_of_this_run
	net_up || exit 1
	is "${kind}_needs_a_qdisc_only_where_it_is_clsact" "$([ $kind = clsact ] && echo 2 || echo 0)" \
		"$(until [ $kind = tcx ] || [ "$(filters "$client")" = 2 ]; do sleep 0.02; done
			filters "$client")"
	in_client ping -q -c 20 -i 0.1 "$server4" >"$work/ping"
	names=$(printf "'%s'," "$client" "$router" "$server" | sed 's/,$//')
	recorder_stop INT
	is "${kind}_leaves_no_qdisc" "0 0" "$(filters "$client") $(filters "$router")"
	is "interfaces_that_come_later_are_watched_by_$kind" "client,eth0 router,br0 router,eth1\
 router,port0 server,eth0" "$(play "$work/recording.$kind" "SELECT DISTINCT
		rtrim(network_namespace_name, '-0123456789') AS place, network_interface_name
		FROM hop JOIN interface USING (network_namespace, interface_index)
		WHERE network_namespace_name IN ($names) AND network_interface_name <> 'lo'
		AND hop.network_iana_number = 1 ORDER BY 1, 2" 2>/dev/null | tail -n +2 | tr '\n' ' ' | sed 's/ $//')"
	none "what_passed_them_before_is_counted_as_lost_by_$kind" "$(sqlite3 \
		"$work/recording.$kind"/*.segment "SELECT stage, stream, attempted - stored - excluded -
			(SELECT coalesce(sum(count), 0) FROM loss l WHERE l.stage = s.stage
			AND l.stream = s.stream) AS missing FROM stage s WHERE missing <> 0
		UNION ALL SELECT stage, reason, count FROM loss
			WHERE count > 0 AND reason <> 'interface not watched yet'")" \
		"$(sqlite3 "$work/recording.$kind"/*.segment "SELECT coalesce(sum(count), 0) ||
			' packets' FROM loss WHERE reason = 'interface not watched yet'")"
	net_down
done
finish
