/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded rows of a stream in memory, with an index of one column: finds the rows of a value.
 */
#ifndef ANALYZER_LOOKUP_H
#define ANALYZER_LOOKUP_H

#include "schema/batch.h"

struct lookup_place {
	uint32_t segment, chunk_id, row;
};

struct lookup {
	const struct stream *stream;
	const unsigned char *needed; /* borrowed: non-zero for each column that is kept */
	unsigned int key;	     /* the indexed column: an integer, a time or an address */
	uint32_t row_count, capacity;
	union column_values *columns; /* row_count values in each that is kept */
	struct lookup_place *places;
	uint32_t *heads, *nexts; /* chains of row numbers + 1 that share a hash; 0 ends */
	uint32_t mask;
};

/* The bytes that so many rows take. */
uint64_t lookup_bytes(const struct stream *stream, const unsigned char *needed, uint64_t rows);

/* NULL when memory is short. */
struct lookup *lookup_new(const struct stream *stream, const unsigned char *needed,
			  unsigned int key, uint32_t capacity);
void lookup_free(struct lookup *lookup);

/* Append a decoded chunk. Returns 0, or -E2BIG beyond the capacity. */
int lookup_add(struct lookup *lookup, const union column_values *columns, uint32_t row_count,
	       uint32_t segment, uint32_t chunk_id);

/* Index what has been appended. Returns 0 or -ENOMEM. */
int lookup_index(struct lookup *lookup);

/*
 * The first row, in order of appending, whose key may be the integer (or the address);
 * lookup_next gives those after it. UINT32_MAX: no more. The caller compares: a chain may hold
 * other keys.
 */
uint32_t lookup_first(const struct lookup *lookup, uint64_t integer,
		      const struct address *address);
uint32_t lookup_next(const struct lookup *lookup, uint32_t row);

#endif
