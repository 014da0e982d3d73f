/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map with a fixed number of entries.
 */
#include "analyzer/models/lru.h"

#include <errno.h>
#include <stdlib.h>

int lru_init(struct lru *lru, uint32_t size)
{
	uint32_t buckets = 1;

	while (buckets < 2 * size)
		buckets *= 2;
	*lru = (struct lru){.size = size, .mask = buckets - 1};
	lru->entries = calloc((size_t)size + 1, sizeof(*lru->entries));
	lru->buckets = calloc(buckets, sizeof(*lru->buckets));
	if (lru->entries && lru->buckets)
		return 0;
	lru_clear(lru);
	return -ENOMEM;
}

void lru_clear(struct lru *lru)
{
	free(lru->entries);
	free(lru->buckets);
	*lru = (struct lru){0};
}

static uint32_t *bucket(const struct lru *lru, uint64_t key)
{
	return &lru->buckets[(key ^ key >> 32) & lru->mask];
}

/* The place where the entry's number stands, or the end of its chain. */
static uint32_t *find(const struct lru *lru, uint64_t key)
{
	uint32_t *place = bucket(lru, key);

	while (*place && lru->entries[*place].key != key)
		place = &lru->entries[*place].next;
	return place;
}

static void take_out(struct lru *lru, uint32_t i)
{
	struct lru_entry *entry = &lru->entries[i];

	lru->entries[entry->older].newer = entry->newer;
	lru->entries[entry->newer].older = entry->older;
}

/* As the latest: before the list's own entry, whose newer is the oldest. */
static void put_in(struct lru *lru, uint32_t i)
{
	struct lru_entry *entry = &lru->entries[i], *list = lru->entries;

	entry->older = list->older;
	entry->newer = 0;
	lru->entries[list->older].newer = i;
	list->older = i;
}

uint64_t *lru_find(struct lru *lru, uint64_t key)
{
	uint32_t i = *find(lru, key);

	if (!i)
		return NULL;
	take_out(lru, i);
	put_in(lru, i);
	return &lru->entries[i].value;
}

void lru_delete(struct lru *lru, uint64_t key)
{
	uint32_t *place = find(lru, key), i = *place;

	if (!i)
		return;
	*place = lru->entries[i].next;
	take_out(lru, i);
	lru->entries[i].next = lru->free;
	lru->free = i;
}

static uint32_t make_entry(struct lru *lru)
{
	uint32_t i = lru->free;

	if (!i && lru->used < lru->size)
		return ++lru->used;
	if (!i) {
		lru->evicted++;
		lru_delete(lru, lru->entries[lru->entries[0].newer].key);
		i = lru->free;
	}
	lru->free = lru->entries[i].next;
	return i;
}

uint32_t lru_take(struct lru *lru, uint64_t key, int *is_new)
{
	uint32_t i = *find(lru, key);

	*is_new = !i;
	if (i) {
		take_out(lru, i);
	} else {
		i = make_entry(lru);
		lru->entries[i].key = key;
		lru->entries[i].next = *bucket(lru, key);
		*bucket(lru, key) = i;
	}
	put_in(lru, i);
	return i;
}

void lru_put(struct lru *lru, uint64_t key, uint64_t value)
{
	int is_new;

	lru->entries[lru_take(lru, key, &is_new)].value = value;
}
