/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain tables of all segments, copied into one database.
 *
 * schema/segment.sql says which columns a table has; of a segment whose minor version has more
 * or fewer, the common ones are copied.
 */
#include "analyzer/plain.h"
#include "analyzer/derived.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

extern const char segment_sql[];

static const char *const tables[] = {
	"segment", "host", "clock", "interface", "probe", "stage", "loss", "capture",
};

static const char other_tables[] =
	"CREATE TABLE segment_file(segment TEXT, path TEXT, size_bytes INTEGER);"
	"CREATE TABLE column_size(segment TEXT, stream TEXT, \"column\" TEXT, rows INTEGER,"
	" bytes INTEGER);"
	"CREATE TABLE stream_size(segment TEXT, stream TEXT, rows INTEGER, bytes INTEGER,"
	" first_ns INTEGER, last_ns INTEGER);"
	"CREATE TABLE stream_column(stream TEXT, name TEXT, type TEXT, optional INTEGER, unit TEXT,"
	" meaning TEXT, otel TEXT, ecs TEXT, ipfix TEXT, zeek TEXT, UNIQUE(stream, name));";

static int execute(sqlite3 *database, sqlite3_str *sql)
{
	char *text = sqlite3_str_finish(sql);
	int result = text ? sqlite3_exec(database, text, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(text);
	return result;
}

/* "name type, name type, ..." or, without types, "name, name" of those that are in other, too.
 */
static char *column_list(sqlite3 *database, const char *table, sqlite3 *other, int types)
{
	sqlite3_str *list = sqlite3_str_new(database);
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(database, "SELECT name, type FROM pragma_table_info(?)", -1,
			       &statement, NULL) == SQLITE_OK)
		sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
	while (statement && sqlite3_step(statement) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(statement, 0);
		const char *type = types ? (const char *)sqlite3_column_text(statement, 1) : "";

		if (other && sqlite3_table_column_metadata(other, NULL, table, name, NULL, NULL,
							   NULL, NULL, NULL))
			continue;
		sqlite3_str_appendf(list, ", \"%w\" %s", name, type);
	}
	sqlite3_finalize(statement);
	return sqlite3_str_finish(list);
}

/* A database with the tables of segment.sql and nothing in them. */
static int open_model(sqlite3 **out)
{
	int result = sqlite3_open(":memory:", out);

	return result ? result : sqlite3_exec(*out, segment_sql, NULL, NULL, NULL);
}

static int create_tables(sqlite3 *database, sqlite3 *model)
{
	int result = sqlite3_exec(database, other_tables, NULL, NULL, NULL);

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !result; i++) {
		sqlite3_str *sql = sqlite3_str_new(database);
		char *columns = column_list(model, tables[i], NULL, 1);

		sqlite3_str_appendf(sql, "CREATE TABLE \"%w\"(segment TEXT%s)", tables[i],
				    columns ? columns : "");
		sqlite3_free(columns);
		result = execute(database, sql);
	}
	return result;
}

/* Step through from, and put each row after the segment's name into the table. */
static int copy_rows(sqlite3 *database, const char *table, const char *columns,
		     const char *segment, sqlite3_stmt *from)
{
	sqlite3_str *sql = sqlite3_str_new(database);
	sqlite3_stmt *to = NULL;
	int count = sqlite3_column_count(from), result, step;
	char *text;

	sqlite3_str_appendf(sql, "INSERT INTO \"%w\"(segment%s) VALUES(?", table, columns);
	for (int i = 0; i < count; i++)
		sqlite3_str_appendall(sql, ", ?");
	sqlite3_str_appendall(sql, ")");
	text = sqlite3_str_finish(sql);
	result = text ? sqlite3_prepare_v2(database, text, -1, &to, NULL) : SQLITE_NOMEM;
	sqlite3_free(text);
	if (result)
		return result;
	sqlite3_bind_text(to, 1, segment, -1, SQLITE_STATIC);
	while ((step = sqlite3_step(from)) == SQLITE_ROW) {
		for (int i = 0; i < count; i++)
			sqlite3_bind_value(to, i + 2, sqlite3_column_value(from, i));
		sqlite3_step(to);
		result = sqlite3_reset(to);
		if (result)
			break;
	}
	sqlite3_finalize(to);
	return result;
}

