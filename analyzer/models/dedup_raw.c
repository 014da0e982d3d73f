/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No design at all: every sighting counts, and is a record.
 */
#include "analyzer/models/dedup.h"

struct state {
	uint64_t records;
};

static int begin(void *state, const struct dedup_options *options)
{
	return 0;
}

static int take(void *memory, const struct sightings *sightings, const struct truth *truth,
		unsigned char *is_counted)
{
	struct state *state = memory;

	memset(is_counted, 1, sightings->count);
	state->records += sightings->count;
	return 0;
}

static void end(void *memory, struct dedup_effort *effort)
{
	effort->records = ((struct state *)memory)->records;
}

const struct dedup_model dedup_raw = {
	.name = "raw",
	.meaning = "every sighting counts",
	.state_size = sizeof(struct state),
	.begin = begin,
	.sightings = take,
	.end = end,
};
