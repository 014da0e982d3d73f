/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes what the programs counted: flow entries, rates, events, counters, costs.
 */
#include "recorder/probes_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RATES_MOST 1024U
#define LOOK_AFTER 256U /* events */

int probes_turn(struct probes *probes)
{
	return probes->flows ? flow_table_turn(probes->flows) : 0;
}

int probes_are_filling(const struct probes *probes)
{
	return probes->flows && flow_table_is_filling(probes->flows);
}

int probes_drain_flows(struct probes *probes,
		       int (*flow)(void *context, const struct flow_key *key,
				   const struct flow_value *value),
		       void *context, size_t *drained)
{
	uint64_t units;

	*drained = 0;
	if (!probes->flows)
		return 0;
	units = flow_table_units(probes->flows);
	if (units > probes->entries[KNOWN_FLOW_UNITS])
		probes->entries[KNOWN_FLOW_UNITS] = units;
	return flow_table_drain(probes->flows, flow, context, drained);
}

int probes_drain_rates(struct probes *probes, uint64_t now_ns,
		       void (*rate)(void *context, const struct rate_key *key,
				    const struct rate_value *value),
		       void *context)
{
	struct rate_key over[RATES_MOST], key, *previous = NULL;
	struct rate_value value;
	size_t count = 0, seen = 0;
	int map;

	if (!probes->skeleton)
		return 0;
	map = bpf_map__fd(probes->skeleton->maps.rates);
	/* Spans that are over for two of their lengths: no program is still adding to them. */
	while (count < RATES_MOST && !bpf_map_get_next_key(map, previous, &key)) {
		if ((key.bucket + 2) * RATE_BUCKET_NS < now_ns)
			over[count++] = key;
		previous = &key;
		seen++;
	}
	probes->entries[KNOWN_RATES] = seen;
	for (size_t i = 0; i < count; i++)
		if (!bpf_map_lookup_and_delete_elem(map, &over[i], &value))
			rate(context, &over[i], &value);
	return 0;
}

int probes_find_port_owner(void *context, const struct port_key *key, struct flow_owner *owner)
{
	struct probes *probes = context;

	return probes->skeleton
		       ? bpf_map_lookup_elem(bpf_map__fd(probes->skeleton->maps.port_owners),
					     key, owner)
		       : -ENOENT;
}

const char *probes_drop_reason(void *context, uint32_t reason)
{
	const struct probes *probes = context;

	return drop_reasons_name(probes->drop_reasons, reason);
}

static void look_at_rings(struct probes *probes)
{
	for (int i = 0; i < RINGS; i++)
		ring_level_look(probes->levels[i]);
}

static int pass_on(void *context, void *record, size_t size)
{
	struct probes *probes = context;

	/* While much is read, much may come. */
	if (!(++probes->passed % LOOK_AFTER))
		look_at_rings(probes);
	return probes->event(probes->context, record, size);
}

static int open_rings(struct probes *probes)
{
	const struct bpf_map *const maps[RINGS] = {
		[RING_EVENTS] = probes->skeleton->maps.events,
		[RING_PACKETS] = probes->skeleton->maps.packets,
		[RING_SIGHTINGS] = probes->skeleton->maps.sightings,
	};
	int error = 0;

	probes->ring = ring_buffer__new(bpf_map__fd(maps[RING_EVENTS]), pass_on, probes, NULL);
	if (!probes->ring ||
	    ring_buffer__add(probes->ring, bpf_map__fd(maps[RING_PACKETS]), pass_on, probes))
		return -ENOMEM;
	for (int i = 0; i < RINGS && !error; i++)
		error = ring_level_open(bpf_map__fd(maps[i]), &probes->levels[i]);
	return error;
}

int probes_poll(struct probes *probes, int timeout_ms,
		int (*event)(void *context, void *record, size_t size), void *context)
{
	struct pollfd rings = {.events = POLLIN};
	int error;

	if (!probes->skeleton)
		return poll(NULL, 0, timeout_ms);
	probes->event = event;
	probes->context = context;
	error = probes->ring ? 0 : open_rings(probes);
	if (error)
		return error;
	/* The programs wake nobody before much has gathered. */
	rings.fd = ring_buffer__epoll_fd(probes->ring);
	if (timeout_ms)
		poll(&rings, 1, timeout_ms);
	look_at_rings(probes);
	return ring_buffer__consume(probes->ring);
}

static int pass_sighting_on(void *context, void *record, size_t size)
{
	struct probes *probes = context;
	int error = probes->sighting(probes->sighting_context, record);

	return error ? error : --probes->sightings_left ? 0 : -ECANCELED;
}

int probes_read_sightings(struct probes *probes, unsigned int most,
			  int (*sighting)(void *context, const struct sighting_event *event),
			  void *context)
{
	int error;

	if (!probes->skeleton)
		return 0;
	probes->sighting = sighting;
	probes->sighting_context = context;
	probes->sightings_left = most;
	if (!probes->sighting_ring)
		probes->sighting_ring =
			ring_buffer__new(bpf_map__fd(probes->skeleton->maps.sightings),
					 pass_sighting_on, probes, NULL);
	if (!probes->sighting_ring)
		return -ENOMEM;
	ring_level_look(probes->levels[RING_SIGHTINGS]);
	error = ring_buffer__consume(probes->sighting_ring);
	return error < 0 && error != -ECANCELED ? error : (int)(most - probes->sightings_left);
}

const uint64_t *probes_counters(struct probes *probes, unsigned int *cpu_count)
{
	size_t count = (size_t)probes->cpu_count * STAGE_COUNTERS;

	*cpu_count = probes->cpu_count;
	memset(probes->counters, 0, count * sizeof(uint64_t));
	for (uint32_t row = 0; row < STAGE_ROWS && probes->skeleton; row++) {
		if (bpf_map_lookup_elem(bpf_map__fd(probes->skeleton->maps.counters), &row,
					probes->row))
			return NULL;
		for (size_t i = 0; i < count; i++)
			probes->counters[i] += probes->row[i];
	}
	return probes->counters;
}

static int program_info(const struct bpf_program *program, struct bpf_prog_info *info)
{
	uint32_t size = sizeof(*info);

	memset(info, 0, size);
	return bpf_obj_get_info_by_fd(bpf_program__fd(program), info, &size);
}

uint64_t probes_missed(struct probes *probes, enum feature feature)
{
	const struct probe *chosen = plan_chosen(&probes->plan, feature);
	const struct bpf_program *program;
	struct bpf_prog_info info;
	uint64_t missed = 0;

	for (int i = 0; i < ALTERNATIVE_PROGRAMS && chosen && probes->skeleton; i++) {
		program = loader_program(probes->skeleton, chosen->alternative, i);
		if (program && !program_info(program, &info))
			missed += info.recursion_misses;
	}
	return missed;
}

int probes_read_packets(struct probes *probes,
			int (*packet)(void *context, const struct packet *packet,
				      uint64_t time_ns),
			void *context)
{
	return probes->capture ? live_capture_read(probes->capture, packet, context) : 0;
}

int probes_count_packets(struct probes *probes, struct live_capture_counts *counts)
{
	if (!probes->capture)
		return -ENOENT;
	live_capture_count(probes->capture, counts);
	return 0;
}

uint64_t probes_unwatched_packets(struct probes *probes)
{
	struct tc_watch_status status = {0};

	if (probes->tc)
		tc_watch_status(probes->tc, &status);
	return probes->unwatched_packets + status.unwatched_packets;
}
