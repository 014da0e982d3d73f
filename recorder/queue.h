/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounded queue of deliveries between the intake and the writer thread.
 */
#ifndef RECORDER_QUEUE_H
#define RECORDER_QUEUE_H

#include "recorder/delivery.h"

struct queue;

/* Room for so many deliveries, and for so many rows in them. NULL when memory is short. */
struct queue *queue_new(uint32_t delivery_limit, uint64_t row_limit);

/* With whatever is still in it. */
void queue_free(struct queue *queue);

/*
 * Add at the end; with wait, waits for room: less than all of it is taken, so that one delivery
 * may be larger than what is left. Returns 0 (the queue owns it), or -EAGAIN when there is no
 * room or the queue is closed.
 */
int queue_push(struct queue *queue, struct delivery *delivery, int wait);

/* Whether so many rows are within the limit, or the queue is empty. */
int queue_has_room(struct queue *queue, uint64_t rows);

/*
 * Wait for the first one and take it; the caller owns it. It takes up room until queue_done is
 * called with its rows. NULL: the queue is closed and empty.
 */
struct delivery *queue_pop(struct queue *queue);
void queue_done(struct queue *queue, uint64_t row_count);

/* No more pushes. */
void queue_close(struct queue *queue);

/* Rows that wait or are being worked on. */
uint64_t queue_rows(struct queue *queue);

#endif
