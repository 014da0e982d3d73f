/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays sightings through fingerprints and scores them.
 *
 * A table that remembers of each digest when and of which packet it was last seen serves all
 * windows at once: a window only decides whether that was too long ago.
 */
#include "analyzer/models/fingerprint.h"
#include "analyzer/models/lru.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#define RATE_NS 100000000ULL /* over which the rate is taken */

struct seen {
	uint64_t last_ns; /* plus 1; 0: never */
	uint64_t packet;
	uint64_t payload_hash;
};

struct state {
	const struct fingerprint *fingerprint;
	struct fingerprint_result *result;
	const union column_values *values[DIGEST_FIELDS];
	size_t extra[DIGEST_FIELDS]; /* which of the reader's extra columns they are */
	struct aging table;
	uint64_t turn_ns, longest_ns;
	struct lru lru; /* where the table has a size */
	struct seen *lru_seen;
	uint64_t interval_ns[FINGERPRINT_WINDOWS]; /* when the current one began */
	uint64_t interval_entries[FINGERPRINT_WINDOWS];
};

struct run {
	struct state states[FINGERPRINTS];
	size_t count;
	struct truth truth;
	const char *extra_names[FINGERPRINTS * DIGEST_FIELDS];
	size_t extra_count;
	size_t payload_hash; /* an extra column, to split by */
	uint64_t rate_until_ns, rate_packets;
	unsigned char rate;
	unsigned char protocols[REPLAY_ROWS], rates[REPLAY_ROWS];
	uint16_t cells[REPLAY_ROWS]; /* of the scores that a sighting counts in */
	uint64_t digests[REPLAY_ROWS];
	uint64_t zero[REPLAY_ROWS];
};

uint64_t fingerprint_state_bytes(const struct fingerprint *fingerprint, size_t window,
				 uint64_t peak_entries)
{
	uint64_t entries = fingerprint->entries ? fingerprint->entries : peak_entries;
	uint64_t time_bits = fingerprint->windows[window] < FINGERPRINT_FOREVER ? 32 : 0;

	if (fingerprint->entry_bytes)
		return entries * fingerprint->entry_bytes;
	return (entries * (fingerprint->digest.width + time_bits) + 7) / 8;
}

void fingerprint_add(struct fingerprint_score *to, const struct fingerprint_score *score)
{
	to->sightings += score->sightings;
	to->packets += score->packets;
	to->dismissed += score->dismissed;
	to->true_positives += score->true_positives;
	to->false_positives += score->false_positives;
	to->false_negatives += score->false_negatives;
}

/* --- of a block --- */

/* How many packets in an interval make the next decade of the rate: 100 a second, 1000... */
static uint64_t decade_limit(unsigned char rate)
{
	uint64_t limit = 100 * RATE_NS / 1000000000ULL;

	while (rate--)
		limit *= 10;
	return limit;
}

static unsigned char decade(uint64_t packets)
{
	unsigned char rate = 0;

	while (rate < FINGERPRINT_RATES - 1 && packets >= decade_limit(rate))
		rate++;
	return rate;
}

/* The rate is that of the interval before, or of this one so far, whichever is higher. */
static void take_rates(struct run *run, const struct sightings *sightings)
{
	const uint64_t *times = sightings->column[SIGHTING_TIME];
	uint64_t limit = decade_limit(run->rate);

	for (uint32_t i = 0; i < sightings->count; i++) {
		if (times[i] >= run->rate_until_ns) {
			int is_next = times[i] < run->rate_until_ns + RATE_NS;

			run->rate = decade(is_next ? run->rate_packets : 0);
			limit = decade_limit(run->rate);
			run->rate_packets = 0;
			run->rate_until_ns = times[i] - times[i] % RATE_NS + RATE_NS;
		}
		run->rate_packets += run->truth.change[i] == CHANGE_FIRST;
		if (run->rate_packets >= limit && run->rate < FINGERPRINT_RATES - 1)
			limit = decade_limit(++run->rate);
		run->rates[i] = run->rate;
	}
}

static void take_protocols(struct run *run, const struct sightings *sightings)
{
	const uint64_t *numbers = sightings->column[SIGHTING_PROTOCOL];

	for (uint32_t i = 0; i < sightings->count; i++)
		run->protocols[i] = numbers[i] == IPPROTO_TCP	? PROTOCOL_TCP
				    : numbers[i] == IPPROTO_UDP ? PROTOCOL_UDP
				    : numbers[i] == IPPROTO_ICMP || numbers[i] == IPPROTO_ICMPV6
					    ? PROTOCOL_ICMP
					    : PROTOCOL_OTHER;
}

