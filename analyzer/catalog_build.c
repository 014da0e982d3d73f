/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the database of a catalog from sealed segments, and its file.
 *
 * It is made in memory, written under a second name and renamed. Who writes holds a lock on the
 * second name: a file of that name that can be locked is a leftover, and is taken over.
 */
#include "analyzer/catalog_build.h"
#include "analyzer/catalog.h"
#include "analyzer/zone.h"

#include "schema/checksum.h"
#include "schema/page_guard.h"
#include "schema/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

extern const char segment_sql[];

static const char tables[] =
	"CREATE TABLE file(segment TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL,"
	" mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,"
	" sha256 TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE zone(stream TEXT, \"column\" TEXT, segment TEXT, minimum, maximum,"
	" PRIMARY KEY(stream, \"column\", segment)) WITHOUT ROWID;";

int64_t catalog_time_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

int32_t catalog_version(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	uint64_t sum;

	if (!out)
		return 0;
	fprintf(out, "%s\n%s\n", tables, segment_sql);
	for (size_t i = 0; i < PLAIN_COUNT; i++) {
		const struct plain *plain = plain_get(i);

		fprintf(out, "%s %d %s %s\n", plain->name, plain->is_small,
			plain->columns ? plain->columns : "", plain->query ? plain->query : "");
	}
	for (int id = 0; id < STREAM_COUNT; id++) {
		const struct stream *stream = stream_get(id);

		for (unsigned int i = 0; i < stream->column_count; i++)
			fprintf(out, "%s %s %d\n", stream->name, stream->columns[i].name,
				stream->columns[i].type);
	}
	if (fclose(out))
		return 0;
	sum = checksum(text, size);
	free(text);
	return (int32_t)(sum & 0x7fffffff);
}

int catalog_create(sqlite3 **out)
{
	sqlite3 *database = NULL;
	int result = sqlite3_open(":memory:", &database);
	char header[128];

	snprintf(header, sizeof(header), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 CATALOG_APPLICATION_ID, catalog_version());
	if (!result)
		result = page_guard_reserve(database);
	if (!result)
		result = sqlite3_exec(database, header, NULL, NULL, NULL);
	if (!result)
		result = sqlite3_exec(database, tables, NULL, NULL, NULL);
	for (size_t i = 0; i < PLAIN_COUNT && !result; i++)
		if (plain_get(i)->is_small)
			result = plain_create(database, plain_get(i));
	if (result)
		sqlite3_close(database);
	else
		*out = database;
	return result;
}

/* --- an entry --- */

/* SQLite's result as an errno; 0 for what is none. */
static int errno_of(int result)
{
	return result == SQLITE_OK || result == SQLITE_DONE ? 0
	       : result == SQLITE_NOMEM			    ? -ENOMEM
							    : -EIO;
}

