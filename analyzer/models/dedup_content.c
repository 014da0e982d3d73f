/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fingerprint of content: what has the same protocol, identification, length, and (TCP)
 * sequence number, acknowledgement and flags or (others) first 8 bytes of payload as something
 * within the window before is a duplicate of it.
 */
#define XXH_INLINE_ALL
#include "analyzer/models/dedup.h"

#include <errno.h>
#include <netinet/in.h>
#include <xxhash.h>

struct seen {
	uint64_t last_ns; /* of the latest sighting, plus 1 */
};

struct state {
	struct dedup_options options;
	struct aging seen;
	uint64_t turn_ns, records;
};

static int begin(void *memory, const struct dedup_options *options)
{
	struct state *state = memory;

	state->options = *options;
	return aging_init(&state->seen, sizeof(struct seen));
}

static uint64_t digest(const struct sightings *sightings, uint32_t i)
{
	const uint64_t *const *column = sightings->column;
	int is_tcp = column[SIGHTING_PROTOCOL][i] == IPPROTO_TCP;
	const uint64_t parts[3] = {
		column[SIGHTING_PROTOCOL][i] << 56 | column[SIGHTING_TCP_FLAGS][i] << 40 |
			column[SIGHTING_BYTES][i],
		column[SIGHTING_IP_ID][i],
		is_tcp ? column[SIGHTING_SEQUENCE][i] << 32 |
				 column[SIGHTING_ACKNOWLEDGEMENT][i]
		       : column[SIGHTING_PAYLOAD_FIRST][i],
	};

	return XXH3_64bits(parts, sizeof(parts));
}

static int take(void *memory, const struct sightings *sightings, const struct truth *truth,
		unsigned char *is_counted)
{
	struct state *state = memory;
	const uint64_t *times = sightings->column[SIGHTING_TIME];
	int is_new;

	if (times[0] >= state->turn_ns) {
		aging_turn(&state->seen);
		state->turn_ns = times[0] + state->options.window_ns;
	}
	if (aging_reserve(&state->seen, sightings->count))
		return -ENOMEM;
	for (uint32_t i = 0; i < sightings->count; i++) {
		struct seen *seen = aging_get(&state->seen, digest(sightings, i), &is_new);

		is_counted[i] =
			!seen->last_ns || times[i] >= seen->last_ns + state->options.window_ns;
		seen->last_ns = times[i] + 1;
		state->records += is_counted[i];
	}
	return 0;
}

static void end(void *memory, struct dedup_effort *effort)
{
	struct state *state = memory;

	effort->records = state->records;
	effort->peak_entries = state->seen.peak;
	effort->peak_bytes = state->seen.peak *
			     (sizeof(uint64_t) + sizeof(struct seen) + DEDUP_MAP_OVERHEAD);
	aging_clear(&state->seen);
}

const struct dedup_model dedup_content = {
	.name = "content",
	.meaning = "what has the same content within the window is a duplicate",
	.state_size = sizeof(struct state),
	.begin = begin,
	.sightings = take,
	.end = end,
};
