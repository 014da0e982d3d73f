/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one segment file.
 *
 * A file without a journal beside it is opened immutable: nothing is locked or written. One
 * with a journal (being written, or torn) is opened read-only with it, in one read transaction,
 * so that every answer is of the same instant; where its directory cannot be written, from a
 * working copy.
 */
#include "schema/segment_reader.h"
#include "schema/bytes.h"
#include "schema/checksum.h"
#include "schema/chunk.h"
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

#define COPIES 16U /* of parts: more than a column can take */

struct segment_reader {
	sqlite3 *database;
	sqlite3_stmt *part_query;
	sqlite3_stmt *digest_query;
	struct chunk_decoder *decoder;
	struct bytes copies[COPIES]; /* of the parts that a column takes */
	char *path;
	char *problem;
	int finished, sealed;
	uint64_t covered_ns;
	int64_t damage_offset; /* where the last problem was; negative: not known */
	int64_t checked_chunk; /* the last chunk whose parts were found complete */
	char **texts;	       /* by string_id; loaded at first use */
	size_t *text_sizes;
	uint64_t text_count;
	int texts_loaded, texts_error;
	int *column_ids[STREAM_COUNT];	 /* 0: this segment lacks the column */
	int *file_columns[STREAM_COUNT]; /* column_id by position in the file */
	unsigned int file_column_counts[STREAM_COUNT];
};

