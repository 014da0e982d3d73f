/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the yardsticks' tables hold, need and lost.
 */
#include "testdata/bench/kernel/yardstick_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_ENTRIES 4096U

static uint64_t instance_losses(const struct instance *instance)
{
	int cpus = libbpf_num_possible_cpus();
	struct yardstick_losses *each = calloc((size_t)cpus, sizeof(*each));
	uint32_t zero = 0;
	uint64_t losses = 0;

	if (!each ||
	    bpf_map_lookup_elem(bpf_map__fd(instance->skeleton->maps.losses), &zero, each))
		fail("losses");
	for (int cpu = 0; cpu < cpus; cpu++)
		losses += each[cpu].flows;
	free(each);
	return losses;
}

uint64_t yardstick_losses(const struct yardstick *yardstick)
{
	uint64_t losses = 0;

	for (size_t i = 0; i < yardstick->count; i++)
		losses += instance_losses(&yardstick->instances[i]);
	return losses;
}

static uint64_t map_memory_bytes(const struct bpf_map *map)
{
	unsigned long long memory = 0;
	char path[64], line[128];
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	info = fopen(path, "r");
	if (!info)
		fail("%s", path);
	while (fgets(line, sizeof(line), info))
		if (sscanf(line, "memlock: %llu", &memory) == 1)
			break;
	fclose(info);
	return memory;
}

uint64_t yardstick_memory_bytes(const struct yardstick *yardstick)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < yardstick->count; i++)
		bytes += map_memory_bytes(yardstick->instances[i].table);
	return bytes;
}

/* --- drain --- */

/* Room for one batch. */
struct batch {
	char *keys, *values;
	int cpus;		 /* values of an entry */
	size_t stride, key_size; /* from one value to the next */
};

static void batch_open(struct batch *batch, const struct bpf_map *table)
{
	int is_percpu = bpf_map__type(table) == BPF_MAP_TYPE_PERCPU_HASH;

	batch->cpus = is_percpu ? libbpf_num_possible_cpus() : 1;
	batch->stride = (bpf_map__value_size(table) + 7) / 8 * 8;
	batch->key_size = bpf_map__key_size(table);
	batch->keys = malloc(DRAIN_ENTRIES * batch->key_size);
	batch->values = malloc(DRAIN_ENTRIES * batch->stride * (size_t)batch->cpus);
	if (!batch->keys || !batch->values)
		fail("memory");
	/* The first touch of the pages is no part of a drain. */
	memset(batch->keys, 0, DRAIN_ENTRIES * batch->key_size);
	memset(batch->values, 0, DRAIN_ENTRIES * batch->stride * (size_t)batch->cpus);
}

static uint64_t packets_of(const struct batch *batch, enum design_kind kind, uint32_t entry)
{
	const char *value = batch->values + entry * batch->stride * (size_t)batch->cpus;
	uint64_t packets = 0;

	if (kind != PERCPU_TWELVE_TUPLE)
		return ((const struct seven_tuple_flow *)(const void *)value)->packets;
	for (int cpu = 0; cpu < batch->cpus; cpu++, value += batch->stride)
		packets += ((const struct twelve_tuple_flow *)(const void *)value)->packets;
	return packets;
}

/* In batches: the quickest way that there is. */
static void instance_drain(const struct instance *instance, enum design_kind kind,
			   struct drained *drained)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options,
		    .elem_flags = kind == PERCPU_TWELVE_TUPLE ? 0 : BPF_F_LOCK);
	struct batch batch;
	uint64_t position[8]; /* opaque to us */
	double began_s;
	int error = 0;

	batch_open(&batch, instance->table);
	began_s = thread_cpu_s();
	for (int first = 1; !error; first = 0) {
		uint32_t count = DRAIN_ENTRIES;

		error = bpf_map_lookup_and_delete_batch(bpf_map__fd(instance->table),
							first ? NULL : position, position,
							batch.keys, batch.values, &count,
							&options);
		errno = -error;
		if (error && error != -ENOENT)
			fail("cannot take a batch out of a table");
		for (uint32_t i = 0; i < count; i++)
			drained->packets += packets_of(&batch, kind, i);
		drained->entries += count;
	}
	drained->cpu_s += thread_cpu_s() - began_s;
	free(batch.keys);
	free(batch.values);
}

void yardstick_drain(struct yardstick *yardstick, struct drained *drained)
{
	*drained = (struct drained){0};
	for (size_t i = 0; i < yardstick->count; i++)
		instance_drain(&yardstick->instances[i], yardstick->kind, drained);
}
