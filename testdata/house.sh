#!/bin/sh
# Proves the order of the house: which part may include which, no circles, headers that stand alone.
set -u
cd "$(dirname "$0")/.." || exit 1

mkdir -p build && work=$(mktemp -d build/house.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM

passed=0
failed=0

# check NAME FILE: passes when FILE, which lists what is wrong, is empty.
check()
{
	if [ -s "$2" ]; then
		failed=$((failed + 1))
		echo "FAIL $1:"
		sed 's/^/    /' "$2"
	else
		passed=$((passed + 1))
		echo "ok $1"
	fi
}

if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	git ls-files --cached --others --exclude-standard
else
	find . -path ./build -prune -o -type f -print | sed 's,^\./,,'
fi | sort >"$work/listed"
while read -r file; do
	[ -e "$file" ] && echo "$file"
done <"$work/listed" >"$work/files"
grep '\.[ch]$' "$work/files" >"$work/sources"

# Every #include "..." as a line "FROM TO". Those without a path would not show what they cross.
while read -r file; do
	sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$file" | sed "s,^,$file ,"
done <"$work/sources" >"$work/edges"

grep -v ' .*/' "$work/edges" >"$work/wrong"
check every_include_is_written_by_its_path "$work/wrong"

# part ALLOWED...: includes of the part that go to none of the allowed beginnings of a path.
part()
{
	name=$1
	shift
	pattern=
	for allowed in "$@"; do
		pattern="$pattern${pattern:+|}$allowed"
	done
	grep "^$name/" "$work/edges" | grep -vE " ($pattern)" >"$work/wrong"
}
part schema schema/
check schema_knows_nobody "$work/wrong"
part bpf bpf/ 'schema/(event|flow_hash|rule)\.h$'
check bpf_knows_the_events_only "$work/wrong"
part recorder recorder/ schema/ bpf/
check the_recorder_never_includes_the_analyzer "$work/wrong"
part analyzer analyzer/ schema/
check the_analyzer_includes_the_schema_only "$work/wrong"

tsort "$work/edges" >/dev/null 2>"$work/wrong"
check includes_form_no_circle "$work/wrong"
sed 's,^\([^/]*\)/[^ ]* \([^/]*\)/.*,\1 \2,' "$work/edges" |
	grep -v '^testdata ' | tsort >/dev/null 2>"$work/wrong"
check parts_form_no_circle "$work/wrong"

sed 's,/.*,/,' "$work/files" | sort -u | grep -vxE 'schema/|bpf/|recorder/|analyzer/|testdata/' |
	grep -vxE '\.ci/|Makefile|README\.md|LICENSE|\.clang-format|\.editorconfig|\.gitignore' \
	>"$work/wrong"
check nothing_else_stands_at_the_top "$work/wrong"

# A kernel-side header is compiled for the kernel's machine.
arch=$(uname -m)
: >"$work/wrong"
grep '\.h$' "$work/sources" >"$work/headers"
while read -r header; do
	case $header in
	bpf/*)
		command -v clang >/dev/null || continue
		set -- clang -target bpf -mcpu=v3 -O2 -g "-I/usr/include/$arch-linux-gnu"
		case $arch in
		x86_64) set -- "$@" -D__TARGET_ARCH_x86 ;;
		aarch64) set -- "$@" -D__TARGET_ARCH_arm64 ;;
		esac
		;;
	*)
		set -- gcc -std=gnu11 -D_GNU_SOURCE
		;;
	esac
	echo "#include \"$header\"" >"$work/alone.c"
	"$@" -Wall -I. -Ibuild -c -o "$work/alone.o" "$work/alone.c" 2>"$work/said" ||
		{ echo "$header"; head -n 3 "$work/said"; } >>"$work/wrong"
done <"$work/headers"
check every_header_compiles_alone "$work/wrong"

grep -vE '\.(pcap|pcapng|cap)$' "$work/files" | xargs -d '\n' \
	grep -nIE '(^|[^a-zA-Z0-9_.$}*-])/(home|root|work)/[a-zA-Z0-9]' >"$work/wrong"
check no_file_names_a_path_of_one_machine "$work/wrong"

while read -r file; do
	head -n 1 "$file" | grep -q SPDX-License-Identifier || echo "$file"
done <"$work/sources" >"$work/wrong"
check every_source_names_its_licence "$work/wrong"

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
