# Processes that fork, execute and end in known ways.

processes_traffic()
{
	sh -c 'echo $$; exit 3' >"$work/processes.exiting"
	{ sh -c 'echo $$; kill -KILL $$' >"$work/processes.killed"; } 2>/dev/null
	$live_tools/burst 10 /usr/bin/busybox true
}

# life PID: its events, one after the other
life()
{
	recorded "SELECT event_action, process_parent_pid, process_executable_name
		|| iif(event_action = 'exit',
			' ' || process_exit_code || ' ' || coalesce(process_exit_signal, 0), '')
		AS end FROM process WHERE process_pid = $1 ORDER BY time_ns" | tr '\n' ' '
}

processes_checks()
{
	mine=lab_test.sh
	is a_process_is_seen_from_fork_to_exit "fork,$$,$mine exec,$$,sh exit,$$,sh 3 0 " \
		"$(life "$(cat "$work/processes.exiting")")"
	is a_killed_process_ends_with_its_signal "fork,$$,$mine exec,$$,sh exit,$$,sh 0 9 " \
		"$(life "$(cat "$work/processes.killed")")"
	is processes_of_before_the_start_are_known "exists,$mine" \
		"$(recorded "SELECT event_action, process_executable_name FROM process
			WHERE process_pid = $$ AND event_action = 'exists'")"
	is every_short_lived_process_is_seen "fork,10 exec,10 exit,10 " \
		"$(recorded "SELECT event_action, count(DISTINCT process_entity_id) FROM process
			WHERE process_entity_id IN (SELECT process_entity_id FROM process
				WHERE process_command_line = '/usr/bin/busybox true')
			GROUP BY 1 ORDER BY min(time_ns)" | tr '\n' ' ')"
}
