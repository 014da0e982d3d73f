/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of equal pieces of memory.
 */
#include "recorder/pool.h"

#include <stdlib.h>
#include <string.h>

#define LINE	     64U
#define BLOCK_PIECES 256U

struct pool_block {
	struct pool_block *next;
	char zero[LINE - sizeof(struct pool_block *)];
	char pieces[];
};

void pool_open(struct pool *pool, size_t size)
{
	*pool = (struct pool){.size = (size + LINE - 1) / LINE * LINE};
}

void pool_close(struct pool *pool)
{
	struct pool_block *next;

	for (struct pool_block *block = pool->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	pool->blocks = NULL;
}

void *pool_take(struct pool *pool)
{
	void *piece = pool->free;

	if (piece)
		memcpy(&pool->free, piece, sizeof(pool->free));
	else {
		if (!pool->left) {
			struct pool_block *block =
				aligned_alloc(LINE, sizeof(*block) + pool->size * BLOCK_PIECES);

			if (!block)
				return NULL;
			block->next = pool->blocks;
			pool->blocks = block;
			pool->left = BLOCK_PIECES;
		}
		piece = pool->blocks->pieces + pool->size * --pool->left;
	}
	memset(piece, 0, pool->size);
	return piece;
}

void pool_give(struct pool *pool, void *piece)
{
	memcpy(piece, &pool->free, sizeof(pool->free));
	pool->free = piece;
}
