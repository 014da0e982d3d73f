/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as magnitudes: a number's first bits and how many follow, as one byte. With 3 bits of
 * precision:
 *
 *     number      0 .. 15   16 17   18 19   ..   30 31   32 .. 35   36 .. 39   ..
 *     magnitude   0 .. 15     16      17    ..     23       24         25      ..
 */
#ifndef SCHEMA_MAGNITUDE_H
#define SCHEMA_MAGNITUDE_H

#include "schema/bits.h"
#include "schema/plane.h"

#define MOST_PRECISION 7U

static inline unsigned int following_bits(uint64_t number, unsigned int precision)
{
	unsigned int length = bit_length(number >> precision);

	return length ? length - 1 : 0;
}

static inline unsigned int magnitude(uint64_t number, unsigned int precision)
{
	unsigned int bits = following_bits(number, precision);

	return (bits << precision) + (unsigned int)(number >> bits);
}

/* The finest precision with which the magnitude of `most` is a byte. */
static inline unsigned int finest_precision(uint64_t most)
{
	unsigned int precision = MOST_PRECISION;

	while (magnitude(most, precision) > 255)
		precision--;
	return precision;
}

/*
 * Append a plane of magnitudes and the bits that follow. The scratch has room for count bytes;
 * for `drifting` see plane_put. Returns 0 or -ENOMEM.
 */
int magnitudes_put(struct plane_coder *planes, uint8_t *scratch, unsigned int precision,
		   int drifting, const uint64_t *numbers, uint32_t count, struct bytes *out);

/*
 * Read as many and add base to each. The scratch has room for 9 * count + BITS_PADDING bytes.
 * Returns 0 or -EBADMSG.
 */
int magnitudes_get(struct plane_coder *planes, uint8_t *scratch, unsigned int precision,
		   struct reader *reader, uint64_t base, uint64_t *numbers, uint32_t count);

#endif
