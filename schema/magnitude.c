/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Magnitudes to bytes and back.
 */
#include "schema/magnitude.h"

int magnitudes_put(struct plane_coder *planes, uint8_t *scratch, unsigned int precision,
		   int drifting, const uint64_t *numbers, uint32_t count, struct bytes *out)
{
	uint64_t any = 0;
	struct bit_writer writer;
	uint8_t *begin;
	int error;

	for (uint32_t i = 0; i < count; i++) {
		scratch[i] = (uint8_t)magnitude(numbers[i], precision);
		any |= numbers[i];
	}
	error = plane_put(planes, scratch, count, drifting, out);
	if (error)
		return error;
	begin = bytes_room(out, 8 * (size_t)count + BITS_PADDING);
	if (!begin)
		return -ENOMEM;
	writer = (struct bit_writer){.to = begin};
	for (uint32_t i = 0; i < count && any >> precision > 1; i++) {
		unsigned int bits = following_bits(numbers[i], precision);

		if (bits > MOST_LOADED)
			put_many_bits(&writer, low_bits(numbers[i], bits), bits);
		else
			put_bits(&writer, low_bits(numbers[i], bits), bits);
	}
	out->size += (size_t)(end_bits(&writer) - begin);
	return 0;
}

struct magnitude_kind {
	uint64_t first; /* number of that magnitude, and the base */
	uint32_t bits;	/* that follow */
};

/* A sum of these has the bits that follow, and how many were many, and no magnitudes. */
#define MANY_BITS    (1ULL << 24)
#define NO_MAGNITUDE (1ULL << 44)

/* What each byte means. */
static void list_magnitudes(struct magnitude_kind *kinds, uint64_t *sizes,
			    unsigned int precision, uint64_t base)
{
	for (unsigned int i = 0; i < 256; i++) {
		unsigned int bits = i >> precision;

		bits = bits ? bits - 1 : 0;
		sizes[i] = NO_MAGNITUDE;
		if (bits + precision > 63)
			continue;
		sizes[i] = bits + (bits > MOST_LOADED ? MANY_BITS : 0);
		kinds[i].first = base + ((uint64_t)(i - (bits << precision)) << bits);
		kinds[i].bits = bits;
	}
}

static void follow_with_many_bits(const uint8_t *plane, const uint8_t *bits,
				  const struct magnitude_kind *kinds, uint64_t *numbers,
				  uint32_t count)
{
	size_t at = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct magnitude_kind *kind = &kinds[plane[i]];
		uint64_t word = load_word(bits + (at >> 3)) >> (at & 7);

		if (kind->bits > MOST_LOADED)
			word = low_bits(word, 32) |
			       load_word(bits + (at >> 3) + 4) >> (at & 7) << 32;
		numbers[i] = kind->first + low_bits(word, kind->bits);
		at += kind->bits;
	}
}

int magnitudes_get(struct plane_coder *planes, uint8_t *scratch, unsigned int precision,
		   struct reader *reader, uint64_t base, uint64_t *numbers, uint32_t count)
{
	struct magnitude_kind kinds[256];
	uint64_t sizes[256], total = 0;
	const uint8_t *plane = scratch, *from;
	uint8_t *bits = scratch + count;
	size_t size, at = 0;

	if (precision > MOST_PRECISION)
		return -EBADMSG;
	list_magnitudes(kinds, sizes, precision, base);
	if (plane_get(planes, reader, scratch, count))
		return -EBADMSG;
	for (uint32_t i = 0; i < count; i++)
		total += sizes[plane[i]];
	if (total >= NO_MAGNITUDE)
		return -EBADMSG;
	if (!total) {
		for (uint32_t i = 0; i < count; i++)
			numbers[i] = base + plane[i];
		return 0;
	}
	size = (total % MANY_BITS + 7) / 8;
	from = reader_take(reader, size);
	if (!from)
		return -EBADMSG;
	memcpy(bits, from, size);
	if (total >= MANY_BITS) {
		follow_with_many_bits(plane, bits, kinds, numbers, count);
		return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct magnitude_kind *kind = &kinds[plane[i]];
		uint64_t word = load_word(bits + (at >> 3)) >> (at & 7);

		numbers[i] = kind->first + low_bits(word, kind->bits);
		at += kind->bits;
	}
	return 0;
}
