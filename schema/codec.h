/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec of one column of a chunk: values to the bytes of a part and back, as FORMAT.md has
 * it.
 */
#ifndef SCHEMA_CODEC_H
#define SCHEMA_CODEC_H

#include "schema/event.h"

#include <stddef.h>
#include <stdint.h>

struct codec; /* buffers and compression contexts that are used again and again */

/* NULL when memory is short. */
struct codec *codec_new(int level);
void codec_free(struct codec *codec);

/* The bytes of a part and its zone map; data is the codec's own until its next call. */
struct part {
	const uint8_t *data;
	size_t size;
	uint64_t checksum;
	int all_zero;			/* needs no part */
	int64_t minimum, maximum;	/* of integers */
	struct address lowest, highest; /* of addresses, bytewise */
};

/* Encode count (1 to 65,536) values. Returns 0 or -ENOMEM. */
int codec_encode_integers(struct codec *codec, const uint64_t *values, uint32_t count,
			  struct part *out);
int codec_encode_addresses(struct codec *codec, const struct address *values, uint32_t count,
			   struct part *out);

/*
 * Decode exactly count values of value_size 8 (uint64_t) or 16 (struct address). Returns 0,
 * -EBADMSG when the bytes are not such a part (values are undefined then), -ENOMEM.
 */
int codec_decode(struct codec *codec, const uint8_t *data, size_t size, size_t value_size,
		 uint32_t count, void *values);

uint64_t codec_checksum(const void *data, size_t size);

#endif
