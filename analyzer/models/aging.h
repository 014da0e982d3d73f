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
 * addressing, linear probing, key and value side by side, at most seven eighths full. A byte
 * of the key for each slot stands apart: what is not there, most often, is found out from these
 * alone, which are few enough to stay in the cache.
 */
#ifndef ANALYZER_MODELS_AGING_H
#define ANALYZER_MODELS_AGING_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct aging_half {
	unsigned char *tags; /* of the key in each slot; 0: it is empty */
	char *slots;	     /* each a key, then the value */
	uint64_t mask;
	uint64_t count;
};

struct aging {
	struct aging_half young, old;
	uint64_t moved;	   /* of those in old, how many are in young, too */
	size_t value_size; /* a multiple of 8 */
	uint64_t peak;	   /* the most entries at a time, so far */
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

static inline uint64_t aging_place(const struct aging_half *half, uint64_t key)
{
	return (key ^ key >> 32) & half->mask;
}

static inline unsigned char aging_tag(uint64_t key)
{
	return (unsigned char)(key >> 56 | 1);
}

/* A slot, its value being of that size. */
static inline char *aging_slot(const struct aging_half *half, uint64_t place, size_t value_size)
{
	return half->slots + place * (sizeof(uint64_t) + value_size);
}

/* The key at a place. Returns whether there is one. */
static inline int aging_key(const struct aging_half *half, uint64_t place, size_t value_size,
			    uint64_t *key)
{
	if (!half->tags[place])
		return 0;
	memcpy(key, aging_slot(half, place, value_size), sizeof(*key));
	return 1;
}

/* Let the lines come that aging_get will look at. */
static inline void aging_prefetch(const struct aging *aging, uint64_t key)
{
	uint64_t place = aging_place(&aging->young, key);

	__builtin_prefetch(aging->young.tags + place);
	__builtin_prefetch(aging_slot(&aging->young, place, aging->value_size), 1);
	if (aging->old.count)
		__builtin_prefetch(aging->old.tags + aging_place(&aging->old, key));
}

/* Where the key is, or else may be put; *is_there says which. */
static inline uint64_t aging_look(const struct aging_half *half, uint64_t key,
				  size_t value_size, int *is_there)
{
	uint64_t place = aging_place(half, key), found;
	unsigned char tag = aging_tag(key);

	for (; half->tags[place]; place = (place + 1) & half->mask) {
		if (half->tags[place] != tag)
			continue;
		memcpy(&found, aging_slot(half, place, value_size), sizeof(found));
		if (found == key) {
			*is_there = 1;
			return place;
		}
	}
	*is_there = 0;
	return place;
}

/* The value in one half, or NULL. */
static inline void *aging_find_in(const struct aging_half *half, uint64_t key,
				  size_t value_size)
{
	uint64_t place;
	int is_there;

	if (!half->count)
		return NULL;
	place = aging_look(half, key, value_size, &is_there);
	return is_there ? aging_slot(half, place, value_size) + sizeof(uint64_t) : NULL;
}

/* aging_get where the compiler knows the size of the value, which is the table's. */
static inline __attribute__((always_inline)) void *
aging_get_sized(struct aging *aging, uint64_t key, int *is_new, size_t value_size)
{
	int is_there;
	uint64_t place = aging_look(&aging->young, key, value_size, &is_there);
	char *slot = aging_slot(&aging->young, place, value_size);
	char *value = slot + sizeof(uint64_t);
	void *old;

	*is_new = 0;
	if (is_there)
		return value;
	aging->young.tags[place] = aging_tag(key);
	memcpy(slot, &key, sizeof(key));
	aging->young.count++;
	old = aging_find_in(&aging->old, key, value_size);
	if (old) {
		memcpy(value, old, value_size);
		aging->moved++;
		return value;
	}
	memset(value, 0, value_size);
	*is_new = 1;
	if (aging_count(aging) > aging->peak)
		aging->peak = aging_count(aging);
	return value;
}

/*
 * The value, all zero when it is new (*is_new). Room must have been reserved; the pointer is
 * valid until the next aging_reserve or aging_turn.
 */
static inline void *aging_get(struct aging *aging, uint64_t key, int *is_new)
{
	return aging_get_sized(aging, key, is_new, aging->value_size);
}

/* The value, or NULL. It is not touched. */
static inline void *aging_find(const struct aging *aging, uint64_t key)
{
	void *value = aging_find_in(&aging->young, key, aging->value_size);

	return value ? value : aging_find_in(&aging->old, key, aging->value_size);
}

#endif
