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

static int allocate(const struct aging *aging, struct aging_half *half, uint64_t slots)
{
	half->slots = calloc(slots, aging->stride);
	if (!half->slots)
		return -ENOMEM;
	prefer_huge_pages(half->slots, slots * aging->stride);
	half->mask = slots - 1;
	half->count = 0;
	return 0;
}

int aging_init(struct aging *aging, size_t value_size)
{
	*aging = (struct aging){.value_size = (value_size + 7) / 8 * 8};
	aging->stride = aging->value_size + sizeof(uint64_t);
	return allocate(aging, &aging->young, FEWEST_SLOTS);
}

static int is_roomy(uint64_t slots, uint64_t entries)
{
	return entries <= slots - slots / 4;
}

int aging_reserve(struct aging *aging, uint64_t more)
{
	struct aging_half old = aging->young, grown;
	uint64_t slots = old.mask + 1;
	int error;

	if (is_roomy(slots, old.count + more))
		return 0;
	while (!is_roomy(slots, old.count + more))
		slots *= 2;
	error = allocate(aging, &grown, slots);
	if (error)
		return error;
	for (uint64_t i = 0; i <= old.mask; i++) {
		const char *from = old.slots + i * aging->stride;
		uint64_t key;

		memcpy(&key, from, sizeof(key));
		if (key)
			memcpy(aging_slot(aging, &grown, key), from, aging->stride);
	}
	grown.count = old.count;
	free(old.slots);
	aging->young = grown;
	return 0;
}

void aging_turn(struct aging *aging)
{
	struct aging_half spare = aging->old;

	aging->old = aging->young;
	aging->moved = 0;
	/* The spare half is used again where it is large enough not to grow at once. */
	if (spare.slots && spare.mask >= aging->old.mask / 4 &&
	    spare.mask <= aging->old.mask * 4) {
		if (spare.count)
			memset(spare.slots, 0, (spare.mask + 1) * aging->stride);
		spare.count = 0;
		aging->young = spare;
		return;
	}
	free(spare.slots);
	if (allocate(aging, &aging->young, FEWEST_SLOTS)) {
		/* Without memory for it, forget all. */
		memset(aging->old.slots, 0, (aging->old.mask + 1) * aging->stride);
		aging->young = aging->old;
		aging->young.count = 0;
		aging->old = (struct aging_half){0};
	}
}

void aging_clear(struct aging *aging)
{
	free(aging->young.slots);
	free(aging->old.slots);
	*aging = (struct aging){0};
}
