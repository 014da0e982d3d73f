/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NetObserv 1.8: one entry of a hash map for each 7-tuple, which counts what the interface sees
 * that saw the tuple first; that interface's index is all that is compared. An eviction every
 * 5 s empties the map, and the next packet elects anew, on whatever hop it is then. Further
 * interfaces are listed, six of them; whether the list is full is asked before whether the
 * interface is in it.
 *
 * What enriches flows (here: the RTT, told for each TCP packet with ACK that was received,
 * sampled or not, a little later) lies in a map of its own, which is drained after the main
 * one. Enriched flows that were not in the main map of the same eviction come out as partial
 * flows.
 *
 * The variant by namespace compares (namespace, interface index).
 */
#include "analyzer/models/dedup.h"

#include <errno.h>
#include <netinet/in.h>

#define KEY_BYTES   40
#define VALUE_BYTES 96
#define INTERFACES  6
#define TCP_ACK	    0x10

struct entry {
	uint64_t round, previous_round; /* in which it was in the map */
	uint32_t interface, network_namespace;
	uint32_t observed_count;
	uint32_t observed[INTERFACES];
	uint32_t row; /* in the ledger */
};

struct enrichment {
	uint64_t round;
};

/* What will enrich a flow. */
struct event {
	uint64_t when_ns, tuple;
};

#define EVENTS 4096 /* on their way; beyond, the first arrives early */

struct state {
	struct dedup_options options;
	int is_by_namespace;
	struct event events[EVENTS];
	uint64_t first_event, next_event;
	struct dedup_ticker eviction;
	struct aging map, ring, enrichments;
	struct dedup_effort effort;
	uint64_t round, row, entries;
	uint64_t drained_ns; /* when the enrichments of the round before will be; 0: they are */
};

static int begin(void *memory, const struct dedup_options *options)
{
	struct state *state = memory;
	int error = aging_init(&state->map, sizeof(struct entry));

	state->options = *options;
	state->eviction = dedup_evictions(options);
	state->round = 1;
	if (!error)
		error = aging_init(&state->ring, sizeof(struct enrichment));
	return error ? error : aging_init(&state->enrichments, sizeof(struct enrichment));
}

static int begin_by_namespace(void *memory, const struct dedup_options *options)
{
	((struct state *)memory)->is_by_namespace = 1;
	return begin(memory, options);
}

/* --- eviction --- */

/* Drain the enrichments of the round before this one. */
static int drain(struct state *state)
{
	struct aging *enrichments = &state->enrichments;
	uint64_t round = state->round - 1;

	for (uint64_t i = 0; enrichments->young.count && i <= enrichments->young.mask; i++) {
		const struct entry *entry;
		uint64_t key;

		if (!aging_key(&enrichments->young, i, enrichments->value_size, &key))
			continue;
		entry = aging_find(&state->map, key);
		if (!entry || (entry->round != round && entry->previous_round != round)) {
			state->effort.partial_flows++;
			state->effort.records++;
		}
	}
	state->drained_ns = 0;
	dedup_turn(enrichments, 2);
	return aging_reserve(enrichments, REPLAY_ROWS + EVENTS);
}

static int reserve(struct state *state)
{
	int error = aging_reserve(&state->map, REPLAY_ROWS);

	if (!error)
		error = aging_reserve(&state->ring, REPLAY_ROWS);
	if (!error)
		error = ledger_reserve(state->options.ledger, REPLAY_ROWS);
	return error ? error : aging_reserve(&state->enrichments, REPLAY_ROWS + EVENTS);
}

static int evict(struct state *state)
{
	int error = state->drained_ns ? drain(state) : 0;

	aging_turn(&state->map);
	aging_turn(&state->ring);
	state->drained_ns =
		dedup_tick(&state->eviction) + state->entries * state->options.drain_ns;
	state->round++;
	state->entries = 0;
	return error ? error : reserve(state);
}

/* The first event arrives. */
static int enrich(struct state *state)
{
	const struct event *event = &state->events[state->first_event++ % EVENTS];
	int error = 0, is_new;

	if (state->drained_ns && event->when_ns >= state->drained_ns)
		error = drain(state);
	if (!error)
		aging_get(&state->enrichments, event->tuple, &is_new);
	return error;
}

/* Everything that happens before an instant; where nothing does, evictions have no effect. */
static int let_pass(struct state *state, uint64_t now_ns)
{
	struct dedup_ticker *eviction = &state->eviction;
	unsigned int idle = 0;
	int error = 0;

	dedup_begin_ticks(eviction, now_ns);
	while (!error) {
		int has_event = state->first_event != state->next_event;
		uint64_t event_ns = state->events[state->first_event % EVENTS].when_ns;

		if (has_event && event_ns <= now_ns && event_ns < eviction->next_ns) {
			error = enrich(state);
			continue;
		}
		if (eviction->next_ns > now_ns)
			break;
		error = evict(state);
		if (!has_event && ++idle > 2)
			state->round += dedup_due(eviction, now_ns);
	}
	return error;
}

