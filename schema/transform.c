/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of an array of numbers and the choice of a transform.
 */
#include "schema/transform.h"

#define LEAST_RUN    2U	  /* values a run on average, for runs to be thought of */
#define LEAST_NESTED 16U  /* values, for nested blocks to be thought of */
#define RUNS_SAVE    0.97 /* of the bits: nested blocks take time to read */
#define RECENT_SAVES 0.85
#define NEVER	     1e18 /* bits */

struct shape shape_measure(const uint64_t *values, uint32_t count)
{
	struct shape shape = {
		(int64_t)values[0], (int64_t)values[0], INT64_MAX, INT64_MIN, 1, 1};

	for (uint32_t i = 1; i < count; i++) {
		int64_t value = (int64_t)values[i];
		int64_t step = (int64_t)(values[i] - values[i - 1]);

		shape.least = value < shape.least ? value : shape.least;
		shape.most = value > shape.most ? value : shape.most;
		shape.least_step = step < shape.least_step ? step : shape.least_step;
		shape.most_step = step > shape.most_step ? step : shape.most_step;
		shape.runs += step != 0;
	}
	return shape;
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * Of an odd number, modulo 2^64: a multiple of it times its inverse is the quotient, and what
 * is no multiple comes out greater than any quotient.
 */
static uint64_t inverse(uint64_t odd)
{
	uint64_t inverse = odd; /* right in 3 bits, and each step doubles them */

	for (unsigned int step = 0; step < 5; step++)
		inverse *= 2 - odd * inverse;
	return inverse;
}

void shape_find_unit(struct shape *shape, const uint64_t *values, uint32_t count)
{
	uint64_t unit = 0, least = (uint64_t)shape->least;

	for (uint32_t i = 0; i < 64 && unit != 1; i++)
		unit = greatest_common_divisor(values[(uint64_t)i * count / 64] - least, unit);
	for (uint32_t i = 0; unit > 1 && i < count;) {
		unsigned int twos = (unsigned int)__builtin_ctzll(unit);
		uint64_t odd = unit >> twos, inverted = inverse(odd), most = UINT64_MAX / odd;
		uint64_t low = (1ULL << twos) - 1;

		while (i < count && !((values[i] - least) & low) &&
		       ((values[i] - least) >> twos) * inverted <= most)
			i++;
		if (i < count)
			unit = greatest_common_divisor(unit, values[i] - least);
	}
	shape->unit = unit ? unit : 1;
}

void shape_normalize(const struct shape *shape, const uint64_t *values, uint32_t count,
		     uint64_t *out)
{
	uint64_t least = (uint64_t)shape->least, inverted;
	unsigned int twos;

	if (shape->unit == 1) {
		for (uint32_t i = 0; i < count; i++)
			out[i] = values[i] - least;
		return;
	}
	twos = (unsigned int)__builtin_ctzll(shape->unit);
	inverted = inverse(shape->unit >> twos);
	for (uint32_t i = 0; i < count; i++)
		out[i] = ((values[i] - least) >> twos) * inverted;
}

/* --- the choice, from a sample that is normalized --- */

static double transformed_bits(struct chooser *chooser, const struct choice *choice,
			       uint32_t sample_size, uint64_t most, uint32_t count)
{
	uint32_t begin = transform_begin(choice->transform), used = 0;
	struct layout layout;

	for (uint32_t i = 0; i < sample_size; i++)
		if (i % SAMPLE_SPAN >= begin)
			chooser->changed[used++] = transformed(choice->transform, choice->step,
							       &chooser->sample[i]);
	if (choice->transform == TRANSFORM_OFFSET)
		return layout_choose(chooser->layouts, chooser->changed, used, most, count,
				     &layout);
	return layout_estimate(chooser->layouts, chooser->changed, used, most, count) +
	       80 * begin;
}

static void consider(struct chooser *chooser, enum transform transform, uint64_t step,
		     uint32_t sample_size, uint64_t most, uint32_t count, struct choice *best)
{
	struct choice choice = {transform, step, 0};

	choice.bits = transformed_bits(chooser, &choice, sample_size, most, count);
	if (choice.bits < best->bits)
		*best = choice;
}

static double recent_bits(struct chooser *chooser, uint32_t sample_size, uint32_t count)
{
	uint64_t recent[RECENT] = {0}, most = 0;
	uint32_t used = 0, others = 0;
	double bits;

	for (uint32_t i = 0; i < sample_size; i++) {
		unsigned int rank = recall(recent, chooser->sample[i]);

		/* A span's first values are strangers to what came before. */
		if (i % SAMPLE_SPAN < SAMPLE_SPAN / 8)
			continue;
		chooser->ranks[used++] = rank;
		if (rank == RECENT) {
			chooser->changed[others++] = chooser->sample[i];
			most |= chooser->sample[i];
		}
	}
	if (!used)
		return NEVER;
	bits = layout_estimate(chooser->layouts, chooser->ranks, used, RECENT, count);
	return bits + layout_estimate(chooser->layouts, chooser->changed, others, most,
				      (uint32_t)((uint64_t)count * others / used));
}

static double runs_bits(struct chooser *chooser, uint32_t sample_size, uint32_t runs)
{
	uint64_t *heads = chooser->changed, *lengths = chooser->ranks;
	uint64_t all = 0, longest = 0, step = 0;
	uint32_t used = 0;
	double bits, step_bits;

	for (uint32_t i = 0; i < sample_size; i++) {
		if (used && i % SAMPLE_SPAN && chooser->sample[i] == chooser->sample[i - 1]) {
			lengths[used - 1]++;
			continue;
		}
		lengths[used] = 0;
		heads[used++] = chooser->sample[i];
		all |= chooser->sample[i];
	}
	bits = layout_estimate(chooser->layouts, heads, used, all, runs);
	for (uint32_t i = used; --i;) {
		heads[i] = zigzag(heads[i] - heads[i - 1]);
		step |= heads[i];
		longest = lengths[i] > longest ? lengths[i] : longest;
	}
	longest = lengths[0] > longest ? lengths[0] : longest;
	step_bits = layout_estimate(chooser->layouts, heads + 1, used - 1, step, runs);
	return (bits < step_bits ? bits : step_bits) +
	       layout_estimate(chooser->layouts, lengths, used, longest, runs);
}

/* Whether steps look smaller than values, by their bits, from a part of the sample. */
static int steps_are_smaller(const struct chooser *chooser, uint32_t sample_size)
{
	uint32_t value_bits = 0, step_bits = 0;

	/* In uneven strides, for there may be a period. */
	for (uint32_t i = 1; i < sample_size; i += 3 + i % 5) {
		uint64_t step = zigzag(chooser->sample[i] - chooser->sample[i - 1]);

		value_bits += 64 - (uint32_t)__builtin_clzll(chooser->sample[i] | 1);
		step_bits += 64 - (uint32_t)__builtin_clzll(step | 1);
	}
	/* Of zigzag's bits one is the sign. */
	return step_bits < value_bits + sample_size / 10;
}

static uint64_t multiple(uint64_t number, uint64_t factor)
{
	return number < UINT64_MAX / factor ? number * factor : UINT64_MAX;
}

/*
 * The sample is in chooser->sample, normalized; how far the values and their steps reach comes
 * from all values, where they are at hand, or from the sample.
 */
static struct choice choose(struct chooser *chooser, const struct shape *shape,
			    uint32_t sample_size, uint32_t count, int may_nest)
{
	uint64_t range = ((uint64_t)shape->most - (uint64_t)shape->least) / shape->unit;
	struct choice best = {TRANSFORM_OFFSET, 0, NEVER};
	double bits;
	uint32_t repeats = 0;

	consider(chooser, TRANSFORM_OFFSET, 0, sample_size, range, count, &best);
	if (count > 2 && range > 1 && steps_are_smaller(chooser, sample_size)) {
		int64_t unit = (int64_t)shape->unit;
		uint64_t least = (uint64_t)(shape->least_step / unit);
		uint64_t steps = (uint64_t)(shape->most_step / unit) - least;

		/* Few steps down in a long way up are better taken modulo 2^64. */
		if (shape->least_step < 0 && steps > range / 2) {
			least = 0;
			steps = UINT64_MAX;
		}
		consider(chooser, TRANSFORM_DELTA, least, sample_size, steps, count, &best);
		if (shape->least_step < 0)
			consider(chooser, TRANSFORM_ZIGZAG, 0, sample_size, multiple(range, 2),
				 count, &best);
		if (best.transform != TRANSFORM_OFFSET && range > 65536)
			consider(chooser, TRANSFORM_SECOND, 0, sample_size, multiple(range, 4),
				 count, &best);
	}
	if (!may_nest || count < LEAST_NESTED)
		return best;
	if (shape->runs <= count / LEAST_RUN) {
		bits = runs_bits(chooser, sample_size, shape->runs);
		if (bits < RUNS_SAVE * best.bits)
			best = (struct choice){TRANSFORM_RUNS, 0, bits};
	}
	for (uint32_t i = 2; i < sample_size; i++)
		repeats += chooser->sample[i] == chooser->sample[i - 1] ||
			   chooser->sample[i] == chooser->sample[i - 2];
	if (range > 2 && repeats > sample_size / 4) {
		bits = recent_bits(chooser, sample_size, count);
		if (bits < RECENT_SAVES * best.bits)
			best = (struct choice){TRANSFORM_RECENT, 0, bits};
	}
	return best;
}

struct choice transform_choose(struct chooser *chooser, const struct shape *shape,
			       const uint64_t *sample, uint32_t sample_size, uint32_t count,
			       int may_nest)
{
	shape_normalize(shape, sample, sample_size, chooser->sample);
	return choose(chooser, shape, sample_size, count, may_nest);
}
