/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalog of a recording.
 *
 * Its database is the file, as long as all entries in it are good; else one in memory, made
 * from the good entries and the segments, and written as the new file. When a page of the file
 * turns out to be damaged in the middle of it all, everything is made anew from the segments
 * alone.
 */
#include "analyzer/catalog.h"
#include "analyzer/catalog_build.h"

#include "schema/page_guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct catalog_entry said;
	int is_there;
};

struct catalog {
	const struct listing *listing;
	sqlite3 *database;
	struct entry *entries; /* one for each file of the listing */
	/* One for each file, loaded at first use; by stream and column. */
	struct zone **zones[STREAM_COUNT];
};

/* The number of the file whose name is first in the row, or -1. */
static long find_file(const struct catalog *catalog, sqlite3_stmt *row)
{
	const char *name = (const char *)sqlite3_column_text(row, 0);

	return name ? listing_find(catalog->listing, name) : -1;
}

static void forget_entries(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->listing->count; i++)
		free(catalog->entries[i].said.recording_id);
	memset(catalog->entries, 0, catalog->listing->count * sizeof(*catalog->entries));
}

static void forget_zones(struct catalog *catalog)
{
	for (int id = 0; id < STREAM_COUNT; id++) {
		for (unsigned int i = 0; catalog->zones[id] && i < stream_get(id)->column_count;
		     i++)
			free(catalog->zones[id][i]);
		free(catalog->zones[id]);
		catalog->zones[id] = NULL;
	}
}

void catalog_close(struct catalog *catalog)
{
	if (!catalog)
		return;
	if (catalog->entries)
		forget_entries(catalog);
	forget_zones(catalog);
	sqlite3_close(catalog->database);
	free(catalog->entries);
	free(catalog);
}

/* --- entries --- */

static int is_same_file(const struct stat *status, sqlite3_stmt *row)
{
	return sqlite3_column_int64(row, 1) == status->st_size &&
	       sqlite3_column_int64(row, 2) == catalog_time_ns(&status->st_mtim) &&
	       sqlite3_column_int64(row, 3) == catalog_time_ns(&status->st_ctim) &&
	       sqlite3_column_int64(row, 4) == (sqlite3_int64)status->st_ino;
}

static int read_entry(struct catalog *catalog, sqlite3_stmt *row, size_t *stale)
{
	long number = find_file(catalog, row);
	struct entry *entry = number < 0 ? NULL : &catalog->entries[number];

	if (!entry || !is_same_file(&catalog->listing->files[number].status, row)) {
		++*stale;
		return 0;
	}
	if (entry->is_there || !sqlite3_column_text(row, 5))
		return -EBADMSG;
	entry->said = (struct catalog_entry){
		.recording_id = strdup((const char *)sqlite3_column_text(row, 5)),
		.sequence = (uint32_t)sqlite3_column_int64(row, 6),
		.created_ns = (uint64_t)sqlite3_column_int64(row, 7),
		.covered_ns = (uint64_t)sqlite3_column_int64(row, 8),
		.is_finished = sqlite3_column_int(row, 9),
	};
	entry->is_there = entry->said.recording_id != NULL;
	return entry->is_there ? 0 : -ENOMEM;
}

/* Read the entries of files that are as they were; count the others. */
static int read_entries(struct catalog *catalog, size_t *stale)
{
	sqlite3_stmt *rows;
	int error = 0, result;

	forget_entries(catalog);
	*stale = 0;
	if (sqlite3_prepare_v2(
		    catalog->database,
		    "SELECT f.segment, f.size_bytes, f.mtime_ns, f.ctime_ns, f.inode,"
		    " s.recording_id, s.sequence, s.created_ns, s.covered_ns,"
		    " s.finished_ns IS NOT NULL"
		    " FROM file AS f LEFT JOIN segment AS s USING (segment)",
		    -1, &rows, NULL))
		return -EBADMSG;
	while (!error && (result = sqlite3_step(rows)) == SQLITE_ROW)
		error = read_entry(catalog, rows, stale);
	sqlite3_finalize(rows);
	return error ? error : result == SQLITE_DONE ? 0 : -EBADMSG;
}

/* --- opening and making --- */

static int query_number(sqlite3 *database, const char *sql, sqlite3_int64 *out)
{
	sqlite3_stmt *statement = NULL;
	int error = -EBADMSG;

	if (!sqlite3_prepare_v2(database, sql, -1, &statement, NULL) &&
	    sqlite3_step(statement) == SQLITE_ROW) {
		*out = sqlite3_column_int64(statement, 0);
		error = 0;
	}
	sqlite3_finalize(statement);
	return error;
}

static int check_header(sqlite3 *database)
{
	sqlite3_int64 application, version, others;

	if (query_number(database, "PRAGMA application_id", &application) ||
	    query_number(database, "PRAGMA user_version", &version) ||
	    query_number(
		    database,
		    "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')"
		    " OR sql LIKE 'CREATE VIRTUAL%'",
		    &others))
		return -EBADMSG;
	return application == CATALOG_APPLICATION_ID && version == catalog_version() && !others
		       ? 0
		       : -EBADMSG;
}

