/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounded queue of deliveries between the intake and the writer thread.
 */
#include "recorder/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct queue {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct delivery *first, *last;
	uint32_t delivery_count, delivery_limit;
	uint64_t row_count, row_limit;
	int closed;
};

struct queue *queue_new(uint32_t delivery_limit, uint64_t row_limit)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->changed, NULL);
	queue->delivery_limit = delivery_limit;
	queue->row_limit = row_limit;
	return queue;
}

void queue_free(struct queue *queue)
{
	struct delivery *delivery, *next;

	if (!queue)
		return;
	for (delivery = queue->first; delivery; delivery = next) {
		next = delivery->next;
		delivery_free(delivery);
	}
	pthread_cond_destroy(&queue->changed);
	pthread_mutex_destroy(&queue->mutex);
	free(queue);
}

static int has_room(const struct queue *queue)
{
	return !queue->delivery_count || (queue->delivery_count < queue->delivery_limit &&
					  queue->row_count < queue->row_limit);
}

int queue_push(struct queue *queue, struct delivery *delivery, int wait)
{
	int error = 0;

	pthread_mutex_lock(&queue->mutex);
	while (wait && !queue->closed && !has_room(queue))
		pthread_cond_wait(&queue->changed, &queue->mutex);
	if (queue->closed || !has_room(queue)) {
		error = -EAGAIN;
	} else {
		delivery->next = NULL;
		if (queue->last)
			queue->last->next = delivery;
		else
			queue->first = delivery;
		queue->last = delivery;
		queue->delivery_count++;
		queue->row_count += delivery->row_count;
		pthread_cond_broadcast(&queue->changed);
	}
	pthread_mutex_unlock(&queue->mutex);
	return error;
}

int queue_has_room(struct queue *queue, uint64_t rows)
{
	int room;

	pthread_mutex_lock(&queue->mutex);
	room = !queue->closed && has_room(queue) &&
	       (!queue->delivery_count || rows <= queue->row_limit - queue->row_count);
	pthread_mutex_unlock(&queue->mutex);
	return room;
}

struct delivery *queue_pop(struct queue *queue)
{
	struct delivery *delivery;

	pthread_mutex_lock(&queue->mutex);
	while (!queue->first && !queue->closed)
		pthread_cond_wait(&queue->changed, &queue->mutex);
	delivery = queue->first;
	if (delivery) {
		queue->first = delivery->next;
		if (!queue->first)
			queue->last = NULL;
		delivery->next = NULL;
	}
	pthread_mutex_unlock(&queue->mutex);
	return delivery;
}

void queue_done(struct queue *queue, uint64_t row_count)
{
	pthread_mutex_lock(&queue->mutex);
	queue->delivery_count--;
	queue->row_count -= row_count;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->closed = 1;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

uint64_t queue_rows(struct queue *queue)
{
	uint64_t rows;

	pthread_mutex_lock(&queue->mutex);
	rows = queue->row_count;
	pthread_mutex_unlock(&queue->mutex);
	return rows;
}
