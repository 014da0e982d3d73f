/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table that forgets.
 */
#include "analyzer/models/aging.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define FEWEST_SLOTS 1024
#define HUGE_PAGE    (2UL << 20)

/*
 * Large tables are touched all over at once: in pages of 2 MB, that costs a fraction of the
 * page faults and TLB misses. Where there are none, nothing changes.
 */
static void prefer_huge_pages(char *memory, size_t size)
{
	uintptr_t begin = ((uintptr_t)memory + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)memory + size) & ~(HUGE_PAGE - 1);

	if (begin < end)
		madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

static void release(struct aging_half *half)
{
	free(half->tags);
	free(half->slots);
	*half = (struct aging_half){0};
}

static int allocate(const struct aging *aging, struct aging_half *half, uint64_t slots)
{
	size_t stride = sizeof(uint64_t) + aging->value_size;

	*half = (struct aging_half){
		.tags = calloc(slots, 1),
		.slots = reallocarray(NULL, slots, stride),
		.mask = slots - 1,
	};
	if (!half->tags || !half->slots) {
		release(half);
		return -ENOMEM;
	}
	prefer_huge_pages(half->slots, slots * stride);
	return 0;
}

static void empty(struct aging_half *half)
{
	memset(half->tags, 0, half->mask + 1);
	half->count = 0;
}

int aging_init(struct aging *aging, size_t value_size)
{
	*aging = (struct aging){.value_size = (value_size + 7) / 8 * 8};
	return allocate(aging, &aging->young, FEWEST_SLOTS);
}

static int is_roomy(uint64_t slots, uint64_t entries)
{
	return entries <= slots - slots / 8;
}

static uint64_t slots_for(uint64_t entries)
{
	uint64_t slots = FEWEST_SLOTS;

	while (!is_roomy(slots, entries))
		slots *= 2;
	return slots;
}

int aging_reserve(struct aging *aging, uint64_t more)
{
	struct aging_half old = aging->young, grown;
	int error;

	if (is_roomy(old.mask + 1, old.count + more))
		return 0;
	error = allocate(aging, &grown, slots_for(old.count + more));
	if (error)
		return error;
	for (uint64_t i = 0; i <= old.mask; i++) {
		uint64_t key, to;
		int is_there;

		if (!aging_key(&old, i, aging->value_size, &key))
			continue;
		to = aging_look(&grown, key, aging->value_size, &is_there);
		grown.tags[to] = old.tags[i];
		memcpy(aging_slot(&grown, to, aging->value_size),
		       aging_slot(&old, i, aging->value_size), sizeof(key) + aging->value_size);
	}
	grown.count = old.count;
	release(&old);
	aging->young = grown;
	return 0;
}

void aging_turn(struct aging *aging)
{
	struct aging_half spare = aging->old;

	aging->old = aging->young;
	aging->moved = 0;
	/* The spare half is used again where it is large enough not to grow at once. */
	if (spare.tags && spare.mask >= aging->old.mask / 4 &&
	    spare.mask <= aging->old.mask * 4) {
		empty(&spare);
		aging->young = spare;
		return;
	}
	release(&spare);
	if (allocate(aging, &aging->young, slots_for(aging->old.count))) {
		/* Without memory for it, forget all. */
		aging->young = aging->old;
		empty(&aging->young);
		aging->old = (struct aging_half){0};
	}
}

void aging_clear(struct aging *aging)
{
	release(&aging->young);
	release(&aging->old);
	*aging = (struct aging){0};
}
