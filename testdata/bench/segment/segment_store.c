/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment as the store: the only file here that knows how one is written and read.
 */
#include "testdata/bench/segment/stores.h"
#include "schema/seal.h"
#include "schema/segment_reader.h"
#include "schema/segment_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEVEL 1 /* of zstd, as flowrec has it */

static int failed(const char *path, const char *what)
{
	fprintf(stderr, "segment: %s: %s\n", path, what);
	return -1;
}

/* --- writing --- */

static void remove_segment(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char name[4096];

		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

/* The rows in batches, as the recorder hands them over; a list. */
static int make_batches(const struct rows *rows, struct batch **first)
{
	struct batch *batch = NULL;

	for (size_t i = 0; i < rows->count; i++) {
		if (i % BATCH_ROWS == 0) {
			struct batch *next = batch_new(STREAM_FLOW);

			if (!next)
				return -1;
			*(batch ? &batch->next : first) = next;
			batch = next;
		}
		if (batch_append(batch, &rows->rows[i]))
			return -1;
	}
	return 0;
}

static void free_batches(struct batch *batch)
{
	while (batch) {
		struct batch *next = batch->next;

		batch_free(batch);
		batch = next;
	}
}

static int append(struct segment_writer *segment, struct batch *first)
{
	int error = 0;

	for (struct batch *batch = first; batch && !error; batch = batch->next) {
		uint64_t first_ns, last_ns;

		batch_span(batch, &first_ns, &last_ns);
		error = segment_begin(segment);
		if (!error)
			error = segment_append(segment, batch, 0);
		if (!error)
			error = segment_commit(segment, last_ns);
	}
	return error;
}

/* From the live form to the sealed one. */
static int seal(const char *live_path, const char *path)
{
	char digest[SEAL_DIGEST_SIZE], *problem = NULL;
	int error = segment_seal(live_path, path, NULL, digest, &problem);

	if (error)
		failed(path, problem ? problem : strerror(-error));
	free(problem);
	return error;
}

int segment_store(const struct rows *rows, const char *path, struct segment_cost *cost)
{
	char live_path[4096];
	const struct segment_identity identity = {
		.recording_id = "bench", .sequence = 1, .writer = "bench", .level = LEVEL};
	struct segment_writer *segment;
	struct batch *batches = NULL;
	double began_s;
	int error;

	snprintf(live_path, sizeof(live_path), "%s" SEGMENT_LIVE_SUFFIX, path);
	remove_segment(path);
	remove_segment(live_path);
	began_s = cpu_s();
	error = make_batches(rows, &batches);
	cost->batch_s = cpu_s() - began_s;
	if (error) {
		free_batches(batches);
		return failed(path, "out of memory");
	}
	error = segment_create(live_path, &identity, &segment);
	if (error) {
		free_batches(batches);
		return failed(path, strerror(-error));
	}
	began_s = cpu_s();
	error = append(segment, batches);
	cost->append_s = cpu_s() - began_s;
	if (!error)
		error = segment_finish(segment, 1);
	if (error)
		failed(path, segment_error(segment));
	segment_close(segment);
	began_s = cpu_s();
	if (!error)
		error = seal(live_path, path);
	cost->seal_s = cpu_s() - began_s;
	free_batches(batches);
	return error;
}

/* --- reading --- */

struct opened {
	struct segment_reader *segment;
	struct chunk *chunks;
	size_t chunk_count;
	void *values; /* room for one column of a chunk */
};

static void close_segment(struct opened *opened)
{
	segment_reader_close(opened->segment);
	free(opened->chunks);
	free(opened->values);
}

static int open_segment(const struct rows *rows, const char *path, struct opened *opened)
{
	char *problem;
	size_t count = 0;
	int error = segment_open(path, &opened->segment, &problem);

	*opened = (struct opened){.segment = error ? NULL : opened->segment};
	if (error) {
		failed(path, problem ? problem : strerror(-error));
		free(problem);
		return error;
	}
	opened->values = malloc(BATCH_ROWS * sizeof(struct address));
	error = opened->values ? segment_chunks(opened->segment, STREAM_FLOW, NULL, 0,
						&opened->chunks, &opened->chunk_count)
			       : -1;
	if (error)
		failed(path, segment_problem(opened->segment));
	for (size_t i = 0; i < opened->chunk_count; i++)
		count += opened->chunks[i].row_count;
	if (!error && count != rows->count)
		error = failed(path, "not the rows that were put in");
	if (error)
		close_segment(opened);
	return error;
}

static int load_column(const struct opened *opened, const struct chunk *chunk,
		       unsigned int column)
{
	int error = segment_column(opened->segment, STREAM_FLOW, chunk, column, opened->values);

	return error ? failed(segment_path(opened->segment), segment_problem(opened->segment))
		     : 0;
}

int segment_load(const struct rows *rows, const char *path, double *all_s)
{
	struct opened opened;
	double began_s;
	int error = open_segment(rows, path, &opened);

	if (error)
		return error;
	began_s = cpu_s();
	for (size_t i = 0; i < opened.chunk_count && !error; i++)
		for (unsigned int j = 0; j < rows->column_count && !error; j++)
			error = load_column(&opened, &opened.chunks[i], rows->columns[j]);
	*all_s = cpu_s() - began_s;
	close_segment(&opened);
	return error;
}

int segment_load_columns(const struct rows *rows, const char *path, double *column_s)
{
	struct opened opened;
	int error = open_segment(rows, path, &opened);

	if (error)
		return error;
	for (unsigned int j = 0; j < rows->column_count && !error; j++) {
		double began_s = cpu_s();

		for (size_t i = 0; i < opened.chunk_count && !error; i++)
			error = load_column(&opened, &opened.chunks[i], rows->columns[j]);
		column_s[j] = cpu_s() - began_s;
	}
	close_segment(&opened);
	return error;
}

static int digest_texts(const struct opened *opened, uint32_t count, XXH3_state_t *state)
{
	const uint64_t *codes = opened->values;

	for (uint32_t i = 0; i < count; i++) {
		size_t size = 0;
		const char *text =
			codes[i] ? segment_text(opened->segment, codes[i], &size) : "";

		if (!text)
			return failed(segment_path(opened->segment), "a text is missing");
		XXH3_64bits_update(state, text, size);
		XXH3_64bits_update(state, "", 1);
	}
	return 0;
}

int segment_rows_digest(const struct rows *rows, const char *path, uint64_t *out)
{
	struct opened opened;
	XXH3_state_t *state = XXH3_createState();
	int error = state ? open_segment(rows, path, &opened) : -1;

	if (error) {
		XXH3_freeState(state);
		return error;
	}
	XXH3_64bits_reset(state);
	for (unsigned int j = 0; j < rows->column_count && !error; j++) {
		enum column_type type = rows_column(rows, j)->type;

		for (size_t i = 0; i < opened.chunk_count && !error; i++) {
			uint32_t count = opened.chunks[i].row_count;

			error = load_column(&opened, &opened.chunks[i], rows->columns[j]);
			if (!error && type == COLUMN_TEXT)
				error = digest_texts(&opened, count, state);
			else if (!error)
				XXH3_64bits_update(state, opened.values,
						   count * (type == COLUMN_ADDRESS ? 16U : 8U));
		}
	}
	*out = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	close_segment(&opened);
	return error;
}

/* --- sizes --- */

/* One number that a query gives, or 0. */
static uint64_t ask(sqlite3 *database, const char *sql, const char *name)
{
	sqlite3_stmt *statement = NULL;
	uint64_t value = 0;

	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK) {
		if (name)
			sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
		if (sqlite3_step(statement) == SQLITE_ROW)
			value = (uint64_t)sqlite3_column_int64(statement, 0);
	}
	sqlite3_finalize(statement);
	return value;
}

int segment_sizes(const struct rows *rows, const char *path, uint64_t *column_bytes,
		  uint64_t *string_bytes)
{
	struct opened opened;
	sqlite3 *database;
	int error = open_segment(rows, path, &opened);

	if (error)
		return error;
	database = segment_database(opened.segment);
	for (unsigned int j = 0; j < rows->column_count; j++)
		column_bytes[j] =
			ask(database,
			    "SELECT sum(ifnull(length(entries), 0) + length(data)) FROM part"
			    " JOIN stream_column USING(column_id)"
			    " WHERE stream = 'flow' AND name = ?",
			    rows_column(rows, j)->name);
	*string_bytes = ask(database, "SELECT sum(length(value)) FROM string", NULL);
	close_segment(&opened);
	return 0;
}
