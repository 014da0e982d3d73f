/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goes through the rows of one stream over all segments of a recording: only the chunks that
 * can hold rows within the bounds, only the columns that are needed.
 *
 * A chunk with a damaged part among the needed columns is left out; the recording has a note of
 * it.
 */
#ifndef ANALYZER_SCAN_H
#define ANALYZER_SCAN_H

#include "analyzer/recording.h"

/*
 * A bound that rows must be within. Integers and times: low to high, both inclusive. Addresses
 * and texts: equality.
 */
struct scan_bound {
	unsigned int column;
	int64_t low, high;
	struct address address;
	const char *text; /* borrowed until scan_begin returns */
	size_t text_size;
};

struct scan;

/* Begins with the same equality before an index is made, and what the decoded rows may take. */
#define SCAN_LOOKUPS	  8
#define SCAN_LOOKUP_BYTES (512ULL << 20)

/* NULL when memory is short. The recording is borrowed. */
struct scan *scan_new(struct recording *recording, enum stream_id stream);
void scan_free(struct scan *scan);

/*
 * From the next scan_begin on, other segments than the one of that name may be left out. NULL:
 * none may.
 */
void scan_limit(struct scan *scan, const char *segment);

/*
 * Begin before the first row. needed has a non-zero byte for each column (of the stream's
 * column_count) that will be asked for; columns with bounds need none. Returns 0 or -ENOMEM.
 */
int scan_begin(struct scan *scan, const unsigned char *needed, const struct scan_bound *bounds,
	       size_t bound_count);

/* Go to the next row. Returns 0, -ENODATA after the last, -ENOMEM. */
int scan_next(struct scan *scan);

/* Where the row is. */
size_t scan_segment_number(const struct scan *scan);
const struct recording_segment *scan_segment(const struct scan *scan);
int64_t scan_chunk_id(const struct scan *scan);
uint32_t scan_row(const struct scan *scan);

/* Values of needed columns of this row. */
uint64_t scan_integer(const struct scan *scan, unsigned int column);
const struct address *scan_address(const struct scan *scan, unsigned int column);
/* NULL when the row has no text. Valid until another function is called. */
const char *scan_text(const struct scan *scan, unsigned int column, size_t *size);

#endif
