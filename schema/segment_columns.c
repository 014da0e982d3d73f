/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of a chunk, from the bytes of their parts.
 */
#include "schema/segment_reader_private.h"
#include "schema/checksum.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int chunk_problem(struct segment_reader *segment, const struct chunk *chunk)
{
	char where[32];

	snprintf(where, sizeof(where), "chunk %lld: ", (long long)chunk->chunk_id);
	return reader_sqlite_problem(segment, where);
}

/* A row of the digest's query: what it says of a part, in the text that is summed. */
static void describe_part(sqlite3_stmt *query, FILE *digest)
{
	const char *name = (const char *)sqlite3_column_text(query, 5);
	uint64_t sum = (uint64_t)sqlite3_column_int64(query, 6);
	int is_address = sqlite3_column_bytes(query, 7) == sizeof(struct address) &&
			 sqlite3_column_bytes(query, 8) == sizeof(struct address) &&
			 sqlite3_column_type(query, 7) == SQLITE_BLOB;

	if (is_address)
		checksum_describe_addresses(digest, name ? name : "?",
					    sqlite3_column_blob(query, 7),
					    sqlite3_column_blob(query, 8), sum);
	else
		checksum_describe(digest, name ? name : "?", sqlite3_column_int64(query, 7),
				  sqlite3_column_int64(query, 8), sum);
}

int segment_check_chunk(struct segment_reader *segment, const struct chunk *chunk)
{
	char *text = NULL;
	size_t size = 0;
	FILE *digest;
	int result, error;
	int64_t expected = 0;

	if (segment->checked_chunk == chunk->chunk_id)
		return 0;
	error = reader_prepare(
		segment, &segment->digest_query,
		"SELECT chunk.stream, row_count, first_ns, last_ns, chunk.checksum, name,"
		" part.checksum, minimum, maximum FROM chunk LEFT JOIN part USING (chunk_id)"
		" LEFT JOIN stream_column USING (column_id) WHERE chunk_id = ?"
		" ORDER BY column_id");
	if (error)
		return error;
	digest = open_memstream(&text, &size);
	if (!digest)
		return -ENOMEM;
	sqlite3_bind_int64(segment->digest_query, 1, chunk->chunk_id);
	for (int row = 0; (result = sqlite3_step(segment->digest_query)) == SQLITE_ROW; row++) {
		sqlite3_stmt *query = segment->digest_query;

		if (!row) {
			expected = sqlite3_column_int64(query, 4);
			fprintf(digest, "%s|%lld|%lld|%lld", sqlite3_column_text(query, 0),
				(long long)sqlite3_column_int64(query, 1),
				(long long)sqlite3_column_int64(query, 2),
				(long long)sqlite3_column_int64(query, 3));
		}
		if (sqlite3_column_type(query, 6) != SQLITE_NULL)
			describe_part(query, digest);
	}
	if (fclose(digest))
		error = -ENOMEM;
	else if (result != SQLITE_DONE)
		error = chunk_problem(segment, chunk);
	else if ((int64_t)checksum(text, size) != expected)
		error = reader_problem(
			segment, -EBADMSG,
			"%s: chunk %lld: its list of parts does not match its checksum",
			segment->path, (long long)chunk->chunk_id);
	else
		segment->checked_chunk = chunk->chunk_id;
	free(text);
	sqlite3_reset(segment->digest_query);
	return error;
}

static int damaged_part(struct segment_reader *segment, enum stream_id stream,
			const struct chunk *chunk, unsigned int column, const char *what)
{
	return reader_problem(segment, -EBADMSG, "%s: stream %s, chunk %lld, column %s: %s",
			      segment->path, stream_get(stream)->name,
			      (long long)chunk->chunk_id,
			      stream_get(stream)->columns[column].name, what);
}

static int part_problem(struct segment_reader *segment, enum stream_id stream,
			const struct chunk *chunk, unsigned int column)
{
	char where[160];

	snprintf(where, sizeof(where),
		 "stream %s, chunk %lld, column %s: ", stream_get(stream)->name,
		 (long long)chunk->chunk_id, stream_get(stream)->columns[column].name);
	return reader_sqlite_problem(segment, where);
}

/* Whether the checksum in a row is that of filter, entries and data in the columns behind it.
 */
static int matches(sqlite3_stmt *query, int first)
{
	struct piece pieces[3];

	for (int i = 0; i < 3; i++) {
		pieces[i].data = sqlite3_column_blob(query, first + 1 + i);
		pieces[i].size = (size_t)sqlite3_column_bytes(query, first + 1 + i);
	}
	return (int64_t)checksum_pieces(pieces, 3) == sqlite3_column_int64(query, first);
}

