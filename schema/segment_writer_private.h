/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the segment writer share.
 */
#ifndef SCHEMA_SEGMENT_WRITER_PRIVATE_H
#define SCHEMA_SEGMENT_WRITER_PRIVATE_H

#include "schema/chunk.h"
#include "schema/filter.h"
#include "schema/segment_writer.h"

#include <sqlite3.h>

enum statement {
	INSERT_CHUNK,
	INSERT_PART,
	INSERT_STRING,
	DROP_PARTS,
	DROP_CHUNKS,
	SET_COVERED,
	SET_CHECKSUM,
	STATEMENTS,
};

struct segment_writer {
	sqlite3 *database;
	sqlite3_stmt *statements[STATEMENTS];
	struct chunk_encoder *encoder;
	uint8_t filter[FILTER_MOST_BYTES];
	struct dictionary *strings;   /* code = string_id */
	uint32_t stored_strings;      /* codes up to here are in the table */
	uint32_t committed_strings;   /* and up to here for good */
	int column_ids[STREAM_COUNT]; /* column_id of each stream's column 0 */
	char *path;
	char problem[256];
};

/* SQLite's result as an errno; its words are kept. */
int writer_failure(struct segment_writer *segment, int result);

/* Run a prepared statement whose values are bound. */
int writer_run(struct segment_writer *segment, enum statement which);

/* On failure nothing of the transaction is kept, so that the caller can begin another. */
int writer_ended(struct segment_writer *segment, int error);

#endif
