/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs, maps and ring buffers in the kernel cost.
 */
#include "recorder/probes_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int probes_keep_statistics(struct probes *probes, int keep)
{
	int is_kept = probes->statistics >= 0;

	if (keep && !is_kept) {
		int file = probes->skeleton ? bpf_enable_stats(BPF_STATS_RUN_TIME) : -ENOENT;

		if (file < 0)
			return file;
		probes->statistics = file;
	} else if (!keep && is_kept) {
		close(probes->statistics);
		probes->statistics = -1;
	}
	return 0;
}

/* The memory of a program or map, as its descriptor's fdinfo tells. */
static uint64_t memory_bytes(int descriptor)
{
	char path[64], line[128];
	unsigned long long memory = 0;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", descriptor);
	info = fopen(path, "re");
	while (info && fgets(line, sizeof(line), info))
		if (sscanf(line, "memlock: %llu", &memory) == 1)
			break;
	if (info)
		fclose(info);
	return memory;
}

/* Returns 0, or -1 when the program is not loaded. */
static int read_program(const struct bpf_program *program, struct cost_part *part)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	int descriptor = bpf_program__fd(program);

	if (descriptor < 0 || bpf_obj_get_info_by_fd(descriptor, &info, &size))
		return -1;
	*part = (struct cost_part){
		.part = "program",
		.run_count = info.run_cnt,
		.run_time_ns = info.run_time_ns,
		.memory_bytes = memory_bytes(descriptor),
	};
	snprintf(part->name, sizeof(part->name), "%s", bpf_program__name(program));
	return 0;
}

/* Where user space knows it anyway; nothing here goes through a map. */
static uint64_t known_entries(struct probes *probes, const struct bpf_map *map)
{
	const struct bpf_map *const known[KNOWN_MAPS] = {
		[KNOWN_FLOW_UNITS] = probes->skeleton->maps.flow_units,
		[KNOWN_RATES] = probes->skeleton->maps.rates,
		[KNOWN_TRANSLATIONS] = probes->skeleton->maps.translations,
	};

	for (int i = 0; i < KNOWN_MAPS; i++) {
		uint64_t entries = probes->entries[i];

		if (known[i] != map)
			continue;
		if (i == KNOWN_FLOW_UNITS)
			probes->entries[i] = 0;
		return entries;
	}
	return 0;
}

static void read_ring(struct probes *probes, const struct bpf_map *map, struct cost_part *part)
{
	const struct bpf_map *const rings[RINGS] = {
		[RING_EVENTS] = probes->skeleton->maps.events,
		[RING_PACKETS] = probes->skeleton->maps.packets,
		[RING_SIGHTINGS] = probes->skeleton->maps.sightings,
	};

	part->part = "ring";
	/* Linux 6.1 says 0 of it: then it is what it has room for. */
	if (!part->memory_bytes)
		part->memory_bytes = bpf_map__max_entries(map);
	for (int i = 0; i < RINGS; i++)
		if (rings[i] == map)
			part->high_water_bytes = ring_level_take(probes->levels[i]);
}

static int read_map(struct probes *probes, const struct bpf_map *map, struct cost_part *part)
{
	int descriptor = bpf_map__fd(map);

	if (descriptor < 0)
		return -1;
	*part = (struct cost_part){.part = "map", .memory_bytes = memory_bytes(descriptor)};
	snprintf(part->name, sizeof(part->name), "%s", bpf_map__name(map));
	if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF) {
		read_ring(probes, map, part);
		return 0;
	}
	part->entries = known_entries(probes, map);
	part->entries_most = bpf_map__max_entries(map);
	return 0;
}

size_t probes_cost(struct probes *probes, struct cost_part *parts, size_t most)
{
	struct bpf_program *program;
	struct bpf_map *map;
	size_t count = 0;

	if (!probes->skeleton)
		return 0;
	bpf_object__for_each_program(
		program, probes->skeleton->obj) if (count < most &&
						    !read_program(program, &parts[count]))
		count++;
	bpf_object__for_each_map(
		map, probes->skeleton->obj) if (count < most &&
						!read_map(probes, map, &parts[count])) count++;
	return count;
}
