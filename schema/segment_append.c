/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts batches into a segment as chunks: texts into its dictionary, each column as a part with
 * its zone map, filter and checksum.
 */
#include "schema/segment_writer_private.h"
#include "schema/checksum.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The batch's text codes become the segment's, and new strings enter the table. */
static int store_texts(struct segment_writer *segment, struct batch *batch, unsigned int column)
{
	uint64_t *codes = batch->columns[column].integers;
	uint32_t text_count = dictionary_count(batch->texts);
	uint32_t *ids = calloc((size_t)text_count + 1, sizeof(*ids));
	int error = 0;

	if (!ids)
		return -ENOMEM;
	for (uint32_t row = 0; row < batch->row_count && !error; row++) {
		if (codes[row] && !ids[codes[row]]) {
			size_t size;
			const char *text =
				dictionary_text(batch->texts, (uint32_t)codes[row], &size);

			ids[codes[row]] = dictionary_intern(segment->strings, text, size);
			if (!ids[codes[row]])
				error = -ENOMEM;
		}
		codes[row] = ids[codes[row]];
	}
	free(ids);
	while (!error && segment->stored_strings < dictionary_count(segment->strings)) {
		size_t size;
		uint32_t id = ++segment->stored_strings;
		const char *text = dictionary_text(segment->strings, id, &size);

		sqlite3_bind_int64(segment->statements[INSERT_STRING], 1, id);
		sqlite3_bind_text64(segment->statements[INSERT_STRING], 2, text, size,
				    SQLITE_STATIC, SQLITE_UTF8);
		error = writer_run(segment, INSERT_STRING);
	}
	return error;
}

/* A dictionary is an exact set; other columns that people look for may have a filter. */
static size_t make_filter(struct segment_writer *segment, const struct batch *batch,
			  const struct part *part)
{
	const struct column *column = &batch->stream->columns[part->column];
	int is_address = column->type == COLUMN_ADDRESS;
	uint64_t range =
		is_address ? UINT64_MAX : (uint64_t)part->maximum - (uint64_t)part->minimum;

	if (part->entries || !column->is_key)
		return 0;
	return filter_make(segment->filter, batch->columns[part->column].memory,
			   is_address ? sizeof(struct address) : sizeof(uint64_t),
			   batch->row_count, range);
}

/* Store a part, and add it to the text that the chunk's checksum is of. */
static int store_part(struct segment_writer *segment, int64_t chunk_id, int column_id,
		      const struct batch *batch, const struct part *part, FILE *digest)
{
	sqlite3_stmt *insert = segment->statements[INSERT_PART];
	const struct column *column = &batch->stream->columns[part->column];
	const struct piece pieces[] = {
		{segment->filter, make_filter(segment, batch, part)},
		{part->entries, part->entries_size},
		{part->data, part->data_size},
	};
	uint64_t sum = checksum_pieces(pieces, sizeof(pieces) / sizeof(pieces[0]));

	sqlite3_bind_int64(insert, 1, chunk_id);
	sqlite3_bind_int(insert, 2, column_id);
	if (column->type == COLUMN_ADDRESS) {
		sqlite3_bind_blob(insert, 3, &part->lowest, 16, SQLITE_STATIC);
		sqlite3_bind_blob(insert, 4, &part->highest, 16, SQLITE_STATIC);
		checksum_describe_addresses(digest, column->name, &part->lowest, &part->highest,
					    sum);
	} else {
		sqlite3_bind_int64(insert, 3, part->minimum);
		sqlite3_bind_int64(insert, 4, part->maximum);
		checksum_describe(digest, column->name, part->minimum, part->maximum, sum);
	}
	sqlite3_bind_int64(insert, 5, (int64_t)sum);
	for (int i = 0; i < 3; i++)
		if (pieces[i].size)
			sqlite3_bind_blob64(insert, 6 + i, pieces[i].data, pieces[i].size,
					    SQLITE_STATIC);
	return writer_run(segment, INSERT_PART);
}

/* What chunk.checksum is the digest of, see FORMAT.md. */
struct digest {
	char *text;
	size_t size;
	FILE *stream;
};

