/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes one segment file through SQLite.
 *
 * While it is written the file is in WAL mode with a full sync at each commit, so that whatever
 * was committed survives a crash of the writer and of the machine, and readers are never in the
 * way.
 */
#include "schema/segment_writer_private.h"
#include "schema/page_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const char segment_sql[];

static const char *const statement_sql[STATEMENTS] = {
	[INSERT_CHUNK] =
		"INSERT INTO chunk(stream, slice, row_count, first_ns, last_ns, checksum)"
		" VALUES(?, ?, ?, ?, ?, 0)",
	[INSERT_PART] =
		"INSERT INTO part(chunk_id, column_id, minimum, maximum, checksum, filter,"
		" entries, data) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
	[INSERT_STRING] = "INSERT INTO string(string_id, value) VALUES(?, ?)",
	[DROP_PARTS] = "DELETE FROM part WHERE chunk_id IN"
		       " (SELECT chunk_id FROM chunk WHERE slice = ?)",
	[DROP_CHUNKS] = "DELETE FROM chunk WHERE slice = ?",
	[SET_COVERED] = "UPDATE segment SET covered_ns = ?",
	[SET_CHECKSUM] = "UPDATE chunk SET checksum = ? WHERE chunk_id = ?",
};

int writer_failure(struct segment_writer *segment, int result)
{
	int primary = result & 0xff;

	if (primary == SQLITE_OK || primary == SQLITE_DONE || primary == SQLITE_ROW)
		return 0;
	snprintf(segment->problem, sizeof(segment->problem), "%s: %s", segment->path,
		 segment->database ? sqlite3_errmsg(segment->database)
				   : sqlite3_errstr(result));
	switch (primary) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISUSE:
	case SQLITE_ERROR:
		return -EINVAL;
	case SQLITE_CANTOPEN:
		return -EACCES;
	default:
		/* A disk that fills between two pages is an I/O error to SQLite. */
		return sqlite3_system_errno(segment->database) == ENOSPC ? -ENOSPC : -EIO;
	}
}

static int execute(struct segment_writer *segment, const char *sql)
{
	return writer_failure(segment, sqlite3_exec(segment->database, sql, NULL, NULL, NULL));
}

int writer_run(struct segment_writer *segment, enum statement which)
{
	int result = sqlite3_step(segment->statements[which]);
	int error = writer_failure(segment, result);

	sqlite3_reset(segment->statements[which]);
	sqlite3_clear_bindings(segment->statements[which]);
	return error;
}

int segment_put(struct segment_writer *segment, const char *sql, const char *types, ...)
{
	sqlite3_stmt *statement;
	int error = writer_failure(segment, sqlite3_prepare_v2(segment->database, sql, -1,
							       &statement, NULL));
	va_list values;

	if (error)
		return error;
	va_start(values, types);
	for (int i = 0; types[i]; i++) {
		if (types[i] == 'i')
			sqlite3_bind_int64(statement, i + 1, va_arg(values, int64_t));
		else
			sqlite3_bind_text(statement, i + 1, va_arg(values, const char *), -1,
					  SQLITE_TRANSIENT);
	}
	va_end(values);
	error = writer_failure(segment, sqlite3_step(statement));
	sqlite3_finalize(statement);
	return error;
}

static int describe_columns(struct segment_writer *segment)
{
	int column_id = 0, error = 0;

	for (int id = 0; id < STREAM_COUNT && !error; id++) {
		const struct stream *stream = stream_get(id);

		segment->column_ids[id] = column_id + 1;
		for (unsigned int i = 0; i < stream->column_count && !error; i++) {
			const struct column *column = &stream->columns[i];

			error = segment_put(
				segment,
				"INSERT INTO stream_column VALUES(?, ?, ?, ?, ?, ?, ?)",
				"itttitt", (int64_t)++column_id, stream->name, column->name,
				column_type_name(column->type), (int64_t)column->optional,
				column->unit, column->meaning);
		}
	}
	return error;
}

static int query_integer(struct segment_writer *segment, const char *sql, int64_t *out)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(segment->database, sql, -1, &statement, NULL);

	if (!result)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return writer_failure(segment, result);
}

