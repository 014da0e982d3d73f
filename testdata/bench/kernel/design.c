/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flowtape's own programs as a design among others, and the way to either kind.
 */
#include "testdata/bench/kernel/design.h"

#include "recorder/probes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MOST 128

const char *const design_names[DESIGNS] = {
	[FLOWTAPE] = "flowtape",
	[SEVEN_TUPLE_LOCK] = "seven_tuple_lock",
	[SEVEN_TUPLE_LOCK_PREALLOC] = "seven_tuple_lock_prealloc",
	[PERCPU_TWELVE_TUPLE] = "percpu_twelve_tuple",
};

/* One of the two. */
struct design {
	struct probes *probes;
	struct yardstick *yardstick;
};

struct design *design_open(enum design_kind kind, enum tables tables, uint32_t entries,
			   const struct place *places, size_t place_count)
{
	struct probes_options options = {
		.flow_entries = entries,
		.sightings.are_wanted = kind == FLOWTAPE_PACKETS,
	};
	struct design *design = calloc(1, sizeof(*design));
	char *problem = NULL;
	int error;

	if (!design)
		fail("memory");
	if (!is_flowtape(kind)) {
		design->yardstick = yardstick_open(kind, tables, entries, places, place_count);
		return design;
	}
	error = probes_open(&options, &design->probes, &problem);
	errno = -error;
	if (error)
		fail("%s", problem ? problem : "probes");
	return design;
}

void design_close(struct design *design)
{
	if (design->yardstick)
		yardstick_close(design->yardstick);
	probes_close(design->probes);
	free(design);
}

void design_runs(const struct design *design, struct runs runs[HOOKS])
{
	static const char *const programs[HOOKS] = {
		[RECEIVE] = "on_receive",
		[TRANSMIT] = "on_transmit",
	};
	struct cost_part lines[LINES_MOST];
	size_t count;

	if (design->yardstick) {
		yardstick_runs(design->yardstick, runs);
		return;
	}
	count = probes_cost(design->probes, lines, LINES_MOST);
	for (int hook = 0; hook < HOOKS; hook++) {
		runs[hook] = (struct runs){0};
		for (size_t i = 0; i < count; i++)
			if (!strcmp(lines[i].name, programs[hook]))
				runs[hook] =
					(struct runs){lines[i].run_count, lines[i].run_time_ns};
	}
}

uint64_t design_losses(const struct design *design)
{
	unsigned int cpus;
	const uint64_t *counters;
	uint64_t losses = 0;

	if (design->yardstick)
		return yardstick_losses(design->yardstick);
	counters = probes_counters(design->probes, &cpus);
	for (unsigned int cpu = 0; counters && cpu < cpus; cpu++, counters += STAGE_COUNTERS)
		losses += counters[COUNT_PACKET_MAP_FULL] + counters[COUNT_SIGHTING_RING_FULL];
	return losses;
}

double design_test_run_ns(const struct design *design, unsigned int times)
{
	return yardstick_test_run_ns(design->yardstick, times);
}

uint64_t design_memory_bytes(const struct design *design)
{
	struct cost_part lines[LINES_MOST];
	uint64_t bytes = 0;
	size_t count;

	if (design->yardstick)
		return yardstick_memory_bytes(design->yardstick);
	count = probes_cost(design->probes, lines, LINES_MOST);
	for (size_t i = 0; i < count; i++)
		/* With a dot they are the object's own variables. */
		if (!strcmp(lines[i].part, "map") && !strncmp(lines[i].name, "flow", 4) &&
		    !strchr(lines[i].name, '.'))
			bytes += lines[i].memory_bytes;
	return bytes;
}

/* The namespace whose packets are counted, and what was. */
struct here {
	uint32_t network_namespace;
	uint64_t entries, packets;
};

static int add_flow(void *context, const struct flow_key *key, const struct flow_value *value)
{
	struct here *here = context;

	if (key->network_namespace != here->network_namespace)
		return 0;
	here->entries++;
	for (int i = 0; i < FLOW_HOPS; i++)
		here->packets += value->hop[i].packets[0] + value->hop[i].packets[1];
	return 0;
}

void design_drain(struct design *design, const struct place *place, struct drained *drained)
{
	struct here here = {.network_namespace = place_inode(place)};
	size_t entries = 0;
	double began_s = thread_cpu_s();
	int error;

	if (design->yardstick) {
		yardstick_drain(design->yardstick, drained);
		return;
	}
	error = probes_turn(design->probes);
	if (!error)
		error = probes_drain_flows(design->probes, add_flow, &here, &entries);
	errno = -error;
	if (error)
		fail("drain");
	*drained = (struct drained){.entries = entries,
				    .here = here.entries,
				    .packets = here.packets,
				    .cpu_s = thread_cpu_s() - began_s};
}
