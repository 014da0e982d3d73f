/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows on their way from the intake to the writer: lists of batches, one list for each stream.
 */
#include "recorder/delivery.h"

#include <errno.h>
#include <stdlib.h>

struct delivery *delivery_new(void)
{
	return calloc(1, sizeof(struct delivery));
}

void delivery_free(struct delivery *delivery)
{
	struct batch *batch, *next;

	if (!delivery)
		return;
	for (int i = 0; i < STREAM_COUNT; i++) {
		for (batch = delivery->first[i]; batch; batch = next) {
			next = batch->next;
			batch_free(batch);
		}
	}
	free(delivery);
}

static int append_to_new_batch(struct delivery *delivery, enum stream_id stream, uint64_t slice,
			       const void *row)
{
	struct batch *batch = batch_new(stream);
	int error;

	if (!batch)
		return -ENOMEM;
	batch->slice = slice;
	error = batch_append(batch, row);
	if (error) {
		batch_free(batch);
		return error;
	}
	if (delivery->last[stream])
		delivery->last[stream]->next = batch;
	else
		delivery->first[stream] = batch;
	delivery->last[stream] = batch;
	return 0;
}

static int append(struct delivery *delivery, enum stream_id stream, uint64_t slice,
		  const void *row)
{
	struct batch *batch = delivery->last[stream];
	int error = batch && batch->slice == slice ? batch_append(batch, row) : -ENOSPC;

	if (error == -ENOSPC)
		error = append_to_new_batch(delivery, stream, slice, row);
	if (!error)
		delivery->row_count++;
	return error;
}

int delivery_row(struct delivery *delivery, enum stream_id stream, const void *row)
{
	return append(delivery, stream, 0, row);
}

int delivery_row_so_far(struct delivery *delivery, enum stream_id stream, const void *row)
{
	return append(delivery, stream, delivery->slice, row);
}
