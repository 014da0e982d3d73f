/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the reader of segments with whole files: verify, every column of every chunk, every
 * text, and queries with bounds.
 *
 * The first byte of the input says how the rest becomes a file: 0 as it is; else every page
 * gets the sum that it needs and the file its last line, so that what lies behind the sums is
 * reached.
 */
#include "schema/checksum.h"
#include "schema/guarded_page.h"
#include "schema/page_guard.h"
#include "schema/segment_reader.h"
#include "schema/segment_writer.h"
#include "schema/verify.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_BYTES (1U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int ignore(void *context, const struct damage *damage)
{
	if (!damage->what || !*damage->what)
		abort();
	return 0;
}

static void sum_parts(const char *path)
{
	sqlite3_stmt *parts = NULL, *update = NULL;
	sqlite3 *database = NULL;

	if (!sqlite3_open(path, &database) &&
	    !sqlite3_exec(database, "PRAGMA journal_mode = OFF", NULL, NULL, NULL) &&
	    !sqlite3_prepare_v2(database,
				"SELECT filter, entries, data, part_id FROM part LIMIT 1000",
				-1, &parts, NULL) &&
	    !sqlite3_prepare_v2(database, "UPDATE part SET checksum = ? WHERE part_id = ?", -1,
				&update, NULL))
		while (sqlite3_step(parts) == SQLITE_ROW) {
			struct piece pieces[3];

			for (int i = 0; i < 3; i++) {
				pieces[i].data = sqlite3_column_blob(parts, i);
				pieces[i].size = (size_t)sqlite3_column_bytes(parts, i);
			}
			sqlite3_bind_int64(update, 1, (int64_t)checksum_pieces(pieces, 3));
			sqlite3_bind_int64(update, 2, sqlite3_column_int64(parts, 3));
			sqlite3_step(update);
			sqlite3_reset(update);
		}
	sqlite3_finalize(parts);
	sqlite3_finalize(update);
	sqlite3_close(database);
}

/* The file says how many pages it has: what is there counts. */
static void sign(int file, size_t size)
{
	char digest[PAGE_GUARD_DIGEST_SIZE];
	struct guarded_layout layout;
	uint8_t count[4];
	uint64_t pages;

	if (guarded_layout_read(file, &layout))
		return;
	pages = size / layout.page_size;
	for (int i = 0; i < 4; i++)
		count[i] = (uint8_t)(pages >> (24 - 8 * i));
	if (pages && pwrite(file, count, sizeof(count), 28) == sizeof(count))
		page_guard_finish(file, digest);
}

static void read_chunk(struct segment_reader *segment, enum stream_id id,
		       const struct chunk *chunk, void *values)
{
	for (unsigned int i = 0; i < stream_get(id)->column_count; i++) {
		if (segment_column(segment, id, chunk, i, values)) {
			if (!*segment_problem(segment))
				abort();
			continue;
		}
		if (stream_get(id)->columns[i].type == COLUMN_TEXT)
			segment_text(segment, *(const uint64_t *)values, NULL);
	}
}

static void read_segment(struct segment_reader *segment, const uint8_t *data, size_t size)
{
	struct address *values = malloc(BATCH_ROWS * sizeof(*values));
	uint64_t code;

	for (int id = 0; id < STREAM_COUNT && values; id++) {
		struct bound bounds[] = {{.column = 1, .low = 0, .high = INT64_MAX},
					 {.column = 3, .low = 0, .high = 0}};
		struct chunk *chunks = NULL;
		size_t count = 0;

		if (size >= sizeof(struct address))
			memcpy(&bounds[1].address, data, sizeof(struct address));
		for (size_t bound_count = 0; bound_count <= 2; bound_count++) {
			if (segment_chunks(segment, id, bounds, bound_count, &chunks, &count))
				continue;
			for (size_t i = 0; i < count && i < 8 && !bound_count; i++)
				read_chunk(segment, id, &chunks[i], values);
			free(chunks);
		}
	}
	segment_code(segment, (const char *)data, size < 16 ? size : 16, &code);
	free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *where = getenv("TMPDIR");
	struct segment_reader *segment;
	struct verify_summary summary;
	char path[PATH_MAX], *problem = NULL;
	int file;

	if (size < 1 || size > MOST_BYTES)
		return 0;
	snprintf(path, sizeof(path), "%s/segment_fuzz.%d" SEGMENT_SUFFIX,
		 where && *where ? where : "/tmp", (int)getpid());
	file = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
	if (file < 0 || write(file, data + 1, size - 1) != (ssize_t)(size - 1))
		abort();
	if (data[0] > 1)
		sum_parts(path);
	if (data[0])
		sign(file, size - 1);
	close(file);
	segment_verify(path, ignore, NULL, &summary, &problem);
	free(problem);
	problem = NULL;
	if (!segment_open(path, &segment, &problem)) {
		read_segment(segment, data, size);
		segment_reader_close(segment);
	}
	free(problem);
	unlink(path);
	return 0;
}
