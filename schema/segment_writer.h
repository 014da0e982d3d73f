/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes one segment file: an SQLite database as FORMAT.md describes it.
 *
 * The file is a valid segment after every commit, whatever happens to the writer afterwards.
 * All functions return 0 or a negative errno; -ENOSPC means that the disk (or a quota) is full,
 * and then the whole open transaction has been rolled back and the segment can be used on.
 * segment_error has SQLite's own words for the last failure.
 */
#ifndef SCHEMA_SEGMENT_WRITER_H
#define SCHEMA_SEGMENT_WRITER_H

#include "schema/batch.h"

#define SEGMENT_APPLICATION_ID 0x466c6f77 /* "Flow", in the SQLite header */
#define SEGMENT_FORMAT_MAJOR   2
#define SEGMENT_FORMAT_MINOR   1
#define SEGMENT_SUFFIX	       ".segment"

struct segment_writer;

struct segment_identity {
	const char *recording_id; /* the same in every segment of a recording */
	uint32_t sequence;	  /* 1, 2, 3... */
	const char *writer;	  /* program and version */
	uint64_t created_ns;
	int level; /* of zstd */
};

/* Make the file, mode 0600. -EEXIST when there is one. Close with segment_close. */
int segment_create(const char *path, const struct segment_identity *identity,
		   struct segment_writer **out);

/*
 * The same in an empty file that is there, for the sealed form of the segment at live_path:
 * without journal, with room for page sums, and with all that the live one has but its chunks.
 * Texts keep their codes. -EPROTONOSUPPORT: the live one is of another version of this program.
 */
int segment_create_sealed(const char *path, const char *live_path, uint32_t page_size,
			  int level, struct segment_writer **out);

/* Take over a chunk of the live segment as it is. */
int segment_copy_chunk(struct segment_writer *segment, int64_t live_chunk_id);

/* Everything until the next commit becomes visible together, or not at all. */
int segment_begin(struct segment_writer *segment);

/*
 * Append a batch as one chunk; texts are entered in the segment's dictionary, and the batch's
 * text columns hold the segment's codes afterwards. A chunk of an open slice (slice not 0) is
 * provisional: segment_drop_slice takes it out again when the slice is written anew.
 */
int segment_append(struct segment_writer *segment, struct batch *batch, uint64_t slice);
int segment_drop_slice(struct segment_writer *segment, uint64_t slice);

/*
 * Run one statement on the plain tables. One character in types for each ?: i int64_t,
 * t text or NULL.
 */
int segment_put(struct segment_writer *segment, const char *sql, const char *types, ...);

/* Commit; everything until covered_ns is in the file now. 0: leave that instant as it is. */
int segment_commit(struct segment_writer *segment, uint64_t covered_ns);
void segment_rollback(struct segment_writer *segment);

/*
 * Mark the segment finished, and fold its journal in where that can be done; then only close
 * it.
 */
int segment_finish(struct segment_writer *segment, uint64_t finished_ns);

/* Close without finishing what is not finished. NULL is fine. */
void segment_close(struct segment_writer *segment);

/* Bytes of the file so far, and SQLite's words for the last failure. */
uint64_t segment_size_bytes(const struct segment_writer *segment);
const char *segment_error(const struct segment_writer *segment);

#endif
