#!/bin/sh
# Runs the golden command lines: every testdata/cases/NAME.sh, whose standard output, standard error
# and exit status must be NAME.expected.
#
#   testdata/cases.sh [NAME...]             compares
#   testdata/cases.sh --rewrite [NAME...]   writes what is said now as expected; review the diff
#
# A case runs in a new directory below build/ with $FLOWREC, $FLOWPLAY, $CAPTURES (what
# testdata/captures/make_captures writes) and $MAKE_EXPERIMENT set. Other binaries: BUILD=build/san, or FLOWREC and
# FLOWPLAY.
set -u
cd "$(dirname "$0")/.." || exit 1

absolute()
{
	case $1 in
	/*) echo "$1" ;;
	*) echo "$PWD/$1" ;;
	esac
}

BUILD=${BUILD:-build}
FLOWREC=$(absolute "${FLOWREC:-$BUILD/flowrec}")
FLOWPLAY=$(absolute "${FLOWPLAY:-$BUILD/flowplay}")
tools=${FLOWPLAY%/*}/testdata
cases=$PWD/testdata/cases
MAKE_EXPERIMENT=$tools/bench/overhead/make_experiment
export FLOWREC FLOWPLAY CAPTURES MAKE_EXPERIMENT
export LC_ALL=C TZ=UTC
unset NO_COLOR COLUMNS

rewrite=
if [ "${1:-}" = --rewrite ]; then
	rewrite=1
	shift
fi

mkdir -p build
work=$(mktemp -d build/cases.XXXXXX) || exit 1
work=$(absolute "$work")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
CAPTURES=$work/captures
mkdir "$CAPTURES"
"$tools/captures/make_captures" "$CAPTURES" || exit 1

# answer NAME: what the case says, standard error marked, exit status last.
answer()
{
	mkdir "$work/$1" && cd "$work/$1" || return 1
	sh "$cases/$1.sh" >../out 2>../err </dev/null
	status=$?
	cd "$work/.." || return 1
	cat "$work/out"
	sed 's/^/stderr: /' "$work/err"
	echo "exit status $status"
}

[ $# -gt 0 ] || set -- $(cd "$cases" && ls *.sh | sed 's/\.sh$//')
passed=0
failed=0
for name; do
	(answer "$name") >"$work/answer"
	if [ -n "$rewrite" ]; then
		cp "$work/answer" "$cases/$name.expected"
	elif diff -u "$cases/$name.expected" "$work/answer" >"$work/diff" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $name: expected (-), said (+)"
		sed 's/^/    /' "$work/diff"
	fi
done
[ -z "$rewrite" ] || exit 0
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
