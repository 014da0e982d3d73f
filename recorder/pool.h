/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of equal, zeroed pieces of memory, carved from large blocks: cheap to take, to give
 * back, and to free all at once. Pieces begin at cache lines.
 */
#ifndef RECORDER_POOL_H
#define RECORDER_POOL_H

#include <stddef.h>

struct pool {
	size_t size;
	struct pool_block *blocks;
	size_t left; /* pieces never used in the first block */
	void *free;  /* list of pieces that were given back */
};

void pool_open(struct pool *pool, size_t size);
void pool_close(struct pool *pool);

/* NULL when memory is short. */
void *pool_take(struct pool *pool);
void pool_give(struct pool *pool, void *piece);

#endif
