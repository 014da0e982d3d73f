#!/bin/sh
# Runs every test that this machine can run, names the rest, and sums up. `make test` has built
# everything in build/; the second half builds it again with sanitizers in build/san.
#
# One line for each suite; a suite that failed shows what it said. All of it is in build/test/.
set -u
cd "$(dirname "$0")/.." || exit 1

logs=build/test
rm -rf "$logs"
mkdir -p "$logs" || exit 1
passed=0
failed=0
skipped=0
FLOWTAPE_TEST=$$ # in the environment of every process that the tests start
export FLOWTAPE_TEST
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
unset MAKEFLAGS MFLAGS MAKELEVEL
trap 'exit 130' HUP INT PIPE TERM

# suite NAME COMMAND...: whose last line is "N passed, N failed, N skipped".
suite()
{
	suite=$1
	shift
	began=$(date +%s)
	"$@" >"$logs/$suite" 2>&1 </dev/null
	status=$?
	set -- $(tail -n 1 "$logs/$suite" |
		sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p')
	if [ $# != 3 ]; then
		echo "FAIL $suite: no count at the end, exit status $status" >>"$logs/$suite"
		set -- 0 1 0
	elif [ "$2" = 0 ] && [ $status != 0 ]; then
		echo "FAIL $suite: exit status $status" >>"$logs/$suite"
		set -- "$1" 1 "$3"
	fi
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
	printf '%-4s  %-24s %5d passed  %3d s%s%s\n' "$([ "$2" = 0 ] && echo ok || echo FAIL)" \
		"$suite" "$1" "$(($(date +%s) - began))" "$([ "$2" = 0 ] || echo ", $2 failed")" \
		"$([ "$3" = 0 ] || echo ", $3 skipped")"
	grep '^skip' "$logs/$suite" | sed 's/^skip */      NOT RUN: /'
	if [ "$2" != 0 ]; then
		awk '/^(FAIL|not ok)|ERROR: |runtime error:/ { show = 1 } /^ok|^skip/ { show = 0 }
			show' "$logs/$suite" | head -n 60 | sed 's/^/      /'
		echo "      all of it: $logs/$suite"
	fi
}

# units BUILD PART: cmocka's tests of one part, each in TAP.
units()
{
	p=0 f=0 s=0
	for source in $(find "$2" -name '*_test.c' | sort); do
		test=$1/${source%.c}
		CMOCKA_MESSAGE_OUTPUT=tap "$test" >"$logs/tap" 2>&1 </dev/null
		status=$?
		echo "# $test"
		cat "$logs/tap"
		set -- "$1" "$2" $(awk '/^1\.\./ { planned = substr($1, 4) + 0 }
			/^(not )?ok [0-9]+ # SKIP/ { s++; next } /^ok / { p++ } /^not ok / { f++ }
			END { print p + 0, f + 0, s + 0, planned - p - f - s }' "$logs/tap")
		if [ "$3$4$5" = 000 ]; then
			echo "FAIL $test: no test ran, exit status $status"
			f=$((f + 1))
			continue
		fi
		grep '# SKIP' "$logs/tap" | sed 's/.*# SKIP /skip /'
		[ "$6" = 0 ] || echo "FAIL $test: $6 tests did not run, exit status $status"
		if [ "$status" != 0 ] && [ "$4" = 0 ] && [ "$6" = 0 ]; then
			echo "FAIL $test: exit status $status"
			f=$((f + 1))
		fi
		p=$((p + $3)) f=$((f + $4 + $6)) s=$((s + $5))
	done
	echo "$p passed, $f failed, $s skipped"
}

# seeds BUILD: every fuzzer goes through its seeds.
seeds()
{
	p=0 f=0
	for source in $(find analyzer recorder schema -name '*_fuzz.c' | sort); do
		fuzzer=$1/${source%.c}
		directory=testdata/seeds/$(basename "$source" _fuzz.c)
		if "$fuzzer" "$directory"; then
			p=$((p + 1))
		else
			f=$((f + 1))
			echo "FAIL $fuzzer $directory: exit status $?"
		fi
	done
	echo "$p passed, $f failed, 0 skipped"
}

# as_root COMMAND...: when we are not, through sudo where that asks nothing.
as_root()
{
	if [ "$(id -u)" = 0 ] || ! sudo -n true 2>/dev/null; then
		"$@"
	else
		sudo -n --preserve-env=FLOWREC,FLOWPLAY,FLOWTAPE_TEST,ASAN_OPTIONS,UBSAN_OPTIONS "$@"
	fi
}

# untracked: files that are neither the project's nor below build/, nor sources just being written.
untracked()
{
	git ls-files --others --exclude-standard 2>/dev/null | grep -vE '\.(c|h|sh|sql|md)$' | sort
}

# leftovers: what the tests above should have taken away.
leftovers()
{
	p=0 f=0
	for what in processes mounts namespaces files; do
		case $what in
		processes)
			for environment in /proc/[0-9]*/environ; do
				tr '\0' '\n' <"$environment" | grep -qx "FLOWTAPE_TEST=$FLOWTAPE_TEST" &&
					tr '\0' ' ' <"${environment%/environ}/cmdline"
			done 2>/dev/null
			;;
		mounts) grep " $PWD/build/" /proc/self/mounts ;;
		namespaces)
			ls /run/netns 2>/dev/null | while read -r name; do
				case $name in
				client-* | router-* | server-* | path-* | lab-*)
					[ -d "/proc/${name##*-}" ] || echo "$name"
					;;
				esac
			done
			;;
		files)
			find build -maxdepth 1 -name '*.??????' -newer "$logs/house"
			untracked | comm -13 "$logs/untracked" -
			;;
		esac >"$logs/left"
		if [ -s "$logs/left" ]; then
			f=$((f + 1))
			echo "FAIL no_${what}_are_left_behind: $(head -n 3 "$logs/left" | tr '\n' ' ')"
		else
			p=$((p + 1))
			echo "ok no_${what}_are_left_behind"
		fi
	done
	rm -f "$logs/left"
	echo "$p passed, $f failed, 0 skipped"
}

