#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a stored row costs, beside what plain SQLite rows, the same file through zstd, and Parquet
# cost for the same rows: bytes, and rows or values for each second of CPU, medians of interleaved
# rounds. The rows are generated connections, and the flows of real captures (../shared/captures, or
# CAPTURES). A segment that does not give back what was put in fails.
# Prints tables; build/bench/segment.jsonl has one object a figure.
#
# Parquet comes from DuckDB, a package of npm that is installed below build/bench; where that cannot
# be had, this says so and leaves Parquet out.
set -eu
cd "$(dirname "$0")/../.."

ROWS=${ROWS:-1000000}
ROUNDS=${ROUNDS:-5}
captures=${CAPTURES:-../shared/captures}
flowrec=${FLOWREC:-build/flowrec}
tool=build/testdata/bench/segment/segment
duckdb=build/bench/duckdb
duckdb_version=1.5.6-r.1
work=build/bench/segment
out=build/bench/segment.jsonl

rm -rf "$work"
mkdir -p "$work" "$duckdb"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
: >"$out"

# Why there is no Parquet; nothing when there is.
install_duckdb()
{
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		echo "node and npm are not installed"
		return
	fi
	package=@duckdb/node-api
	grep -qsF "\"version\": \"$duckdb_version\"" "$duckdb/node_modules/$package/package.json" ||
		npm install --prefix "$duckdb" --no-save --no-package-lock --no-audit --no-fund \
			--ignore-scripts "$package@$duckdb_version" \
			>"$duckdb/npm.log" 2>&1 </dev/null || {
		echo "npm cannot install DuckDB (see $duckdb/npm.log)"
		return
	}
	NODE_PATH=$duckdb/node_modules node -e "require('$package')" >"$duckdb/node.log" 2>&1 ||
		echo "node cannot load DuckDB (see $duckdb/node.log)"
}

# parquet DIR SOURCE...: every way to write the rows, in DIR/parquet.tsv.
parquet()
{
	dir=$1
	shift
	: >"$dir/parquet.tsv"
	[ -z "$no_parquet" ] || return 0
	"$tool" csv "$dir/rows.csv" "$@" >"$dir/columns.tsv"
	NODE_PATH=$duckdb/node_modules node testdata/bench/segment/parquet.js \
		"$dir/rows.csv" "$dir/columns.tsv" "$dir/rows.parquet" >"$dir/parquet.tsv"
	rm "$dir/rows.csv" "$dir/rows.parquet"
}

