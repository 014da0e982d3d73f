/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts of numbers: bits and planes.
 */
#include "schema/layout.h"
#include "schema/magnitude.h"

#include <math.h>

#define SAMPLE_PRECISION 2U   /* magnitudes of 64-bit numbers in a byte */
#define PLANE_SAMPLE	 512U /* numbers of the sample that planes are judged by */
#define FEW		 64U  /* numbers: an entropy code would not pay for its table */
#define TABLE_BITS	 300  /* of an entropy code's own description, and 5 for each symbol */
#define HEADER_BITS	 16
#define MOST_TUPLE	 4U   /* bits */
#define SAVED_ENOUGH	 0.97 /* of the bits, for what is slower to read */
#define DRIFTING	 0.95 /* entropy of spans by themselves, of that of all */

struct layout_coder {
	struct plane_coder *planes;
	uint8_t *scratch;		  /* eight planes, or a plane and bits */
	float count_log[SAMPLE_SIZE + 1]; /* c * log2(c) */
};

struct layout_coder *layout_coder_new(int level)
{
	struct layout_coder *coder = calloc(1, sizeof(*coder));

	if (!coder)
		return NULL;
	coder->planes = plane_coder_new(level);
	coder->scratch = malloc(MOST_NUMBERS * 9 + BITS_PADDING);
	if (!coder->planes || !coder->scratch) {
		layout_coder_free(coder);
		return NULL;
	}
	for (uint32_t count = 1; level && count <= SAMPLE_SIZE; count++)
		coder->count_log[count] = (float)(count * log2(count));
	return coder;
}

void layout_coder_free(struct layout_coder *coder)
{
	if (!coder)
		return;
	plane_coder_free(coder->planes);
	free(coder->scratch);
	free(coder);
}

/* --- the choice --- */

/* Of a histogram, in bits, all of it together. The sum of counts is at most SAMPLE_SIZE. */
static double entropy(const struct layout_coder *coder, const uint16_t *counts,
		      unsigned int size)
{
	float logs = 0;
	uint32_t sum = 0, kinds = 0;

	for (unsigned int i = 0; i < size; i++) {
		logs += coder->count_log[counts[i]];
		sum += counts[i];
		kinds += counts[i] != 0;
	}
	/* Miller and Madow: a sample looks more orderly than what it was taken from. */
	return kinds > 1 ? (double)(coder->count_log[sum] - logs) + 0.72 * (kinds - 1) : 0;
}

/* An entropy code of bits has no less than one bit a symbol, but for what repeats. */
static double coded(double bits, double symbols)
{
	return bits < symbols ? 0.6 * symbols + 0.4 * bits : bits;
}

static double magnitude_bits(struct layout_coder *coder, const uint64_t *sample, uint32_t size,
			     double scale, int *drifting, double *whole_symbols)
{
	uint16_t all[256] = {0}, counts[256];
	double spans = 0, whole, following = 0;
	unsigned int kinds = 0, limit;
	uint64_t any = 0;

	for (uint32_t i = 0; i < size; i++)
		any |= sample[i];
	limit = magnitude(any, SAMPLE_PRECISION) + 1;
	for (uint32_t begin = 0; begin < size; begin += SAMPLE_SPAN) {
		uint32_t end = size - begin < SAMPLE_SPAN ? size : begin + SAMPLE_SPAN;

		memset(counts, 0, limit * sizeof(*counts));
		for (uint32_t i = begin; i < end; i++)
			counts[magnitude(sample[i], SAMPLE_PRECISION)]++;
		spans += entropy(coder, counts, limit);
		for (unsigned int i = 0; i < limit; i++)
			all[i] += counts[i];
	}
	for (unsigned int i = 0; i < limit; i++) {
		kinds += all[i] != 0;
		if (i >> SAMPLE_PRECISION > 1)
			following += all[i] * ((i >> SAMPLE_PRECISION) - 1.0);
	}
	whole = entropy(coder, all, limit);
	*drifting = size == SAMPLE_SIZE && spans < DRIFTING * whole;
	if (*drifting)
		whole = spans;
	*whole_symbols = whole * scale;
	return coded(whole * scale, size * scale) + following * scale + TABLE_BITS + 5 * kinds;
}

