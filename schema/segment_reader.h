/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one segment file: finished, being written now, or torn by a crash, all the same way.
 *
 * Errors: -ENOENT no such file; -EBADMSG not a segment, or damaged; -EPROTONOSUPPORT a newer
 * major format; other negative errnos from the file system. segment_problem says what, where,
 * and what was expected, in one line.
 */
#ifndef SCHEMA_SEGMENT_READER_H
#define SCHEMA_SEGMENT_READER_H

#include "schema/batch.h"

#include <sqlite3.h>

struct segment_reader;

/*
 * Open for reading; nothing is written beside a finished segment. On failure *problem is one
 * line that the caller frees.
 */
int segment_open(const char *path, struct segment_reader **out, char **problem);
void segment_reader_close(struct segment_reader *segment);

/* Give back the memory that decoding takes, some megabytes, until the next column is read. */
void segment_rest(struct segment_reader *segment);

const char *segment_path(const struct segment_reader *segment);
const char *segment_problem(const struct segment_reader *segment);

/* The offset of the damaged page of the last problem; negative when it is not known. */
int64_t segment_damage_offset(const struct segment_reader *segment);

/* 1 when the recorder finished the segment, 0 when it is being written or was torn. */
int segment_is_finished(const struct segment_reader *segment);

/* 1 when every byte of it is guarded by the checksums of a seal, see schema/seal.h. */
int segment_is_sealed(const struct segment_reader *segment);

/* Until when the segment holds everything. */
uint64_t segment_covered_ns(const struct segment_reader *segment);

/* The database, for its plain tables. Read only. */
sqlite3 *segment_database(struct segment_reader *segment);

struct chunk {
	int64_t chunk_id;
	uint32_t row_count;
	uint64_t first_ns, last_ns;
	uint64_t slice; /* not 0: provisional rows of this slice */
};

/*
 * A bound on a column for pruning. Integers, times and text codes compare as int64_t; for
 * addresses only equality is a bound: low equals high.
 */
struct bound {
	unsigned int column; /* index in the stream */
	int64_t low, high;   /* both inclusive */
	struct address address;
};

/*
 * The chunks of a stream that may hold rows within all bounds, in order of writing. *out is
 * malloc'd, the caller frees it.
 */
int segment_chunks(struct segment_reader *segment, enum stream_id stream,
		   const struct bound *bounds, size_t bound_count, struct chunk **out,
		   size_t *count);

/*
 * Whether the chunk has exactly the parts that it was written with, by its checksum: 0,
 * -EBADMSG.
 */
int segment_check_chunk(struct segment_reader *segment, const struct chunk *chunk);

/* Whether all bytes of its parts match their checksums, and it has all of them: 0, -EBADMSG. */
int segment_check_parts(struct segment_reader *segment, enum stream_id stream,
			const struct chunk *chunk);

/*
 * Decode one column of a chunk into values, room for chunk->row_count of them (uint64_t, or
 * struct address). A column that the chunk does not hold is all zero. Texts come as codes of
 * the segment's dictionary. -EBADMSG: the bytes do not check; values are undefined.
 */
int segment_column(struct segment_reader *segment, enum stream_id stream,
		   const struct chunk *chunk, unsigned int column, void *values);

/*
 * Load the dictionary, which the first segment_text does otherwise. -EBADMSG: not all of it can
 * be read; the texts that could be are there.
 */
int segment_load_texts(struct segment_reader *segment);

/* The text of a code; NULL when the dictionary lacks it. Valid until the reader is closed. */
const char *segment_text(struct segment_reader *segment, uint64_t code, size_t *size);

/*
 * The code of a text, *code 0 when no row of this segment can have it. -EBADMSG: the dictionary
 * cannot be read, so that this is not known.
 */
int segment_code(struct segment_reader *segment, const char *text, size_t size, uint64_t *code);

#endif
