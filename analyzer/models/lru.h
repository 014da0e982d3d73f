/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map of 64-bit digests to 64-bit values with a fixed number of entries: the one that was not
 * used for the longest time makes room. The kernel's LRU map does so approximately, by CPU;
 * this one exactly.
 */
#ifndef ANALYZER_MODELS_LRU_H
#define ANALYZER_MODELS_LRU_H

#include <stdint.h>

struct lru_entry {
	uint64_t key, value;
	uint32_t older, newer; /* by use; 0: the list's own entry */
	uint32_t next;	       /* in the bucket; 0: none */
};

struct lru {
	struct lru_entry *entries; /* from 1 on */
	uint32_t *buckets;
	uint32_t size, mask, used, free;
	uint64_t evicted;
};

int lru_init(struct lru *lru, uint32_t size); /* 0 or -ENOMEM */
void lru_clear(struct lru *lru);

/* The value, now the latest used, or NULL. Valid until the next lru_put. */
uint64_t *lru_find(struct lru *lru, uint64_t key);
/* The number of the entry, 1 to size; made, and *is_new, where there is none. */
uint32_t lru_take(struct lru *lru, uint64_t key, int *is_new);
void lru_put(struct lru *lru, uint64_t key, uint64_t value);
void lru_delete(struct lru *lru, uint64_t key);

#endif
