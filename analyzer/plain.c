/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain tables of segments.
 *
 * schema/segment.sql says which columns a table has; of a segment whose minor version has more
 * or fewer, the common ones are copied.
 */
#include "analyzer/plain.h"

#include "schema/page_guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char segment_sql[];

#define PART_BYTES "length(part.data) + ifnull(length(part.entries), 0)"

static const struct plain plains[PLAIN_COUNT] = {
	{.name = "segment", .is_small = 1},
	{.name = "host", .is_small = 1},
	{.name = "clock", .is_small = 1},
	{.name = "interface", .is_small = 1, .index = "network_namespace, interface_index"},
	{.name = "probe", .is_small = 1},
	{.name = "stage", .is_small = 1},
	{.name = "loss", .is_small = 1},
	{.name = "capture", .is_small = 1},
	{
		.name = "stream_size",
		.is_small = 1,
		.columns = "stream TEXT, rows INTEGER, bytes INTEGER, first_ns INTEGER,"
			   " last_ns INTEGER",
		.query = "SELECT stream, sum(row_count), (SELECT sum(" PART_BYTES ") FROM part"
			 " JOIN chunk AS c USING (chunk_id) WHERE c.stream = chunk.stream),"
			 " min(first_ns), max(last_ns) FROM chunk GROUP BY stream",
	},
	{
		.name = "column_size",
		.columns = "stream TEXT, \"column\" TEXT, rows INTEGER, bytes INTEGER",
		.query = "SELECT c.stream, c.name, sum(chunk.row_count), sum(" PART_BYTES ")"
			 " FROM stream_column AS c JOIN part USING (column_id)"
			 " JOIN chunk USING (chunk_id) GROUP BY c.column_id",
	},
};

const struct plain *plain_get(size_t i)
{
	return &plains[i];
}

const struct plain *plain_find(const char *name)
{
	for (size_t i = 0; i < PLAIN_COUNT; i++)
		if (!strcmp(plains[i].name, name))
			return &plains[i];
	return NULL;
}