static int copy_file(sqlite3 *database, const struct recording_segment *segment)
{
	sqlite3_str *sql = sqlite3_str_new(database);

	sqlite3_str_appendf(sql, "INSERT INTO segment_file VALUES(%Q, %Q, %lld)", segment->name,
			    segment->path, (long long)segment->size_bytes);
	return execute(database, sql);
}

/* Copy what a query on the segment gives; errors of its side become a note. */
static int copy_query(sqlite3 *database, const char *table, const char *columns,
		      const char *query, struct recording *recording,
		      const struct recording_segment *segment)
{
	sqlite3 *from = segment_database(segment->reader);
	sqlite3_stmt *statement = NULL;
	int result = SQLITE_OK;

	if (!sqlite3_prepare_v2(from, query, -1, &statement, NULL))
		result = copy_rows(database, table, columns, segment->name, statement);
	if (!statement || sqlite3_reset(statement))
		recording_add_note(recording, "%s: %s", segment->path, sqlite3_errmsg(from));
	sqlite3_finalize(statement);
	return result;
}

static int copy_table(sqlite3 *database, sqlite3 *model, const char *table,
		      struct recording *recording, const struct recording_segment *segment)
{
	char *columns = column_list(model, table, segment_database(segment->reader), 0);
	char *sql = columns ? sqlite3_mprintf("SELECT %s FROM \"%w\"",
					      *columns ? columns + 2 : "1", table)
			    : NULL;
	int result = SQLITE_NOMEM;

	if (sql && *columns)
		result = copy_query(database, table, columns, sql, recording, segment);
	else if (sql) {
		recording_add_note(recording, "%s: has no table %s", segment->path, table);
		result = SQLITE_OK;
	}
	sqlite3_free(sql);
	sqlite3_free(columns);
	return result;
}

static int copy_sizes(sqlite3 *database, struct recording *recording,
		      const struct recording_segment *segment)
{
	int result = copy_query(
		database, "column_size", ", stream, \"column\", rows, bytes",
		"SELECT c.stream, c.name, sum(chunk.row_count), sum(length(part.data))"
		" FROM stream_column AS c JOIN part USING (column_id) JOIN chunk USING (chunk_id)"
		" GROUP BY c.column_id",
		recording, segment);

	if (result)
		return result;
	return copy_query(database, "stream_size", ", stream, rows, bytes, first_ns, last_ns",
			  "SELECT stream, sum(row_count), (SELECT sum(length(part.data) +"
			  " ifnull(length(part.entries), 0)) FROM part"
			  " JOIN chunk AS c USING (chunk_id) WHERE c.stream = chunk.stream),"
			  " min(first_ns), max(last_ns) FROM chunk GROUP BY stream",
			  recording, segment);
}

static const char *type_name(enum column_type type)
{
	static const char *const names[] = {
		[COLUMN_INTEGER] = "integer",
		[COLUMN_TIME] = "time",
		[COLUMN_ADDRESS] = "address",
		[COLUMN_TEXT] = "text",
	};

	return names[type];
}

static int describe_column(sqlite3 *database, const struct stream *stream,
			   const struct column *column)
{
	sqlite3_str *sql = sqlite3_str_new(database);

	sqlite3_str_appendf(
		sql,
		"INSERT INTO stream_column VALUES(%Q, %Q, %Q, %d, %Q, %Q, %Q, %Q, %Q,"
		" %Q)",
		stream->name, column->name, type_name(column->type), column->optional,
		column->unit, column->meaning, column->otel, column->ecs, column->ipfix,
		column->zeek);
	return execute(database, sql);
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

static int copy_segment(sqlite3 *database, sqlite3 *model, struct recording *recording,
			const struct recording_segment *segment)
{
	int result = copy_file(database, segment);

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !result; i++)
		result = copy_table(database, model, tables[i], recording, segment);
	return result ? result : copy_sizes(database, recording, segment);
}

int plain_copy(sqlite3 *database, struct recording *recording)
{
	sqlite3 *model = NULL;
	int result = open_model(&model);

	if (!result)
		result = create_tables(database, model);
	if (!result)
		result = describe_columns(database);
	for (size_t i = 0; i < recording_segment_count(recording) && !result; i++)
		result = copy_segment(database, model, recording,
				      recording_segment(recording, i));
	sqlite3_close(model);
	if (!result)
		result = sqlite3_exec(database,
				      "CREATE INDEX interface_by_index ON interface(segment,"
				      " network_namespace, interface_index)",
				      NULL, NULL, NULL);
	return result;
}
