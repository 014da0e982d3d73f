/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a stored row costs:
 *
 *     segment cost DIR ROUNDS ROWS|SEGMENT...
 *     segment csv FILE ROWS|SEGMENT...
 *
 * A number stands for that many generated connections, else the rows are the flows of the
 * segments. cost puts them into a segment and into plain SQLite rows below DIR, reads both, and
 * checks what the segment gives back; rounds of all steps, each beginning with the next one, so
 * that what slows the machine for a while slows all alike. Out come lines of words with tabs
 * between: sizes, and rows or values for each second of CPU, medians of the rounds (a single
 * column's: the best).
 *
 * csv writes the rows for other programs (an address twice, as text and as hexadecimal digits),
 * and prints the columns: name, type, bytes of a value.
 */
#include "testdata/bench/segment/stores.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#define ROUNDS_MOST 99

enum figure { BATCH, APPEND, SEAL, LOAD, INSERT, SELECT, FIGURES };

struct costs {
	const struct rows *rows;
	char *segment_path, *sqlite_path;
	int address_text; /* of the SQLite rows: what makes the smaller file */
	double figures[FIGURES][ROUNDS_MOST];
	double column_s[COLUMNS_MOST]; /* the best */
};

double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* The bytes of a file, and what zstd -3 makes of them. */
static int file_sizes(const char *path, uint64_t *size, uint64_t *compressed)
{
	FILE *file = fopen(path, "rb");
	char *bytes = NULL, *smaller = NULL;
	long length = -1;
	size_t result;
	int error = -1;

	if (file && !fseek(file, 0, SEEK_END))
		length = ftell(file);
	if (length > 0) {
		rewind(file);
		bytes = malloc((size_t)length);
		smaller = malloc(ZSTD_compressBound((size_t)length));
	}
	if (bytes && smaller && fread(bytes, (size_t)length, 1, file) == 1) {
		result = ZSTD_compress(smaller, ZSTD_compressBound((size_t)length), bytes,
				       (size_t)length, 3);
		error = ZSTD_isError(result) ? -1 : 0;
		*size = (uint64_t)length;
		*compressed = result;
	}
	free(bytes);
	free(smaller);
	if (file)
		fclose(file);
	if (error)
		fprintf(stderr, "segment: cannot read and compress %s\n", path);
	return error;
}

/* --- the steps of a round --- */

static int store_step(struct costs *costs, int round)
{
	struct segment_cost cost;

	if (segment_store(costs->rows, costs->segment_path, &cost))
		return -1;
	costs->figures[BATCH][round] = cost.batch_s;
	costs->figures[APPEND][round] = cost.append_s;
	costs->figures[SEAL][round] = cost.seal_s;
	return 0;
}

static int load_step(struct costs *costs, int round)
{
	return segment_load(costs->rows, costs->segment_path, &costs->figures[LOAD][round]);
}

static int load_columns_step(struct costs *costs, int round)
{
	double column_s[COLUMNS_MOST];

	if (segment_load_columns(costs->rows, costs->segment_path, column_s))
		return -1;
	for (unsigned int i = 0; i < costs->rows->column_count; i++)
		if (round == 0 || column_s[i] < costs->column_s[i])
			costs->column_s[i] = column_s[i];
	return 0;
}

static int insert_step(struct costs *costs, int round)
{
	return sqlite_store(costs->rows, costs->sqlite_path, costs->address_text,
			    &costs->figures[INSERT][round]);
}

static int select_step(struct costs *costs, int round)
{
	return sqlite_load(costs->rows, costs->sqlite_path, &costs->figures[SELECT][round]);
}

static int run_rounds(struct costs *costs, int rounds)
{
	int (*const steps[])(struct costs *, int) = {store_step, insert_step, load_step,
						     select_step, load_columns_step};
	int count = sizeof(steps) / sizeof(steps[0]);

	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++)
			if (steps[(round + i) % count](costs, round))
				return -1;
	return 0;
}

/* --- what comes out --- */

static int check_round_trip(const struct costs *costs)
{
	uint64_t digest;

	if (segment_rows_digest(costs->rows, costs->segment_path, &digest))
		return -1;
	if (digest == rows_digest(costs->rows))
		return 0;
	fprintf(stderr, "segment: %s: other rows than were put in\n", costs->segment_path);
	return -1;
}

/* Both forms of addresses are tried; the file that stays is the smaller. */
static int print_sqlite_sizes(struct costs *costs)
{
	static const char *const form[] = {"blob", "text"};
	uint64_t size[2], compressed[2];
	double cost;

	for (int is_text = 0; is_text < 2; is_text++) {
		if (sqlite_store(costs->rows, costs->sqlite_path, is_text, &cost) ||
		    file_sizes(costs->sqlite_path, &size[is_text], &compressed[is_text]))
			return -1;
		printf("sqlite\t%s\t%" PRIu64 "\t%" PRIu64 "\n", form[is_text], size[is_text],
		       compressed[is_text]);
	}
	costs->address_text = size[1] < size[0];
	printf("bytes\tsqlite_rows\t%" PRIu64 "\n", size[costs->address_text]);
	printf("bytes\tsqlite_rows_zstd\t%" PRIu64 "\n",
	       compressed[0] < compressed[1] ? compressed[0] : compressed[1]);
	return costs->address_text ? 0
				   : sqlite_store(costs->rows, costs->sqlite_path, 0, &cost);
}