/* --- one fingerprint --- */

static const enum fingerprint_pair pairs[TRUTH_CHANGES] = {
	[CHANGE_FIRST] = PAIR_UNRELATED,       [CHANGE_SWITCHED] = PAIR_SWITCHED,
	[CHANGE_ROUTED] = PAIR_ROUTED,	       [CHANGE_TRANSLATED] = PAIR_TRANSLATED,
	[CHANGE_SEGMENTED] = PAIR_SEGMENTED,   [CHANGE_MERGED] = PAIR_MERGED,
	[CHANGE_FRAGMENTED] = PAIR_FRAGMENTED, [CHANGE_ENCAPSULATED] = PAIR_ENCAPSULATED,
};

static uint16_t cell(enum fingerprint_pair pair, unsigned char protocol, unsigned char rate)
{
	return (uint16_t)((pair * FINGERPRINT_PROTOCOLS + protocol) * FINGERPRINT_RATES + rate);
}

static void take_cells(struct run *run, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		run->cells[i] =
			cell(pairs[run->truth.change[i]], run->protocols[i], run->rates[i]);
}

/* How two sightings of different packets come to look the same. */
static enum fingerprint_pair false_pair(const struct seen *seen, uint64_t relation,
					uint64_t payload_hash)
{
	if (relation == RELATION_AGAIN)
		return PAIR_SENT_AGAIN;
	return payload_hash && seen->payload_hash == payload_hash ? PAIR_SENT_TWICE
								  : PAIR_UNRELATED;
}

static inline struct seen *find(struct state *state, uint64_t digest)
{
	struct seen *seen;
	uint32_t number;
	int is_new;

	if (!state->fingerprint->entries)
		return aging_get_sized(&state->table, digest, &is_new, sizeof(struct seen));
	number = lru_take(&state->lru, digest, &is_new);
	seen = &state->lru_seen[number];
	if (is_new)
		*seen = (struct seen){0};
	return seen;
}

/* How many digests the window holds: counted anew for each window's length. */
static inline void count_entry(struct state *state, size_t window, const struct seen *seen,
			       uint64_t now_ns)
{
	uint64_t length_ns = state->fingerprint->windows[window];
	uint64_t *peak = &state->result->peak_entries[window];

	if (now_ns - state->interval_ns[window] >= length_ns) {
		state->interval_ns[window] = now_ns;
		state->interval_entries[window] = 0;
	}
	if (seen->last_ns <= state->interval_ns[window])
		state->interval_entries[window]++;
	if (state->interval_entries[window] > *peak)
		*peak = state->interval_entries[window];
}

/* Row i of the block, in one window. */
static inline void judge(const struct run *run, struct state *state, size_t window,
			 const struct seen *seen, uint32_t i, uint64_t now_ns,
			 const struct sightings *sightings, uint64_t payload_hash)
{
	int is_claimed = seen->packet &&
			 now_ns - (seen->last_ns - 1) <= state->fingerprint->windows[window];
	int is_right = is_claimed && seen->packet == run->truth.key[i];
	struct fingerprint_score *scores = &state->result->score[window][0][0][0];
	struct fingerprint_score *score = scores + run->cells[i];

	score->sightings++;
	if (run->truth.change[i] == CHANGE_FIRST) {
		score->packets++;
		score->dismissed += (uint64_t)is_claimed;
	} else if (is_right) {
		score->true_positives++;
	} else {
		score->false_negatives++;
	}
	if (is_claimed && !is_right)
		scores[cell(false_pair(seen, sightings->column[SIGHTING_RELATION][i],
				       payload_hash),
			    run->protocols[i], run->rates[i])]
			.false_positives++;
}

static int turn(struct state *state, uint64_t now_ns, uint32_t count)
{
	if (state->fingerprint->entries)
		return 0;
	/* A few entries need not be forgotten. */
	if (now_ns >= state->turn_ns && state->table.young.count >= REPLAY_ROWS) {
		aging_turn(&state->table);
		state->turn_ns = now_ns + state->longest_ns;
	}
	return aging_reserve(&state->table, count);
}