# measure NAME TITLE SOURCE...: figures are called segment.NAME...
measure()
{
	name=$1
	title=$2
	shift 2
	dir=$work/set
	rm -rf "$dir"
	mkdir "$dir"
	"$tool" cost "$dir" "$ROUNDS" "$@" >"$dir/cost.tsv"
	parquet "$dir" "$@"
	awk -F '\t' -v name="$name" -v title="$title" -v out="$out" -v rounds="$ROUNDS" '
	function json(figure, value, format, unit, yardstick, yardstick_value)
	{
		printf "{\"name\":\"segment.%s%s\",\"value\":" format ",\"unit\":\"%s\"", \
			name, figure, value, unit >>out
		if (yardstick_value)
			printf ",\"yardstick\":\"%s\",\"yardstick_value\":" format \
			       ",\"ratio\":%.4f", yardstick, yardstick_value, \
				value / yardstick_value >>out
		print "}" >>out
	}
	function size(label, bytes)
	{
		printf "%-34s %12d %10.2f %10.3f\n", label, bytes, bytes / rows, \
			segment / bytes
	}
	function speed(label, rate, yardstick, yardstick_rate)
	{
		printf "%-34s %12.0f", label, rate
		if (yardstick_rate)
			printf " %10.2f times %s (%.0f)", rate / yardstick_rate, yardstick, \
				yardstick_rate
		print ""
	}
	FILENAME ~ /parquet/ && $1 == "file" {
		variant[++variants] = "  parquet " $2 " " $3
		variant_bytes[variants] = $4
		is_smallest = $5 == "same" && (!parquet || $4 < parquet)
		if (is_smallest)
			parquet = $4
		if ($5 != "same")
			variant[variants] = variant[variants] ", lossy"
	}
	FILENAME ~ /parquet/ {
		if ($1 == "column" && is_smallest)
			in_parquet[$2] = $3
		next
	}
	$1 == "rows" { rows = $2 }
	$1 == "columns" { columns = $2 }
	$1 == "bytes" { bytes[$2] = $3 }
	$1 == "sqlite" { form[++forms] = $2; sqlite[forms] = $3; sqlite_zstd[forms] = $4 }
	$1 == "column" { column[++n] = $2; column_bytes[n] = $3; column_rate[n] = $4 }
	$1 == "strings" { strings = $2 }
	$1 == "rate" { rate[$2] = $3 }
	END {
		segment = rest = bytes["segment"]
		printf "%s: %d rows, %d columns\n\n", title, rows, columns
		printf "%-34s %12s %10s %14s %12s\n", "in the segment", "bytes", "bytes/row", \
			"values/CPU s", parquet ? "in Parquet" : ""
		for (i = 1; i <= n; i++) {
			printf "%-34s %12d %10.3f %14.0f", column[i], column_bytes[i], \
				column_bytes[i] / rows, column_rate[i]
			if (parquet)
				printf " %12.3f", in_parquet[column[i]] / rows
			print ""
			rest -= column_bytes[i]
		}
		printf "%-34s %12d %10.3f\n", "(strings)", strings, strings / rows
		printf "%-34s %12d %10.3f\n\n", "(everything else in the file)", \
			rest - strings, (rest - strings) / rows
		printf "%-34s %12s %10s %10s\n", "files", "bytes", "bytes/row", "segment/it"
		size("segment", segment)
		for (i = 1; i <= forms; i++) {
			size("  sqlite " form[i], sqlite[i])
			size("  sqlite " form[i] ", zstd -3", sqlite_zstd[i])
		}
		for (i = 1; i <= variants; i++)
			size(variant[i], variant_bytes[i])
		# The yardsticks: the smallest of each kind.
		size("sqlite_rows", bytes["sqlite_rows"])
		size("sqlite_rows_zstd", bytes["sqlite_rows_zstd"])
		if (parquet)
			size("parquet_zstd", parquet)
		printf "\nrows a second of CPU, medians of %d rounds\n", rounds
		speed("encode", rate["encode"], "sqlite_rows", rate["sqlite_insert"])
		speed("encode, batches included", rate["encode_with_batch"], "sqlite_rows", \
			rate["sqlite_insert"])
		speed("seal", rate["seal"])
		printf "\nvalues a second of CPU\n"
		speed("decode, the median column", rate["decode_median"])
		speed("decode, all columns", rate["decode"], "sqlite_rows", \
			rate["sqlite_select"])
		print ""

		if (parquet)
			json("bytes_per_row", segment / rows, "%.3f", "bytes/row", "parquet_zstd", \
				parquet / rows)
		json("bytes_per_row", segment / rows, "%.3f", "bytes/row", "sqlite_rows", \
			bytes["sqlite_rows"] / rows)
		json("bytes_per_row", segment / rows, "%.3f", "bytes/row", "sqlite_rows_zstd", \
			bytes["sqlite_rows_zstd"] / rows)
		if (name != "")
			exit
		json("encode_rows_per_cpu_s", rate["encode"], "%.0f", "rows/s", "sqlite_rows", \
			rate["sqlite_insert"])
		json("encode_with_batch_rows_per_cpu_s", rate["encode_with_batch"], "%.0f", \
			"rows/s", "sqlite_rows", rate["sqlite_insert"])
		json("seal_rows_per_cpu_s", rate["seal"], "%.0f", "rows/s")
		json("decode_values_per_cpu_s", rate["decode_median"], "%.0f", "values/s", \
			"sqlite_rows", rate["sqlite_select"])
		json("decode_all_values_per_cpu_s", rate["decode"], "%.0f", "values/s", \
			"sqlite_rows", rate["sqlite_select"])
	}' "$dir/cost.tsv" "$dir/parquet.tsv"
}

# The flows of every capture that can be read.
import_captures()
{
	status=0
	find "$captures" -type f | LC_ALL=C sort | tr '\n' '\0' |
		xargs -0 -n 100000 -x "$flowrec" import -o "$work/real" \
		>"$work/import.log" 2>&1 || status=$?
	# xargs says 123 for a status of 1 to 125: here 3, because some files are no captures.
	[ $status = 0 ] || [ $status = 123 ]
}

no_parquet=$(install_duckdb)
[ -z "$no_parquet" ] || echo "no Parquet to compare with: $no_parquet"
measure "" "generated connections" "$ROWS"
if [ ! -d "$captures" ]; then
	echo "skip real rows: no real captures in $captures"
elif import_captures; then
	measure real_ "flows of real captures" "$work"/real/*.segment
else
	echo "segment.sh: cannot import $captures:" >&2
	tail -n 5 "$work/import.log" >&2
	exit 1
fi
