/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dictionary of texts of a segment.
 */
#include "schema/segment_reader_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How many texts there are; they are numbered from 1 without gaps. */
static int count_texts(struct segment_reader *segment, int64_t *count)
{
	int64_t most = 0;
	int error = reader_integer(segment, "SELECT count(*) FROM string", count);

	if (!error)
		error = reader_integer(segment, "SELECT ifnull(max(string_id), 0) FROM string",
				       &most);
	if (!error && (*count != most || most > INT32_MAX))
		error = reader_problem(
			segment, -EBADMSG,
			"%s: table string has %lld rows up to number %lld; expected as many",
			segment->path, (long long)*count, (long long)most);
	return error;
}

static int load_text(struct segment_reader *segment, sqlite3_stmt *statement)
{
	int64_t id = sqlite3_column_int64(statement, 0);
	const char *text = (const char *)sqlite3_column_text(statement, 1);
	size_t size = (size_t)sqlite3_column_bytes(statement, 1);

	if (id < 1 || (uint64_t)id > segment->text_count || !text || segment->texts[id])
		return 0;
	/* With its 0 byte; a damaged text may have others in it. */
	segment->texts[id] = malloc(size + 1);
	if (!segment->texts[id])
		return -ENOMEM;
	memcpy(segment->texts[id], text, size + 1);
	segment->text_sizes[id] = size;
	return 0;
}

static int load_texts(struct segment_reader *segment)
{
	sqlite3_stmt *statement = NULL;
	int64_t count = 0;
	int result, error = count_texts(segment, &count);

	if (error)
		return error;
	segment->texts = calloc((size_t)count + 1, sizeof(*segment->texts));
	segment->text_sizes = calloc((size_t)count + 1, sizeof(*segment->text_sizes));
	if (!segment->texts || !segment->text_sizes)
		return -ENOMEM;
	segment->text_count = (uint64_t)count;
	if (sqlite3_prepare_v2(segment->database, "SELECT string_id, value FROM string", -1,
			       &statement, NULL) != SQLITE_OK)
		return reader_sqlite_problem(segment, "table string: ");
	while (!error && (result = sqlite3_step(statement)) == SQLITE_ROW)
		error = load_text(segment, statement);
	if (!error && result != SQLITE_DONE)
		error = reader_sqlite_problem(segment, "table string: ");
	sqlite3_finalize(statement);
	return error;
}

int segment_load_texts(struct segment_reader *segment)
{
	if (!segment->texts_loaded) {
		segment->texts_loaded = 1;
		segment->texts_error = load_texts(segment);
	}
	return segment->texts_error;
}

const char *segment_text(struct segment_reader *segment, uint64_t code, size_t *size)
{
	segment_load_texts(segment);
	if (!code || code > segment->text_count || !segment->texts[code])
		return NULL;
	if (size)
		*size = segment->text_sizes[code];
	return segment->texts[code];
}

int segment_code(struct segment_reader *segment, const char *text, size_t size, uint64_t *code)
{
	sqlite3_stmt *statement = NULL;
	int result, error = 0;

	if (sqlite3_prepare_v2(segment->database,
			       "SELECT string_id FROM string WHERE value = ?", -1, &statement,
			       NULL) != SQLITE_OK)
		return reader_sqlite_problem(segment, "table string: ");
	sqlite3_bind_text64(statement, 1, text, size, SQLITE_STATIC, SQLITE_UTF8);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		*code = (uint64_t)sqlite3_column_int64(statement, 0);
	else if (result == SQLITE_DONE)
		*code = 0;
	else
		error = reader_sqlite_problem(segment, "table string: ");
	sqlite3_finalize(statement);
	return error;
}
