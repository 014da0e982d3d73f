/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the segment reader share.
 */
#ifndef SCHEMA_SEGMENT_READER_PRIVATE_H
#define SCHEMA_SEGMENT_READER_PRIVATE_H

#include "schema/bytes.h"
#include "schema/chunk.h"
#include "schema/segment_reader.h"

#define COPIES 16U /* of parts: more than a column can take */

struct segment_reader {
	sqlite3 *database;
	sqlite3_stmt *part_query;
	sqlite3_stmt *filter_query;
	sqlite3_stmt *digest_query;
	struct chunk_decoder *decoder; /* made at first use */
	struct bytes copies[COPIES];   /* of the parts that a column takes */
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

/* Keep what is wrong, in one line that begins with the path; returns error. */
int reader_problem(struct segment_reader *segment, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for what SQLite failed with, or the page that did not check; where ends with ": ".
 */
int reader_sqlite_problem(struct segment_reader *segment, const char *where);

/* One integer that a query gives. */
int reader_integer(struct segment_reader *segment, const char *sql, int64_t *out);

/* Prepare a statement once, and reset it later. */
int reader_prepare(struct segment_reader *segment, sqlite3_stmt **statement, const char *sql);

/* The decoder, made if need be. NULL when memory is short. */
struct chunk_decoder *reader_decoder(struct segment_reader *segment);

#endif