built()
{
	make --no-print-directory SAN=1 -j "$(nproc)" all tests && echo "1 passed, 0 failed, 0 skipped"
}

untracked >"$logs/untracked"
suite house testdata/house.sh
for part in schema recorder analyzer; do
	suite $part units build $part
done
suite seeds seeds build
suite cases testdata/cases.sh
suite corpus testdata/corpus.sh
suite live as_root testdata/live/record_test.sh
suite live-check as_root testdata/live/check_test.sh
suite live-attribution as_root testdata/live/attribution_test.sh
suite live-short as_root testdata/live/short_lived_test.sh
suite live-nat as_root testdata/live/nat_test.sh
suite live-redirect as_root testdata/live/redirect_test.sh
suite live-enrich as_root testdata/live/enrich_test.sh
suite live-tc as_root testdata/live/tc_test.sh
suite live-parser as_root testdata/live/parser_test.sh
suite live-hops as_root testdata/live/hops_test.sh
suite live-paths as_root testdata/live/paths_test.sh
suite live-labs as_root testdata/live/labs_test.sh
suite live-faithful as_root testdata/live/faithful_test.sh
suite live-eviction as_root testdata/live/eviction_test.sh
suite live-reuse as_root testdata/live/reuse_test.sh
suite live-exact as_root testdata/live/exact_test.sh
suite live-sighting as_root testdata/live/sighting_test.sh
suite live-lossy as_root testdata/live/lossy_test.sh
suite live-kill as_root testdata/live/kill_test.sh
suite live-trouble as_root testdata/live/trouble_test.sh
suite live-filter as_root testdata/live/filter_test.sh
suite live-load as_root testdata/live/load_test.sh
suite live-giving as_root testdata/live/giving_test.sh
suite live-bench as_root testdata/live/bench_test.sh
suite live-probe as_root testdata/live/probe_test.sh
suite live-gate as_root testdata/live/gate_test.sh
suite guest testdata/guest/test.sh

suite san-build built
FLOWREC=build/san/flowrec
FLOWPLAY=build/san/flowplay
export FLOWREC FLOWPLAY
for part in schema recorder analyzer; do
	suite san-$part units build/san $part
done
suite san-seeds seeds build/san
suite san-cases testdata/cases.sh
suite san-corpus testdata/corpus.sh
suite san-live as_root testdata/live/record_test.sh short
suite san-live-attribution as_root testdata/live/attribution_test.sh

suite leftovers leftovers

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