/* What the statements that a query gives do. */
static int execute_each(struct segment_writer *segment, const char *query)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(segment->database, query, -1, &statement, NULL);
	int error = writer_failure(segment, result);

	while (!error && (result = sqlite3_step(statement)) == SQLITE_ROW)
		error = execute(segment, (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return error ? error : writer_failure(segment, result);
}

/* Everything but chunks of the segment that is attached as "live". */
static int copy_live(struct segment_writer *segment)
{
	int64_t differing = 0;
	int error =
		query_integer(segment,
			      "SELECT count(*) FROM (SELECT * FROM live.stream_column EXCEPT"
			      " SELECT * FROM stream_column)",
			      &differing);

	if (!error && differing)
		return -EPROTONOSUPPORT;
	if (error)
		return error;
	return execute_each(
		segment, "SELECT 'INSERT INTO main.' || name || ' SELECT * FROM live.' || name"
			 " FROM live.sqlite_master WHERE type = 'table'"
			 " AND name NOT IN ('stream_column', 'chunk', 'part')"
			 " AND name NOT LIKE 'sqlite_%'");
}

/* The tables and what is in them from the beginning, in one transaction. */
static int build(struct segment_writer *segment, const struct segment_identity *identity)
{
	char version[96];
	int error;

	snprintf(version, sizeof(version),
		 "PRAGMA application_id = %d; PRAGMA user_version = %d; BEGIN IMMEDIATE",
		 SEGMENT_APPLICATION_ID, SEGMENT_FORMAT_MAJOR * 65536 + SEGMENT_FORMAT_MINOR);
	error = execute(segment, version);
	if (!error)
		error = execute(segment, segment_sql);
	if (!error)
		error = describe_columns(segment);
	if (!error && identity)
		error = segment_put(
			segment, "INSERT INTO segment VALUES(?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
			"iititii", (int64_t)SEGMENT_FORMAT_MAJOR, (int64_t)SEGMENT_FORMAT_MINOR,
			identity->recording_id, (int64_t)identity->sequence, identity->writer,
			(int64_t)identity->created_ns, (int64_t)identity->created_ns);
	if (!error && !identity)
		error = copy_live(segment);
	for (int i = 0; i < STATEMENTS && !error; i++)
		error = writer_failure(segment,
				       sqlite3_prepare_v3(segment->database, statement_sql[i],
							  -1, SQLITE_PREPARE_PERSISTENT,
							  &segment->statements[i], NULL));
	return error ? error : segment_commit(segment, 0);
}

static int open_writer(const char *path, int level, struct segment_writer **out)
{
	struct segment_writer *segment = calloc(1, sizeof(*segment));
	int error = 0;

	if (!segment)
		return -ENOMEM;
	segment->path = strdup(path);
	segment->encoder = chunk_encoder_new(level);
	segment->strings = dictionary_new();
	if (!segment->path || !segment->encoder || !segment->strings)
		error = -ENOMEM;
	if (!error)
		error = writer_failure(
			segment,
			sqlite3_open_v2(path, &segment->database,
					SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (error) {
		segment_close(segment);
		return error;
	}
	*out = segment;
	return 0;
}

int segment_create(const char *path, const struct segment_identity *identity,
		   struct segment_writer **out)
{
	struct segment_writer *segment = NULL;
	/* The file is made here, for its mode and for -EEXIST; an empty file is an empty
	 * database. */
	int error, file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	if (file < 0)
		return -errno;
	close(file);
	error = open_writer(path, identity->level, &segment);
	if (!error)
		error = execute(segment, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;"
					 "PRAGMA synchronous = FULL;"
					 "PRAGMA wal_autocheckpoint = 2000");
	if (!error)
		error = build(segment, identity);
	if (error) {
		segment_close(segment);
		unlink(path);
		return error;
	}
	*out = segment;
	return 0;
}

int segment_create_sealed(const char *path, const char *live_path, uint32_t page_size,
			  int level, struct segment_writer **out)
{
	struct segment_writer *segment = NULL;
	char pragmas[96];
	int error = open_writer(path, level, &segment);

	snprintf(pragmas, sizeof(pragmas),
		 "PRAGMA page_size = %u; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF",
		 page_size);
	if (!error)
		error = execute(segment, pragmas);
	if (!error)
		error = writer_failure(segment, page_guard_reserve(segment->database));
	if (!error)
		error = segment_put(segment, "ATTACH ? AS live", "t", live_path);
	if (!error)
		error = build(segment, NULL);
	if (error)
		segment_close(segment);
	else
		*out = segment;
	return error;
}

int segment_begin(struct segment_writer *segment)
{
	return execute(segment, "BEGIN IMMEDIATE");
}

void segment_rollback(struct segment_writer *segment)
{
	if (!sqlite3_get_autocommit(segment->database))
		sqlite3_exec(segment->database, "ROLLBACK", NULL, NULL, NULL);
	segment->stored_strings = segment->committed_strings;
}

int writer_ended(struct segment_writer *segment, int error)
{
	if (error)
		segment_rollback(segment);
	return error;
}

int segment_commit(struct segment_writer *segment, uint64_t covered_ns)
{
	int error = 0;

	if (covered_ns) {
		sqlite3_bind_int64(segment->statements[SET_COVERED], 1, (int64_t)covered_ns);
		error = writer_run(segment, SET_COVERED);
	}
	if (!error)
		error = execute(segment, "COMMIT");
	if (!error)
		segment->committed_strings = segment->stored_strings;
	return writer_ended(segment, error);
}

int segment_finish(struct segment_writer *segment, uint64_t finished_ns)
{
	int error = segment_begin(segment);

	if (!error)
		error = segment_put(segment, "UPDATE segment SET finished_ns = ?", "i",
				    (int64_t)finished_ns);
	if (!error)
		error = segment_commit(segment, 0);
	if (error)
		return writer_ended(segment, error);
	for (int i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(segment->statements[i]);
		segment->statements[i] = NULL;
	}
	/* Where a reader holds the file or the disk is full, the journal stays and belongs to
	 * it. */
	if (!execute(segment, "PRAGMA wal_checkpoint(TRUNCATE)"))
		execute(segment, "PRAGMA journal_mode = DELETE");
	return 0;
}

void segment_close(struct segment_writer *segment)
{
	if (!segment)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(segment->statements[i]);
	sqlite3_close(segment->database);
	dictionary_free(segment->strings);
	chunk_encoder_free(segment->encoder);
	free(segment->path);
	free(segment);
}

uint64_t segment_size_bytes(const struct segment_writer *segment)
{
	uint64_t size = 0;
	struct stat status;
	char *journal;

	if (!stat(segment->path, &status))
		size = (uint64_t)status.st_size;
	if (asprintf(&journal, "%s-wal", segment->path) >= 0) {
		if (!stat(journal, &status))
			size += (uint64_t)status.st_size;
		free(journal);
	}
	return size;
}

const char *segment_error(const struct segment_writer *segment)
{
	return segment->problem;
}
