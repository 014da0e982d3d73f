/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows on their way from the intake to the writer: batches that become visible together.
 */
#ifndef RECORDER_DELIVERY_H
#define RECORDER_DELIVERY_H

#include "schema/batch.h"

struct delivery {
	struct batch *first[STREAM_COUNT]; /* each a list through batch->next; NULL: no rows */
	struct batch *last[STREAM_COUNT];
	uint64_t row_count;
	uint64_t slice; /* not 0: this slice is open still, and may have provisional rows */
	uint64_t drop_slice; /* not 0: take that slice's provisional rows out first */
	uint64_t covered_ns; /* everything until then is in this delivery or an earlier one */
	struct delivery *next;
};

/* NULL when memory is short. */
struct delivery *delivery_new(void);
void delivery_free(struct delivery *delivery);

/* Append one row struct of the stream. Returns 0 or -ENOMEM. */
int delivery_row(struct delivery *delivery, enum stream_id stream, const void *row);

/* The same with a row that will be replaced when the delivery's open slice ends. */
int delivery_row_so_far(struct delivery *delivery, enum stream_id stream, const void *row);

#endif
