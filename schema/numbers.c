/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers to a block of bytes: statistics, transforms, and the way back.
 */
#include "schema/numbers.h"

#include <assert.h>

#define RECENT	     15U /* values in the table of recent ones; also the rank of all others */
#define MOST_NESTING 2U
#define UNIT_FOLLOWS 0x10
#define LEAST_RUN    2U	  /* values a run on average, for runs to be thought of */
#define RUNS_SAVE    0.97 /* of the bits: nested blocks take time to read */
#define RECENT_SAVES 0.85

enum transform {
	CONSTANT = 0,
	OFFSET = 1,
	DELTA = 2,
	ZIGZAG = 3,
	SECOND = 4,
	RUNS = 5,
	RECENTLY = 6,
};

struct numbers_coder {
	struct layout_coder *layouts;
	uint64_t *residual;
	uint64_t *nested[MOST_NESTING][2];
	uint64_t sample[SAMPLE_SIZE], changed[SAMPLE_SIZE], ranks[SAMPLE_SIZE];
};

/* What one pass over the values tells. */
struct shape {
	int64_t least, most;
	int64_t least_step, most_step;
	uint32_t runs;
	uint64_t unit;
};

struct choice {
	enum transform transform;
	uint64_t step; /* of delta */
	double bits;
};

struct numbers_coder *numbers_coder_new(int level)
{
	struct numbers_coder *coder = calloc(1, sizeof(*coder));

	if (!coder)
		return NULL;
	coder->layouts = layout_coder_new(level);
	coder->residual = malloc(MOST_NUMBERS * sizeof(*coder->residual));
	for (unsigned int i = 0; i < 2 * MOST_NESTING; i++) {
		coder->nested[i / 2][i % 2] = malloc(MOST_NUMBERS * sizeof(uint64_t));
		if (!coder->nested[i / 2][i % 2])
			goto fail;
	}
	if (coder->layouts && coder->residual)
		return coder;
fail:
	numbers_coder_free(coder);
	return NULL;
}

void numbers_coder_free(struct numbers_coder *coder)
{
	if (!coder)
		return;
	layout_coder_free(coder->layouts);
	free(coder->residual);
	for (unsigned int i = 0; i < 2 * MOST_NESTING; i++)
		free(coder->nested[i / 2][i % 2]);
	free(coder);
}

