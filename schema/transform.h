/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transforms of arrays of numbers, and which of them makes the numbers small: told from one
 * pass over all of them and from a sample.
 */
#ifndef SCHEMA_TRANSFORM_H
#define SCHEMA_TRANSFORM_H

#include "schema/layout.h"

#define RECENT 15U /* values in the table of recent ones; also the rank of all others */

enum transform {
	TRANSFORM_CONSTANT = 0,
	TRANSFORM_OFFSET = 1,
	TRANSFORM_DELTA = 2,
	TRANSFORM_ZIGZAG = 3,
	TRANSFORM_SECOND = 4,
	TRANSFORM_RUNS = 5,
	TRANSFORM_RECENT = 6,
};

/* What one pass over the values tells; what is least and most is so among signed numbers. */
struct shape {
	int64_t least, most;
	int64_t least_step, most_step;
	uint32_t runs; /* of equal values */
	uint64_t unit; /* a common divisor of all (value - least) */
};

struct choice {
	enum transform transform;
	uint64_t step; /* of delta */
	double bits;   /* that all values will take, about */
};

/* Memory of a choice. */
struct chooser {
	struct layout_coder *layouts;
	uint64_t sample[SAMPLE_SIZE], changed[SAMPLE_SIZE], ranks[SAMPLE_SIZE];
};

/* The unit is 1 at first. */
struct shape shape_measure(const uint64_t *values, uint32_t count);
void shape_find_unit(struct shape *shape, const uint64_t *values, uint32_t count);

/* (value - least) / unit of each, into `out`. */
void shape_normalize(const struct shape *shape, const uint64_t *values, uint32_t count,
		     uint64_t *out);

/*
 * The best transform for count values of that shape, of which the sample is taken as
 * schema/numbers.h says. Runs and recent values are left out where they may not be nested.
 */
struct choice transform_choose(struct chooser *chooser, const struct shape *shape,
			       const uint64_t *sample, uint32_t sample_size, uint32_t count,
			       int may_nest);

/* How many numbers at the beginning have none before them to be transformed by. */
static inline uint32_t transform_begin(enum transform transform)
{
	return transform == TRANSFORM_SECOND ? 2 : transform != TRANSFORM_OFFSET;
}

static inline uint64_t zigzag(uint64_t difference)
{
	return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static inline uint64_t unzigzag(uint64_t number)
{
	return number >> 1 ^ -(number & 1);
}

/* What a transform makes of the value at i, which has neighbours before it. */
static inline uint64_t transformed(enum transform transform, uint64_t step,
				   const uint64_t *values)
{
	switch (transform) {
	case TRANSFORM_DELTA:
		return values[0] - values[-1] - step;
	case TRANSFORM_ZIGZAG:
		return zigzag(values[0] - values[-1]);
	case TRANSFORM_SECOND:
		return zigzag(values[0] - 2 * values[-1] + values[-2]);
	default:
		return values[0];
	}
}

/* A value's rank among the recent ones, RECENT when it is not one; it becomes the most recent.
 */
static inline unsigned int recall(uint64_t *recent, uint64_t value)
{
	uint64_t before = recent[0];
	unsigned int rank = 0;

	recent[0] = value;
	while (before != value && ++rank < RECENT) {
		uint64_t next = recent[rank];

		recent[rank] = before;
		before = next;
	}
	return rank;
}

#endif
