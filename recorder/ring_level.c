/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The level of a BPF ring buffer, from its own position pages.
 *
 * Layout (kernel/bpf/ringbuf.c, Linux 5.8 and newer): the first page of the mapping begins with
 * the consumer's position, the second with the producers', both unsigned long and never
 * wrapped.
 */
#include "recorder/ring_level.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct ring_level {
	const unsigned long *consumer, *producer;
	size_t page;
	uint64_t most;
};

/* One page of positions; NULL when it cannot be mapped. */
static const unsigned long *map_page(int map, size_t page, off_t offset)
{
	void *memory = mmap(NULL, page, PROT_READ, MAP_SHARED, map, offset);

	return memory == MAP_FAILED ? NULL : memory;
}

int ring_level_open(int map, struct ring_level **out)
{
	struct ring_level *level = calloc(1, sizeof(*level));
	int error;

	if (!level)
		return -ENOMEM;
	level->page = (size_t)sysconf(_SC_PAGESIZE);
	level->consumer = map_page(map, level->page, 0);
	if (level->consumer)
		level->producer = map_page(map, level->page, (off_t)level->page);
	if (!level->producer) {
		error = -errno;
		ring_level_close(level);
		return error;
	}
	*out = level;
	return 0;
}

void ring_level_close(struct ring_level *level)
{
	if (!level)
		return;
	if (level->consumer)
		munmap((void *)level->consumer, level->page);
	if (level->producer)
		munmap((void *)level->producer, level->page);
	free(level);
}

void ring_level_look(struct ring_level *level)
{
	unsigned long waiting;

	if (!level)
		return;
	/* The consumer is this thread: only the other position moves meanwhile. */
	waiting = __atomic_load_n(level->producer, __ATOMIC_ACQUIRE) -
		  __atomic_load_n(level->consumer, __ATOMIC_RELAXED);
	if (waiting > level->most)
		level->most = waiting;
}

uint64_t ring_level_take(struct ring_level *level)
{
	uint64_t most = level ? level->most : 0;

	if (level)
		level->most = 0;
	return most;
}
