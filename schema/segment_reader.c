/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one segment file.
 *
 * A file without a journal beside it is opened immutable: nothing is locked or written. One
 * with a journal (being written, or torn) is opened read-only with it, in one read transaction,
 * so that every answer is of the same instant; where its directory cannot be written, from a
 * working copy.
 */
#include "schema/segment_reader_private.h"
#include "schema/page_guard.h"
#include "schema/seal.h"
#include "schema/segment_writer.h"
#include "schema/working_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEAST_BYTES 512 /* the smallest page of SQLite */

int reader_problem(struct segment_reader *segment, int error, const char *format, ...)
{
	va_list arguments;

	free(segment->problem);
	segment->damage_offset = -1;
	va_start(arguments, format);
	if (vasprintf(&segment->problem, format, arguments) < 0)
		segment->problem = NULL;
	va_end(arguments);
	return error;
}

int reader_sqlite_problem(struct segment_reader *segment, const char *where)
{
	int code = sqlite3_errcode(segment->database) & 0xff;
	int error = code == SQLITE_NOMEM ? -ENOMEM : -EBADMSG;
	struct page_damage damage;

	if (code == SQLITE_CANTOPEN || code == SQLITE_PERM || code == SQLITE_READONLY)
		error = -EACCES;
	if (!segment->sealed || !page_guard_damage(segment->database, &damage))
		return reader_problem(segment, error, "%s: %s%s; expected a Flowtape segment",
				      segment->path, where, sqlite3_errmsg(segment->database));
	if (damage.end)
		reader_problem(segment, error,
			       "%s: %sthe file ends at offset %llu; expected a page at %llu",
			       segment->path, where, (unsigned long long)damage.end,
			       (unsigned long long)damage.offset);
	else
		reader_problem(segment, error,
			       "%s: %sthe page at offset %llu does not match its checksum",
			       segment->path, where, (unsigned long long)damage.offset);
	segment->damage_offset = (int64_t)damage.offset;
	return error;
}

/* One integer that a query gives. */
int reader_integer(struct segment_reader *segment, const char *sql, int64_t *out)
{
	sqlite3_stmt *statement = NULL;
	int error = 0;

	if (sqlite3_prepare_v2(segment->database, sql, -1, &statement, NULL) != SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW)
		error = reader_sqlite_problem(segment, "");
	else
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return error;
}

int reader_prepare(struct segment_reader *segment, sqlite3_stmt **statement, const char *sql)
{
	if (*statement)
		sqlite3_reset(*statement);
	else if (sqlite3_prepare_v3(segment->database, sql, -1, SQLITE_PREPARE_PERSISTENT,
				    statement, NULL) != SQLITE_OK)
		return reader_sqlite_problem(segment, "");
	return 0;
}

static int check_format(struct segment_reader *segment)
{
	int64_t application = 0, version = 0, major, minor, finished;
	int error = reader_integer(segment, "PRAGMA application_id", &application);

	if (!error)
		error = reader_integer(segment, "PRAGMA user_version", &version);
	if (error)
		return error;
	if (application != SEGMENT_APPLICATION_ID)
		return reader_problem(
			segment, -EBADMSG,
			"%s: an SQLite database with application id 0x%llx; expected a "
			"Flowtape segment (0x%x)",
			segment->path, (unsigned long long)application, SEGMENT_APPLICATION_ID);
	error = reader_integer(segment, "SELECT format_major FROM segment", &major);
	if (!error)
		error = reader_integer(segment, "SELECT format_minor FROM segment", &minor);
	if (error)
		return error;
	if (major < version / 65536)
		major = version / 65536;
	if (major > SEGMENT_FORMAT_MAJOR)
		return reader_problem(
			segment, -EPROTONOSUPPORT,
			"%s: format %lld.%lld is newer than this program reads (%d.x)",
			segment->path, (long long)major, (long long)minor,
			SEGMENT_FORMAT_MAJOR);
	if (major < SEGMENT_FORMAT_MAJOR)
		return reader_problem(
			segment, -EPROTONOSUPPORT,
			"%s: format %lld.%lld is older than this program reads (%d.x)",
			segment->path, (long long)major, (long long)minor,
			SEGMENT_FORMAT_MAJOR);
	error = reader_integer(segment, "SELECT finished_ns IS NOT NULL FROM segment",
			       &finished);
	if (!error)
		error = reader_integer(segment, "SELECT covered_ns FROM segment",
				       (int64_t *)&segment->covered_ns);
	segment->finished = !error && finished;
	return error;
}

