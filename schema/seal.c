/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seals a segment.
 *
 * The sealed file is made beside the live one under a third name, guarded, synced, and renamed:
 * whenever the machine stops, the live file is still there or the sealed one already is.
 */
#include "schema/seal.h"
#include "schema/page_guard.h"
#include "schema/segment_reader.h"
#include "schema/segment_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEVEL 6

/* A chunk with so many rows is taken over as it is, where nothing is to be merged into it. */
#define FULL_ROWS (BATCH_ROWS * 3 / 4)

/* Small files are for the most part pages that are hardly filled. */
#define SMALL_BYTES	(8ULL << 20)
#define SMALL_PAGE_SIZE 1024
#define PAGE_SIZE	4096

struct seal {
	const char *live_path, *sealed_path;
	char *path; /* of the file that is made */
	int file;   /* the same, open */
	struct segment_reader *live;
	struct segment_writer *sealed;
	char words[512]; /* of the failure */
};

static int fail(struct seal *seal, int error, const char *path, const char *words)
{
	snprintf(seal->words, sizeof(seal->words), "%s: cannot be sealed: %s", path, words);
	return error;
}

static int reading_failed(struct seal *seal, int error)
{
	return fail(seal, error, seal->live_path, segment_problem(seal->live));
}

static int writing_failed(struct seal *seal, int error)
{
	const char *words = segment_error(seal->sealed);

	return fail(seal, error, seal->live_path, *words ? words : strerror(-error));
}

/* --- chunks --- */

/* Rows of one stream on their way into full chunks. */
struct merge {
	struct seal *seal;
	enum stream_id stream;
	unsigned int column_count;
	union column_values *columns; /* of the chunk that was read last */
	struct batch *batch;
	uint64_t slice; /* that the rows of the batch belong to */
};

static void merge_free(struct merge *merge)
{
	for (unsigned int i = 0; merge->columns && i < merge->column_count; i++)
		free(merge->columns[i].memory);
	free(merge->columns);
	batch_free(merge->batch);
}

/* Room for the columns of a chunk, at the first one that is to be merged. */
static int make_room(struct merge *merge)
{
	const struct stream *stream = stream_get(merge->stream);

	if (merge->columns)
		return 0;
	merge->columns = calloc(merge->column_count, sizeof(*merge->columns));
	for (unsigned int i = 0; merge->columns && i < merge->column_count; i++) {
		int is_address = stream->columns[i].type == COLUMN_ADDRESS;

		merge->columns[i].memory = malloc(
			BATCH_ROWS * (is_address ? sizeof(struct address) : sizeof(uint64_t)));
		if (!merge->columns[i].memory)
			return -ENOMEM;
	}
	return merge->columns ? 0 : -ENOMEM;
}

static int flush(struct merge *merge)
{
	int error = 0;

	if (merge->batch->row_count)
		error = segment_append(merge->seal->sealed, merge->batch, merge->slice);
	batch_clear(merge->batch);
	return error ? writing_failed(merge->seal, error) : 0;
}

static int add_rows(struct merge *merge, const struct chunk *chunk)
{
	uint32_t done = 0;
	int error = 0;

	if (chunk->slice != merge->slice)
		error = flush(merge);
	merge->slice = chunk->slice;
	while (done < chunk->row_count && !error) {
		uint32_t count = BATCH_ROWS - merge->batch->row_count;

		if (count > chunk->row_count - done)
			count = chunk->row_count - done;
		error = batch_extend(merge->batch, merge->columns, done, count);
		done += count;
		if (!error && merge->batch->row_count == BATCH_ROWS)
			error = flush(merge);
	}
	return error;
}

/* What its checksums vouch for. */
static int copy_chunk(struct merge *merge, const struct chunk *chunk)
{
	struct seal *seal = merge->seal;
	int error = segment_check_parts(seal->live, merge->stream, chunk);

	if (error)
		return reading_failed(seal, error);
	error = segment_copy_chunk(seal->sealed, chunk->chunk_id);
	return error ? writing_failed(seal, error) : 0;
}

static int merge_chunk(struct merge *merge, const struct chunk *chunk)
{
	struct seal *seal = merge->seal;
	int error = 0;

	if (!merge->batch->row_count && chunk->row_count >= FULL_ROWS)
		return copy_chunk(merge, chunk);
	error = make_room(merge);
	if (error)
		return fail(seal, error, seal->live_path, strerror(-error));
	for (unsigned int i = 0; i < merge->column_count && !error; i++)
		error = segment_column(seal->live, merge->stream, chunk, i,
				       merge->columns[i].memory);
	return error ? reading_failed(seal, error) : add_rows(merge, chunk);
}