static int execute(sqlite3 *database, char *sql)
{
	int result = sql ? sqlite3_exec(database, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(sql);
	return result;
}

/* A database with the tables of segment.sql and nothing in them. */
static int open_model(sqlite3 **out)
{
	int result = sqlite3_open(":memory:", out);

	return result ? result : sqlite3_exec(*out, segment_sql, NULL, NULL, NULL);
}

/* The columns as segment.sql has them: "name TYPE, ...". */
static int model_columns(const struct plain *plain, char **out)
{
	sqlite3 *model = NULL;
	sqlite3_stmt *statement = NULL;
	int result = open_model(&model);
	sqlite3_str *list = sqlite3_str_new(NULL);

	if (!result)
		result =
			sqlite3_prepare_v2(model, "SELECT name, type FROM pragma_table_info(?)",
					   -1, &statement, NULL);
	if (!result)
		result = sqlite3_bind_text(statement, 1, plain->name, -1, SQLITE_STATIC);
	while (!result && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		sqlite3_str_appendf(list, "%s\"%w\" %s", sqlite3_str_length(list) ? ", " : "",
				    sqlite3_column_text(statement, 0),
				    sqlite3_column_text(statement, 1));
		result = SQLITE_OK;
	}
	sqlite3_finalize(statement);
	sqlite3_close(model);
	*out = sqlite3_str_finish(list);
	return result != SQLITE_DONE ? result : *out ? SQLITE_OK : SQLITE_NOMEM;
}

int plain_create(sqlite3 *database, const struct plain *plain)
{
	char *columns = NULL;
	int result = plain->columns ? SQLITE_OK : model_columns(plain, &columns);

	if (!result)
		result = execute(
			database,
			sqlite3_mprintf("CREATE TABLE \"%w\"(segment TEXT, %s);"
					"CREATE INDEX \"%w_by_segment\" ON \"%w\""
					"(segment%s%s)",
					plain->name, plain->columns ? plain->columns : columns,
					plain->name, plain->name, plain->index ? ", " : "",
					plain->index ? plain->index : ""));
	sqlite3_free(columns);
	return result;
}

/* Whether the other database has the column. Returns an SQLite result code. */
static int has_column(sqlite3 *other, const char *table, const char *column, int *answer)
{
	int result = sqlite3_table_column_metadata(other, NULL, table, column, NULL, NULL, NULL,
						   NULL, NULL);

	*answer = result == SQLITE_OK;
	return result == SQLITE_ERROR ? SQLITE_OK : result;
}

int plain_columns(sqlite3 *database, const struct plain *plain, sqlite3 *other, char **out)
{
	sqlite3_str *list = sqlite3_str_new(database);
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(database,
					"SELECT name FROM pragma_table_info(?) WHERE cid > 0",
					-1, &statement, NULL);

	if (!result)
		result = sqlite3_bind_text(statement, 1, plain->name, -1, SQLITE_STATIC);
	while (!result && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(statement, 0);
		int is_common = 1;

		result = name ? SQLITE_OK : SQLITE_NOMEM;
		if (!result && other)
			result = has_column(other, plain->name, name, &is_common);
		if (!result && is_common)
			sqlite3_str_appendf(list, ", \"%w\"", name);
	}
	sqlite3_finalize(statement);
	*out = NULL;
	if (result == SQLITE_DONE) {
		int is_empty = !sqlite3_str_length(list);

		*out = is_empty ? sqlite3_mprintf("") : sqlite3_str_finish(list);
		if (!is_empty)
			return *out ? SQLITE_OK : SQLITE_NOMEM;
		result = *out ? SQLITE_OK : SQLITE_NOMEM;
	}
	sqlite3_free(sqlite3_str_finish(list));
	return result;
}

int plain_prepare_insert(sqlite3 *to, const struct plain *plain, const char *columns,
			 sqlite3_stmt **out)
{
	sqlite3_str *sql = sqlite3_str_new(to);
	char *text;
	int result;

	sqlite3_str_appendf(sql, "INSERT INTO \"%w\"(rowid, segment%s) VALUES(?, ?",
			    plain->name, columns);
	for (const char *c = columns; *c; c++)
		if (*c == ',') /* our names have none */
			sqlite3_str_appendall(sql, ", ?");
	sqlite3_str_appendall(sql, ")");
	text = sqlite3_str_finish(sql);
	result = text ? sqlite3_prepare_v2(to, text, -1, out, NULL) : SQLITE_NOMEM;
	sqlite3_free(text);
	return result;
}

int plain_insert(sqlite3_stmt *insert, struct plain_target *target, sqlite3_stmt *row,
		 int first)
{
	int result = target->rowid ? sqlite3_bind_int64(insert, 1, target->rowid++)
				   : sqlite3_bind_null(insert, 1);

	if (!result)
		result = sqlite3_bind_text(insert, 2, target->name, -1, SQLITE_STATIC);
	for (int i = first; i < sqlite3_column_count(row) && !result; i++)
		result =
			sqlite3_bind_value(insert, i - first + 3, sqlite3_column_value(row, i));
	if (!result)
		sqlite3_step(insert);
	return result ? result : sqlite3_reset(insert);
}

/* Say what is wrong with the segment's last answer, or with the page that it needed. */
static int tell_error(char **problem, struct segment_reader *from, const struct plain *plain)
{
	struct page_damage damage;
	int size;

	if (!segment_is_sealed(from) || !page_guard_damage(segment_database(from), &damage))
		size = asprintf(problem, "%s: table %s: %s", segment_path(from), plain->name,
				sqlite3_errmsg(segment_database(from)));
	else if (damage.end)
		size = asprintf(problem, "%s: table %s: the file ends at offset %" PRIu64,
				segment_path(from), plain->name, damage.end);
	else
		size = asprintf(problem,
				"%s: table %s: the page at offset %" PRIu64
				" does not match its checksum",
				segment_path(from), plain->name, damage.offset);
	if (size >= 0)
		return SQLITE_OK;
	*problem = NULL;
	return SQLITE_NOMEM;
}

static int tell_missing(char **problem, struct segment_reader *from, const struct plain *plain)
{
	if (asprintf(problem, "%s: has no table %s", segment_path(from), plain->name) >= 0)
		return SQLITE_OK;
	*problem = NULL;
	return SQLITE_NOMEM;
}

/* The query on the segment and the columns that it fills. */
static int make_query(sqlite3 *to, const struct plain *plain, struct segment_reader *from,
		      char **columns, char **query, char **problem)
{
	int result =
		plain_columns(to, plain, plain->query ? NULL : segment_database(from), columns);

	*query = NULL;
	if (result) {
		if (sqlite3_errcode(segment_database(from)) == SQLITE_OK ||
		    result == SQLITE_NOMEM)
			return result;
		return tell_error(problem, from, plain);
	}
	if (!**columns)
		return tell_missing(problem, from, plain);
	*query = plain->query
			 ? sqlite3_mprintf("%s", plain->query)
			 : sqlite3_mprintf("SELECT %s FROM \"%w\"", *columns + 2, plain->name);
	return *query ? SQLITE_OK : SQLITE_NOMEM;
}

int plain_copy(sqlite3 *to, const struct plain *plain, struct plain_target *target,
	       struct segment_reader *from, char **problem)
{
	sqlite3 *database = segment_database(from);
	sqlite3_stmt *statement = NULL, *insert = NULL;
	char *columns = NULL, *query = NULL;
	int result, read = SQLITE_DONE;

	*problem = NULL;
	result = make_query(to, plain, from, &columns, &query, problem);
	if (!result && query) {
		read = sqlite3_prepare_v2(database, query, -1, &statement, NULL);
		if (!read)
			result = plain_prepare_insert(to, plain, columns, &insert);
		while (!read && !result && (read = sqlite3_step(statement)) == SQLITE_ROW)
			read = result = plain_insert(insert, target, statement, 0);
		if (!result && read != SQLITE_DONE)
			result = tell_error(problem, from, plain);
	}
	sqlite3_finalize(statement);
	sqlite3_finalize(insert);
	sqlite3_free(query);
	sqlite3_free(columns);
	return result;
}
