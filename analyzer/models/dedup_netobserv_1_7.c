/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NetObserv 1.7: one entry of a per-CPU map for each 12-tuple (MACs, direction, interface),
 * evicted every 5 s; then, in user space, the interface whose record of a flow comes first is
 * forwarded, and no other, until the flow has had no record for the expiry.
 *
 * The records of an eviction come in the order of a hash map, which nobody can foretell; here,
 * in the order of their first packets. Which record is forwarded is then known at the first
 * packet of each, so that sightings can be decided as they come. The deduper's time is that of
 * the eviction. When the map is full, the packet's record goes through a ring buffer to the
 * same deduper.
 */
#define XXH_INLINE_ALL
#include "analyzer/models/dedup.h"

#include <errno.h>
#include <xxhash.h>

#define KEY_BYTES   64	/* 58, rounded up */
#define VALUE_BYTES 112 /* 105, rounded up; for each CPU */
#define PERCPU_LINK 8

struct entry {
	uint32_t round;
	uint32_t row; /* in the ledger */
};

struct elected {
	uint64_t interface, last_ns;
};

struct state {
	struct dedup_options options;
	struct dedup_ticker eviction;
	struct aging map, deduper;
	struct dedup_effort effort;
	uint64_t expiry_ns;
	uint64_t turned_ns; /* eviction for which the deduper's table was turned last */
	uint64_t row, entries;
	uint32_t round;
};

static int begin(void *memory, const struct dedup_options *options)
{
	struct state *state = memory;
	int error = aging_init(&state->map, sizeof(struct entry));

	state->options = *options;
	state->eviction = dedup_evictions(options);
	state->expiry_ns = options->expiry_ns ? options->expiry_ns : 2 * options->eviction_ns;
	state->round = 1;
	return error ? error : aging_init(&state->deduper, sizeof(struct elected));
}

static int reserve(struct state *state)
{
	int error = aging_reserve(&state->map, REPLAY_ROWS);

	if (!error)
		error = ledger_reserve(state->options.ledger, REPLAY_ROWS);
	return error ? error : aging_reserve(&state->deduper, REPLAY_ROWS);
}

/* What the deduper had a record of before its table was turned twice has expired. */
static int evict(struct state *state, uint64_t times)
{
	dedup_turn(&state->map, times);
	state->round += (uint32_t)times;
	state->entries = 0;
	if (state->eviction.next_ns - state->turned_ns > state->expiry_ns) {
		aging_turn(&state->deduper);
		state->turned_ns = state->eviction.next_ns;
	}
	return reserve(state);
}

static uint64_t long_tuple(const struct sightings *sightings, uint32_t i, uint64_t tuple)
{
	const uint64_t parts[5] = {
		tuple,
		sightings->column[SIGHTING_SOURCE_MAC][i],
		sightings->column[SIGHTING_DESTINATION_MAC][i],
		sightings->column[SIGHTING_ETHERNET_TYPE][i] << 32 |
			sightings->column[SIGHTING_INTERFACE][i],
		sightings->column[SIGHTING_DIRECTION][i],
	};

	return XXH3_64bits(parts, sizeof(parts));
}

/* Whether the record that the packet is in is forwarded. */
static int is_forwarded(struct state *state, uint64_t tuple, uint64_t interface)
{
	int is_new;
	struct elected *elected = aging_get(&state->deduper, tuple, &is_new);

	if (is_new || state->eviction.next_ns - elected->last_ns > state->expiry_ns)
		elected->interface = interface;
	elected->last_ns = state->eviction.next_ns;
	return elected->interface == interface || !state->options.first_come;
}

static int count(struct state *state, const struct sightings *sightings, uint32_t i)
{
	uint64_t tuple = sighting_seven_tuple(sightings, i);
	int is_new, is_counted = is_forwarded(state, tuple,
					      sightings->column[SIGHTING_INTERFACE][i]);
	uint64_t key = long_tuple(sightings, i, tuple);
	struct entry *entry = NULL;

	if (state->entries < state->options.cache_entries || aging_find(&state->map, key))
		entry = aging_get(&state->map, key, &is_new);
	if (!entry) {
		state->effort.map_full++;
		state->effort.records += is_counted || state->options.mark;
		return is_counted;
	}
	if (entry->round == state->round) {
		ledger_add(state->options.ledger, entry->row, sightings, i);
		return is_counted;
	}
	entry->round = state->round;
	entry->row = ledger_begin(state->options.ledger, sightings, i);
	ledger_forward(state->options.ledger, entry->row, is_counted);
	state->entries++;
	if (state->entries > state->effort.peak_entries)
		state->effort.peak_entries = state->entries;
	state->effort.records += is_counted || state->options.mark;
	state->effort.interfaces_missed += !is_counted && !state->options.merge;
	return is_counted;
}

static int take(void *memory, const struct sightings *sightings, const struct truth *truth,
		unsigned char *is_counted)
{
	struct state *state = memory;
	const uint64_t *times = sightings->column[SIGHTING_TIME];
	int error = reserve(state);

	for (uint32_t i = 0; i < sightings->count && !error; i++) {
		uint64_t due = dedup_due(&state->eviction, times[i]);

		if (due)
			error = evict(state, due);
		if (!error && dedup_is_sampled(&state->options, state->row++) &&
		    (state->options.loopback ||
		     sightings->column[SIGHTING_INTERFACE][i] != DEDUP_LOOPBACK))
			is_counted[i] = (unsigned char)count(state, sightings, i);
	}
	return error;
}

static void end(void *memory, struct dedup_effort *effort)
{
	struct state *state = memory;

	state->effort.peak_bytes =
		state->effort.peak_entries * (KEY_BYTES + PERCPU_LINK + DEDUP_MAP_OVERHEAD +
					      VALUE_BYTES * state->options.cpus);
	*effort = state->effort;
	aging_clear(&state->map);
	aging_clear(&state->deduper);
}

const struct dedup_model dedup_netobserv_1_7 = {
	.name = "netobserv-1.7",
	.meaning = "12-tuple in a per-CPU map, then the first interface to come in user space",
	.counts_frames = 1,
	.keeps_flows = 1,
	.state_size = sizeof(struct state),
	.begin = begin,
	.sightings = take,
	.end = end,
};