static uint64_t zigzag(uint64_t difference)
{
	return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static uint64_t unzigzag(uint64_t number)
{
	return number >> 1 ^ -(number & 1);
}

uint32_t numbers_sample(const uint64_t *values, uint32_t count, uint64_t *sample)
{
	if (count <= SAMPLE_SIZE) {
		memcpy(sample, values, count * sizeof(*sample));
		return count;
	}
	for (uint32_t i = 0; i < SAMPLE_SIZE; i += SAMPLE_SPAN)
		memcpy(sample + i, values + sample_position(i, count),
		       SAMPLE_SPAN * sizeof(*sample));
	return SAMPLE_SIZE;
}

/* --- statistics --- */

static struct shape measure(const uint64_t *values, uint32_t count)
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

/*
 * The greatest common divisor of all (value - least), and the quotients. A multiple of an odd
 * number is told by one multiplication with its inverse modulo 2^64, which gives the quotient.
 */
static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static uint64_t inverse(uint64_t odd)
{
	uint64_t inverse = odd; /* right in 3 bits, and each step doubles them */

	for (unsigned int step = 0; step < 5; step++)
		inverse *= 2 - odd * inverse;
	return inverse;
}

static uint64_t find_unit(const uint64_t *values, uint32_t count, uint64_t least)
{
	uint64_t unit = 0;

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
	return unit ? unit : 1;
}

/* --- the choice of a transform, from a sample of (value - base) / unit --- */

/* What a transform makes of the value at i, which has two neighbours before it. */
static inline uint64_t residual_of(enum transform transform, uint64_t step,
				   const uint64_t *values)
{
	switch (transform) {
	case DELTA:
		return values[0] - values[-1] - step;
	case ZIGZAG:
		return zigzag(values[0] - values[-1]);
	case SECOND:
		return zigzag(values[0] - 2 * values[-1] + values[-2]);
	default:
		return values[0];
	}
}

static double transformed_bits(struct numbers_coder *coder, const struct choice *choice,
			       uint32_t sample_size, uint64_t most, uint32_t count)
{
	uint32_t begin = choice->transform == SECOND ? 2 : choice->transform != OFFSET;
	uint32_t used = 0;
	struct layout layout;

	for (uint32_t i = 0; i < sample_size; i++)
		if (i % SAMPLE_SPAN >= begin)
			coder->changed[used++] =
				residual_of(choice->transform, choice->step, &coder->sample[i]);
	return layout_choose(coder->layouts, coder->changed, used, most, count, &layout) +
	       80 * begin;
}

static void consider(struct numbers_coder *coder, enum transform transform, uint64_t step,
		     uint32_t sample_size, uint64_t most, uint32_t count, struct choice *best)
{
	struct choice choice = {transform, step, 0};

	choice.bits = transformed_bits(coder, &choice, sample_size, most, count);
	if (choice.bits < best->bits)
		*best = choice;
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

static double recent_bits(struct numbers_coder *coder, uint32_t sample_size, uint32_t count)
{
	uint64_t recent[RECENT] = {0}, most = 0;
	uint32_t used = 0, others = 0;
	struct layout layout;
	double bits;

	for (uint32_t i = 0; i < sample_size; i++) {
		unsigned int rank = recall(recent, coder->sample[i]);

		/* A span's first values are strangers to what came before. */
		if (i % SAMPLE_SPAN < SAMPLE_SPAN / 8)
			continue;
		coder->ranks[used++] = rank;
		if (rank == RECENT) {
			coder->changed[others++] = coder->sample[i];
			most |= coder->sample[i];
		}
	}
	if (!used)
		return 1e18;
	bits = layout_choose(coder->layouts, coder->ranks, used, RECENT, count, &layout);
	return bits + layout_choose(coder->layouts, coder->changed, others, most,
				    (uint32_t)((uint64_t)count * others / used), &layout);
}

static double runs_bits(struct numbers_coder *coder, uint32_t sample_size, uint32_t runs)
{
	uint64_t *lengths = coder->ranks, all = 0, longest = 0;
	uint32_t used = 0;
	struct layout layout;
	double bits;

	for (uint32_t i = 0; i < sample_size; i++) {
		if (used && i % SAMPLE_SPAN && coder->sample[i] == coder->sample[i - 1]) {
			lengths[used - 1]++;
			continue;
		}
		lengths[used] = 0;
		coder->changed[used++] = coder->sample[i];
		all |= coder->sample[i];
	}
	for (uint32_t i = 0; i < used; i++)
		longest = lengths[i] > longest ? lengths[i] : longest;
	bits = layout_choose(coder->layouts, coder->changed, used, all, runs, &layout);
	return bits + layout_choose(coder->layouts, lengths, used, longest, runs, &layout);
}

static uint64_t multiple(uint64_t number, uint64_t factor)
{
	return number < UINT64_MAX / factor ? number * factor : UINT64_MAX;
}

/*
 * The sample is in coder->sample; how far the values and their steps reach comes from all
 * values, where they are at hand, or from the sample.
 */
static struct choice choose(struct numbers_coder *coder, const struct shape *shape,
			    uint32_t sample_size, uint32_t count, unsigned int depth)
{
	uint64_t range = ((uint64_t)shape->most - (uint64_t)shape->least) / shape->unit;
	struct choice best = {OFFSET, 0, 1e18};
	double bits;
	uint32_t repeats = 0;

	consider(coder, OFFSET, 0, sample_size, range, count, &best);
	if (count > 2 && range > 1) {
		int64_t unit = (int64_t)shape->unit;
		uint64_t least = (uint64_t)(shape->least_step / unit);
		uint64_t steps = (uint64_t)(shape->most_step / unit) - least;

		/* Few steps down in a long way up are better taken modulo 2^64. */
		if (shape->least_step < 0 && steps > range / 2) {
			least = 0;
			steps = UINT64_MAX;
		}
		consider(coder, DELTA, least, sample_size, steps, count, &best);
		if (shape->least_step < 0)
			consider(coder, ZIGZAG, 0, sample_size, multiple(range, 2), count,
				 &best);
		if (best.transform != OFFSET && range > 65536)
			consider(coder, SECOND, 0, sample_size, multiple(range, 4), count,
				 &best);
	}
	if (depth == MOST_NESTING || count < 16)
		return best;
	if (shape->runs <= count / LEAST_RUN) {
		bits = runs_bits(coder, sample_size, shape->runs);
		if (bits < RUNS_SAVE * best.bits)
			best = (struct choice){RUNS, 0, bits};
	}
	for (uint32_t i = 2; i < sample_size; i++)
		repeats += coder->sample[i] == coder->sample[i - 1] ||
			   coder->sample[i] == coder->sample[i - 2];
	if (range > 2 && repeats > sample_size / 4) {
		bits = recent_bits(coder, sample_size, count);
		if (bits < RECENT_SAVES * best.bits)
			best = (struct choice){RECENTLY, 0, bits};
	}
	return best;
}

/* Make the sample (value - base) / unit. */
static void normalize_sample(struct numbers_coder *coder, uint32_t size,
			     const struct shape *shape)
{
	for (uint32_t i = 0; i < size; i++) {
		coder->sample[i] -= (uint64_t)shape->least;
		if (shape->unit > 1)
			coder->sample[i] /= shape->unit;
	}
}

double numbers_estimate(struct numbers_coder *coder, const uint64_t *sample,
			uint32_t sample_size, uint32_t count)
{
	struct shape shape = measure(sample, sample_size);

	if (shape.least == shape.most)
		return 8;
	shape.runs = (uint32_t)((uint64_t)shape.runs * count / sample_size);
	shape.unit = find_unit(sample, sample_size, (uint64_t)shape.least);
	memcpy(coder->sample, sample, sample_size * sizeof(*sample));
	normalize_sample(coder, sample_size, &shape);
	return choose(coder, &shape, sample_size, count, 0).bits;
}

/* --- writing --- */

static int put_block(struct numbers_coder *coder, const uint64_t *values, uint32_t count,
		     unsigned int depth, struct bytes *out);

static int put_laid_out(struct numbers_coder *coder, const uint64_t *numbers, uint32_t count,
			struct bytes *out)
{
	uint64_t all = 0;
	struct layout layout;
	uint32_t size = numbers_sample(numbers, count, coder->sample);

	for (uint32_t i = 0; i < count; i++)
		all |= numbers[i];
	layout_choose(coder->layouts, coder->sample, size, all, count, &layout);
	return layout_put(coder->layouts, &layout, numbers, count, out);
}

static int put_runs(struct numbers_coder *coder, const uint64_t *values, uint32_t count,
		    unsigned int depth, struct bytes *out)
{
	uint64_t *heads = coder->nested[depth][0], *lengths = coder->nested[depth][1];
	uint32_t runs = 0, begin = 0;
	int error;

	for (uint32_t i = 1; i <= count; i++) {
		if (i < count && values[i] == values[begin])
			continue;
		heads[runs] = values[begin];
		lengths[runs++] = i - begin - 1;
		begin = i;
	}
	error = bytes_put_varint(out, runs);
	if (!error)
		error = put_block(coder, heads, runs, depth + 1, out);
	return error ? error : put_block(coder, lengths, runs, depth + 1, out);
}

static int put_recent(struct numbers_coder *coder, const uint64_t *values, uint32_t count,
		      unsigned int depth, struct bytes *out)
{
	uint64_t *ranks = coder->nested[depth][0], *others = coder->nested[depth][1];
	uint64_t recent[RECENT] = {0};
	uint32_t other_count = 0;
	int error;

	for (uint32_t i = 0; i < count; i++) {
		ranks[i] = recall(recent, values[i]);
		others[other_count] = values[i];
		other_count += ranks[i] == RECENT;
	}
	error = put_block(coder, ranks, count, depth + 1, out);
	if (!error && other_count)
		error = put_block(coder, others, other_count, depth + 1, out);
	return error;
}

static int put_header(const struct shape *shape, const struct choice *choice,
		      const uint64_t *first, struct bytes *out)
{
	int error = bytes_put(out, (uint8_t)(choice->transform |
					     (shape->unit > 1 ? UNIT_FOLLOWS : 0)));

	if (!error)
		error = bytes_put_varint(out, (uint64_t)shape->least);
	if (!error && shape->unit > 1)
		error = bytes_put_varint(out, shape->unit);
	if (!error && choice->transform > OFFSET)
		error = bytes_put_varint(out,
					 (first[0] - (uint64_t)shape->least) / shape->unit);
	if (!error && choice->transform == DELTA)
		error = bytes_put_varint(out, choice->step);
	if (!error && choice->transform == SECOND)
		error = bytes_put_varint(
			out, zigzag((first[1] - (uint64_t)shape->least) / shape->unit -
				    (first[0] - (uint64_t)shape->least) / shape->unit));
	return error;
}

/* Transform in place; the first values have no neighbours before them. */
static inline uint32_t transform_all(enum transform transform, uint64_t step, uint64_t *numbers,
				     uint32_t count)
{
	uint32_t begin = transform == SECOND ? 2 : transform != OFFSET;

	for (uint32_t i = count; i-- > begin;)
		numbers[i] = residual_of(transform, step, &numbers[i]);
	return begin;
}

static int put_transformed(struct numbers_coder *coder, const uint64_t *values, uint32_t count,
			   const struct shape *shape, const struct choice *choice,
			   struct bytes *out)
{
	uint64_t *numbers = coder->residual, least = (uint64_t)shape->least;
	uint32_t begin = 0;
	int error = put_header(shape, choice, values, out);

	if (error)
		return error;
	if (shape->unit > 1) {
		unsigned int twos = (unsigned int)__builtin_ctzll(shape->unit);
		uint64_t inverted = inverse(shape->unit >> twos);

		for (uint32_t i = 0; i < count; i++)
			numbers[i] = ((values[i] - least) >> twos) * inverted;
	} else
		for (uint32_t i = 0; i < count; i++)
			numbers[i] = values[i] - least;
	switch (choice->transform) {
	case DELTA:
		begin = transform_all(DELTA, choice->step, numbers, count);
		break;
	case ZIGZAG:
		begin = transform_all(ZIGZAG, 0, numbers, count);
		break;
	case SECOND:
		begin = transform_all(SECOND, 0, numbers, count);
		break;
	default:
		break;
	}
	return put_laid_out(coder, numbers + begin, count - begin, out);
}

static int put_block(struct numbers_coder *coder, const uint64_t *values, uint32_t count,
		     unsigned int depth, struct bytes *out)
{
	struct shape shape = measure(values, count);
	struct choice choice = {CONSTANT, 0, 0};
	uint32_t size;

	if (shape.least == shape.most)
		return put_header(&shape, &choice, values, out);
	shape.unit = find_unit(values, count, (uint64_t)shape.least);
	size = numbers_sample(values, count, coder->sample);
	normalize_sample(coder, size, &shape);
	choice = choose(coder, &shape, size, count, depth);
	if (choice.transform == RUNS || choice.transform == RECENTLY) {
		int error = bytes_put(out, (uint8_t)choice.transform);

		if (error)
			return error;
		return choice.transform == RUNS ? put_runs(coder, values, count, depth, out)
						: put_recent(coder, values, count, depth, out);
	}
	return put_transformed(coder, values, count, &shape, &choice, out);
}

int numbers_put(struct numbers_coder *coder, const uint64_t *values, uint32_t count,
		struct bytes *out)
{
	assert(count && count <= MOST_NUMBERS);
	return put_block(coder, values, count, 0, out);
}

/* --- reading: nothing in the bytes is believed before it was checked --- */

static int get_block(struct numbers_coder *coder, struct reader *reader, uint64_t *values,
		     uint32_t count, unsigned int depth);

static int get_runs(struct numbers_coder *coder, struct reader *reader, uint64_t *values,
		    uint32_t count, unsigned int depth)
{
	uint64_t *heads = coder->nested[depth][0], *lengths = coder->nested[depth][1], runs;
	uint32_t at = 0;

	if (reader_varint(reader, &runs) || !runs || runs > count ||
	    get_block(coder, reader, heads, (uint32_t)runs, depth + 1) ||
	    get_block(coder, reader, lengths, (uint32_t)runs, depth + 1))
		return -EBADMSG;
	for (uint32_t run = 0; run < runs; run++) {
		if (lengths[run] >= count - at)
			return -EBADMSG;
		for (uint64_t left = lengths[run] + 1; left; left--)
			values[at++] = heads[run];
	}
	return at == count ? 0 : -EBADMSG;
}

static int get_recent(struct numbers_coder *coder, struct reader *reader, uint64_t *values,
		      uint32_t count, unsigned int depth)
{
	uint64_t *ranks = coder->nested[depth][0], *others = coder->nested[depth][1];
	uint64_t recent[RECENT] = {0};
	uint32_t other_count = 0;

	if (get_block(coder, reader, ranks, count, depth + 1))
		return -EBADMSG;
	for (uint32_t i = 0; i < count; i++) {
		if (ranks[i] > RECENT)
			return -EBADMSG;
		other_count += ranks[i] == RECENT;
	}
	if (other_count && get_block(coder, reader, others, other_count, depth + 1))
		return -EBADMSG;
	for (uint32_t i = 0; i < count; i++) {
		unsigned int rank = (unsigned int)ranks[i];
		uint64_t value;

		if (rank) {
			value = rank == RECENT ? *others++ : recent[rank];
			for (unsigned int place = rank == RECENT ? RECENT - 1 : rank; place;
			     place--)
				recent[place] = recent[place - 1];
			recent[0] = value;
		}
		values[i] = recent[0];
	}
	return 0;
}

static void undo(enum transform transform, uint64_t step, uint64_t *values, uint32_t count)
{
	uint64_t last;

	switch (transform) {
	case DELTA:
		for (uint32_t i = 1; i < count; i++)
			values[i] += values[i - 1] + step;
		return;
	case ZIGZAG:
		for (uint32_t i = 1; i < count; i++)
			values[i] = values[i - 1] + unzigzag(values[i]);
		return;
	case SECOND:
		last = values[1] - values[0];
		for (uint32_t i = 2; i < count; i++) {
			last += unzigzag(values[i]);
			values[i] = values[i - 1] + last;
		}
		return;
	default:
		return;
	}
}

static int get_transformed(struct numbers_coder *coder, struct reader *reader,
			   enum transform transform, uint64_t base, uint64_t unit,
			   uint64_t *values, uint32_t count)
{
	uint64_t step = 0, first_step;
	uint32_t begin = transform == SECOND ? 2 : transform != OFFSET;

	if (count < begin || (begin && reader_varint(reader, &values[0])) ||
	    (transform == DELTA && reader_varint(reader, &step)))
		return -EBADMSG;
	if (transform == SECOND) {
		if (reader_varint(reader, &first_step))
			return -EBADMSG;
		values[1] = values[0] + unzigzag(first_step);
	}
	if (layout_get(coder->layouts, reader, values + begin, count - begin))
		return -EBADMSG;
	undo(transform, step, values, count);
	if (unit != 1)
		for (uint32_t i = 0; i < count; i++)
			values[i] = base + unit * values[i];
	else if (base)
		for (uint32_t i = 0; i < count; i++)
			values[i] += base;
	return 0;
}

static int get_block(struct numbers_coder *coder, struct reader *reader, uint64_t *values,
		     uint32_t count, unsigned int depth)
{
	uint64_t base, unit = 1;
	uint8_t header;

	if (reader_byte(reader, &header))
		return -EBADMSG;
	if (header == RUNS || header == RECENTLY) {
		if (depth == MOST_NESTING)
			return -EBADMSG;
		return header == RUNS ? get_runs(coder, reader, values, count, depth)
				      : get_recent(coder, reader, values, count, depth);
	}
	if (reader_varint(reader, &base) ||
	    (header & UNIT_FOLLOWS && reader_varint(reader, &unit)))
		return -EBADMSG;
	header &= (uint8_t)~UNIT_FOLLOWS;
	if (header > SECOND)
		return -EBADMSG;
	if (header == CONSTANT) {
		for (uint32_t i = 0; i < count; i++)
			values[i] = base;
		return 0;
	}
	return get_transformed(coder, reader, header, base, unit, values, count);
}

int numbers_get(struct numbers_coder *coder, struct reader *reader, uint64_t *values,
		uint32_t count)
{
	return count && count <= MOST_NUMBERS ? get_block(coder, reader, values, count, 0)
					      : -EBADMSG;
}
