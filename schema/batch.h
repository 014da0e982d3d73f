/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch: up to 65,536 rows of one stream in memory, column by column.
 *
 * Integers and times are widened to 64 bits, addresses stay 16 bytes, texts are codes of the
 * batch's own dictionary.
 */
#ifndef SCHEMA_BATCH_H
#define SCHEMA_BATCH_H

#include "schema/dictionary.h"
#include "schema/stream.h"

#define BATCH_ROWS 65536U

union column_values {
	uint64_t *integers;	   /* COLUMN_INTEGER, COLUMN_TIME, COLUMN_TEXT (codes) */
	struct address *addresses; /* COLUMN_ADDRESS */
	void *memory;
};

struct batch {
	const struct stream *stream;
	uint32_t row_count;
	uint32_t capacity;
	/* column_count of them, row_count values in each; NULL: zero in every row so far */
	union column_values *columns;
	struct dictionary *texts;
	int is_coded;	    /* texts are codes of a segment already, see batch_extend */
	struct batch *next; /* for whoever owns the batch */
	uint64_t slice;	    /* his too; not 0: provisional rows, news of that open slice */
};

/* One value of an integer, time or text column. */
static inline uint64_t batch_integer(const struct batch *batch, unsigned int column,
				     uint32_t row)
{
	const uint64_t *integers = batch->columns[column].integers;

	return integers ? integers[row] : 0;
}

/* NULL when memory is short. Close with batch_free. */
struct batch *batch_new(enum stream_id stream);
void batch_free(struct batch *batch);

/*
 * Append a row, a pointer to the stream's row struct; everything is copied.
 * Returns 0, -ENOSPC when the batch holds BATCH_ROWS rows, -ENOMEM.
 */
int batch_append(struct batch *batch, const void *row);

/*
 * Append count rows, from row first of decoded columns (NULL memory: zero). Texts are codes of
 * the segment that the batch is for. Returns 0, -ENOSPC when they do not fit, -ENOMEM.
 */
int batch_extend(struct batch *batch, const union column_values *columns, uint32_t first,
		 uint32_t count);

/* Set the text of a row that has been appended; it is copied. Returns 0 or -ENOMEM. */
int batch_set_text(struct batch *batch, unsigned int column, uint32_t row, const char *text);

void batch_clear(struct batch *batch);

/* The first and last instant of the rows, 0 and 0 when there are none. */
void batch_span(const struct batch *batch, uint64_t *first_ns, uint64_t *last_ns);

#endif
