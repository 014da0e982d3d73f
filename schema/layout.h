/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts: how n numbers of 64 bits lie in bytes once a transform has made them small.
 *
 *     packed      each in a fixed number of bits
 *     tuples      1, 2 or 4 bits each, and the bytes that they fill as a plane
 *     magnitudes  a plane of first bits, then the others (schema/magnitude.h)
 *     planes      a plane of all lowest bytes, one of all second lowest bytes, ...
 *
 * The choice is made from a sample: spans of neighbours, taken all over the numbers.
 */
#ifndef SCHEMA_LAYOUT_H
#define SCHEMA_LAYOUT_H

#include "schema/plane.h"

#define MOST_NUMBERS 65536U
#define SAMPLE_SPAN  256U
#define SAMPLE_SIZE  (8 * SAMPLE_SPAN)

struct layout_coder;

enum layout_kind {
	LAYOUT_PACKED = 0,
	LAYOUT_TUPLES = 1,
	LAYOUT_MAGNITUDES = 2,
	LAYOUT_PLANES = 3,
};

struct layout {
	enum layout_kind kind;
	unsigned int parameter; /* bits, bits, bits of precision, number of planes */
	int drifting;		/* see plane_put */
};

/* NULL when memory is short. The level is zstd's; 0 for who only reads. */
struct layout_coder *layout_coder_new(int level);
void layout_coder_free(struct layout_coder *coder);

/*
 * The layout for count numbers that are at most `most`, of which sample_size in spans of
 * SAMPLE_SPAN are the sample. Returns how many bits it will take, about.
 */
double layout_choose(struct layout_coder *coder, const uint64_t *sample, uint32_t sample_size,
		     uint64_t most, uint32_t count, struct layout *out);

/* How many bits it would take at most, in less time. */
double layout_estimate(struct layout_coder *coder, const uint64_t *sample, uint32_t sample_size,
		       uint64_t most, uint32_t count);

/* Append count numbers. Returns 0 or -ENOMEM. */
int layout_put(struct layout_coder *coder, const struct layout *layout, const uint64_t *numbers,
	       uint32_t count, struct bytes *out);

/* Read exactly count numbers and add base to each. Returns 0 or -EBADMSG. */
int layout_get(struct layout_coder *coder, struct reader *reader, uint64_t base,
	       uint64_t *numbers, uint32_t count);

#endif
