#!/bin/sh
# The demo: records the traffic of three network namespaces for about ten seconds, takes them away
# again, and answers from the recording what a responder would ask first. The recording stays.
set -u
cd "$(dirname "$0")/.." || exit 1
. testdata/live/net.sh
. testdata/live/recorder.sh
. testdata/live/story.sh

# Namespaces and BPF are for root.
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
	sudo testdata/demo.sh
	status=$?
	sudo chown -R "$(id -u):$(id -g)" build/demo
	exit $status
fi

recording=build/demo
work=$(mktemp -d build/demo-work.XXXXXX) || exit 1
trap 'net_down; rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
rm -rf "$recording"

heading()
{
	printf '\n--- %s\n\n' "$1"
}

answer()
{
	"$flowplay" "$@"
	status=$?
	[ $status = 0 ] || [ $status = 3 ] || exit $status
}

next_steps()
{
	cat <<-END

		--- What to type next

		The recording is in $recording. All of the above came from it, and so does this:

		  $flowplay info $recording
		  $flowplay report                                (the reports there are)
		  $flowplay report connections $recording
		  $flowplay sql $recording "SELECT * FROM flow ORDER BY source_bytes DESC LIMIT 5"
		  $flowplay sql $recording                        (a shell; .tables, .schema flow)

		To record this host:  $flowrec record -o DIRECTORY --duration 60s
	END
}

ask()
{
	answer sql "$recording" "$1"
}

who_talked_to_whom()
{
	heading "Who talked to whom? Each byte is counted once, however many interfaces it crossed."
	ask "SELECT process_executable_name AS process, source_address AS 'from',
		destination_address AS 'to',
		network_transport || iif(network_iana_number IN (1, 58), '', ' ' || destination_port)
			AS service,
		peer_process_executable_name AS answered_by,
		count(DISTINCT flow_id) AS connections,
		sum(source_packets + destination_packets) AS packets,
		sum(source_bytes + destination_bytes) AS bytes
		FROM flow WHERE ip_in(source_address, '192.0.2.0/24')
		OR ip_in(source_address, '2001:db8::/32')
		GROUP BY 1, 2, 3, 4, 5 ORDER BY bytes DESC"
}

what_to_type_next()
{
	cat <<-END

		--- What to type next

		The recording stays in $recording. Everything above came from it; so do these:

		  $flowplay info $recording
		  $flowplay report                    lists the reports: connections, nat, hops...
		  $flowplay report talkers $recording
		  $flowplay sql $recording "SELECT sum(source_bytes + destination_bytes) FROM flow"
		  $flowplay sql $recording             a shell: .tables, .schema flow, SELECT ...

		And to record this host for a minute: $flowrec record -o DIRECTORY --duration 60s
	END
}

if why=$(recorder_allowed); then
	:
else
	capture=testdata/captures/story.pcap
	echo "This machine allows no live recording: $why."
	echo "So the demo imports $capture, the same story as a capture file. A capture"
	echo "knows neither processes nor translations; everything else is there."
	"$flowrec" import -o "$recording" "$capture" || exit 1
	who_talked_to_whom
	heading "What was lost? Every packet of the file is accounted for."
	answer report losses "$recording"
	what_to_type_next
	exit 0
fi

cat <<'END'
A network of three namespaces on this machine, taken away again at the end:

  client ------------------- router ----------------------------- server
  192.0.2.10                 192.0.2.1  NAT  198.51.100.1         198.51.100.20
  2001:db8:1::10             bridge br0, port port0; eth1         2001:db8:2::20

The router sends its port 80 to the server's 8080 and DNS to 5353, masqueraded; IPv6 as it is.
Recording for ten seconds: DNS questions and web pages through the NAT, one page over IPv6,
pings, and a burst of 20 processes that live for a few milliseconds and open one connection each.
END

story_addresses
net_up && story_servers "$work" && recorder_start "$recording" "$work/recorder" || exit 1
story_traffic "$work" 20 10000 || { echo "the demo's traffic failed" >&2; exit 1; }
recorder_stop INT
case $recorder_status in
0 | 3) ;;
*)
	cat "$work/recorder.err" >&2
	exit 1
	;;
esac
net_down

who_talked_to_whom

heading "Which processes were the burst? The five that lived shortest, of 20."
ask "WITH life AS MATERIALIZED (SELECT process_entity_id,
		max(iif(event_action = 'exec', process_executable_name, NULL)) AS process,
		max(iif(event_action = 'exec', process_command_line, NULL)) AS command_line,
		max(iif(event_action = 'exit', time_ns, NULL))
			- min(iif(event_action = 'fork', time_ns, NULL)) AS lived_ns
		FROM process GROUP BY 1)
	SELECT process, process_pid AS pid, round(lived_ns / 1e6, 2) AS lived_ms, command_line,
		source_port AS its_port, source_bytes + destination_bytes AS bytes
	FROM life JOIN flow USING (process_entity_id) WHERE process = 'brief'
	ORDER BY lived_ns LIMIT 5"

heading "Through which NAT? What the client sent, and what the server got."
ask "SELECT process_executable_name AS process, network_transport AS transport,
		count(*) AS translations,
		n.source_address || ' > ' || n.destination_address
			|| iif(network_transport = 'icmp', '', ':' || n.destination_port) AS client_sent,
		n.source_nat_address || ' > ' || n.destination_nat_address
			|| iif(network_transport = 'icmp', '', ':' || n.destination_nat_port) AS server_got
	FROM nat AS n JOIN (SELECT flow_id, network_transport,
		max(process_executable_name) AS process_executable_name FROM flow GROUP BY 1)
		USING (flow_id)
	WHERE ip_in(n.source_address, '192.0.2.0/24') GROUP BY 1, 2, 4, 5 ORDER BY 3 DESC"

heading "Over which hops went the largest web page? First the request, then the answer."
ask "WITH page AS MATERIALIZED (SELECT flow_id FROM flow WHERE process_executable_name = 'curl'
		AND destination_port = 80 GROUP BY 1 ORDER BY sum(destination_bytes) DESC LIMIT 1)
	SELECT coalesce(source_order, destination_order) AS hop,
		network_namespace_name AS namespace, network_interface_name AS interface,
		network_io_direction AS direction,
		source_address || ':' || source_port AS client_seen_as,
		destination_address || ':' || destination_port AS server_seen_as,
		sum(source_bytes + destination_bytes) AS bytes
	FROM hop JOIN page USING (flow_id) JOIN interface USING (network_namespace, interface_index)
	GROUP BY source_order IS NULL, 1, 2, 3, 4, 5, 6"

heading "What was lost? Every stage accounts for all that came to it."
answer report losses "$recording"

heading "What did recording cost?"
ask "WITH each AS (SELECT part, sum(run_count) AS runs, sum(run_time_ns) AS run_ns,
			sum(user_cpu_ns + system_cpu_ns) AS cpu_ns, sum(span_ns) AS span_ns,
			max(high_water_bytes) AS high_water_bytes, sum(written_bytes) AS written_bytes
		FROM cost WHERE part <> 'map' GROUP BY part, name)
	SELECT part, count(*) AS parts, round(max(span_ns) / 1e9, 1) AS seconds, sum(runs) AS runs,
		sum(run_ns) / nullif(sum(runs), 0) AS ns_per_run,
		round(sum(100.0 * (run_ns + cpu_ns) / span_ns), 2) AS percent_of_one_cpu,
		max(high_water_bytes) AS high_water_bytes, sum(written_bytes) AS written_bytes
	FROM each GROUP BY 1"
what_to_type_next
