/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table that forgets: what has not been touched for one to two generations is gone, so
 * that a model's memory follows the rate of what it sees, not the length of a recording.
 *
 *     turn:   old  <-  young,  young <- empty
 *     get:    looks into young, then into old, and moves what it finds there to young
 *
 * Keys are 64-bit digests; entries that two keys share are one. With a million of them alive,
 * ten million new ones meet such a twin with a probability below one in a million. Open
 * addressing, linear probing, key and value side by side, at most three quarters full: one
 * cache line for most lookups.
 */
#ifndef ANALYZER_MODELS_AGING_H
#define ANALYZER_MODELS_AGING_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct aging_half {
	char *slots; /* each a key (0: empty), then the value */
	uint64_t mask;
	uint64_t count;
};

struct aging {
	struct aging_half young, old;
	uint64_t moved;	   /* of those in old, how many are in young, too */
	size_t value_size; /* a multiple of 8 */
	size_t stride;
	uint64_t peak; /* the most entries at a time, so far */
};

/* Both return 0 or -ENOMEM; a table that is all zero may be cleared. */
int aging_init(struct aging *aging, size_t value_size);
int aging_reserve(struct aging *aging, uint64_t more); /* gets that move no entry */
void aging_clear(struct aging *aging);

/* Begin a generation. */
void aging_turn(struct aging *aging);

static inline uint64_t aging_count(const struct aging *aging)
{
	return aging->young.count + aging->old.count - aging->moved;
}

/* Let the line come that aging_get will look at first. */
static inline void aging_prefetch(const struct aging *aging, uint64_t key)
{
	__builtin_prefetch(aging->young.slots +
			   ((key ^ key >> 32) & aging->young.mask) * aging->stride);
}

static inline char *aging_slot(const struct aging *aging, const struct aging_half *half,
			       uint64_t key)
{
	uint64_t i = key ^ key >> 32;

	for (;; i++) {
		char *slot = half->slots + (i & half->mask) * aging->stride;
		uint64_t found;

		memcpy(&found, slot, sizeof(found));
		if (found == key || !found)
			return slot;
	}
}

/* The value in one half, or NULL. */
static inline void *aging_find_in(const struct aging *aging, const struct aging_half *half,
				  uint64_t key)
{
	char *slot;

	if (!half->count)
		return NULL;
	slot = aging_slot(aging, half, key ? key : 1);
	return *(uint64_t *)slot ? slot + sizeof(uint64_t) : NULL;
}

/*
 * The value, all zero when it is new (*is_new). Room must have been reserved; the pointer is
 * valid until the next aging_reserve or aging_turn.
 */
static inline void *aging_get(struct aging *aging, uint64_t key, int *is_new)
{
	char *slot = aging_slot(aging, &aging->young, key ? key : 1), *value;
	void *old;

	value = slot + sizeof(uint64_t);
	*is_new = 0;
	if (*(uint64_t *)slot)
		return value;
	*(uint64_t *)slot = key ? key : 1;
	aging->young.count++;
	old = aging_find_in(aging, &aging->old, key);
	if (old) {
		memcpy(value, old, aging->value_size);
		aging->moved++;
		return value;
	}
	*is_new = 1;
	if (aging_count(aging) > aging->peak)
		aging->peak = aging_count(aging);
	return value;
}

/* The value, or NULL. It is not touched. */
static inline void *aging_find(const struct aging *aging, uint64_t key)
{
	void *value = aging_find_in(aging, &aging->young, key);

	return value ? value : aging_find_in(aging, &aging->old, key);
}

#endif
