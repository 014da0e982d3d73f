/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports to an SQLite database of ordinary tables, which any tool can query: one for each
 * stream, with derived columns and with addresses and texts as text, the plain tables, and the
 * notes about what is missing. It has an index for each column that people look things up by.
 */
#include "analyzer/database.h"
#include "analyzer/derived.h"
#include "analyzer/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int execute(sqlite3 *database, char *sql)
{
	int result = sql ? sqlite3_exec(database, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(sql);
	return result;
}

/* Create the same table there; *columns are its quoted names. */
static int create(sqlite3 *database, const char *table, char **columns)
{
	sqlite3_str *sql = sqlite3_str_new(database), *names = sqlite3_str_new(database);
	sqlite3_stmt *rows = NULL;
	int result = sqlite3_prepare_v2(database,
					"SELECT name, type FROM pragma_table_xinfo(?, 'main')",
					-1, &rows, NULL);

	sqlite3_str_appendf(sql, "CREATE TABLE output.\"%w\"(", table);
	if (!result)
		result = sqlite3_bind_text(rows, 1, table, -1, SQLITE_STATIC);
	for (int i = 0; !result && (result = sqlite3_step(rows)) == SQLITE_ROW; i++) {
		const unsigned char *name = sqlite3_column_text(rows, 0);

		sqlite3_str_appendf(sql, "%s\"%w\" %s", i ? ", " : "", name,
				    sqlite3_column_text(rows, 1));
		sqlite3_str_appendf(names, "%s\"%w\"", i ? ", " : "", name);
		result = SQLITE_OK;
	}
	sqlite3_finalize(rows);
	sqlite3_str_appendall(sql, ")");
	*columns = sqlite3_str_finish(names);
	if (result == SQLITE_DONE)
		return execute(database, sqlite3_str_finish(sql));
	sqlite3_free(sqlite3_str_finish(sql));
	return result;
}

/* Copy the rows, those of one segment when it is not NULL. */
static int copy(struct export_job *job, const char *table, const char *columns,
		const char *segment)
{
	char *condition =
		segment ? sqlite3_mprintf(" WHERE segment = %Q", segment) : sqlite3_mprintf("");
	int result = SQLITE_NOMEM;

	if (columns && condition)
		result = execute(job->database,
				 sqlite3_mprintf("INSERT INTO output.\"%w\"(%s)"
						 " SELECT %s FROM main.\"%w\"%s",
						 table, columns, columns, table, condition));
	if (!result)
		job->rows += (uint64_t)sqlite3_changes64(job->database);
	sqlite3_free(condition);
	return result;
}

/* Whether people look things up by the column. */
static int is_key(const struct column *column)
{
	return column->is_key || column->type == COLUMN_TIME;
}

static int make_index(sqlite3 *database, const struct stream *stream,
		      const struct column *column)
{
	char *only = column->optional
			     ? sqlite3_mprintf(" WHERE \"%w\" IS NOT NULL", column->name)
			     : sqlite3_mprintf("");
	int result = SQLITE_NOMEM;

	if (only)
		result = execute(database, sqlite3_mprintf("CREATE INDEX output.\"%w_by_%w\""
							   " ON \"%w\"(\"%w\")%s",
							   stream->name, column->name,
							   stream->name, column->name, only));
	sqlite3_free(only);
	return result;
}

static int make_indexes(sqlite3 *database, const struct stream *stream)
{
	int result = SQLITE_OK;

	for (unsigned int i = 0; i < stream->column_count && !result; i++)
		if (is_key(&stream->columns[i]))
			result = make_index(database, stream, &stream->columns[i]);
	for (size_t i = 0; derived_column(stream, i) && !result; i++)
		if (is_key(&derived_column(stream, i)->column))
			result = make_index(database, stream,
					    &derived_column(stream, i)->column);
	return result;
}

static int write_stream(struct export_job *job, enum stream_id id)
{
	size_t count = recording_segment_count(job->recording);
	const struct stream *stream = stream_get(id);
	char *columns = NULL;
	int result = create(job->database, stream->name, &columns);

	for (size_t i = 0; i < count && !result; i++) {
		result = copy(job, stream->name, columns,
			      recording_segment(job->recording, i)->name);
		progress_show(&job->progress, (uint64_t)id * count + i);
	}
	sqlite3_free(columns);
	job->tables++;
	return result ? result : make_indexes(job->database, stream);
}

static int write_plain(struct export_job *job, const char *table)
{
	char *columns = NULL;
	int result = create(job->database, table, &columns);

	if (!result)
		result = copy(job, table, columns, NULL);
	sqlite3_free(columns);
	job->tables++;
	return result;
}

/* All tables of the database but the streams, which are not in its schema. */
static int write_plains(struct export_job *job)
{
	sqlite3_stmt *names = NULL;
	int result =
		sqlite3_prepare_v2(job->database,
				   "SELECT name FROM main.sqlite_schema WHERE type = 'table'"
				   " AND name NOT LIKE 'sqlite_%'",
				   -1, &names, NULL);

	while (!result && (result = sqlite3_step(names)) == SQLITE_ROW)
		result = write_plain(job, (const char *)sqlite3_column_text(names, 0));
	sqlite3_finalize(names);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int write_notes(struct export_job *job)
{
	const struct recording *recording = job->recording;
	int result =
		execute(job->database, sqlite3_mprintf("CREATE TABLE output.note(note TEXT)"));

	for (size_t i = 0; i < recording_note_count(recording) && !result; i++)
		result = execute(job->database,
				 sqlite3_mprintf("INSERT INTO output.note VALUES(%Q)",
						 recording_note(recording, i)));
	job->tables++;
	return result;
}

static int write_all(struct export_job *job)
{
	int result = sqlite3_exec(job->database,
				  "PRAGMA output.journal_mode = MEMORY;"
				  "PRAGMA output.synchronous = OFF;"
				  "PRAGMA output.cache_size = -65536; BEGIN",
				  NULL, NULL, NULL);

	for (int id = 0; id < STREAM_COUNT && !result; id++)
		result = write_stream(job, id);
	if (!result)
		result = write_plains(job);
	if (!result)
		result = write_notes(job);
	if (!result)
		result = sqlite3_exec(job->database, "COMMIT", NULL, NULL, NULL);
	return result;
}

static int write(struct export_job *job, char **problem)
{
	int result = database_attach(job->database, job->path, "output");

	job->progress.total = (uint64_t)STREAM_COUNT * recording_segment_count(job->recording);
	job->progress.unit = "segments";
	job->progress.scale = STREAM_COUNT;
	if (!result)
		result = write_all(job);
	if (result)
		*problem = strdup(sqlite3_errmsg(job->database));
	if (result && !sqlite3_get_autocommit(job->database))
		sqlite3_exec(job->database, "ROLLBACK", NULL, NULL, NULL);
	database_detach(job->database, "output");
	switch (result) {
	case SQLITE_OK:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_INTERRUPT:
		return -EINTR;
	default:
		return -EIO;
	}
}

const struct export_format export_sqlite = {
	.name = "sqlite",
	.summary = "an SQLite database of ordinary tables with indexes",
	.write = write,
};
