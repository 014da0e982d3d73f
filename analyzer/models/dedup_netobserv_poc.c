/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NetObserv's proof of concept: a packet is what has two of three fields in common with a
 * packet seen before: the flow hash of the skb, the address where the packet begins, and the
 * skb's time. All pairs lie in one LRU map.
 *
 * It also marks packets that have no mark, to know them again; a mark is lost where a packet
 * crosses into another namespace, which the truth tells here. The head of the skb stands for
 * the address: in between lies only the headroom, the same for each path.
 */
#define XXH_INLINE_ALL
#include "analyzer/models/dedup.h"
#include "analyzer/models/lru.h"

#include <errno.h>
#include <xxhash.h>

#define LRU_ENTRIES 32768
#define LRU_BYTES   (24 + 40 + DEDUP_MAP_OVERHEAD) /* 20 and 39, rounded up */
#define FLOW_BYTES  (40 + 104 + DEDUP_MAP_OVERHEAD)

struct owner {
	uint64_t round;
};

struct state {
	struct dedup_options options;
	struct dedup_ticker eviction;
	struct lru packets;
	struct aging flows;
	struct dedup_effort effort;
	uint64_t round, row, entries, flow_peak;
};

static int begin(void *memory, const struct dedup_options *options)
{
	struct state *state = memory;
	int error = lru_init(&state->packets, LRU_ENTRIES);

	state->options = *options;
	state->eviction = dedup_evictions(options);
	state->round = 1;
	return error ? error : aging_init(&state->flows, sizeof(struct owner));
}

struct pairs {
	uint64_t hash_address, hash_time, address_time;
};

/* A key has a 0 for the field that it leaves out. */
static uint64_t pair(uint64_t hash, uint64_t address, uint64_t time)
{
	const uint64_t parts[3] = {hash, address, time};

	return XXH3_64bits(parts, sizeof(parts));
}

/* An entry of the main map, made where it is missing. */
static void own(struct state *state, uint64_t tuple)
{
	int is_new;
	struct owner *owner = aging_get(&state->flows, tuple, &is_new);

	if (owner->round == state->round)
		return;
	owner->round = state->round;
	state->entries++;
	state->effort.records++;
	if (state->entries > state->flow_peak)
		state->flow_peak = state->entries;
}

/* The owner of the packet if it has been seen, by the rule. */
static const uint64_t *find(struct state *state, const struct pairs *pairs, uint64_t time,
			    int is_unmarked)
{
	const uint64_t *owner = lru_find(&state->packets, pairs->hash_address);

	if (owner)
		return owner;
	if (!time && is_unmarked) {
		state->effort.collisions++;
		lru_delete(&state->packets, pairs->hash_time);
		lru_delete(&state->packets, pairs->address_time);
		return NULL;
	}
	owner = lru_find(&state->packets, pairs->hash_time);
	return owner ? owner : lru_find(&state->packets, pairs->address_time);
}

static int count(struct state *state, const struct sightings *sightings,
		 const struct truth *truth, uint32_t i)
{
	uint64_t hash = sightings->column[SIGHTING_SKB_HASH][i];
	uint64_t address = sightings->column[SIGHTING_SKB_HEAD][i];
	uint64_t time = sightings->column[SIGHTING_SKB_TIME][i];
	uint64_t place = sightings->column[SIGHTING_NAMESPACE][i];
	uint64_t tuple = sighting_seven_tuple(sightings, i);
	const struct pairs pairs = {
		pair(hash, address, 0),
		pair(hash, 0, time),
		pair(0, address, time),
	};
	int is_marked_here = truth->packet[i] && truth->change[i] != CHANGE_FIRST &&
			     truth->previous_namespace[i] == place;
	int is_unmarked = !sightings->column[SIGHTING_SKB_MARK][i] && !is_marked_here;
	const uint64_t *owner = find(state, &pairs, time, is_unmarked);

	if (owner) {
		own(state, *owner);
		return 0;
	}
	lru_put(&state->packets, pairs.hash_address, tuple);
	lru_put(&state->packets, pairs.hash_time, tuple);
	lru_put(&state->packets, pairs.address_time, tuple);
	own(state, tuple);
	return 1;
}

static int take(void *memory, const struct sightings *sightings, const struct truth *truth,
		unsigned char *is_counted)
{
	struct state *state = memory;
	const uint64_t *times = sightings->column[SIGHTING_TIME];
	int error = aging_reserve(&state->flows, REPLAY_ROWS);

	for (uint32_t i = 0; i < sightings->count && !error; i++) {
		uint64_t due = dedup_due(&state->eviction, times[i]);

		if (due) {
			dedup_turn(&state->flows, due);
			state->round += due;
			state->entries = 0;
			error = aging_reserve(&state->flows, REPLAY_ROWS);
		}
		if (!error && dedup_is_sampled(&state->options, state->row++) &&
		    (state->options.loopback ||
		     sightings->column[SIGHTING_INTERFACE][i] != DEDUP_LOOPBACK))
			is_counted[i] = (unsigned char)count(state, sightings, truth, i);
	}
	return error;
}

static void end(void *memory, struct dedup_effort *effort)
{
	struct state *state = memory;

	state->effort.peak_entries = state->packets.used + state->flow_peak;
	state->effort.peak_bytes =
		state->packets.used * (uint64_t)LRU_BYTES + state->flow_peak * FLOW_BYTES;
	*effort = state->effort;
	lru_clear(&state->packets);
	aging_clear(&state->flows);
}

const struct dedup_model dedup_netobserv_poc = {
	.name = "netobserv-poc",
	.meaning = "two of flow hash, address and time of the skb, in an LRU of 32,768",
	.counts_frames = 1,
	.state_size = sizeof(struct state),
	.begin = begin,
	.sightings = take,
	.end = end,
};