/* Columns that we do not know count too: parts may refer to them by position. */
static int add_file_column(struct segment_reader *segment, int id, int column_id)
{
	unsigned int count = segment->file_column_counts[id];
	int *columns = realloc(segment->file_columns[id], (count + 1) * sizeof(*columns));

	if (!columns)
		return -ENOMEM;
	columns[count] = column_id;
	segment->file_columns[id] = columns;
	segment->file_column_counts[id] = count + 1;
	return 0;
}

/* Which of the columns that we know this segment has, and their numbers in it. */
static int map_columns(struct segment_reader *segment)
{
	sqlite3_stmt *statement;
	int result;

	for (int id = 0; id < STREAM_COUNT; id++) {
		segment->column_ids[id] = calloc(stream_get(id)->column_count, sizeof(int));
		if (!segment->column_ids[id])
			return -ENOMEM;
	}
	if (sqlite3_prepare_v2(segment->database,
			       "SELECT stream, name, column_id FROM stream_column"
			       " ORDER BY column_id",
			       -1, &statement, NULL) != SQLITE_OK)
		return reader_sqlite_problem(segment, "");
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *stream = (const char *)sqlite3_column_text(statement, 0);
		const char *name = (const char *)sqlite3_column_text(statement, 1);
		int id = stream ? stream_find(stream) : -1;
		int column = id >= 0 && name ? stream_column(stream_get(id), name) : -1;

		if (column >= 0)
			segment->column_ids[id][column] = sqlite3_column_int(statement, 2);
		if (id >= 0 && add_file_column(segment, id, sqlite3_column_int(statement, 2))) {
			sqlite3_finalize(statement);
			return -ENOMEM;
		}
	}
	sqlite3_finalize(statement);
	return result == SQLITE_DONE ? 0 : reader_sqlite_problem(segment, "");
}

static int has_journal(const char *path)
{
	struct stat status;
	char *journal;
	int there;

	if (asprintf(&journal, "%s-wal", path) < 0)
		return 1;
	there = !stat(journal, &status) && status.st_size > 0;
	free(journal);
	return there;
}

/* The path as an SQLite URI: '?', '#' and '%' must not be taken for its syntax. */
static char *uri(const char *path, const char *mode)
{
	char *out = malloc(strlen(path) * 3 + strlen(mode) + 8), *end = out;

	if (!out)
		return NULL;
	end += sprintf(end, "file:");
	for (; *path; path++)
		end += sprintf(end, strchr("?#%", *path) ? "%%%02X" : "%c",
			       (unsigned char)*path);
	strcpy(end, mode);
	return out;
}

/* The database is open: what is in it is not to be believed. */
static int begin_reading(struct segment_reader *segment)
{
	int off;

	sqlite3_db_config(segment->database, SQLITE_DBCONFIG_DEFENSIVE, 1, &off);
	sqlite3_db_config(segment->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &off);
	sqlite3_busy_timeout(segment->database, 2000);
	/* The first read is what opens the journal. */
	if (sqlite3_exec(segment->database,
			 "PRAGMA cell_size_check = 1; PRAGMA mmap_size = 0; BEGIN;"
			 "PRAGMA schema_version",
			 NULL, NULL, NULL) != SQLITE_OK)
		return reader_sqlite_problem(segment, "");
	return 0;
}

static int open_path(struct segment_reader *segment, const char *path, const char *mode)
{
	char *name = uri(path, mode);
	int result;

	if (!name)
		return -ENOMEM;
	result = sqlite3_open_v2(name, &segment->database,
				 SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
				 NULL);
	free(name);
	return result ? reader_sqlite_problem(segment, "") : begin_reading(segment);
}