static int open_file(struct catalog *catalog, size_t *stale)
{
	char *path;
	int error, off;

	if (asprintf(&path, "%s/" CATALOG_NAME, catalog->listing->directory) < 0)
		return -ENOMEM;
	error = page_guard_open(path, &catalog->database) ? -EBADMSG : 0;
	free(path);
	if (!error) {
		sqlite3_db_config(catalog->database, SQLITE_DBCONFIG_DEFENSIVE, 1, &off);
		sqlite3_db_config(catalog->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &off);
		error = check_header(catalog->database);
	}
	if (!error)
		error = read_entries(catalog, stale);
	if (error) {
		sqlite3_close(catalog->database);
		catalog->database = NULL;
		forget_entries(catalog);
	}
	return error;
}

/* Take the file's content over into memory, to change it there. */
static int take_over(struct catalog *catalog, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", catalog->database, "main");
	int result = backup ? sqlite3_backup_step(backup, -1) : SQLITE_NOMEM;

	sqlite3_backup_finish(backup);
	return result == SQLITE_DONE ? 0 : -EBADMSG;
}

static int delete_entry(sqlite3 *database, const char *name)
{
	char *sql = sqlite3_mprintf("DELETE FROM file WHERE segment = %Q", name);
	int result = sql ? sqlite3_exec(database, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(sql);
	return result ? -EIO : 0;
}

/* Take out the rows of files that have no entry. */
static int delete_orphans(sqlite3 *database)
{
	int result = sqlite3_exec(database,
				  "DELETE FROM zone WHERE segment NOT IN"
				  " (SELECT segment FROM file)",
				  NULL, NULL, NULL);

	for (size_t i = 0; i < PLAIN_COUNT && !result; i++) {
		char *sql = sqlite3_mprintf("DELETE FROM \"%w\" WHERE segment NOT IN"
					    " (SELECT segment FROM file)",
					    plain_get(i)->name);

		if (plain_get(i)->is_small)
			result = sql ? sqlite3_exec(database, sql, NULL, NULL, NULL)
				     : SQLITE_NOMEM;
		sqlite3_free(sql);
	}
	return result ? -EIO : 0;
}

static int delete_stale(struct catalog *catalog, sqlite3 *database)
{
	sqlite3_stmt *rows;
	int error = 0, result;

	/* From the old database, which does not change under the statement. */
	if (sqlite3_prepare_v2(catalog->database, "SELECT segment FROM file", -1, &rows, NULL))
		return -EIO;
	while (!error && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		long number = find_file(catalog, rows);

		if (number < 0 || !catalog->entries[number].is_there)
			error = delete_entry(database,
					     (const char *)sqlite3_column_text(rows, 0));
	}
	sqlite3_finalize(rows);
	if (!error && result != SQLITE_DONE)
		error = -EIO;
	return error ? error : delete_orphans(database);
}

/* Make entries for the files that have none. Returns how many were made, or -ENOMEM or -EIO. */
static long add_entries(struct catalog *catalog, sqlite3 *database)
{
	long count = 0;

	for (size_t i = 0; i < catalog->listing->count; i++) {
		int error = -ENODATA;

		if (!catalog->entries[i].is_there)
			error = catalog_add(database, &catalog->listing->files[i]);
		if (error && error != -ENODATA)
			return error;
		count += !error;
	}
	return count;
}

/*
 * Make the catalog in memory, from the good entries of the open file when there is one, and
 * write it when that changed something. On failure the catalog is empty.
 */
static int make(struct catalog *catalog, size_t stale)
{
	sqlite3 *database = NULL;
	long added = 0;
	size_t left;
	int error = catalog_create(&database) ? -ENOMEM : 0;

	if (!error && catalog->database)
		error = take_over(catalog, database);
	if (!error)
		error = sqlite3_exec(database, "BEGIN", NULL, NULL, NULL) ? -EIO : 0;
	if (!error && stale)
		error = delete_stale(catalog, database);
	if (!error) {
		added = add_entries(catalog, database);
		error = added < 0 ? (int)added : 0;
	}
	if (!error)
		error = sqlite3_exec(database, "COMMIT", NULL, NULL, NULL) ? -EIO : 0;
	sqlite3_close(catalog->database);
	catalog->database = error ? NULL : database;
	if (!error)
		error = read_entries(catalog, &left);
	if (error) {
		sqlite3_close(database);
		catalog->database = NULL;
		forget_entries(catalog);
		return error;
	}
	/* Where it cannot be written, this one serves. */
	if (added || stale)
		catalog_write(database, catalog->listing->directory);
	return 0;
}

/* Make everything anew, from the segments alone. */
static int renew(struct catalog *catalog)
{
	sqlite3_close(catalog->database);
	catalog->database = NULL;
	forget_entries(catalog);
	forget_zones(catalog);
	return make(catalog, 0);
}

static int is_whole(const struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->listing->count; i++)
		if (!catalog->entries[i].is_there &&
		    !listing_is_live(catalog->listing->files[i].name))
			return 0;
	return 1;
}

