/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which chunks of a segment may hold rows within bounds: by zone map in SQL, then, of a sealed
 * segment, by the exact set of values or the filter that a part has.
 */
#include "schema/segment_reader_private.h"
#include "schema/filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void bound_condition(FILE *sql, const struct column *column, int column_id,
			    const struct bound *bound)
{
	static const struct address none;
	int zero_fits = bound->low <= 0 && bound->high >= 0;

	if (column->type == COLUMN_ADDRESS)
		zero_fits = !memcmp(&bound->address, &none, sizeof(none));
	fprintf(sql,
		" AND (EXISTS(SELECT 1 FROM part WHERE chunk_id = chunk.chunk_id"
		" AND column_id = %d",
		column_id);
	if (column->type == COLUMN_ADDRESS) {
		fprintf(sql, " AND x'");
		for (unsigned int i = 0; i < 16; i++)
			fprintf(sql, "%02x", ((const unsigned char *)&bound->address)[i]);
		fprintf(sql, "' BETWEEN minimum AND maximum)");
	} else
		fprintf(sql, " AND minimum <= %lld AND maximum >= %lld)",
			(long long)bound->high, (long long)bound->low);
	if (zero_fits)
		fprintf(sql,
			" OR NOT EXISTS(SELECT 1 FROM part WHERE chunk_id = chunk.chunk_id"
			" AND column_id = %d)",
			column_id);
	fprintf(sql, ")");
}

static char *chunk_query(struct segment_reader *segment, enum stream_id id,
			 const struct bound *bounds, size_t bound_count)
{
	const struct stream *stream = stream_get(id);
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);

	if (!sql)
		return NULL;
	fprintf(sql,
		"SELECT chunk_id, row_count, first_ns, last_ns, slice FROM chunk WHERE stream = '%s'",
		stream->name);
	for (size_t i = 0; i < bound_count; i++)
		bound_condition(sql, &stream->columns[bounds[i].column],
				segment->column_ids[id][bounds[i].column], &bounds[i]);
	fprintf(sql, " ORDER BY chunk_id");
	return fclose(sql) ? NULL : text;
}

/* --- what a part has beside its zone map --- */

/* A value in the form of its column. */
static const void *value_of(const struct column *column, const struct bound *bound,
			    size_t *size)
{
	*size = column->type == COLUMN_ADDRESS ? sizeof(bound->address) : sizeof(bound->low);
	return column->type == COLUMN_ADDRESS ? (const void *)&bound->address : &bound->low;
}

/*
 * Whether a chunk may hold the value that a bound asks for. What cannot be read is no reason to
 * leave a chunk out: it is told when the column is read.
 */
static int may_hold(struct segment_reader *segment, enum stream_id stream,
		    const struct chunk *chunk, const struct bound *bound)
{
	const struct column *column = &stream_get(stream)->columns[bound->column];
	size_t value_size, size;
	const void *value = value_of(column, bound, &value_size), *bytes;
	sqlite3_stmt *query;
	int answer = 1;

	if (reader_prepare(
		    segment, &segment->filter_query,
		    "SELECT entries, filter FROM part WHERE chunk_id = ? AND column_id = ?"))
		return 1;
	query = segment->filter_query;
	sqlite3_bind_int64(query, 1, chunk->chunk_id);
	sqlite3_bind_int(query, 2, segment->column_ids[stream][bound->column]);
	if (sqlite3_step(query) == SQLITE_ROW) {
		if ((bytes = sqlite3_column_blob(query, 0)) && reader_decoder(segment)) {
			size = (size_t)sqlite3_column_bytes(query, 0);
			answer = entries_hold(segment->decoder, bytes, size, value_size, value);
		} else if ((bytes = sqlite3_column_blob(query, 1))) {
			size = (size_t)sqlite3_column_bytes(query, 1);
			answer = filter_passes(bytes, size, value, value_size);
		}
	}
	sqlite3_reset(query);
	return answer != 0;
}

static int is_equality(enum stream_id stream, const struct bound *bound)
{
	return stream_get(stream)->columns[bound->column].type == COLUMN_ADDRESS ||
	       bound->low == bound->high;
}

/* Take out chunks that cannot hold what equalities ask for. */
static size_t sift(struct segment_reader *segment, enum stream_id stream,
		   const struct bound *bounds, size_t bound_count, struct chunk *chunks,
		   size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		int keep = 1;

		for (size_t j = 0; j < bound_count && keep; j++)
			if (is_equality(stream, &bounds[j]))
				keep = may_hold(segment, stream, &chunks[i], &bounds[j]);
		if (keep)
			chunks[kept++] = chunks[i];
	}
	return kept;
}

/* --- listing --- */

struct list {
	struct chunk *chunks;
	size_t count, capacity;
};

static int add_chunk(struct segment_reader *segment, enum stream_id stream, struct list *list,
		     sqlite3_stmt *statement)
{
	int64_t rows = sqlite3_column_int64(statement, 1);

	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 64;
		struct chunk *more = realloc(list->chunks, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		list->chunks = more;
		list->capacity = capacity;
	}
	list->chunks[list->count++] = (struct chunk){
		.chunk_id = sqlite3_column_int64(statement, 0),
		.row_count = (uint32_t)rows,
		.first_ns = (uint64_t)sqlite3_column_int64(statement, 2),
		.last_ns = (uint64_t)sqlite3_column_int64(statement, 3),
		.slice = (uint64_t)sqlite3_column_int64(statement, 4),
	};
	if (rows >= 1 && rows <= BATCH_ROWS)
		return 0;
	return reader_problem(segment, -EBADMSG,
			      "%s: stream %s, chunk %lld: %lld rows; expected 1 to %u",
			      segment->path, stream_get(stream)->name,
			      (long long)sqlite3_column_int64(statement, 0), (long long)rows,
			      BATCH_ROWS);
}

static int list_chunks(struct segment_reader *segment, enum stream_id stream,
		       const struct bound *bounds, size_t bound_count, struct list *list)
{
	char *sql = chunk_query(segment, stream, bounds, bound_count);
	sqlite3_stmt *statement = NULL;
	int result, error = 0;

	list->count = 0;
	if (!sql)
		return -ENOMEM;
	result = sqlite3_prepare_v2(segment->database, sql, -1, &statement, NULL);
	free(sql);
	if (result != SQLITE_OK)
		return reader_sqlite_problem(segment, "");
	while (!error && (result = sqlite3_step(statement)) == SQLITE_ROW)
		error = add_chunk(segment, stream, list, statement);
	if (!error && result != SQLITE_DONE)
		error = reader_sqlite_problem(segment, "");
	sqlite3_finalize(statement);
	return error;
}

int segment_chunks(struct segment_reader *segment, enum stream_id stream,
		   const struct bound *bounds, size_t bound_count, struct chunk **out,
		   size_t *count)
{
	struct list list = {0};
	int error = list_chunks(segment, stream, bounds, bound_count, &list);

	/* A damaged zone map leaves no chunk out. */
	if (error == -EBADMSG && bound_count)
		error = list_chunks(segment, stream, NULL, bound_count = 0, &list);
	if (error) {
		free(list.chunks);
		return error;
	}
	if (segment->sealed)
		list.count =
			sift(segment, stream, bounds, bound_count, list.chunks, list.count);
	*out = list.chunks;
	*count = list.count;
	return 0;
}
