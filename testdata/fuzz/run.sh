#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh NAME SECONDS: fuzz NAME (of schema/NAME_fuzz.c, recorder/..., analyzer/compare/...) with libFuzzer,
# beginning with the seeds in testdata/seeds/NAME. What it finds is kept in build/fuzz/found/NAME.
set -eu
cd "$(dirname "$0")/../.."

name=${1:?usage: run.sh NAME SECONDS}
seconds=${2:-30}
source=$(find schema recorder analyzer -name "${name}_fuzz.c" | head -n 1)
if [ -z "$source" ]; then
	echo "fuzz: no ${name}_fuzz.c; there are: $(find schema recorder analyzer -name '*_fuzz.c' |
		sed 's,.*/,,; s,_fuzz.c,,' | tr '\n' ' ')" >&2
	exit 64
fi
part=${source%/*}
build=build/fuzz
flags=-fsanitize=fuzzer-no-link,address,undefined

make --no-print-directory BUILD=$build CC=clang SANITIZE="$flags -fno-sanitize-recover=undefined" \
	"$build/$part/${name}_fuzz"

# The same objects again, with libFuzzer's main in place of the one that replays.
house=${part%%/*}
parts=schema
[ "$house" = schema ] || parts="schema $house $(ls -d "$house"/*/)"
objects=$build/$part/${name}_fuzz.o
for directory in $parts; do
	for object in "$build/$directory"/*.o; do
		[ -e "$object" ] || continue
		case $object in
		*_test.o | *_fuzz.o | *_bench.o | */main.o) ;;
		*) objects="$objects $object" ;;
		esac
	done
done
libraries="-lsqlite3 -lzstd -lxxhash -lcrypto -ljansson -lm"
case $house in
recorder) libraries="-lbpf -lelf -lz -lpcap -lmnl $libraries" ;;
analyzer) libraries="-lz $libraries" ;;
esac
# shellcheck disable=SC2086
clang -fsanitize=fuzzer,address,undefined -pthread -o "$build/$name" $objects $libraries

corpus=$build/corpus/$name
found=$build/found/$name
mkdir -p "$corpus" "$found" "testdata/seeds/$name"
exec "$build/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
	-artifact_prefix="$found/" -print_final_stats=1 "$corpus" "testdata/seeds/$name"
