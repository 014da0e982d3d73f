/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks everything that a segment file holds.
 *
 * First the bytes: of a sealed segment every page and the last line. Then the content, the way
 * a query reads it: chunks, columns, plain tables. A damaged page is reported with each column
 * that it hits; one that hits none (an index, a plain table, free space) by itself.
 */
#include "schema/verify.h"
#include "schema/page_guard.h"
#include "schema/segment_reader.h"
#include "schema/segment_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct verify {
	const char *path;
	verify_report report;
	void *context;
	struct verify_summary *summary;
	struct segment_reader *segment;
	struct page_damage *pages; /* that do not check */
	unsigned char *is_told;	   /* of each: with a column */
	size_t page_count;
};

static int tell(struct verify *verify, const struct damage *damage)
{
	verify->summary->damages++;
	return verify->report(verify->context, damage);
}

/* --- bytes --- */

static int keep_page(void *context, const struct page_damage *damage)
{
	struct verify *verify = context;
	struct page_damage *pages =
		realloc(verify->pages, (verify->page_count + 1) * sizeof(*pages));

	if (!pages)
		return -ENOMEM;
	verify->pages = pages;
	pages[verify->page_count++] = *damage;
	return 0;
}

static int check_bytes(struct verify *verify)
{
	struct verify_summary *summary = verify->summary;
	int file = open(verify->path, O_RDONLY | O_CLOEXEC), is_whole = 0, error;
	struct damage damage = {.offset = -1,
				.what = "the last line does not name the SHA-256 of the bytes "
					"before it"};
	struct stat status;

	if (file < 0)
		return -errno;
	error = page_guard_detect(file);
	if (error > 0 && !fstat(file, &status)) {
		summary->is_sealed = 1;
		if (page_guard_digest(file, summary->sha256))
			*summary->sha256 = 0;
		damage.offset = status.st_size;
		error = page_guard_check(file, keep_page, verify, &is_whole);
		if (error == -EBADMSG) {
			damage.offset = 0;
			damage.what = "the file header is damaged";
			error = 0;
		}
	} else {
		is_whole = 1; /* as far as this can be known */
	}
	close(file);
	verify->is_told = calloc(verify->page_count + 1, 1);
	if (!error && !verify->is_told)
		error = -ENOMEM;
	/* A damaged page changes the digest: that is told with the page. */
	if (!error && !is_whole && !verify->page_count)
		error = tell(verify, &damage);
	return error;
}

/* The page at that offset has been told. */
static void mark_page(struct verify *verify, int64_t offset)
{
	for (size_t i = 0; i < verify->page_count; i++) {
		int64_t page = (int64_t)verify->pages[i].offset;

		/* The first page behind the end of the file stands for all of them. */
		if (page == offset || (verify->pages[i].end && page < offset))
			verify->is_told[i] = 1;
	}
}

static int tell_pages(struct verify *verify)
{
	int error = 0;

	for (size_t i = 0; i < verify->page_count && !error; i++) {
		const struct page_damage *page = &verify->pages[i];
		struct damage damage = {.offset = (int64_t)page->offset,
					.what = "the page does not match its checksum: a plain "
						"table, an index or free space"};

		if (verify->is_told[i])
			continue;
		if (page->end) {
			damage.offset = (int64_t)page->end;
			damage.what = "the file ends here, before its last page";
		}
		error = tell(verify, &damage);
	}
	return error;
}

/* --- content --- */

/* What the reader says, without the path and the place that the damage names already. */
static const char *reader_words(const struct verify *verify, const struct damage *damage)
{
	const char *words = segment_problem(verify->segment), *place;
	size_t size = strlen(verify->path);
	char last[128];

	if (!strncmp(words, verify->path, size) && !strncmp(words + size, ": ", 2))
		words += size + 2;
	if (damage->column)
		snprintf(last, sizeof(last), "column %s: ", damage->column);
	else
		snprintf(last, sizeof(last), "chunk %lld: ", (long long)damage->chunk_id);
	place = strstr(words, last);
	return place ? place + strlen(last) : words;
}

static int tell_problem(struct verify *verify, struct damage damage)
{
	damage.what = reader_words(verify, &damage);
	damage.offset = segment_damage_offset(verify->segment);
	mark_page(verify, damage.offset);
	return tell(verify, &damage);
}