static int replay_block(struct run *run, struct state *state, const struct sightings *sightings,
			const uint64_t *payload_hash)
{
	const uint64_t *times = sightings->column[SIGHTING_TIME];
	size_t window_count = state->fingerprint->window_count;

	if (turn(state, times[0], sightings->count))
		return -ENOMEM;
	digest_rows(&state->fingerprint->digest, state->values, sightings->count, run->digests);
	for (uint32_t i = 0; i < sightings->count; i++) {
		struct seen *seen = find(state, run->digests[i]);

		for (size_t window = 0; window < window_count; window++) {
			count_entry(state, window, seen, times[i]);
			if (run->truth.key[i])
				judge(run, state, window, seen, i, times[i], sightings,
				      payload_hash[i]);
		}
		*seen = (struct seen){times[i] + 1, run->truth.key[i], payload_hash[i]};
	}
	return 0;
}

/* --- a run --- */

/* The number of an extra column, which is added where it is not among them. */
static size_t want_column(struct run *run, unsigned int column)
{
	const char *name = stream_get(STREAM_PACKET)->columns[column].name;
	size_t i = 0;

	while (i < run->extra_count && strcmp(run->extra_names[i], name))
		i++;
	if (i == run->extra_count)
		run->extra_names[run->extra_count++] = name;
	return i;
}

static int begin_state(struct run *run, struct state *state,
		       const struct fingerprint *fingerprint, struct fingerprint_result *result)
{
	state->fingerprint = fingerprint;
	state->result = result;
	memset(result, 0, sizeof(*result));
	for (size_t i = 0; i < fingerprint->digest.field_count; i++)
		state->extra[i] = want_column(run, fingerprint->digest.fields[i].column);
	for (size_t i = 0; i < fingerprint->window_count; i++)
		if (fingerprint->windows[i] > state->longest_ns)
			state->longest_ns = fingerprint->windows[i];
	if (!fingerprint->entries)
		return aging_init(&state->table, sizeof(struct seen));
	state->lru_seen = calloc((size_t)fingerprint->entries + 1, sizeof(struct seen));
	return state->lru_seen ? lru_init(&state->lru, fingerprint->entries) : -ENOMEM;
}

static int replay_all(struct run *run, struct sighting_reader *reader,
		      const struct fingerprint_options *options)
{
	const struct sightings *sightings;
	uint64_t seen = 0;
	int error;

	while (!(error = sighting_next(reader, &sightings))) {
		const uint64_t *payload_hash =
			options->split ? sighting_extra(reader, run->payload_hash)->integers
				       : run->zero;

		error = truth_resolve(&run->truth, sightings);
		if (options->split) {
			take_rates(run, sightings);
			take_protocols(run, sightings);
		}
		take_cells(run, sightings->count);
		for (size_t i = 0; i < run->count && !error; i++) {
			struct state *state = &run->states[i];

			for (size_t j = 0; j < state->fingerprint->digest.field_count; j++)
				state->values[j] = sighting_extra(reader, state->extra[j]);
			error = replay_block(run, state, sightings, payload_hash);
		}
		seen += sightings->count;
		if (error || (options->sightings && seen >= options->sightings))
			return error;
	}
	return error == -ENODATA ? 0 : error;
}

int fingerprint_run(struct recording *recording, const char *recording_id,
		    const struct fingerprint_options *options,
		    const struct fingerprint *fingerprints, size_t count,
		    struct fingerprint_result *results)
{
	enum sighting_depth depth = options->split ? SIGHTING_CHANGE : SIGHTING_WHICH;
	struct run *run = calloc(1, sizeof(*run));
	struct sighting_reader *reader = NULL;
	int error;

	if (!run)
		return -ENOMEM;
	run->count = count;
	if (options->split)
		run->payload_hash =
			want_column(run, (unsigned int)stream_column(stream_get(STREAM_PACKET),
								     "payload_hash"));
	error = truth_init(&run->truth, (enum truth_source)options->truth, depth);
	for (size_t i = 0; i < count && !error; i++)
		error = begin_state(run, &run->states[i], &fingerprints[i], &results[i]);
	if (!error)
		error = sighting_open(recording, recording_id, depth, run->extra_names,
				      run->extra_count, &reader);
	if (!error)
		error = replay_all(run, reader, options);
	for (size_t i = 0; i < count; i++) {
		aging_clear(&run->states[i].table);
		lru_clear(&run->states[i].lru);
		free(run->states[i].lru_seen);
	}
	truth_clear(&run->truth);
	sighting_close(reader);
	free(run);
	return error;
}