static int is_live(const char *path)
{
	size_t size = strlen(path), suffix = strlen(SEGMENT_LIVE_SUFFIX);

	return size > suffix && !strcmp(path + size - suffix, SEGMENT_LIVE_SUFFIX) &&
	       has_journal(path);
}

/*
 * One that is written now is not opened for a look: to close a file gives up all locks that
 * this process has on it, also those of its own writer.
 */
static int detect_seal(struct segment_reader *segment)
{
	int file, is_sealed;

	if (is_live(segment->path))
		return 0;
	file = open(segment->path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return reader_problem(segment, -errno, "%s: %s", segment->path,
				      strerror(errno));
	is_sealed = page_guard_detect(file);
	close(file);
	if (is_sealed < 0)
		return reader_problem(segment, is_sealed, "%s: %s", segment->path,
				      strerror(-is_sealed));
	segment->sealed = is_sealed;
	return 0;
}

static int open_database(struct segment_reader *segment)
{
	struct working_copy *copy;
	int error = detect_seal(segment);

	if (error)
		return error;
	if (segment->sealed && page_guard_open(segment->path, &segment->database))
		return reader_problem(
			segment, -EBADMSG,
			"%s: its first page is damaged; expected a Flowtape segment",
			segment->path);
	if (segment->sealed)
		return begin_reading(segment);
	if (!has_journal(segment->path))
		return open_path(segment, segment->path, "?immutable=1");
	error = open_path(segment, segment->path, "?mode=ro");
	if (error != -EACCES || working_copy_make(segment->path, &copy))
		return error;
	sqlite3_close(segment->database);
	segment->database = NULL;
	error = open_path(segment, working_copy_path(copy), "");
	working_copy_remove(copy);
	return error;
}

int segment_open(const char *path, struct segment_reader **out, char **why)
{
	struct segment_reader *segment = calloc(1, sizeof(*segment));
	struct stat status;
	int error;

	*why = NULL;
	if (!segment)
		return -ENOMEM;
	segment->path = strdup(path);
	if (!segment->path)
		error = -ENOMEM;
	else if (stat(path, &status))
		error = reader_problem(segment, -errno, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(status.st_mode) || !status.st_size)
		error = reader_problem(
			segment, -EBADMSG, "%s: %s; expected a Flowtape segment", path,
			S_ISREG(status.st_mode) ? "an empty file" : "not a file");
	else if (status.st_size < LEAST_BYTES)
		error = reader_problem(segment, -EBADMSG,
				       "%s: %lld bytes; expected a Flowtape segment", path,
				       (long long)status.st_size);
	else
		error = open_database(segment);
	if (!error)
		error = check_format(segment);
	if (!error)
		error = map_columns(segment);
	if (error) {
		*why = segment->problem;
		segment->problem = NULL;
		segment_reader_close(segment);
		return error;
	}
	*out = segment;
	return 0;
}

void segment_reader_close(struct segment_reader *segment)
{
	if (!segment)
		return;
	sqlite3_finalize(segment->part_query);
	sqlite3_finalize(segment->filter_query);
	sqlite3_finalize(segment->digest_query);
	sqlite3_close(segment->database);
	segment_rest(segment);
	for (int id = 0; id < STREAM_COUNT; id++) {
		free(segment->column_ids[id]);
		free(segment->file_columns[id]);
	}
	for (uint64_t i = 0; segment->texts && i <= segment->text_count; i++)
		free(segment->texts[i]);
	free(segment->texts);
	free(segment->text_sizes);
	free(segment->problem);
	free(segment->path);
	free(segment);
}

const char *segment_path(const struct segment_reader *segment)
{
	return segment->path;
}

const char *segment_problem(const struct segment_reader *segment)
{
	return segment->problem ? segment->problem : "out of memory";
}

int segment_is_finished(const struct segment_reader *segment)
{
	return segment->finished;
}

int segment_is_sealed(const struct segment_reader *segment)
{
	return segment->sealed;
}

int64_t segment_damage_offset(const struct segment_reader *segment)
{
	return segment->damage_offset;
}

uint64_t segment_covered_ns(const struct segment_reader *segment)
{
	return segment->covered_ns;
}

sqlite3 *segment_database(struct segment_reader *segment)
{
	return segment->database;
}