static int store_columns(struct segment_writer *segment, struct batch *batch, int64_t chunk_id,
			 int first_column_id, FILE *digest)
{
	const struct part *parts;
	size_t part_count;
	int error = 0;

	for (unsigned int i = 0; i < batch->stream->column_count && !error; i++)
		if (batch->stream->columns[i].type == COLUMN_TEXT && batch->columns[i].memory &&
		    !batch->is_coded)
			error = store_texts(segment, batch, i);
	if (!error)
		error = chunk_encode(segment->encoder, batch, &parts, &part_count);
	for (size_t i = 0; !error && i < part_count; i++)
		error = store_part(segment, chunk_id, first_column_id + (int)parts[i].column,
				   batch, &parts[i], digest);
	return error;
}

int segment_append(struct segment_writer *segment, struct batch *batch, uint64_t slice)
{
	sqlite3_stmt *insert = segment->statements[INSERT_CHUNK];
	struct digest digest = {0};
	uint64_t first_ns, last_ns;
	int64_t chunk_id;
	int error;

	if (!batch->row_count)
		return 0;
	batch_span(batch, &first_ns, &last_ns);
	sqlite3_bind_text(insert, 1, batch->stream->name, -1, SQLITE_STATIC);
	if (slice)
		sqlite3_bind_int64(insert, 2, (int64_t)slice);
	sqlite3_bind_int64(insert, 3, batch->row_count);
	sqlite3_bind_int64(insert, 4, (int64_t)first_ns);
	sqlite3_bind_int64(insert, 5, (int64_t)last_ns);
	error = writer_run(segment, INSERT_CHUNK);
	if (error)
		return writer_ended(segment, error);
	chunk_id = sqlite3_last_insert_rowid(segment->database);
	digest.stream = open_memstream(&digest.text, &digest.size);
	if (!digest.stream)
		return writer_ended(segment, -ENOMEM);
	fprintf(digest.stream, "%s|%u|%lld|%lld", batch->stream->name, batch->row_count,
		(long long)first_ns, (long long)last_ns);
	error = store_columns(segment, batch, chunk_id,
			      segment->column_ids[stream_find(batch->stream->name)],
			      digest.stream);
	if (fclose(digest.stream))
		error = error ? error : -ENOMEM;
	if (!error) {
		sqlite3_bind_int64(segment->statements[SET_CHECKSUM], 1,
				   (int64_t)checksum(digest.text, digest.size));
		sqlite3_bind_int64(segment->statements[SET_CHECKSUM], 2, chunk_id);
		error = writer_run(segment, SET_CHECKSUM);
	}
	free(digest.text);
	return writer_ended(segment, error);
}

int segment_drop_slice(struct segment_writer *segment, uint64_t slice)
{
	int error;

	sqlite3_bind_int64(segment->statements[DROP_PARTS], 1, (int64_t)slice);
	error = writer_run(segment, DROP_PARTS);
	if (!error) {
		sqlite3_bind_int64(segment->statements[DROP_CHUNKS], 1, (int64_t)slice);
		error = writer_run(segment, DROP_CHUNKS);
	}
	return writer_ended(segment, error);
}

int segment_copy_chunk(struct segment_writer *segment, int64_t live_chunk_id)
{
	int error = segment_put(
		segment,
		"INSERT INTO main.chunk(stream, slice, row_count, first_ns, last_ns,"
		" checksum) SELECT stream, slice, row_count, first_ns, last_ns,"
		" checksum FROM live.chunk WHERE chunk_id = ?",
		"i", live_chunk_id);

	if (!error)
		error = segment_put(
			segment,
			"INSERT INTO main.part(chunk_id, column_id, minimum, maximum, checksum,"
			" filter, entries, data) SELECT ?, column_id, minimum, maximum, checksum,"
			" filter, entries, data FROM live.part"
			" WHERE chunk_id = ? ORDER BY column_id",
			"ii", (int64_t)sqlite3_last_insert_rowid(segment->database),
			live_chunk_id);
	return error;
}