int segment_check_parts(struct segment_reader *segment, enum stream_id stream,
			const struct chunk *chunk)
{
	sqlite3_stmt *query = NULL;
	int result, error = segment_check_chunk(segment, chunk);

	if (error)
		return error;
	if (sqlite3_prepare_v2(segment->database,
			       "SELECT name, checksum, filter, entries, data FROM part"
			       " JOIN stream_column USING (column_id) WHERE chunk_id = ?",
			       -1, &query, NULL) != SQLITE_OK)
		return chunk_problem(segment, chunk);
	sqlite3_bind_int64(query, 1, chunk->chunk_id);
	while (!error && (result = sqlite3_step(query)) == SQLITE_ROW)
		if (!matches(query, 1))
			error = reader_problem(
				segment, -EBADMSG,
				"%s: stream %s, chunk %lld, column %s: the bytes do not match "
				"their checksum",
				segment->path, stream_get(stream)->name,
				(long long)chunk->chunk_id, sqlite3_column_text(query, 0));
	if (!error && result != SQLITE_DONE)
		error = chunk_problem(segment, chunk);
	sqlite3_finalize(query);
	return error;
}

/* Who asks for a column, while its parts are fetched. */
struct asking {
	struct segment_reader *segment;
	enum stream_id stream;
	const struct chunk *chunk;
	unsigned int column;
	unsigned int copies;
};

static int copy_blob(struct bytes *copy, sqlite3_stmt *query, int index, const uint8_t **data,
		     size_t *size)
{
	const void *blob = sqlite3_column_blob(query, index);
	size_t blob_size = (size_t)sqlite3_column_bytes(query, index);
	uint8_t *to = bytes_room(copy, blob_size + 1);

	if (!to)
		return -ENOMEM;
	if (blob_size)
		memcpy(to, blob, blob_size);
	*data = to;
	*size = blob_size;
	copy->size += blob_size;
	return 0;
}

static int fetch_part(void *context, unsigned int position, struct part_bytes *out)
{
	struct asking *asking = context;
	struct segment_reader *segment = asking->segment;
	struct bytes *copy = &segment->copies[asking->copies % COPIES];
	sqlite3_stmt *query;
	int result, error;

	if (position >= segment->file_column_counts[asking->stream])
		return -EBADMSG;
	error = reader_prepare(segment, &segment->part_query,
			       "SELECT checksum, filter, entries, data FROM part"
			       " WHERE chunk_id = ? AND column_id = ?");
	if (error)
		return error;
	query = segment->part_query;
	sqlite3_bind_int64(query, 1, asking->chunk->chunk_id);
	sqlite3_bind_int(query, 2, segment->file_columns[asking->stream][position]);
	result = sqlite3_step(query);
	if (result == SQLITE_DONE)
		return -ENODATA;
	if (result != SQLITE_ROW)
		return part_problem(segment, asking->stream, asking->chunk, asking->column);
	asking->copies++;
	copy->size = 0;
	bytes_room(copy, (size_t)sqlite3_column_bytes(query, 2) +
				 (size_t)sqlite3_column_bytes(query, 3) + 2);
	error = copy_blob(copy, query, 2, &out->entries, &out->entries_size);
	if (!error)
		error = copy_blob(copy, query, 3, &out->data, &out->data_size);
	if (!error && !matches(query, 0))
		error = damaged_part(segment, asking->stream, asking->chunk, asking->column,
				     "the bytes do not match their checksum");
	sqlite3_reset(query);
	return error;
}

static int position_in_file(const struct segment_reader *segment, enum stream_id stream,
			    int column_id, unsigned int *out)
{
	for (unsigned int i = 0; i < segment->file_column_counts[stream]; i++)
		if (column_id && segment->file_columns[stream][i] == column_id) {
			*out = i;
			return 0;
		}
	return -ENODATA;
}

struct chunk_decoder *reader_decoder(struct segment_reader *segment)
{
	if (!segment->decoder)
		segment->decoder = chunk_decoder_new();
	return segment->decoder;
}

void segment_rest(struct segment_reader *segment)
{
	if (!segment->decoder)
		return;
	chunk_decoder_free(segment->decoder);
	segment->decoder = NULL;
	for (unsigned int i = 0; i < COPIES; i++) {
		free(segment->copies[i].data);
		segment->copies[i] = (struct bytes){0};
	}
}

int segment_column(struct segment_reader *segment, enum stream_id stream,
		   const struct chunk *chunk, unsigned int column, void *values)
{
	int address = stream_get(stream)->columns[column].type == COLUMN_ADDRESS;
	size_t value_size = address ? sizeof(struct address) : sizeof(uint64_t);
	struct asking asking = {segment, stream, chunk, column, 0};
	unsigned int position;
	int error = 0;

	/* The pages of a sealed segment vouch for the list of its parts. */
	if (!segment->sealed)
		error = segment_check_chunk(segment, chunk);
	if (error)
		return error;
	if (position_in_file(segment, stream, segment->column_ids[stream][column], &position)) {
		memset(values, 0, value_size * chunk->row_count);
		return 0;
	}
	if (!reader_decoder(segment))
		return -ENOMEM;
	free(segment->problem);
	segment->problem = NULL;
	error = chunk_decode(segment->decoder, chunk->row_count, position, value_size,
			     fetch_part, &asking, values);
	if (error == -EBADMSG && !segment->problem)
		error = damaged_part(segment, stream, chunk, column,
				     "the bytes are not an encoded column");
	return error;
}
