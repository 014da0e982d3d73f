/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An array of 1 to 65,536 numbers as a block of bytes that ends by itself, and back.
 *
 *     values ── transform ── small numbers ── layout (schema/layout.h) ── bytes
 *
 *     constant  the same value everywhere
 *     offset    from the least value
 *     delta     from the value before, less the least of these steps
 *     zigzag    the same where steps go both ways
 *     second    zigzag of the difference of two steps
 *     runs      values, and how often each repeats: two nested blocks
 *     recent    how long ago among the last 15 different values, and the others: two nested
 *
 * All of them but the last two work on (value - base) / unit, the unit being a common divisor:
 * times of a clock that counts microseconds lose their zeros. Everything is chosen from a pass
 * over the values and from a sample, never by trying.
 */
#ifndef SCHEMA_NUMBERS_H
#define SCHEMA_NUMBERS_H

#include "schema/layout.h"

struct numbers_coder; /* buffers and contexts, used again and again */

/* NULL when memory is short. The level is zstd's; 0 for who only reads. */
struct numbers_coder *numbers_coder_new(int level);
void numbers_coder_free(struct numbers_coder *coder);

/* Append the block of count values. Returns 0 or -ENOMEM. */
int numbers_put(struct numbers_coder *coder, const uint64_t *values, uint32_t count,
		struct bytes *out);

/* Read a block of exactly count values, which are undefined on failure: 0 or -EBADMSG. */
int numbers_get(struct numbers_coder *coder, struct reader *reader, uint64_t *values,
		uint32_t count);

/* About how many bits count values will take, from a sample of them that is taken as below. */
double numbers_estimate(struct numbers_coder *coder, const uint64_t *sample, uint32_t size,
			uint32_t count);

/* All of few values; of more a part in spans of neighbours, at most SAMPLE_SIZE. */
static inline uint32_t sample_size(uint32_t count)
{
	uint32_t spans = count / (4 * SAMPLE_SPAN);

	if (count <= 2 * SAMPLE_SPAN)
		return count;
	spans = spans < 2 ? 2 : spans;
	return spans * SAMPLE_SPAN < SAMPLE_SIZE ? spans * SAMPLE_SPAN : SAMPLE_SIZE;
}

/* Where among count values the one is that is number i of the sample. */
static inline uint32_t sample_position(uint32_t i, uint32_t count)
{
	uint32_t spans = sample_size(count) / SAMPLE_SPAN;

	if (count <= 2 * SAMPLE_SPAN)
		return i;
	return i / SAMPLE_SPAN * ((count - SAMPLE_SPAN) / (spans - 1)) + i % SAMPLE_SPAN;
}

/* Take the sample of count values; returns its size. */
uint32_t numbers_sample(const uint64_t *values, uint32_t count, uint64_t *sample);

#endif
