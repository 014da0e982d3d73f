# Starts and stops the recorder, sourced by the live tests and the demo.

flowrec=${FLOWREC:-build/flowrec}
flowplay=${FLOWPLAY:-build/flowplay}
recorder_pid=
recorder_status=

# Whether this machine lets us record live; prints why when it does not.
recorder_allowed()
{
	net_allowed || return 1
	"$flowrec" check --no-self-test >/dev/null 2>&1
	[ $? != 1 ] || { echo "no permission to load BPF programs"; return 1; }
}

# recorder_test NAME WHAT: begins a live test, which works in $work; that and the networks go at its end.
# Where this machine does not let us record, WHAT is skipped, and the test is over. Uses check.sh.
recorder_test()
{
	if ! recorder_lacks=$(recorder_allowed); then
		skip "$2" "$recorder_lacks"
		finish
		exit
	fi
	work=$(mktemp -d "build/$1.XXXXXX") || exit 1
	trap 'net_down; rm -rf "$work"' EXIT
	trap 'exit 130' HUP INT PIPE TERM
}

# recorder_start DIRECTORY OUTPUT [OPTION]...: waits until the probes are attached. All tests take
# options from RECORDER_OPTIONS, too.
recorder_start()
{
	recorder_directory=$1 recorder_output=$2
	shift 2
	rm -f "$recorder_output.err" # of a recorder before this one
	"$flowrec" record -o "$recorder_directory" ${RECORDER_OPTIONS:-} "$@" </dev/null \
		>"$recorder_output.out" 2>"$recorder_output.err" &
	recorder_pid=$!
	net_pids="$net_pids $recorder_pid"
	if ! wait_for_line "^recording to " "$recorder_output.err" "$recorder_pid"; then
		echo "the recorder does not start: $(tail -n 1 "$recorder_output.err")" >&2
		return 1
	fi
}

# recorder_stop SIGNAL: and its exit status in $recorder_status.
recorder_stop()
{
	net_stop "$1" "$recorder_pid"
	recorder_status=$?
}

# play RECORDING SQL: the rows as CSV with Unix lines, a heading first.
play()
{
	"$flowplay" sql --format csv "$1" "$2" | tr -d '\r'
}