static int add_file(sqlite3 *catalog, const struct listing_file *file, const char *digest)
{
	const struct stat *status = &file->status;
	char *sql = sqlite3_mprintf("INSERT INTO file VALUES(%Q, %lld, %lld, %lld, %lld, %Q)",
				    file->name, (long long)status->st_size,
				    (long long)catalog_time_ns(&status->st_mtim),
				    (long long)catalog_time_ns(&status->st_ctim),
				    (long long)status->st_ino, digest);
	int result = sql ? sqlite3_exec(catalog, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(sql);
	return errno_of(result);
}

static int add_plain(sqlite3 *catalog, const struct listing_file *file,
		     struct segment_reader *segment)
{
	int error = 0;

	for (size_t i = 0; i < PLAIN_COUNT && !error; i++) {
		struct plain_target target = {.name = file->name};
		char *problem = NULL;

		if (!plain_get(i)->is_small)
			continue;
		error = errno_of(plain_copy(catalog, plain_get(i), &target, segment, &problem));
		if (problem)
			error = -ENODATA;
		free(problem);
	}
	return error;
}

/* Of the parts of each column: how many, and what their values are within. */
static const char parts_sql[] =
	"SELECT c.stream, c.name, count(*), min(p.minimum), max(p.maximum),"
	" count(p.minimum) = count(*) AND min(typeof(p.minimum)) = max(typeof(p.maximum)),"
	" (SELECT count(*) FROM chunk AS a WHERE a.stream = c.stream)"
	" FROM part AS p JOIN stream_column AS c USING (column_id)"
	" JOIN chunk AS k ON k.chunk_id = p.chunk_id AND k.stream = c.stream"
	" GROUP BY p.column_id";

/* Columns of which no chunk has a part are zero in every row. */
static const char chunks_sql[] = "SELECT DISTINCT stream FROM chunk";

static int prepare_zone(sqlite3 *catalog, sqlite3_stmt **out)
{
	return errno_of(sqlite3_prepare_v2(
		catalog,
		"INSERT INTO zone(stream, \"column\", segment, minimum, maximum)"
		" VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(stream, \"column\", segment) DO UPDATE SET"
		" minimum = min(minimum, ?4), maximum = max(maximum, ?5)",
		-1, out, NULL));
}

static int bind_zero(sqlite3_stmt *insert, enum column_type type)
{
	for (int i = 4; i <= 5; i++) {
		int result = type == COLUMN_ADDRESS
				     ? sqlite3_bind_zeroblob(insert, i, sizeof(struct address))
				     : sqlite3_bind_int64(insert, i, 0);
		if (result)
			return errno_of(result);
	}
	return 0;
}

static int put_zero(sqlite3_stmt *insert, const struct stream *stream,
		    const struct column *column, const struct listing_file *file)
{
	int error;

	sqlite3_bind_text(insert, 1, stream->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, 2, column->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, 3, file->name, -1, SQLITE_STATIC);
	error = bind_zero(insert, column->type);
	if (!error)
		sqlite3_step(insert);
	return error ? error : errno_of(sqlite3_reset(insert));
}

/* The description of the column that a row of parts_sql is about, or NULL. */
static const struct column *row_column(sqlite3_stmt *row, const struct stream **stream)
{
	const char *name = (const char *)sqlite3_column_text(row, 0);
	int id = name ? stream_find(name) : -1, column = -1;

	if (id < 0)
		return NULL;
	*stream = stream_get(id);
	name = (const char *)sqlite3_column_text(row, 1);
	if (name)
		column = stream_column(*stream, name);
	return column < 0 ? NULL : &(*stream)->columns[column];
}

static int add_zone(sqlite3_stmt *insert, sqlite3_stmt *row, const struct listing_file *file)
{
	const struct stream *stream;
	const struct column *column = row_column(row, &stream);
	int error = 0;

	if (!column || column->type == COLUMN_TEXT)
		return 0;
	if (!sqlite3_column_int(row, 5) || !zone_is_value(row, 3, column->type) ||
	    !zone_is_value(row, 4, column->type))
		return -ENODATA;
	if (sqlite3_column_int64(row, 2) != sqlite3_column_int64(row, 6))
		error = put_zero(insert, stream, column, file);
	if (error)
		return error;
	sqlite3_bind_text(insert, 1, stream->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, 2, column->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, 3, file->name, -1, SQLITE_STATIC);
	sqlite3_bind_value(insert, 4, sqlite3_column_value(row, 3));
	sqlite3_bind_value(insert, 5, sqlite3_column_value(row, 4));
	sqlite3_step(insert);
	return errno_of(sqlite3_reset(insert));
}

static int add_zones(sqlite3_stmt *insert, const struct listing_file *file,
		     struct segment_reader *segment)
{
	sqlite3_stmt *rows;
	int error = 0, result;

	if (sqlite3_prepare_v2(segment_database(segment), parts_sql, -1, &rows, NULL))
		return -ENODATA;
	while ((result = sqlite3_step(rows)) == SQLITE_ROW && !error)
		error = add_zone(insert, rows, file);
	sqlite3_finalize(rows);
	return error ? error : result == SQLITE_DONE ? 0 : -ENODATA;
}

/* Columns without a zone so far are zero in each row of a stream that has rows. */
static int add_zero_zones(sqlite3 *catalog, const struct listing_file *file,
			  struct segment_reader *segment)
{
	sqlite3_stmt *rows, *insert = NULL;
	int error, result;

	error = errno_of(sqlite3_prepare_v2(
		catalog, "INSERT OR IGNORE INTO zone VALUES(?1, ?2, ?3, ?4, ?5)", -1, &insert,
		NULL));
	if (error)
		return error;
	if (sqlite3_prepare_v2(segment_database(segment), chunks_sql, -1, &rows, NULL)) {
		sqlite3_finalize(insert);
		return -ENODATA;
	}
	while ((result = sqlite3_step(rows)) == SQLITE_ROW && !error) {
		const char *name = (const char *)sqlite3_column_text(rows, 0);
		int id = name ? stream_find(name) : -1;
		const struct stream *stream = id < 0 ? NULL : stream_get(id);

		for (unsigned int i = 0; stream && i < stream->column_count && !error; i++)
			if (stream->columns[i].type != COLUMN_TEXT)
				error = put_zero(insert, stream, &stream->columns[i], file);
	}
	sqlite3_finalize(rows);
	sqlite3_finalize(insert);
	return error ? error : result == SQLITE_DONE ? 0 : -ENODATA;
}

/* A segment says once what it is. */
static int check_identity(sqlite3 *catalog, const struct listing_file *file)
{
	sqlite3_stmt *count;
	int error = errno_of(sqlite3_prepare_v2(
		catalog, "SELECT count(*) FROM segment WHERE segment = ?", -1, &count, NULL));

	if (error)
		return error;
	sqlite3_bind_text(count, 1, file->name, -1, SQLITE_STATIC);
	if (sqlite3_step(count) != SQLITE_ROW || sqlite3_column_int(count, 0) != 1)
		error = -ENODATA;
	sqlite3_finalize(count);
	return error;
}

static int add_content(sqlite3 *catalog, const struct listing_file *file)
{
	struct segment_reader *segment = NULL;
	sqlite3_stmt *insert = NULL;
	char *problem = NULL;
	int error = segment_open(file->path, &segment, &problem);

	free(problem);
	if (error)
		return error == -ENOMEM ? error : -ENODATA;
	error = segment_is_sealed(segment) ? add_plain(catalog, file, segment) : -ENODATA;
	if (!error)
		error = check_identity(catalog, file);
	if (!error)
		error = prepare_zone(catalog, &insert);
	if (!error)
		error = add_zones(insert, file, segment);
	sqlite3_finalize(insert);
	if (!error)
		error = add_zero_zones(catalog, file, segment);
	segment_reader_close(segment);
	return error;
}

static int is_unchanged(const struct listing_file *file)
{
	struct stat now;

	return !stat(file->path, &now) && now.st_size == file->status.st_size &&
	       now.st_ino == file->status.st_ino &&
	       !memcmp(&now.st_mtim, &file->status.st_mtim, sizeof(now.st_mtim)) &&
	       !memcmp(&now.st_ctim, &file->status.st_ctim, sizeof(now.st_ctim));
}

int catalog_add(sqlite3 *catalog, const struct listing_file *file)
{
	char digest[SEAL_DIGEST_SIZE];
	int error;

	if (listing_is_live(file->name) || segment_digest(file->path, digest))
		return -ENODATA;
	if (sqlite3_exec(catalog, "SAVEPOINT entry", NULL, NULL, NULL))
		return -ENOMEM;
	error = add_file(catalog, file, digest);
	if (!error)
		error = add_content(catalog, file);
	if (!error && !is_unchanged(file))
		error = -ENODATA;
	if (error)
		sqlite3_exec(catalog, "ROLLBACK TO entry", NULL, NULL, NULL);
	if (sqlite3_exec(catalog, "RELEASE entry", NULL, NULL, NULL) && !error)
		error = -EIO;
	return error;
}

/* --- the file --- */

/* Open and lock the second name. What somebody else put there is left alone. */
static int open_new(const char *path, int *out)
{
	int file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat status, named;
	int error = 0;

	if (file < 0)
		return -errno;
	if (flock(file, LOCK_EX | LOCK_NB) || fstat(file, &status) || lstat(path, &named))
		error = -EAGAIN;
	else if (status.st_ino != named.st_ino || status.st_nlink != 1 ||
		 !S_ISREG(status.st_mode) || status.st_uid != geteuid())
		error = -EAGAIN;
	else if (fchmod(file, 0600) || ftruncate(file, 0))
		error = -errno;
	if (error)
		close(file);
	else
		*out = file;
	return error;
}

static int write_bytes(int file, const unsigned char *bytes, sqlite3_int64 size)
{
	for (sqlite3_int64 done = 0; done < size;) {
		ssize_t written = write(file, bytes + done, (size_t)(size - done));

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0)
			done += written;
	}
	return 0;
}

static int write_file(sqlite3 *catalog, const char *path, const char *final_path)
{
	char digest[PAGE_GUARD_DIGEST_SIZE];
	sqlite3_int64 size = 0;
	unsigned char *bytes;
	int file = -1, error = open_new(path, &file);

	if (error)
		return error;
	bytes = sqlite3_serialize(catalog, "main", &size, 0);
	error = bytes ? write_bytes(file, bytes, size) : -ENOMEM;
	sqlite3_free(bytes);
	if (!error)
		error = page_guard_finish(file, digest);
	if (!error && rename(path, final_path))
		error = -errno;
	if (error)
		unlink(path);
	close(file);
	return error;
}

int catalog_write(sqlite3 *catalog, const char *directory)
{
	char *path = NULL, *final_path = NULL;
	int error = -ENOMEM;

	if (asprintf(&path, "%s/" CATALOG_NAME ".new", directory) < 0)
		return -ENOMEM;
	if (asprintf(&final_path, "%s/" CATALOG_NAME, directory) >= 0) {
		error = write_file(catalog, path, final_path);
		free(final_path);
	}
	free(path);
	return error;
}