struct catalog *catalog_open(const struct listing *listing)
{
	struct catalog *catalog = calloc(1, sizeof(*catalog));
	size_t stale = 0;
	int error;

	if (!catalog)
		return NULL;
	catalog->listing = listing;
	catalog->entries = calloc(listing->count + 1, sizeof(*catalog->entries));
	if (!catalog->entries) {
		catalog_close(catalog);
		return NULL;
	}
	error = open_file(catalog, &stale);
	if (error || stale || !is_whole(catalog))
		error = make(catalog, stale);
	if (error && error != -ENOMEM)
		renew(catalog);
	return catalog;
}

const struct catalog_entry *catalog_entry(const struct catalog *catalog, size_t file)
{
	return catalog->entries[file].is_there ? &catalog->entries[file].said : NULL;
}

/* --- plain tables --- */

static int copy_named(struct catalog *catalog, sqlite3_stmt *rows, sqlite3_stmt *insert,
		      struct plain_target *targets)
{
	int result = SQLITE_OK, step = SQLITE_DONE;

	while (!result && (step = sqlite3_step(rows)) == SQLITE_ROW) {
		long number = find_file(catalog, rows);

		if (number >= 0 && targets[number].name && catalog->entries[number].is_there)
			result = plain_insert(insert, &targets[number], rows, 1);
	}
	return result ? result : step == SQLITE_DONE ? SQLITE_OK : SQLITE_CORRUPT;
}

/* SQLITE_CORRUPT: the catalog cannot be read. */
static int copy_rows(struct catalog *catalog, const struct plain *plain, sqlite3 *to,
		     struct plain_target *targets)
{
	sqlite3_stmt *rows = NULL, *insert = NULL;
	char *columns = NULL, *select = NULL;
	int result = plain_columns(to, plain, NULL, &columns);

	if (!result)
		result = plain_prepare_insert(to, plain, columns, &insert);
	if (!result) {
		select = sqlite3_mprintf("SELECT segment%s FROM \"%w\" ORDER BY rowid", columns,
					 plain->name);
		result = select ? SQLITE_OK : SQLITE_NOMEM;
	}
	if (!result && sqlite3_prepare_v2(catalog->database, select, -1, &rows, NULL))
		result = SQLITE_CORRUPT;
	if (!result)
		result = copy_named(catalog, rows, insert, targets);
	sqlite3_finalize(rows);
	sqlite3_finalize(insert);
	sqlite3_free(columns);
	sqlite3_free(select);
	return result;
}

static int copy_once(struct catalog *catalog, const struct plain *plain, sqlite3 *to,
		     struct plain_target *targets)
{
	int result;

	if (!catalog->database)
		return SQLITE_OK;
	result = sqlite3_exec(to, "SAVEPOINT copy", NULL, NULL, NULL);
	if (result)
		return result;
	result = copy_rows(catalog, plain, to, targets);
	if (result)
		sqlite3_exec(to, "ROLLBACK TO copy", NULL, NULL, NULL);
	sqlite3_exec(to, "RELEASE copy", NULL, NULL, NULL);
	return result;
}

int catalog_copy(struct catalog *catalog, const struct plain *plain, sqlite3 *to,
		 struct plain_target *targets)
{
	int result = copy_once(catalog, plain, to, targets);

	if (result != SQLITE_CORRUPT)
		return result;
	renew(catalog);
	return copy_once(catalog, plain, to, targets);
}

/* --- zones --- */

/* Returns the loaded zones, or NULL. */
static struct zone *get_zones(struct catalog *catalog, enum stream_id id, unsigned int column)
{
	const struct stream *stream = stream_get(id);
	struct zone *zones;
	int error;

	if (!catalog->zones[id])
		catalog->zones[id] = calloc(stream->column_count, sizeof(*catalog->zones[id]));
	if (!catalog->zones[id] || catalog->zones[id][column])
		return catalog->zones[id] ? catalog->zones[id][column] : NULL;
	zones = calloc(catalog->listing->count + 1, sizeof(*zones));
	if (!zones)
		return NULL;
	error = zone_load(catalog->database, catalog->listing, stream, &stream->columns[column],
			  zones);
	if (error) {
		free(zones);
		return NULL;
	}
	catalog->zones[id][column] = zones;
	return zones;
}

const struct zone *catalog_zone(struct catalog *catalog, size_t file, enum stream_id stream,
				unsigned int column)
{
	struct zone *zones;

	if (!catalog->database)
		return NULL;
	zones = get_zones(catalog, stream, column);
	if (!zones && !renew(catalog))
		zones = get_zones(catalog, stream, column);
	if (!zones || !zones[file].is_known || !catalog->entries[file].is_there)
		return NULL;
	return &zones[file];
}
