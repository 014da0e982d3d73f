# Lets published designs' rules count in the kernel beside the recorder, and lays what their maps held
# beside what the models make of the recording; sourced after net.sh and recorder.sh by the tests that
# hold the two against each other. $work is a directory, $work/recording the recording.

# yardstick DESIGN PLACE/INTERFACE...: counts from now on; its pid is in $started.
yardstick()
{
	yardstick_design=$1
	shift
	$live_tools/yardstick "$yardstick_design" "$@" >"$work/map-$yardstick_design" \
		2>"$work/map-$yardstick_design.err" </dev/null &
	started=$!
	net_pids="$net_pids $started"
	wait_for_line ready "$work/map-$yardstick_design.err" "$started"
}

# beside_both PLACE/INTERFACE...: both count there while traffic sends, until the recorder has ended;
# their pids are in $yardstick_1_8 and $yardstick_1_7.
beside_both()
{
	: >"$work/trouble"
	: >"$work/said"
	: >"$work/server"
	yardstick 1.8 "$@" || exit 1
	yardstick_1_8=$started
	yardstick 1.7 "$@" || exit 1
	yardstick_1_7=$started
	traffic || exit 1
	net_stop TERM "$yardstick_1_8"
	net_stop TERM "$yardstick_1_7"
	recorder_stop INT
	is it_is_recorded_to_the_end 0 "$recorder_status"
	none every_sender_did_its_part "$(cat "$work/trouble")"
	is no_sighting_was_lost 0 "$(play "$work/recording" "SELECT coalesce(sum(count), 0) FROM loss
		WHERE stream = 'packet'" | tail -n 1)"
}

# evict DESIGN PID NUMBER: what its map holds, the eviction of this number.
evict()
{
	kill -USR1 "$2" && wait_for_line "^evicted $3 " "$work/map-$1.err" "$2"
}

# lost DESIGN: what its map had no room for, in words.
lost() { grep '^lost ' "$work/map-$1.err"; }

# What identifies a flow to both designs, and what else an entry of a map says.
tuple="source_address, source_port, destination_address, destination_port, network_iana_number,
	icmp_type, icmp_code, ethernet_type"
columns="$tuple, source_mac, destination_mac, interface_index, network_io_direction, packets, bytes,
	further_interfaces"

ask() { sqlite3 "$work/db" "$1"; }

# evict_at DESIGN: the option that lets a model evict when the design did.
evict_at()
{
	printf 'eviction=100000s,evict_at=%s\n' "$(sed -n \
		's/^evicted [0-9]* [0-9]* \([0-9]*\) .*/\1/p' "$work/map-$1.err" | paste -s -d ';')"
}

# take DESIGN OPTIONS: what the map held, what the model says with these options, and the evictions, as
# the tables map_DESIGN, model_DESIGN, evictions_DESIGN, with _ for a dot.
take()
{
	design_table=${1%.*}_${1#*.}
	play "$work/recording" "SELECT start_ns, $columns, forwarded
		FROM dedup_flows('netobserv-$1', '$2')" >"$work/model-$1" || return 1
	sed -n 's/^evicted //p' "$work/map-$1.err" >"$work/evictions-$1"
	sqlite3 "$work/db" <<-END
		CREATE TABLE map_$design_table(eviction INTEGER, start_ns INTEGER, $columns);
		CREATE TABLE evictions_$design_table(eviction INTEGER, entries INTEGER,
			begin_ns INTEGER, end_ns INTEGER);
		CREATE TABLE said(start_ns INTEGER, $columns, forwarded INTEGER);
		.mode csv
		.import $work/map-$1 map_$design_table
		.import --skip 1 $work/model-$1 said
		.separator " "
		.import $work/evictions-$1 evictions_$design_table
		CREATE TABLE model_$design_table AS SELECT
			(SELECT min(eviction) FROM evictions_$design_table WHERE begin_ns > start_ns)
			AS eviction, * FROM said;
		DROP TABLE said;
	END
}

# score DESIGN OPTIONS COLUMNS: what the model's score says.
score()
{
	play "$work/recording" "SELECT $3 FROM dedup('netobserv-$1', '$2')" | tail -n 1
}

# equal DESIGN OPTIONS: each entry at each eviction; takes the tables, too.
equal()
{
	take "$1" "$2" || exit 1
	is "no_packet_of_$1_had_to_wait_for_an_eviction" 0 "$(play "$work/recording" "
		SELECT count(*) FROM packet WHERE $(ask "SELECT group_concat('time_ns BETWEEN ' ||
			begin_ns || ' AND ' || end_ns, ' OR ') FROM evictions_$design_table")" |
		tail -n 1)"
	none "the_replay_of_$1_equals_its_map_flow_by_flow" "$(ask "
		SELECT 'map', * FROM (SELECT eviction, $columns FROM map_$design_table
			EXCEPT SELECT eviction, $columns FROM model_$design_table) UNION ALL
		SELECT 'model', * FROM (SELECT eviction, $columns FROM model_$design_table
			EXCEPT SELECT eviction, $columns FROM map_$design_table)
		ORDER BY 2, 3, 4, 5, 6")" \
		"$(ask "SELECT count(DISTINCT eviction) || ' evictions, ' || count(*) ||
			' entries, ' || sum(packets) || ' packets, ' || sum(bytes) || ' bytes'
			FROM map_$design_table")"
	is "it_has_as_many_flows_of_$1" "$(ask "SELECT count(*) FROM map_$design_table")" \
		"$(ask "SELECT count(*) FROM model_$design_table")"
}
