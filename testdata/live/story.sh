# The demo's story, sourced by what records it live and by what captures it for machines without BPF.
# Wants net_up; the traffic takes about ten seconds.

story_addresses()
{
	# For documentation only, RFC 5737 and RFC 3849: nobody's.
	net_addresses 192.0.2 198.51.100 2001:db8:1 2001:db8:2
}

# story_servers DIRECTORY
story_servers()
{
	net_serve "$server" "$1/web" $live_tools/web_server 8080 &&
		net_serve "$server" "$1/names" $live_tools/name_server 5353 "$router4" &&
		net_serve "$server" "$1/answers" $live_tools/exchange tcp-serve 8090
}

# story_traffic DIRECTORY PROCESSES BYTES: how many short-lived processes, how large a web page.
story_traffic()
{
	net_start "$client" "$1/ping" ping -q -c 9 -i 1 "$server4"
	story_pings=$started
	net_start "$client" "$1/ping" ping -q -c 9 -i 1 "$server6"
	story_pings="$story_pings $started"
	for second in 1 2 3 4 5 6 7 8; do
		address=$(in_client $live_tools/lookup "$router4" www.example.org) || return 1
		in_client curl -sS -o /dev/null --max-time 20 "http://$address/$((second * $3))"
		case $second in
		3) in_client $live_tools/burst "$2" $live_tools/brief tcp "$router4" 8090 ;;
		5) in_client curl -sS -o /dev/null --max-time 20 "http://[$server6]:8080/$3" ;;
		esac
		sleep 1
	done >"$1/traffic"
	for ping in $story_pings; do
		net_wait "$ping" || return 1
	done
}