static int check_chunk(struct verify *verify, enum stream_id id, const struct chunk *chunk,
		       void *values)
{
	const struct stream *stream = stream_get(id);
	struct damage damage = {.stream = stream->name,
				.chunk_id = chunk->chunk_id,
				.rows_lost = chunk->row_count,
				.first_ns = chunk->first_ns,
				.last_ns = chunk->last_ns};
	int is_sound = 1, error = segment_check_chunk(verify->segment, chunk);

	if (error == -ENOMEM)
		return error;
	if (error) {
		is_sound = 0;
		error = tell_problem(verify, damage);
	}
	for (unsigned int i = 0; i < stream->column_count && !error; i++) {
		error = segment_column(verify->segment, id, chunk, i, values);
		if (!error) {
			verify->summary->parts++;
		} else if (error != -ENOMEM) {
			is_sound = 0;
			damage.column = stream->columns[i].name;
			error = tell_problem(verify, damage);
		}
	}
	if (is_sound) {
		verify->summary->chunks++;
		verify->summary->rows += chunk->row_count;
	}
	return error;
}

/* How many rows the writer says that it stored. Returns 0 when that is not known. */
static int stored_rows(struct verify *verify, const char *stream, uint64_t *stored)
{
	sqlite3_stmt *statement = NULL;
	int result;

	if (sqlite3_prepare_v2(segment_database(verify->segment),
			       "SELECT stored FROM stage WHERE stage = 'writer' AND stream = ?",
			       -1, &statement, NULL))
		return 0; /* told with the plain tables */
	sqlite3_bind_text(statement, 1, stream, -1, SQLITE_STATIC);
	result = sqlite3_step(statement);
	*stored = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return result == SQLITE_ROW;
}

static int check_account(struct verify *verify, const char *stream, uint64_t rows)
{
	struct damage damage = {.stream = stream, .offset = -1};
	char words[128];
	uint64_t stored;

	if (!stored_rows(verify, stream, &stored) || stored == rows)
		return 0;
	snprintf(words, sizeof(words),
		 "holds %llu rows; expected %llu, which the writer stored",
		 (unsigned long long)rows, (unsigned long long)stored);
	damage.what = words;
	damage.rows_lost = stored > rows ? stored - rows : 0;
	return tell(verify, &damage);
}

/* Without the list of its chunks, all of a stream is lost. */
static int tell_stream(struct verify *verify, const char *stream)
{
	struct damage damage = {.stream = stream};

	stored_rows(verify, stream, &damage.rows_lost);
	return tell_problem(verify, damage);
}

static int check_stream(struct verify *verify, enum stream_id id)
{
	struct chunk *chunks = NULL;
	size_t count = 0;
	uint64_t rows = 0;
	void *values;
	int error = segment_chunks(verify->segment, id, NULL, 0, &chunks, &count);

	if (error)
		return error == -ENOMEM ? error : tell_stream(verify, stream_get(id)->name);
	values = malloc(BATCH_ROWS * sizeof(struct address));
	if (!values)
		error = -ENOMEM;
	for (size_t i = 0; i < count && !error; i++) {
		error = check_chunk(verify, id, &chunks[i], values);
		rows += chunks[i].row_count;
	}
	if (!error)
		error = check_account(verify, stream_get(id)->name, rows);
	free(values);
	free(chunks);
	return error;
}

/* Read all that a statement gives. Returns SQLite's result. */
static int read_rows(sqlite3 *database, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

	while (!result && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(statement); i++)
			sqlite3_column_blob(statement, i);
		result = SQLITE_OK;
	}
	sqlite3_finalize(statement);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int check_table(struct verify *verify, const char *table)
{
	struct page_damage page = {.offset = UINT64_MAX};
	struct damage damage = {.offset = -1};
	sqlite3 *database = segment_database(verify->segment);
	char *sql = sqlite3_mprintf("SELECT * FROM \"%w\" NOT INDEXED", table), words[256];
	int result = sql ? read_rows(database, sql) : SQLITE_NOMEM;

	sqlite3_free(sql);
	if (!result)
		return 0;
	if (result == SQLITE_NOMEM)
		return -ENOMEM;
	snprintf(words, sizeof(words), "table %s: %s", table, sqlite3_errmsg(database));
	if (verify->summary->is_sealed && page_guard_damage(database, &page)) {
		damage.offset = (int64_t)page.offset;
		mark_page(verify, damage.offset);
		snprintf(words, sizeof(words), "table %s: %s", table,
			 page.end ? "the file ends before a page of it"
				  : "the page does not match its checksum");
	}
	damage.what = words;
	return tell(verify, &damage);
}

/* The names of the plain tables, one after the other, each ended by 0, the last one empty. */
static char *list_tables(sqlite3 *database, int *result)
{
	sqlite3_str *list = sqlite3_str_new(NULL);
	sqlite3_stmt *statement = NULL;

	*result = sqlite3_prepare_v2(database,
				     "SELECT name FROM sqlite_master WHERE type = 'table'"
				     " AND name NOT IN ('chunk', 'part')",
				     -1, &statement, NULL);
	while (!*result && (*result = sqlite3_step(statement)) == SQLITE_ROW) {
		sqlite3_str_append(list, (const char *)sqlite3_column_text(statement, 0),
				   sqlite3_column_bytes(statement, 0) + 1);
		*result = SQLITE_OK;
	}
	sqlite3_finalize(statement);
	sqlite3_str_append(list, "", 1);
	return sqlite3_str_finish(list);
}

