/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers to a block of bytes and back. Blocks nest, but never deeper than MOST_NESTING.
 */
#include "schema/numbers.h"
#include "schema/transform.h"

#include <assert.h>

#define MOST_NESTING 2U
#define UNIT_FOLLOWS 0x10

struct numbers_coder {
	struct layout_coder *layouts;
	uint64_t *residual;
	uint64_t *nested[MOST_NESTING][2];
	uint64_t sample[SAMPLE_SIZE];
	struct chooser chooser;
};

struct numbers_coder *numbers_coder_new(int level)
{
	struct numbers_coder *coder = calloc(1, sizeof(*coder));

	if (!coder)
		return NULL;
	coder->layouts = coder->chooser.layouts = layout_coder_new(level);
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

uint32_t numbers_sample(const uint64_t *values, uint32_t count, uint64_t *sample)
{
	uint32_t size = sample_size(count);

	for (uint32_t i = 0; i < size; i += SAMPLE_SPAN)
		memcpy(sample + i, values + sample_position(i, count),
		       (size - i < SAMPLE_SPAN ? size - i : SAMPLE_SPAN) * sizeof(*sample));
	return size;
}

double numbers_estimate(struct numbers_coder *coder, const uint64_t *sample, uint32_t size,
			uint32_t count)
{
	struct shape shape = shape_measure(sample, size);

	if (shape.least == shape.most)
		return 8;
	shape.runs = (uint32_t)((uint64_t)shape.runs * count / size);
	shape_find_unit(&shape, sample, size);
	return transform_choose(&coder->chooser, &shape, sample, size, count, 1).bits;
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

/* What comes before the layout; `numbers` are normalized and not transformed yet. */
static int put_header(const struct shape *shape, const struct choice *choice,
		      const uint64_t *numbers, struct bytes *out)
{
	int has_unit = shape->unit > 1;
	int error =
		bytes_put(out, (uint8_t)(choice->transform | (has_unit ? UNIT_FOLLOWS : 0)));

	if (!error)
		error = bytes_put_varint(out, (uint64_t)shape->least);
	if (!error && has_unit)
		error = bytes_put_varint(out, shape->unit);
	if (!error && choice->transform > TRANSFORM_OFFSET)
		error = bytes_put_varint(out, numbers[0]);
	if (!error && choice->transform == TRANSFORM_DELTA)
		error = bytes_put_varint(out, choice->step);
	if (!error && choice->transform == TRANSFORM_SECOND)
		error = bytes_put_varint(out, zigzag(numbers[1] - numbers[0]));
	return error;
}

/* In place, from the last one on. */
static inline void transform_all(enum transform transform, uint64_t step, uint64_t *numbers,
				 uint32_t count)
{
	for (uint32_t i = count; i-- > transform_begin(transform);)
		numbers[i] = transformed(transform, step, &numbers[i]);
}

static int put_transformed(struct numbers_coder *coder, const uint64_t *values, uint32_t count,
			   const struct shape *shape, const struct choice *choice,
			   struct bytes *out)
{
	uint64_t *numbers = coder->residual;
	uint32_t begin = transform_begin(choice->transform);
	int error;

	shape_normalize(shape, values, count, numbers);
	error = put_header(shape, choice, numbers, out);
	if (error)
		return error;
	if (choice->transform == TRANSFORM_DELTA)
		transform_all(TRANSFORM_DELTA, choice->step, numbers, count);
	else if (choice->transform == TRANSFORM_ZIGZAG)
		transform_all(TRANSFORM_ZIGZAG, 0, numbers, count);
	else if (choice->transform == TRANSFORM_SECOND)
		transform_all(TRANSFORM_SECOND, 0, numbers, count);
	return put_laid_out(coder, numbers + begin, count - begin, out);
}

static int put_nested(struct numbers_coder *coder, enum transform transform,
		      const uint64_t *values, uint32_t count, unsigned int depth,
		      struct bytes *out)
{
	int error = bytes_put(out, (uint8_t)transform);

	if (error)
		return error;
	return transform == TRANSFORM_RUNS ? put_runs(coder, values, count, depth, out)
					   : put_recent(coder, values, count, depth, out);
}

static int put_block(struct numbers_coder *coder, const uint64_t *values, uint32_t count,
		     unsigned int depth, struct bytes *out)
{
	struct shape shape = shape_measure(values, count);
	struct choice choice = {.transform = TRANSFORM_CONSTANT};
	uint32_t size;

	if (shape.least == shape.most)
		return put_header(&shape, &choice, NULL, out);
	shape_find_unit(&shape, values, count);
	size = numbers_sample(values, count, coder->sample);
	choice = transform_choose(&coder->chooser, &shape, coder->sample, size, count,
				  depth < MOST_NESTING);
	if (choice.transform == TRANSFORM_RUNS || choice.transform == TRANSFORM_RECENT)
		return put_nested(coder, choice.transform, values, count, depth, out);
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

/*
 * Undo a transform of steps. The first value is in its place; the others are added up from it,
 * and what is multiplied by the unit are the steps.
 */
static void add_up(enum transform transform, uint64_t step, uint64_t unit, uint64_t *values,
		   uint32_t count)
{
	uint64_t last = values[0];

	switch (transform) {
	case TRANSFORM_DELTA:
		for (uint32_t i = 1; i < count; i++)
			values[i] = last += unit * (values[i] + step);
		return;
	case TRANSFORM_ZIGZAG:
		for (uint32_t i = 1; i < count; i++)
			values[i] = last += unit * unzigzag(values[i]);
		return;
	default: /* TRANSFORM_SECOND: the first step is in the second place */
		for (uint32_t i = 1; i < count; i++) {
			step += unzigzag(values[i]);
			values[i] = last += unit * step;
		}
	}
}

static int get_transformed(struct numbers_coder *coder, struct reader *reader,
			   enum transform transform, uint64_t base, uint64_t unit,
			   uint64_t *values, uint32_t count)
{
	uint64_t first, step = 0;
	uint32_t begin = transform_begin(transform);

	if (transform == TRANSFORM_OFFSET) {
		if (layout_get(coder->layouts, reader, unit == 1 ? base : 0, values, count))
			return -EBADMSG;
		for (uint32_t i = 0; unit != 1 && i < count; i++)
			values[i] = base + unit * values[i];
		return 0;
	}
	if (count < begin || reader_varint(reader, &first) ||
	    (transform == TRANSFORM_DELTA && reader_varint(reader, &step)))
		return -EBADMSG;
	values[0] = base + unit * first;
	if (transform == TRANSFORM_SECOND && reader_varint(reader, &values[1]))
		return -EBADMSG;
	if (layout_get(coder->layouts, reader, 0, values + begin, count - begin))
		return -EBADMSG;
	add_up(transform, step, unit, values, count);
	return 0;
}

static int get_block(struct numbers_coder *coder, struct reader *reader, uint64_t *values,
		     uint32_t count, unsigned int depth)
{
	uint64_t base, unit = 1;
	uint8_t header;

	if (reader_byte(reader, &header))
		return -EBADMSG;
	if (header == TRANSFORM_RUNS || header == TRANSFORM_RECENT) {
		if (depth == MOST_NESTING)
			return -EBADMSG;
		return header == TRANSFORM_RUNS
			       ? get_runs(coder, reader, values, count, depth)
			       : get_recent(coder, reader, values, count, depth);
	}
	if (reader_varint(reader, &base) ||
	    (header & UNIT_FOLLOWS && reader_varint(reader, &unit)))
		return -EBADMSG;
	header &= (uint8_t)~UNIT_FOLLOWS;
	if (header > TRANSFORM_SECOND)
		return -EBADMSG;
	if (header == TRANSFORM_CONSTANT) {
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