/* What planes of bytes take, by the entropy of each, as a part of the sample has it. */
static double plane_bits(struct layout_coder *coder, const uint64_t *sample, uint32_t size,
			 double scale, unsigned int planes)
{
	double bits = 0;
	uint32_t step = size > PLANE_SAMPLE ? size / PLANE_SAMPLE : 1;

	scale *= step;
	size /= step;
	for (unsigned int plane = 0; plane < planes; plane++) {
		uint16_t counts[256] = {0};
		unsigned int kinds = 0;
		double plain = 8.0 * size * scale, packed;

		for (uint32_t i = 0; i < size; i++)
			counts[(uint8_t)(sample[i * step + i % step] >> (8 * plane))]++;
		for (unsigned int i = 0; i < 256; i++)
			kinds += counts[i] != 0;
		if (kinds <= 1)
			continue;
		/* As many as noise would show in so few. */
		if (kinds * 3 > size) {
			bits += plain;
			continue;
		}
		packed = coded(entropy(coder, counts, 256) * scale, size * scale) + TABLE_BITS +
			 5 * kinds;
		bits += packed < plain ? packed : plain;
	}
	return bits;
}

/* The choice but for planes, which take longer to judge. */
static double choose_quickly(struct layout_coder *coder, const uint64_t *sample,
			     uint32_t sample_size, uint64_t most, uint32_t count,
			     struct layout *out)
{
	unsigned int width = bit_length(most);
	double scale, best, bits, symbols;
	int drifting;

	if (width > MOST_LOADED)
		width = 64;
	*out = (struct layout){LAYOUT_PACKED, width, 0};
	best = (double)width * count;
	if (!most || !sample_size)
		return 0;
	if (count < FEW)
		return best;
	scale = (double)count / sample_size;
	bits = magnitude_bits(coder, sample, sample_size, scale, &drifting, &symbols);
	/* Where a symbol of the entropy code is several numbers. */
	if (width <= MOST_TUPLE)
		bits = coded(symbols, count * width / 8.0) + TABLE_BITS;
	if (bits > SAVED_ENOUGH * best)
		return best;
	if (width <= MOST_TUPLE)
		*out = (struct layout){LAYOUT_TUPLES, width == 3 ? 4 : width, drifting};
	else
		*out = (struct layout){LAYOUT_MAGNITUDES, finest_precision(most), drifting};
	return bits;
}

double layout_estimate(struct layout_coder *coder, const uint64_t *sample, uint32_t sample_size,
		       uint64_t most, uint32_t count)
{
	struct layout layout;

	return choose_quickly(coder, sample, sample_size, most, count, &layout) + HEADER_BITS;
}

double layout_choose(struct layout_coder *coder, const uint64_t *sample, uint32_t sample_size,
		     uint64_t most, uint32_t count, struct layout *out)
{
	double best = choose_quickly(coder, sample, sample_size, most, count, out), bits;
	unsigned int planes = (bit_length(most) + 7) / 8;

	if (planes > 2 && sample_size && count >= FEW) {
		bits = plane_bits(coder, sample, sample_size, (double)count / sample_size,
				  planes);
		if (bits < SAVED_ENOUGH * best) {
			*out = (struct layout){LAYOUT_PLANES, planes, 0};
			best = bits;
		}
	}
	return best + HEADER_BITS;
}

/* --- writing --- */

static size_t pack(const uint64_t *numbers, uint32_t count, unsigned int width, uint8_t *to)
{
	struct bit_writer writer = {.to = to};

	if (width == 64) {
		for (uint32_t i = 0; i < count; i++)
			store_word(to + 8 * (size_t)i, numbers[i]);
		return 8 * (size_t)count;
	}
	for (uint32_t i = 0; i < count; i++)
		put_bits(&writer, numbers[i], width);
	return (size_t)(end_bits(&writer) - to);
}

int layout_put(struct layout_coder *coder, const struct layout *layout, const uint64_t *numbers,
	       uint32_t count, struct bytes *out)
{
	uint8_t *to = bytes_room(out, 8 * (size_t)count + BITS_PADDING);
	size_t size;
	int error = 0;

	if (!to)
		return -ENOMEM;
	to[0] = (uint8_t)layout->kind;
	to[1] = (uint8_t)layout->parameter;
	out->size += 2;
	switch (layout->kind) {
	case LAYOUT_PACKED:
		if (layout->parameter)
			out->size += pack(numbers, count, layout->parameter, to + 2);
		return 0;
	case LAYOUT_TUPLES:
		size = pack(numbers, count, layout->parameter, coder->scratch);
		return plane_put(coder->planes, coder->scratch, size, layout->drifting, out);
	case LAYOUT_MAGNITUDES:
		return magnitudes_put(coder->planes, coder->scratch, layout->parameter,
				      layout->drifting, numbers, count, out);
	case LAYOUT_PLANES:
		for (unsigned int plane = 0; plane < layout->parameter && !error; plane++) {
			for (uint32_t i = 0; i < count; i++)
				coder->scratch[i] = (uint8_t)(numbers[i] >> (8 * plane));
			error = plane_put(coder->planes, coder->scratch, count, 0, out);
		}
		return error;
	}
	return -EINVAL;
}