static int check_tables(struct verify *verify)
{
	struct damage damage = {.offset = -1, .what = "the schema cannot be read"};
	int result, error = 0;
	char *names = list_tables(segment_database(verify->segment), &result);

	if (!names)
		return -ENOMEM;
	if (result != SQLITE_DONE)
		error = tell(verify, &damage);
	for (const char *name = names; *name && !error; name += strlen(name) + 1)
		error = check_table(verify, name);
	sqlite3_free(names);
	return error;
}

/* Without page sums, SQLite's own check at least finds broken structure. */
static int check_structure(struct verify *verify)
{
	struct damage damage = {.offset = -1};
	sqlite3_stmt *statement = NULL;
	int error = 0;

	if (verify->summary->is_sealed)
		return 0;
	if (!sqlite3_prepare_v2(segment_database(verify->segment), "PRAGMA integrity_check(20)",
				-1, &statement, NULL))
		while (!error && sqlite3_step(statement) == SQLITE_ROW) {
			damage.what = (const char *)sqlite3_column_text(statement, 0);
			if (damage.what && strcmp(damage.what, "ok"))
				error = tell(verify, &damage);
		}
	sqlite3_finalize(statement);
	return error;
}

static void identify(struct verify *verify)
{
	struct verify_summary *summary = verify->summary;
	sqlite3_stmt *statement = NULL;

	if (!sqlite3_prepare_v2(segment_database(verify->segment),
				"SELECT recording_id, sequence, ifnull(previous_sha256, '')"
				" FROM segment",
				-1, &statement, NULL) &&
	    sqlite3_step(statement) == SQLITE_ROW) {
		const char *id = (const char *)sqlite3_column_text(statement, 0);
		const char *previous = (const char *)sqlite3_column_text(statement, 2);

		snprintf(summary->recording_id, sizeof(summary->recording_id), "%s",
			 id ? id : "");
		snprintf(summary->previous_sha256, sizeof(summary->previous_sha256), "%s",
			 previous ? previous : "");
		summary->sequence = (uint32_t)sqlite3_column_int64(statement, 1);
	}
	sqlite3_finalize(statement);
}

static int check_content(struct verify *verify)
{
	int error = segment_load_texts(verify->segment);

	/* Told with the plain tables, where a table can be read at all. */
	if (error && error != -ENOMEM && segment_damage_offset(verify->segment) < 0)
		error = tell_problem(verify, (struct damage){0});
	else if (error != -ENOMEM)
		error = 0;
	for (int id = 0; id < STREAM_COUNT && !error; id++)
		error = check_stream(verify, id);
	if (!error)
		error = check_tables(verify);
	return error ? error : check_structure(verify);
}

static uint64_t size_of(const char *path, const char *suffix)
{
	struct stat status;
	uint64_t size = 0;
	char *name;

	if (asprintf(&name, "%s%s", path, suffix) < 0)
		return 0;
	if (!stat(name, &status))
		size = (uint64_t)status.st_size;
	free(name);
	return size;
}

/* What cannot be opened because of its bytes is damage; the rest is trouble. */
static int tell_unopened(struct verify *verify, int error, char *why, char **problem)
{
	struct damage damage = {.offset = -1, .what = "it cannot be opened"};
	size_t size = strlen(verify->path);

	if (error != -EBADMSG) {
		*problem = why;
		return error;
	}
	if (why && strlen(why) > size + 2)
		damage.what = why + size + 2;
	if (verify->page_count) {
		damage.offset = (int64_t)verify->pages[0].offset;
		mark_page(verify, damage.offset);
	}
	error = tell(verify, &damage);
	free(why);
	return error ? error : tell_pages(verify);
}

int segment_verify(const char *path, verify_report report, void *context,
		   struct verify_summary *summary, char **problem)
{
	struct verify verify = {
		.path = path, .report = report, .context = context, .summary = summary};
	char *why = NULL;
	int error;

	*problem = NULL;
	memset(summary, 0, sizeof(*summary));
	summary->size_bytes = size_of(path, "") + size_of(path, "-wal");
	error = check_bytes(&verify);
	if (error) {
		if (asprintf(problem, "%s: %s", path, strerror(-error)) < 0)
			*problem = NULL;
	} else if ((error = segment_open(path, &verify.segment, &why))) {
		error = tell_unopened(&verify, error, why, problem);
	} else {
		identify(&verify);
		error = check_content(&verify);
		if (!error)
			error = tell_pages(&verify);
	}
	segment_reader_close(verify.segment);
	free(verify.pages);
	free(verify.is_told);
	return error;
}