static int merge_stream(struct seal *seal, enum stream_id stream)
{
	struct chunk *chunks = NULL;
	struct merge merge;
	size_t count = 0;
	int error = segment_chunks(seal->live, stream, NULL, 0, &chunks, &count);

	if (error)
		return reading_failed(seal, error);
	if (!count)
		return 0;
	merge = (struct merge){.seal = seal,
			       .stream = stream,
			       .column_count = stream_get(stream)->column_count,
			       .batch = batch_new(stream)};
	if (!merge.batch)
		error = fail(seal, -ENOMEM, seal->live_path, strerror(ENOMEM));
	for (size_t i = 0; i < count && !error; i++)
		error = merge_chunk(&merge, &chunks[i]);
	if (!error)
		error = flush(&merge);
	merge_free(&merge);
	free(chunks);
	return error;
}

/* --- files --- */

/* The file beside the final one; -EBUSY when somebody else is making it. */
static int begin_file(struct seal *seal)
{
	if (asprintf(&seal->path, "%s" SEGMENT_SEALING_SUFFIX, seal->sealed_path) < 0) {
		seal->path = NULL;
		return -ENOMEM;
	}
	seal->file = open(seal->path, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (seal->file < 0 || flock(seal->file, LOCK_EX | LOCK_NB) ||
	    ftruncate(seal->file, 0)) {
		int error = errno == EWOULDBLOCK ? -EBUSY : -errno;

		if (seal->file >= 0)
			close(seal->file);
		seal->file = -1;
		return fail(seal, error, seal->path, strerror(-error));
	}
	return 0;
}

static int sync_directory(const char *path)
{
	char *copy = strdup(path);
	int directory = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int error = directory < 0 || fsync(directory) ? -errno : 0;

	if (directory >= 0)
		close(directory);
	free(copy);
	return error;
}

static void remove_live(const char *path)
{
	static const char *const suffixes[] = {"-wal", "-shm", ""};
	char *name;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (asprintf(&name, "%s%s", path, suffixes[i]) >= 0) {
			unlink(name);
			free(name);
		}
}

static uint32_t page_size(const char *live_path)
{
	struct stat status;

	if (stat(live_path, &status) || (uint64_t)status.st_size < SMALL_BYTES)
		return SMALL_PAGE_SIZE;
	return PAGE_SIZE;
}

/* Everything of the live segment, in the new file. */
static int fill(struct seal *seal, const char *previous_sha256)
{
	int error = segment_create_sealed(seal->path, seal->live_path,
					  page_size(seal->live_path), LEVEL, &seal->sealed);

	if (error)
		return fail(seal, error, seal->live_path, strerror(-error));
	error = segment_begin(seal->sealed);
	if (!error)
		error = segment_put(seal->sealed, "UPDATE segment SET previous_sha256 = ?", "t",
				    previous_sha256);
	if (error)
		return writing_failed(seal, error);
	for (int stream = 0; stream < STREAM_COUNT && !error; stream++)
		error = merge_stream(seal, stream);
	if (!error && (error = segment_commit(seal->sealed, 0)))
		writing_failed(seal, error);
	return error;
}

/* Give the file its final name; what is sealed there already stays. */
static int take_name(const struct seal *seal)
{
	if (!renameat2(AT_FDCWD, seal->path, AT_FDCWD, seal->sealed_path, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL) /* which says that this file system cannot do it in one step */
		return -errno;
	if (!access(seal->sealed_path, F_OK))
		return -EEXIST;
	return rename(seal->path, seal->sealed_path) ? -errno : 0;
}

/* Under its final name, and only then without the live one. */
static int conclude(struct seal *seal, char digest[SEAL_DIGEST_SIZE])
{
	int error = page_guard_finish(seal->file, digest);

	if (!error)
		error = take_name(seal);
	if (error)
		return fail(seal, error, seal->sealed_path, strerror(-error));
	if (!sync_directory(seal->sealed_path))
		remove_live(seal->live_path);
	return 0;
}

int segment_seal(const char *live_path, const char *sealed_path, const char *previous_sha256,
		 char digest[SEAL_DIGEST_SIZE], char **problem)
{
	struct seal seal = {.live_path = live_path, .sealed_path = sealed_path, .file = -1};
	int error = segment_open(live_path, &seal.live, problem);

	if (error)
		return error;
	error = begin_file(&seal);
	if (!error)
		error = fill(&seal, previous_sha256);
	segment_close(seal.sealed);
	segment_reader_close(seal.live);
	if (!error)
		error = conclude(&seal, digest);
	if (error && seal.file >= 0)
		unlink(seal.path);
	if (seal.file >= 0)
		close(seal.file);
	free(seal.path);
	*problem = error ? strdup(*seal.words ? seal.words : strerror(-error)) : NULL;
	return error;
}

int segment_digest(const char *path, char digest[SEAL_DIGEST_SIZE])
{
	int file = open(path, O_RDONLY | O_CLOEXEC), error;

	if (file < 0)
		return -errno;
	error = page_guard_digest(file, digest);
	close(file);
	return error;
}