static int problem(struct segment_reader *segment, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int problem(struct segment_reader *segment, int error, const char *format, ...)
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

static int sqlite_problem_in(struct segment_reader *segment, const char *where)
{
	int code = sqlite3_errcode(segment->database) & 0xff;
	int error = code == SQLITE_NOMEM ? -ENOMEM : -EBADMSG;
	struct page_damage damage;

	if (code == SQLITE_CANTOPEN || code == SQLITE_PERM || code == SQLITE_READONLY)
		error = -EACCES;
	if (!segment->sealed || !page_guard_damage(segment->database, &damage))
		return problem(segment, error, "%s: %s%s; expected a Flowtape segment",
			       segment->path, where, sqlite3_errmsg(segment->database));
	if (damage.end)
		problem(segment, error,
			"%s: %sthe file ends at offset %llu; expected a page at %llu",
			segment->path, where, (unsigned long long)damage.end,
			(unsigned long long)damage.offset);
	else
		problem(segment, error,
			"%s: %sthe page at offset %llu does not match its checksum",
			segment->path, where, (unsigned long long)damage.offset);
	segment->damage_offset = (int64_t)damage.offset;
	return error;
}

static int sqlite_problem(struct segment_reader *segment)
{
	return sqlite_problem_in(segment, "");
}

/* One integer that a query gives. */
static int query_integer(struct segment_reader *segment, const char *sql, int64_t *out)
{
	sqlite3_stmt *statement = NULL;
	int error = 0;

	if (sqlite3_prepare_v2(segment->database, sql, -1, &statement, NULL) != SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW)
		error = sqlite_problem(segment);
	else
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return error;
}

static int check_format(struct segment_reader *segment)
{
	int64_t application = 0, version = 0, major, minor, finished;
	int error = query_integer(segment, "PRAGMA application_id", &application);

	if (!error)
		error = query_integer(segment, "PRAGMA user_version", &version);
	if (error)
		return error;
	if (application != SEGMENT_APPLICATION_ID)
		return problem(segment, -EBADMSG,
			       "%s: an SQLite database with application id 0x%llx; expected a "
			       "Flowtape segment (0x%x)",
			       segment->path, (unsigned long long)application,
			       SEGMENT_APPLICATION_ID);
	error = query_integer(segment, "SELECT format_major FROM segment", &major);
	if (!error)
		error = query_integer(segment, "SELECT format_minor FROM segment", &minor);
	if (error)
		return error;
	if (major < version / 65536)
		major = version / 65536;
	if (major > SEGMENT_FORMAT_MAJOR)
		return problem(segment, -EPROTONOSUPPORT,
			       "%s: format %lld.%lld is newer than this program reads (%d.x)",
			       segment->path, (long long)major, (long long)minor,
			       SEGMENT_FORMAT_MAJOR);
	if (major < SEGMENT_FORMAT_MAJOR)
		return problem(segment, -EPROTONOSUPPORT,
			       "%s: format %lld.%lld is older than this program reads (%d.x)",
			       segment->path, (long long)major, (long long)minor,
			       SEGMENT_FORMAT_MAJOR);
	error = query_integer(segment, "SELECT finished_ns IS NOT NULL FROM segment",
			      &finished);
	if (!error)
		error = query_integer(segment, "SELECT covered_ns FROM segment",
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
		return sqlite_problem(segment);
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
	return result == SQLITE_DONE ? 0 : sqlite_problem(segment);
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
		return sqlite_problem(segment);
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
	return result ? sqlite_problem(segment) : begin_reading(segment);
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
		return problem(segment, -errno, "%s: %s", segment->path, strerror(errno));
	is_sealed = page_guard_detect(file);
	close(file);
	if (is_sealed < 0)
		return problem(segment, is_sealed, "%s: %s", segment->path,
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
		return problem(segment, -EBADMSG,
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
	segment->decoder = chunk_decoder_new();
	if (!segment->path || !segment->decoder)
		error = -ENOMEM;
	else if (stat(path, &status))
		error = problem(segment, -errno, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(status.st_mode) || !status.st_size)
		error = problem(segment, -EBADMSG, "%s: %s; expected a Flowtape segment", path,
				S_ISREG(status.st_mode) ? "an empty file" : "not a file");
	else if (status.st_size < LEAST_BYTES)
		error = problem(segment, -EBADMSG,
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
	sqlite3_finalize(segment->digest_query);
	sqlite3_close(segment->database);
	chunk_decoder_free(segment->decoder);
	for (unsigned int i = 0; i < COPIES; i++)
		free(segment->copies[i].data);
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

/* --- chunks --- */

static void bound_condition(FILE *sql, const struct column *column, int column_id,
			    const struct bound *bound)
{
	static const struct address none;
	int zero_fits = bound->low <= 0 && bound->high >= 0;

	if (column->type == COLUMN_ADDRESS)
		zero_fits = !memcmp(&bound->address, &none, sizeof(none));
	fprintf(sql,
		" AND (EXISTS(SELECT 1 FROM part WHERE chunk_id = chunk.chunk_id"
		" AND column_id = %d",
		column_id);
	if (column->type == COLUMN_ADDRESS) {
		fprintf(sql, " AND x'");
		for (unsigned int i = 0; i < 16; i++)
			fprintf(sql, "%02x", ((const unsigned char *)&bound->address)[i]);
		fprintf(sql, "' BETWEEN minimum AND maximum)");
	} else
		fprintf(sql, " AND minimum <= %lld AND maximum >= %lld)",
			(long long)bound->high, (long long)bound->low);
	if (zero_fits)
		fprintf(sql,
			" OR NOT EXISTS(SELECT 1 FROM part WHERE chunk_id = chunk.chunk_id"
			" AND column_id = %d)",
			column_id);
	fprintf(sql, ")");
}

static char *chunk_query(struct segment_reader *segment, enum stream_id id,
			 const struct bound *bounds, size_t bound_count)
{
	const struct stream *stream = stream_get(id);
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);

	if (!sql)
		return NULL;
	fprintf(sql,
		"SELECT chunk_id, row_count, first_ns, last_ns, slice FROM chunk WHERE stream = '%s'",
		stream->name);
	for (size_t i = 0; i < bound_count; i++)
		bound_condition(sql, &stream->columns[bounds[i].column],
				segment->column_ids[id][bounds[i].column], &bounds[i]);
	fprintf(sql, " ORDER BY chunk_id");
	return fclose(sql) ? NULL : text;
}

int segment_chunks(struct segment_reader *segment, enum stream_id stream,
		   const struct bound *bounds, size_t bound_count, struct chunk **out,
		   size_t *count)
{
	char *sql = chunk_query(segment, stream, bounds, bound_count);
	sqlite3_stmt *statement = NULL;
	struct chunk *chunks = NULL;
	size_t used = 0, capacity = 0;
	int result, error = 0;

	if (!sql)
		return -ENOMEM;
	result = sqlite3_prepare_v2(segment->database, sql, -1, &statement, NULL);
	free(sql);
	if (result != SQLITE_OK)
		return sqlite_problem(segment);
	while (!error && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t rows = sqlite3_column_int64(statement, 1);

		if (used == capacity) {
			void *more;

			capacity = capacity ? capacity * 2 : 64;
			more = realloc(chunks, capacity * sizeof(*chunks));
			if (!more) {
				error = -ENOMEM;
				break;
			}
			chunks = more;
		}
		chunks[used] = (struct chunk){
			.chunk_id = sqlite3_column_int64(statement, 0),
			.row_count = (uint32_t)rows,
			.first_ns = (uint64_t)sqlite3_column_int64(statement, 2),
			.last_ns = (uint64_t)sqlite3_column_int64(statement, 3),
			.slice = (uint64_t)sqlite3_column_int64(statement, 4),
		};
		if (rows < 1 || rows > BATCH_ROWS)
			error = problem(
				segment, -EBADMSG,
				"%s: stream %s, chunk %lld: %lld rows; expected 1 to %u",
				segment->path, stream_get(stream)->name,
				(long long)chunks[used].chunk_id, (long long)rows, BATCH_ROWS);
		used++;
	}
	if (!error && result != SQLITE_DONE)
		error = sqlite_problem(segment);
	sqlite3_finalize(statement);
	if (error) {
		free(chunks);
		return error;
	}
	*out = chunks;
	*count = used;
	return 0;
}

/* --- columns --- */

static int prepare(struct segment_reader *segment, sqlite3_stmt **statement, const char *sql)
{
	if (*statement)
		sqlite3_reset(*statement);
	else if (sqlite3_prepare_v3(segment->database, sql, -1, SQLITE_PREPARE_PERSISTENT,
				    statement, NULL) != SQLITE_OK)
		return sqlite_problem(segment);
	return 0;
}

static int chunk_problem(struct segment_reader *segment, const struct chunk *chunk)
{
	char where[32];

	snprintf(where, sizeof(where), "chunk %lld: ", (long long)chunk->chunk_id);
	return sqlite_problem_in(segment, where);
}

int segment_check_chunk(struct segment_reader *segment, const struct chunk *chunk)
{
	char *text = NULL;
	size_t size = 0;
	FILE *digest;
	int result, error;
	int64_t expected = 0;

	if (segment->checked_chunk == chunk->chunk_id)
		return 0;
	error = prepare(
		segment, &segment->digest_query,
		"SELECT chunk.stream, row_count, first_ns, last_ns, chunk.checksum, name,"
		" part.checksum FROM chunk LEFT JOIN part USING (chunk_id)"
		" LEFT JOIN stream_column USING (column_id) WHERE chunk_id = ?"
		" ORDER BY column_id");
	if (error)
		return error;
	digest = open_memstream(&text, &size);
	if (!digest)
		return -ENOMEM;
	sqlite3_bind_int64(segment->digest_query, 1, chunk->chunk_id);
	for (int row = 0; (result = sqlite3_step(segment->digest_query)) == SQLITE_ROW; row++) {
		sqlite3_stmt *query = segment->digest_query;
		const char *name = (const char *)sqlite3_column_text(query, 5);

		if (!row) {
			expected = sqlite3_column_int64(query, 4);
			fprintf(digest, "%s|%lld|%lld|%lld", sqlite3_column_text(query, 0),
				(long long)sqlite3_column_int64(query, 1),
				(long long)sqlite3_column_int64(query, 2),
				(long long)sqlite3_column_int64(query, 3));
		}
		if (sqlite3_column_type(query, 6) != SQLITE_NULL)
			fprintf(digest, "|%s:%lld", name ? name : "?",
				(long long)sqlite3_column_int64(query, 6));
	}
	if (fclose(digest))
		error = -ENOMEM;
	else if (result != SQLITE_DONE)
		error = chunk_problem(segment, chunk);
	else if ((int64_t)checksum(text, size) != expected)
		error = problem(segment, -EBADMSG,
				"%s: chunk %lld: its list of parts does not match its checksum",
				segment->path, (long long)chunk->chunk_id);
	else
		segment->checked_chunk = chunk->chunk_id;
	free(text);
	sqlite3_reset(segment->digest_query);
	return error;
}

static int damaged_part(struct segment_reader *segment, enum stream_id stream,
			const struct chunk *chunk, unsigned int column, const char *what)
{
	return problem(segment, -EBADMSG, "%s: stream %s, chunk %lld, column %s: %s",
		       segment->path, stream_get(stream)->name, (long long)chunk->chunk_id,
		       stream_get(stream)->columns[column].name, what);
}

static int part_problem(struct segment_reader *segment, enum stream_id stream,
			const struct chunk *chunk, unsigned int column)
{
	char where[160];

	snprintf(where, sizeof(where),
		 "stream %s, chunk %lld, column %s: ", stream_get(stream)->name,
		 (long long)chunk->chunk_id, stream_get(stream)->columns[column].name);
	return sqlite_problem_in(segment, where);
}

/* Who asks for a column, while its parts are fetched. */
struct asking {
	struct segment_reader *segment;
	enum stream_id stream;
	const struct chunk *chunk;
	unsigned int column;
	unsigned int copies;
};

static int copy_blob(struct bytes *copy, sqlite3_stmt *query, int index, const uint8_t **data,
		     size_t *size)
{
	const void *blob = sqlite3_column_blob(query, index);
	size_t blob_size = (size_t)sqlite3_column_bytes(query, index);
	uint8_t *to = bytes_room(copy, blob_size + 1);

	if (!to)
		return -ENOMEM;
	if (blob_size)
		memcpy(to, blob, blob_size);
	*data = to;
	*size = blob_size;
	copy->size += blob_size;
	return 0;
}

static int fetch_part(void *context, unsigned int position, struct part_bytes *out)
{
	struct asking *asking = context;
	struct segment_reader *segment = asking->segment;
	struct bytes *copy = &segment->copies[asking->copies % COPIES];
	sqlite3_stmt *query;
	int result, error;

	if (position >= segment->file_column_counts[asking->stream])
		return -EBADMSG;
	error = prepare(segment, &segment->part_query,
			"SELECT checksum, entries, data FROM part"
			" WHERE chunk_id = ? AND column_id = ?");
	if (error)
		return error;
	query = segment->part_query;
	sqlite3_bind_int64(query, 1, asking->chunk->chunk_id);
	sqlite3_bind_int(query, 2, segment->file_columns[asking->stream][position]);
	result = sqlite3_step(query);
	if (result == SQLITE_DONE)
		return -ENODATA;
	if (result != SQLITE_ROW)
		return part_problem(segment, asking->stream, asking->chunk, asking->column);
	asking->copies++;
	copy->size = 0;
	bytes_room(copy, (size_t)sqlite3_column_bytes(query, 1) +
				 (size_t)sqlite3_column_bytes(query, 2) + 2);
	error = copy_blob(copy, query, 1, &out->entries, &out->entries_size);
	if (!error)
		error = copy_blob(copy, query, 2, &out->data, &out->data_size);
	if (!error && (int64_t)checksum_two(out->entries, out->entries_size, out->data,
					    out->data_size) != sqlite3_column_int64(query, 0))
		error = damaged_part(segment, asking->stream, asking->chunk, asking->column,
				     "the bytes do not match their checksum");
	sqlite3_reset(query);
	return error;
}

static int position_in_file(const struct segment_reader *segment, enum stream_id stream,
			    int column_id, unsigned int *out)
{
	for (unsigned int i = 0; i < segment->file_column_counts[stream]; i++)
		if (column_id && segment->file_columns[stream][i] == column_id) {
			*out = i;
			return 0;
		}
	return -ENODATA;
}

int segment_column(struct segment_reader *segment, enum stream_id stream,
		   const struct chunk *chunk, unsigned int column, void *values)
{
	int address = stream_get(stream)->columns[column].type == COLUMN_ADDRESS;
	size_t value_size = address ? sizeof(struct address) : sizeof(uint64_t);
	struct asking asking = {segment, stream, chunk, column, 0};
	unsigned int position;
	int error = 0;

	/* The pages of a sealed segment vouch for the list of its parts. */
	if (!segment->sealed)
		error = segment_check_chunk(segment, chunk);
	if (error)
		return error;
	if (position_in_file(segment, stream, segment->column_ids[stream][column], &position)) {
		memset(values, 0, value_size * chunk->row_count);
		return 0;
	}
	free(segment->problem);
	segment->problem = NULL;
	error = chunk_decode(segment->decoder, chunk->row_count, position, value_size,
			     fetch_part, &asking, values);
	if (error == -EBADMSG && !segment->problem)
		error = damaged_part(segment, stream, chunk, column,
				     "the bytes are not an encoded column");
	return error;
}

/* --- texts --- */

/* How many texts there are; they are numbered from 1 without gaps. */
static int count_texts(struct segment_reader *segment, int64_t *count)
{
	int64_t most = 0;
	int error = query_integer(segment, "SELECT count(*) FROM string", count);

	if (!error)
		error = query_integer(segment, "SELECT ifnull(max(string_id), 0) FROM string",
				      &most);
	if (!error && (*count != most || most > INT32_MAX))
		error = problem(
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
		return sqlite_problem_in(segment, "table string: ");
	while (!error && (result = sqlite3_step(statement)) == SQLITE_ROW)
		error = load_text(segment, statement);
	if (!error && result != SQLITE_DONE)
		error = sqlite_problem_in(segment, "table string: ");
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
		return sqlite_problem_in(segment, "table string: ");
	sqlite3_bind_text64(statement, 1, text, size, SQLITE_STATIC, SQLITE_UTF8);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		*code = (uint64_t)sqlite3_column_int64(statement, 0);
	else if (result == SQLITE_DONE)
		*code = 0;
	else
		error = sqlite_problem_in(segment, "table string: ");
	sqlite3_finalize(statement);
	return error;
}
