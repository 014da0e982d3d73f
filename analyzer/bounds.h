/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds that the rows of a scan must be within, and what they say of segments, chunks and
 * rows.
 */
#ifndef ANALYZER_BOUNDS_H
#define ANALYZER_BOUNDS_H

#include "analyzer/catalog.h"
#include "analyzer/scan.h"

struct bounds {
	const struct stream *stream;
	struct scan_bound *asked;
	struct bound *resolved; /* in the codes of one segment */
	size_t count;
};

/* Take a copy of bounds in place of those that are there. Returns 0 or -ENOMEM. */
int bounds_set(struct bounds *bounds, const struct scan_bound *asked, size_t count);
void bounds_clear(struct bounds *bounds);

/* The column of the first equality that rows can be looked up by; UINT32_MAX: there is none. */
unsigned int bounds_key(const struct bounds *bounds);

/* The equality of that column. */
const struct scan_bound *bounds_equality(const struct bounds *bounds, unsigned int column);

/*
 * Whether a file of the catalog may hold rows within the bounds, as far as the catalog knows.
 */
int bounds_may_meet(const struct bounds *bounds, struct catalog *catalog, size_t file,
		    enum stream_id id);

/*
 * Put the bounds in the segment's terms. Returns 1, 0 when no row of it can be within them, or
 * a negative errno when its dictionary cannot be read. Without texts no reader is needed.
 */
int bounds_resolve(struct bounds *bounds, struct segment_reader *reader);

/* Whether a row of decoded columns is within all bounds, as they were resolved last. */
int bounds_hold(const struct bounds *bounds, const union column_values *columns, uint32_t row);

#endif
