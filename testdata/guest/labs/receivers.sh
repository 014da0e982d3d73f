# A process that only receives datagrams, begun after the recorder.

receivers_traffic()
{
	net_serve "$server" "$work/receiver" $live_tools/exchange udp-serve 6002 || return
	receiver=$started
	talk "$client" udp "$server4" 6002 3 100 one-way
	net_stop TERM "$receiver"
}

receivers_checks()
{
	is a_process_that_only_receives_is_known "$receiver exchange" "$(recorded "SELECT DISTINCT
		peer_process_pid || ' ' || peer_process_executable_name FROM flow
		WHERE destination_port = 6002" | tr -d '"')"
}
