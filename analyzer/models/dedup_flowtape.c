/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flowtape: each packet counts where it begins, once, whatever tuples and hops it has later;
 * segments, merged packets, fragments, and what a tunnel's packet carries are views of what
 * they came from. A sighting of which it is not known what packet it is of counts at the hop
 * where the others of its direction began, or else where the first such one was seen.
 *
 * A record is one connection in one slice, by its tuple where the packets began. The kernel's
 * table has two units of 64 bytes for each connection in each namespace with up to 3 hop
 * records, and one for each 3 further ones.
 */
#define XXH_INLINE_ALL
#include "analyzer/models/dedup.h"

#include "schema/flow_hash.h"

#include <errno.h>
#include <xxhash.h>

#define UNIT_BYTES  64
#define ENTRY_UNITS 2

struct slice_mark {
	uint64_t round;
	uint64_t records; /* of hops, of an entry */
};

struct packet {
	uint64_t origin;   /* the hop where it began */
	uint64_t is_piece; /* the first fragment of a datagram that was never seen whole */
};

struct state {
	struct dedup_ticker slices;
	struct aging packets;
	struct aging origins; /* by tuple: the hop where its packets began */
	struct aging connections, entries, hops;
	struct dedup_effort effort;
	uint64_t round, turn_ns;
	uint64_t entry_count, units, peak_units;
};

static int begin(void *memory, const struct dedup_options *options)
{
	struct state *state = memory;

	state->slices.interval_ns = options->slice_ns;
	state->round = 1;
	return aging_init(&state->packets, sizeof(struct packet)) ||
			       aging_init(&state->origins, sizeof(uint64_t)) ||
			       aging_init(&state->connections, sizeof(struct slice_mark)) ||
			       aging_init(&state->entries, sizeof(struct slice_mark)) ||
			       aging_init(&state->hops, sizeof(struct slice_mark))
		       ? -ENOMEM
		       : 0;
}

static int reserve(struct state *state)
{
	return aging_reserve(&state->connections, REPLAY_ROWS) ||
			       aging_reserve(&state->entries, REPLAY_ROWS) ||
			       aging_reserve(&state->hops, REPLAY_ROWS)
		       ? -ENOMEM
		       : 0;
}

static int begin_slice(struct state *state, uint64_t slices)
{
	dedup_turn(&state->connections, slices);
	dedup_turn(&state->entries, slices);
	dedup_turn(&state->hops, slices);
	state->round += slices;
	state->entry_count = state->units = 0;
	return reserve(state);
}

/* Digest of one end, to be added to that of the other. */
static uint64_t end_digest(const struct address *address, uint64_t port)
{
	const uint64_t parts[3] = {address->half[0], address->half[1], port};

	return XXH3_64bits(parts, sizeof(parts));
}

/* The same for both directions. */
static uint64_t connection(const struct sightings *sightings, uint32_t i)
{
	return flow_hash_mix(
		end_digest(&sightings->source[i], sightings->column[SIGHTING_SOURCE_PORT][i]) +
		end_digest(&sightings->destination[i],
			   sightings->column[SIGHTING_DESTINATION_PORT][i]) +
		sightings->column[SIGHTING_PROTOCOL][i]);
}

/* Whether the key is new in this slice; *mark is then empty. */
static int is_new_in_slice(struct state *state, struct aging *table, uint64_t key,
			   struct slice_mark **mark)
{
	int is_new;

	*mark = aging_get(table, key, &is_new);
	if ((*mark)->round == state->round)
		return 0;
	**mark = (struct slice_mark){.round = state->round};
	return 1;
}

static uint64_t hop(const struct sightings *sightings, uint32_t i)
{
	return flow_hash_mix(sightings->column[SIGHTING_NAMESPACE][i] << 32 ^
			     sightings->column[SIGHTING_INTERFACE][i] << 2 ^
			     sightings->column[SIGHTING_DIRECTION][i]);
}