/* --- a packet --- */

/* What the map has no room for: a record in user space, without any deduplication. */
static int tell_singly(struct state *state, uint64_t tuple)
{
	struct enrichment *told;
	int is_new;

	state->effort.map_full++;
	if (!state->options.fallback)
		return 0;
	told = aging_get(&state->ring, tuple, &is_new);
	if (told->round != state->round)
		state->effort.records++;
	told->round = state->round;
	return 1;
}

static void elect(struct state *state, struct entry *entry, uint32_t interface,
		  uint32_t network_namespace)
{
	*entry = (struct entry){
		.round = state->round,
		.previous_round = entry->round,
		.interface = interface,
		.network_namespace = network_namespace,
	};
	state->entries++;
	if (state->entries > state->effort.peak_entries)
		state->effort.peak_entries = state->entries;
	state->effort.records++;
}

static void observe(struct state *state, struct entry *entry, uint32_t interface,
		    uint64_t protocol)
{
	if (!interface)
		return;
	if (entry->observed_count == INTERFACES) {
		state->effort.interfaces_missed += protocol != 0;
		return;
	}
	for (uint32_t i = 0; i < entry->observed_count; i++)
		if (entry->observed[i] == interface)
			return;
	entry->observed[entry->observed_count++] = interface;
}

static int count(struct state *state, const struct sightings *sightings, uint32_t i)
{
	uint32_t interface = (uint32_t)sightings->column[SIGHTING_INTERFACE][i];
	uint32_t network_namespace = (uint32_t)sightings->column[SIGHTING_NAMESPACE][i];
	uint64_t tuple = sighting_seven_tuple(sightings, i);
	struct entry *entry;
	int is_new;

	if (state->entries >= state->options.cache_entries) {
		entry = aging_find(&state->map, tuple);
		if (!entry || entry->round != state->round)
			return tell_singly(state, tuple);
	}
	entry = aging_get(&state->map, tuple, &is_new);
	if (entry->round != state->round) {
		elect(state, entry, interface, network_namespace);
		entry->row = ledger_begin(state->options.ledger, sightings, i);
		return 1;
	}
	if (entry->interface == interface &&
	    (!state->is_by_namespace || entry->network_namespace == network_namespace)) {
		ledger_add(state->options.ledger, entry->row, sightings, i);
		return 1;
	}
	observe(state, entry, interface, sightings->column[SIGHTING_PROTOCOL][i]);
	ledger_observe(state->options.ledger, entry->row, sightings, i);
	return 0;
}

/* Later, something will be told of the packet's flow. */
static int foresee(struct state *state, const struct sightings *sightings, uint32_t i)
{
	if (sightings->column[SIGHTING_PROTOCOL][i] != IPPROTO_TCP ||
	    sightings->column[SIGHTING_DIRECTION][i] != IO_RECEIVE ||
	    !(sightings->column[SIGHTING_TCP_FLAGS][i] & TCP_ACK))
		return 0;
	state->events[state->next_event++ % EVENTS] = (struct event){
		sightings->column[SIGHTING_TIME][i] + state->options.enrich_lag_ns,
		sighting_seven_tuple(sightings, i),
	};
	return state->next_event - state->first_event == EVENTS ? enrich(state) : 0;
}

static int take(void *memory, const struct sightings *sightings, const struct truth *truth,
		unsigned char *is_counted)
{
	struct state *state = memory;
	const uint64_t *times = sightings->column[SIGHTING_TIME];
	int error = reserve(state);

	for (uint32_t i = 0; i < sightings->count && !error; i++) {
		error = let_pass(state, times[i]);
		if (error || (!state->options.loopback &&
			      sightings->column[SIGHTING_INTERFACE][i] == DEDUP_LOOPBACK))
			continue;
		if (dedup_is_sampled(&state->options, state->row++))
			is_counted[i] = (unsigned char)count(state, sightings, i);
		error = foresee(state, sightings, i);
	}
	return error;
}

static void end(void *memory, struct dedup_effort *effort)
{
	struct state *state = memory;

	state->effort.peak_bytes =
		state->effort.peak_entries * (KEY_BYTES + VALUE_BYTES + DEDUP_MAP_OVERHEAD);
	*effort = state->effort;
	aging_clear(&state->map);
	aging_clear(&state->ring);
	aging_clear(&state->enrichments);
}

const struct dedup_model dedup_netobserv_1_8 = {
	.name = "netobserv-1.8",
	.meaning = "7-tuple; the interface that saw it first counts, by its index",
	.counts_frames = 1,
	.keeps_flows = 1,
	.state_size = sizeof(struct state),
	.begin = begin,
	.sightings = take,
	.end = end,
};

const struct dedup_model dedup_netobserv_1_8_netns = {
	.name = "netobserv-1.8-netns",
	.meaning = "the same, by namespace and index",
	.counts_frames = 1,
	.keeps_flows = 1,
	.state_size = sizeof(struct state),
	.begin = begin_by_namespace,
	.sightings = take,
	.end = end,
};
