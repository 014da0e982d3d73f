/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables that need no segment to be read.
 */
#include "analyzer/description.h"
#include "analyzer/derived.h"

static const char tables[] =
	"CREATE TABLE segment_file(segment TEXT, path TEXT, size_bytes INTEGER);"
	"CREATE TABLE stream_column(stream TEXT, name TEXT, type TEXT, optional INTEGER, unit TEXT,"
	" meaning TEXT, otel TEXT, ecs TEXT, ipfix TEXT, zeek TEXT, UNIQUE(stream, name));";

static int execute(sqlite3 *database, char *sql)
{
	int result = sql ? sqlite3_exec(database, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(sql);
	return result;
}

static int describe_column(sqlite3 *database, const struct stream *stream,
			   const struct column *column)
{
	return execute(
		database,
		sqlite3_mprintf("INSERT INTO stream_column VALUES(%Q, %Q, %Q, %d, %Q, %Q,"
				" %Q, %Q, %Q, %Q)",
				stream->name, column->name, column_type_name(column->type),
				column->optional, column->unit, column->meaning, column->otel,
				column->ecs, column->ipfix, column->zeek));
}

static int describe_columns(sqlite3 *database)
{
	int result = SQLITE_OK;

	for (int id = 0; id < STREAM_COUNT && !result; id++) {
		const struct stream *stream = stream_get(id);

		for (unsigned int i = 0; i < stream->column_count && !result; i++)
			result = describe_column(database, stream, &stream->columns[i]);
		for (size_t i = 0; derived_column(stream, i) && !result; i++)
			result = describe_column(database, stream,
						 &derived_column(stream, i)->column);
	}
	return result;
}

static int name_files(sqlite3 *database, const struct recording *recording)
{
	int result = SQLITE_OK;

	for (size_t i = 0; i < recording_segment_count(recording) && !result; i++) {
		const struct recording_segment *segment = recording_segment(recording, i);

		result =
			execute(database,
				sqlite3_mprintf("INSERT INTO segment_file VALUES(%Q, %Q, %lld)",
						segment->name, segment->path,
						(long long)segment->size_bytes));
	}
	return result;
}

int description_create(sqlite3 *database, const struct recording *recording)
{
	int result = sqlite3_exec(database, "BEGIN", NULL, NULL, NULL);

	if (!result)
		result = sqlite3_exec(database, tables, NULL, NULL, NULL);
	if (!result)
		result = describe_columns(database);
	if (!result)
		result = name_files(database, recording);
	return result ? result : sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
}