/* What the kernel's table holds of it. */
static void note_hop(struct state *state, const struct sightings *sightings, uint32_t i,
		     uint64_t key)
{
	uint64_t entry_key = key ^ flow_hash_mix(sightings->column[SIGHTING_NAMESPACE][i]);
	uint64_t hop_key = flow_hash_mix(key ^ sightings->tuple[i] ^ hop(sightings, i));
	struct slice_mark *entry, *record;

	if (is_new_in_slice(state, &state->entries, entry_key, &entry)) {
		state->entry_count++;
		state->units += ENTRY_UNITS;
	}
	if (is_new_in_slice(state, &state->hops, hop_key, &record)) {
		state->units += entry->records && entry->records % FLOW_RECORDS == 0;
		entry->records++;
	}
	if (state->entry_count > state->effort.peak_entries)
		state->effort.peak_entries = state->entry_count;
	if (state->units > state->peak_units)
		state->peak_units = state->units;
}

/* Where the packets of this tuple began: at the hop given, as far as nothing else is known. */
static uint64_t origin_of_tuple(struct state *state, uint64_t tuple, uint64_t here)
{
	int is_new;
	uint64_t *origin = aging_get(&state->origins, tuple, &is_new);

	if (is_new)
		*origin = here;
	return *origin;
}

/* Whether a packet that began here is another view of one that was counted. */
static int is_view_of_known(const struct state *state, uint64_t parent, uint64_t relation)
{
	const struct packet *of_parent;

	if (!parent || !sighting_is_view(relation))
		return 0;
	of_parent = aging_find(&state->packets, flow_hash_mix(parent));
	return of_parent && !(relation == RELATION_FRAGMENT && of_parent->is_piece);
}

static int is_counted_here(struct state *state, const struct sightings *sightings, uint32_t i)
{
	uint64_t id = sightings->column[SIGHTING_PACKET_ID][i], here = hop(sightings, i);
	uint64_t parent = sightings->column[SIGHTING_PARENT][i];
	uint64_t relation = sightings->column[SIGHTING_RELATION][i];
	int is_known = id && sightings->column[SIGHTING_IDENTITY][i];
	struct packet *packet;
	uint64_t origin;
	int is_new;

	if (!id)
		return origin_of_tuple(state, sightings->tuple[i], here) == here;
	packet = aging_get(&state->packets, flow_hash_mix(id), &is_new);
	origin = origin_of_tuple(state, sightings->tuple[i], is_new ? here : packet->origin);
	if (!is_new)
		return 0;
	packet->origin = is_known ? here : origin;
	packet->is_piece = relation == RELATION_FRAGMENT && !parent;
	return packet->origin == here && !is_view_of_known(state, parent, relation);
}

static int take(void *memory, const struct sightings *sightings, const struct truth *truth,
		unsigned char *is_counted)
{
	struct state *state = memory;
	const uint64_t *times = sightings->column[SIGHTING_TIME];
	struct slice_mark *mark;
	int error;

	if (times[0] >= state->turn_ns) {
		aging_turn(&state->packets);
		aging_turn(&state->origins);
		state->turn_ns = times[0] + TRUTH_GAP_NS;
	}
	error = aging_reserve(&state->packets, sightings->count);
	if (!error)
		error = aging_reserve(&state->origins, sightings->count);
	if (!error)
		error = reserve(state);
	for (uint32_t i = 0; i < sightings->count && !error; i++) {
		uint64_t key = connection(sightings, i);
		uint64_t due = dedup_due(&state->slices, times[i]);

		if (due && (error = begin_slice(state, due)))
			break;
		note_hop(state, sightings, i, key);
		is_counted[i] = (unsigned char)is_counted_here(state, sightings, i);
		if (is_counted[i])
			state->effort.records +=
				is_new_in_slice(state, &state->connections, key, &mark);
	}
	return error;
}

static void end(void *memory, struct dedup_effort *effort)
{
	struct state *state = memory;

	state->effort.peak_bytes = state->peak_units * UNIT_BYTES;
	*effort = state->effort;
	aging_clear(&state->packets);
	aging_clear(&state->origins);
	aging_clear(&state->connections);
	aging_clear(&state->entries);
	aging_clear(&state->hops);
}

const struct dedup_model dedup_flowtape = {
	.name = "flowtape",
	.meaning = "each packet where it begins, once",
	.state_size = sizeof(struct state),
	.begin = begin,
	.sightings = take,
	.end = end,
};