static int print_segment_sizes(struct costs *costs)
{
	const struct rows *rows = costs->rows;
	uint64_t size, compressed, strings, columns[COLUMNS_MOST];

	if (file_sizes(costs->segment_path, &size, &compressed) ||
	    segment_sizes(rows, costs->segment_path, columns, &strings))
		return -1;
	printf("bytes\tsegment\t%" PRIu64 "\n", size);
	for (unsigned int i = 0; i < rows->column_count; i++)
		printf("column\t%s\t%" PRIu64 "\t%.0f\n", rows_column(rows, i)->name,
		       columns[i], (double)rows->count / costs->column_s[i]);
	printf("strings\t%" PRIu64 "\n", strings);
	return 0;
}

static void print_rates(struct costs *costs, int rounds)
{
	double rows = (double)costs->rows->count;
	double values = rows * costs->rows->column_count;
	double with_batch[ROUNDS_MOST];

	for (int i = 0; i < rounds; i++)
		with_batch[i] = costs->figures[BATCH][i] + costs->figures[APPEND][i];
	printf("rate\tencode\t%.0f\n", rows / median(costs->figures[APPEND], rounds));
	printf("rate\tencode_with_batch\t%.0f\n", rows / median(with_batch, rounds));
	printf("rate\tseal\t%.0f\n", rows / median(costs->figures[SEAL], rounds));
	printf("rate\tsqlite_insert\t%.0f\n", rows / median(costs->figures[INSERT], rounds));
	printf("rate\tdecode\t%.0f\n", values / median(costs->figures[LOAD], rounds));
	/* Sorts them; nobody asks for a column by its number any more. */
	printf("rate\tdecode_median\t%.0f\n",
	       rows / median(costs->column_s, (int)costs->rows->column_count));
	printf("rate\tsqlite_select\t%.0f\n", values / median(costs->figures[SELECT], rounds));
}

static int cost(const struct rows *rows, const char *directory, int rounds)
{
	struct costs costs = {.rows = rows};
	struct segment_cost first;
	int error = -1;

	if (asprintf(&costs.segment_path, "%s/bench.segment", directory) < 0 ||
	    asprintf(&costs.sqlite_path, "%s/rows.sqlite", directory) < 0)
		abort();
	printf("rows\t%zu\ncolumns\t%u\n", rows->count, rows->column_count);
	/* The first time is for the sizes, and warms up. */
	if (!print_sqlite_sizes(&costs) && !segment_store(rows, costs.segment_path, &first) &&
	    !check_round_trip(&costs) && !run_rounds(&costs, rounds) &&
	    !check_round_trip(&costs) && !print_segment_sizes(&costs)) {
		print_rates(&costs, rounds);
		error = 0;
	}
	free(costs.segment_path);
	free(costs.sqlite_path);
	return error;
}

/* --- for other programs --- */

static void print_csv_value(FILE *out, const struct flow_row *row, const struct column *column)
{
	char text[INET6_ADDRSTRLEN];

	if (column->type == COLUMN_ADDRESS) {
		const uint8_t *bytes = (const uint8_t *)row_address(row, column);

		address_text(row_address(row, column), text);
		fprintf(out, "%s,", text);
		for (int i = 0; i < 16; i++)
			fprintf(out, "%02x", bytes[i]);
	} else if (column->type == COLUMN_TEXT) {
		const char *at = row_text(row, column);

		if (!at)
			return;
		putc('"', out);
		for (; *at; at++)
			fprintf(out, *at == '"' ? "\"\"" : "%c", *at);
		putc('"', out);
	} else {
		fprintf(out, "%" PRIu64, row_integer(row, column));
	}
}

static int csv(const struct rows *rows, const char *path)
{
	static const char *const types[] = {[COLUMN_INTEGER] = "integer",
					    [COLUMN_TIME] = "time",
					    [COLUMN_ADDRESS] = "address",
					    [COLUMN_TEXT] = "text"};
	FILE *out = fopen(path, "w");
	int error = !out;

	for (size_t row = 0; row < rows->count && out; row++) {
		for (unsigned int i = 0; i < rows->column_count; i++) {
			if (i)
				putc(',', out);
			print_csv_value(out, &rows->rows[row], rows_column(rows, i));
		}
		putc('\n', out);
	}
	if (out)
		error = ferror(out) | fclose(out);
	if (error) {
		fprintf(stderr, "segment: cannot write %s\n", path);
		return -1;
	}
	for (unsigned int i = 0; i < rows->column_count; i++) {
		const struct column *column = rows_column(rows, i);

		printf("%s\t%s\t%zu\n", column->name, types[column->type], column->size);
	}
	return 0;
}

static int misuse(void)
{
	fputs("usage: segment cost DIR ROUNDS ROWS|SEGMENT... | csv FILE ROWS|SEGMENT...\n",
	      stderr);
	return 64;
}

int main(int argc, char **argv)
{
	int is_cost = argc > 4 && !strcmp(argv[1], "cost");
	int is_csv = argc > 3 && !strcmp(argv[1], "csv");
	int rounds = is_cost ? atoi(argv[3]) : 1, error;
	char **sources = argv + (is_cost ? 4 : 3), *end;
	size_t count;
	struct rows *rows;

	if ((!is_cost && !is_csv) || rounds < 1 || rounds > ROUNDS_MOST)
		return misuse();
	count = strtoull(sources[0], &end, 10);
	rows = count && !*end ? rows_generate(count)
			      : rows_read(sources, argc - (int)(sources - argv));
	if (!rows)
		return 1;
	error = is_cost ? cost(rows, argv[2], rounds) : csv(rows, argv[2]);
	rows_free(rows);
	return error ? 1 : 0;
}
