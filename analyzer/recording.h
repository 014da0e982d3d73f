/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One or more recordings, open for reading: all their good segments in order, and a note in one
 * line of everything that is missing. A segment's file is opened when it is needed: what its
 * catalog says of it needs no opening.
 */
#ifndef ANALYZER_RECORDING_H
#define ANALYZER_RECORDING_H

#include "analyzer/catalog.h"

#include "schema/segment_reader.h"

struct recording;

struct recording_segment {
	const char *path;
	const char *name; /* the file's; with its directory when several paths were given */
	const char *recording_id;
	uint32_t sequence;
	uint64_t created_ns;
	uint64_t covered_ns;
	uint64_t size_bytes; /* with its journal */
	int is_finished;
	struct catalog *catalog; /* of its directory; NULL: a file that was named by itself */
	size_t file;		 /* its number in the catalog */
	struct segment_reader *reader; /* NULL: not open; see recording_reader */
	uint64_t used;		       /* when, as a running number */
	int is_lost;		       /* it cannot be opened */
};

/*
 * Open paths: directories of segments, or single segments. What cannot be read becomes a note.
 * When nothing can be read: -ENOENT or another negative errno, and *problem is what is wrong, a
 * line each without a last line end, which the caller frees.
 */
int recording_open(const char *const *paths, size_t count, struct recording **out,
		   char **problem);
void recording_close(struct recording *recording);

size_t recording_segment_count(const struct recording *recording);
const struct recording_segment *recording_segment(const struct recording *recording, size_t i);

/*
 * The open segment, until another one is asked for: of the sealed ones, which are always the
 * same, no more than RECORDING_OPEN stay open. NULL when it cannot be opened (any more), which
 * is noted.
 */
#define RECORDING_OPEN 128
struct segment_reader *recording_reader(struct recording *recording, size_t i);

/* How many segments are open. */
size_t recording_open_count(const struct recording *recording);

/*
 * The catalogs, one for each path that was given; NULL for one that is no directory. *count is
 * how many files it knows.
 */
size_t recording_catalog_count(const struct recording *recording);
struct catalog *recording_catalog(const struct recording *recording, size_t i, size_t *count);

/*
 * Remember in one line that something is missing; the same line is kept once. Without memory
 * for it, recording_is_partial still knows.
 */
void recording_add_note(struct recording *recording, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
size_t recording_note_count(const struct recording *recording);
const char *recording_note(const struct recording *recording, size_t i);

/* Whether an answer from this recording is partial. */
int recording_is_partial(const struct recording *recording);

/* Rows that were to be read and could not be. */
struct recording_gap {
	size_t segment;
	enum stream_id stream;
	struct chunk chunk; /* all zero: no row of the segment could be read */
};

/* Remember that a chunk's rows are missing; NULL: all of the segment. The same is kept once. */
int recording_add_gap(struct recording *recording, size_t segment, enum stream_id stream,
		      const struct chunk *chunk); /* 0 or -ENOMEM */
const struct recording_gap *recording_gap(const struct recording *recording,
					  size_t i); /* NULL: no more */

/*
 * Say in one line why there is no answer, or less than was asked for, although nothing is
 * missing: the recording was not made for the question. The same line is kept once.
 */
void recording_add_remark(struct recording *recording, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The first remark, which is forgotten; the caller frees it. NULL: there is none. */
char *recording_take_remark(struct recording *recording);

#endif
