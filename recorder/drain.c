/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes what the programs counted: flow entries, rates, events, counters, costs.
 */
#include "recorder/probes_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RATES_MOST 1024U

static int flow_table(const struct probes *probes, uint32_t generation)
{
	return bpf_map__fd(generation & 1 ? probes->skeleton->maps.flows_1
					  : probes->skeleton->maps.flows_0);
}

int probes_turn(struct probes *probes)
{
	__atomic_add_fetch(&probes->skeleton->bss->generation, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&probes->skeleton->bss->flows_made, 0, __ATOMIC_RELAXED);
	/*
	 * Programs run inside RCU read-side sections, and this barrier is a grace period: when
	 * it is over, no program is left that saw the old generation.
	 */
	return syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) ? -errno : 0;
}

int probes_are_filling(const struct probes *probes)
{
	return __atomic_load_n(&probes->skeleton->bss->flows_made, __ATOMIC_RELAXED) >
	       bpf_map__max_entries(probes->skeleton->maps.flows_0) / 2;
}

int probes_drain_flows(struct probes *probes,
		       int (*flow)(void *context, const struct flow_key *key,
				   const struct flow_value *value),
		       void *context, size_t *drained)
{
	int table = flow_table(probes, probes->skeleton->bss->generation + 1);
	uint64_t position[8]; /* opaque to us; a hash map uses 4 bytes of it */
	void *from = NULL;

	*drained = 0;
	for (;;) {
		uint32_t count = DRAIN_ENTRIES;
		int ended, error = 0;

		ended = bpf_map_lookup_and_delete_batch(table, from, position, probes->keys,
							probes->values, &count, NULL);
		if (ended && ended != -ENOENT)
			return ended;
		for (uint32_t i = 0; i < count && !error; i++)
			error = flow(context, &probes->keys[i], &probes->values[i]);
		*drained += count;
		if (error)
			return error;
		if (ended)
			return 0;
		from = position;
	}
}

int probes_drain_rates(struct probes *probes, uint64_t now_ns,
		       void (*rate)(void *context, const struct rate_key *key,
				    const struct rate_value *value),
		       void *context)
{
	int map = bpf_map__fd(probes->skeleton->maps.rates);
	struct rate_key over[RATES_MOST], key, *previous = NULL;
	struct rate_value value;
	size_t count = 0;

	/* Spans that are over for two of their lengths: no program is still adding to them. */
	while (count < RATES_MOST && !bpf_map_get_next_key(map, previous, &key)) {
		if ((key.bucket + 2) * RATE_BUCKET_NS < now_ns)
			over[count++] = key;
		previous = &key;
	}
	for (size_t i = 0; i < count; i++)
		if (!bpf_map_lookup_and_delete_elem(map, &over[i], &value))
			rate(context, &over[i], &value);
	return 0;
}

int probes_find_port_owner(void *context, const struct port_key *key, struct flow_owner *owner)
{
	struct probes *probes = context;

	return bpf_map_lookup_elem(bpf_map__fd(probes->skeleton->maps.port_owners), key, owner);
}

static int pass_on(void *context, void *record, size_t size)
{
	struct probes *probes = context;

	return probes->event(probes->context, record, size);
}

int probes_poll(struct probes *probes, int timeout_ms,
		int (*event)(void *context, void *record, size_t size), void *context)
{
	probes->event = event;
	probes->context = context;
	if (!probes->ring)
		probes->ring = ring_buffer__new(bpf_map__fd(probes->skeleton->maps.events),
						pass_on, probes, NULL);
	if (!probes->ring)
		return -ENOMEM;
	return timeout_ms ? ring_buffer__poll(probes->ring, timeout_ms)
			  : ring_buffer__consume(probes->ring);
}

const uint64_t *probes_counters(struct probes *probes, unsigned int *cpu_count)
{
	uint32_t zero = 0;

	*cpu_count = probes->cpu_count;
	if (bpf_map_lookup_elem(bpf_map__fd(probes->skeleton->maps.counters), &zero,
				probes->counters))
		return NULL;
	return probes->counters;
}

static int program_info(const struct bpf_program *program, struct bpf_prog_info *info)
{
	uint32_t size = sizeof(*info);

	memset(info, 0, size);
	return bpf_obj_get_info_by_fd(bpf_program__fd(program), info, &size);
}

uint64_t probes_missed_packets(struct probes *probes)
{
	const struct bpf_program *programs[] = {probes->skeleton->progs.on_receive,
						probes->skeleton->progs.on_transmit};
	struct bpf_prog_info info;
	uint64_t missed = 0;

	for (size_t i = 0; i < 2; i++)
		if (!program_info(programs[i], &info))
			missed += info.recursion_misses;
	return missed;
}

/* The memory of a map, as its descriptor's fdinfo tells. */
static uint64_t map_memory(int map)
{
	char path[64], line[128];
	unsigned long long memory = 0;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", map);
	info = fopen(path, "r");
	while (info && fgets(line, sizeof(line), info))
		if (sscanf(line, "memlock: %llu", &memory) == 1)
			break;
	if (info)
		fclose(info);
	return memory;
}

size_t probes_cost(struct probes *probes, struct probe_cost *lines, size_t most)
{
	struct bpf_program *program;
	struct bpf_map *map;
	size_t count = 0;

	bpf_object__for_each_program(program, probes->skeleton->obj)
	{
		struct bpf_prog_info info;

		if (count >= most || bpf_program__fd(program) < 0 ||
		    program_info(program, &info))
			continue;
		lines[count] = (struct probe_cost){
			.part = "program",
			.run_count = info.run_cnt,
			.run_time_ns = info.run_time_ns,
		};
		snprintf(lines[count++].name, sizeof(lines->name), "%s",
			 bpf_program__name(program));
	}
	bpf_object__for_each_map(map, probes->skeleton->obj)
	{
		if (count >= most || bpf_map__fd(map) < 0)
			continue;
		lines[count] = (struct probe_cost){
			.part = "map",
			.memory_bytes = map_memory(bpf_map__fd(map)),
		};
		snprintf(lines[count++].name, sizeof(lines->name), "%s", bpf_map__name(map));
	}
	return count;
}