/* --- reading --- */

/* `room` bytes may be loaded from there on, at least what the numbers take. */
static void unpack(const uint8_t *from, size_t room, uint64_t base, uint64_t *numbers,
		   uint32_t count, unsigned int width)
{
	uint64_t mask = (1ULL << width) - 1;
	uint8_t last[16] = {0};
	uint32_t i = 0;
	size_t whole, at;

	/* Numbers before which a whole word begins. */
	whole = room >= 8 ? (room - 8) * 8 / width + 1 : 0;
	if (whole > count)
		whole = count;
	for (; i < whole; i++) {
		size_t bit = (size_t)i * width;

		numbers[i] = base + (load_word(from + (bit >> 3)) >> (bit & 7) & mask);
	}
	if (i == count)
		return;
	at = (size_t)i * width >> 3;
	for (; i < count; i++) {
		size_t bit = (size_t)i * width;

		at = bit >> 3;
		memset(last, 0, sizeof(last));
		memcpy(last, from + at, room - at < 8 ? room - at : 8);
		numbers[i] = base + (load_word(last) >> (bit & 7) & mask);
	}
}

static int get_packed(struct reader *reader, uint64_t base, uint64_t *numbers, uint32_t count,
		      unsigned int width)
{
	size_t size = ((size_t)count * width + 7) / 8, room = reader->left;
	const uint8_t *from;

	if (width > MOST_LOADED && width != 64)
		return -EBADMSG;
	from = reader_take(reader, size);
	if (!from)
		return -EBADMSG;
	if (!width)
		for (uint32_t i = 0; i < count; i++)
			numbers[i] = base;
	else if (width == 64)
		for (uint32_t i = 0; i < count; i++)
			numbers[i] = base + load_word(from + 8 * (size_t)i);
	else
		unpack(from, room, base, numbers, count, width);
	return 0;
}

static int get_tuples(struct layout_coder *coder, struct reader *reader, uint64_t base,
		      uint64_t *numbers, uint32_t count, unsigned int width)
{
	size_t size = ((size_t)count * width + 7) / 8;

	if (width != 1 && width != 2 && width != 4)
		return -EBADMSG;
	if (plane_get(coder->planes, reader, coder->scratch, size))
		return -EBADMSG;
	unpack(coder->scratch, size + BITS_PADDING, base, numbers, count, width);
	return 0;
}

static inline void join(const uint8_t *planes, uint64_t base, uint64_t *numbers, uint32_t count,
			unsigned int plane_count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t number = 0;

		for (unsigned int plane = 0; plane < plane_count; plane++)
			number |= (uint64_t)planes[(size_t)plane * count + i] << (8 * plane);
		numbers[i] = base + number;
	}
}

static int get_planes(struct layout_coder *coder, struct reader *reader, uint64_t base,
		      uint64_t *numbers, uint32_t count, unsigned int plane_count)
{
	const uint8_t *planes = coder->scratch;

	if (plane_count < 1 || plane_count > 8)
		return -EBADMSG;
	for (unsigned int plane = 0; plane < plane_count; plane++)
		if (plane_get(coder->planes, reader, coder->scratch + (size_t)plane * count,
			      count))
			return -EBADMSG;
	switch (plane_count) {
	case 1:
		join(planes, base, numbers, count, 1);
		break;
	case 2:
		join(planes, base, numbers, count, 2);
		break;
	case 3:
		join(planes, base, numbers, count, 3);
		break;
	case 4:
		join(planes, base, numbers, count, 4);
		break;
	default:
		join(planes, base, numbers, count, plane_count);
	}
	return 0;
}

int layout_get(struct layout_coder *coder, struct reader *reader, uint64_t base,
	       uint64_t *numbers, uint32_t count)
{
	const uint8_t *header = reader_take(reader, 2);

	if (!header)
		return -EBADMSG;
	switch (header[0]) {
	case LAYOUT_PACKED:
		return get_packed(reader, base, numbers, count, header[1]);
	case LAYOUT_TUPLES:
		return get_tuples(coder, reader, base, numbers, count, header[1]);
	case LAYOUT_MAGNITUDES:
		return magnitudes_get(coder->planes, coder->scratch, header[1], reader, base,
				      numbers, count);
	case LAYOUT_PLANES:
		return get_planes(coder, reader, base, numbers, count, header[1]);
	default:
		return -EBADMSG;
	}
}
