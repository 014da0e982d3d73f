/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plane of bytes: its histogram says whether it is worth compressing, and a look for repeats
 * whether by matches and an entropy code or by an entropy code alone. Matches that are there by
 * chance only, as they are in planes of few different bytes, cost more than they save.
 */
#include "schema/plane.h"

#include <math.h>
#include <zstd.h>

#define LEAST_COMPRESSED 64U   /* bytes; below, a frame's own bytes eat the gain */
#define DRIFT_SPANS	 8U    /* entropy codes of a drifting plane, at most */
#define LEAST_SPAN	 1024U /* bytes of each */
#define NOISE_BITS	 7.93  /* of order-0 entropy a byte */

enum plane_mode { PLANE_CONSTANT = 0, PLANE_RAW = 1, PLANE_ZSTD = 2 };

#define WINDOW	     8192U /* bytes that are looked at for repeats */
#define MATCH_BITS   22.0  /* what a match costs, about */
#define MATCHES_SAVE 0.06  /* of all bits, for matches to be used */

struct plane_coder {
	ZSTD_CCtx *matcher; /* of the level that was asked for */
	ZSTD_CCtx *entropy_coder;
	uint16_t *seen;
	ZSTD_DCtx *expander;
};

struct plane_coder *plane_coder_new(int level)
{
	struct plane_coder *coder = calloc(1, sizeof(*coder));

	if (!coder)
		return NULL;
	coder->expander = ZSTD_createDCtx();
	if (!coder->expander)
		goto fail;
	if (!level)
		return coder;
	coder->matcher = ZSTD_createCCtx();
	coder->entropy_coder = ZSTD_createCCtx();
	coder->seen = malloc(WINDOW * sizeof(*coder->seen));
	if (!coder->matcher || !coder->entropy_coder || !coder->seen)
		goto fail;
	ZSTD_CCtx_setParameter(coder->matcher, ZSTD_c_compressionLevel, level);
	/* Looks for matches as little as it can be told to. */
	ZSTD_CCtx_setParameter(coder->entropy_coder, ZSTD_c_compressionLevel, 1);
	ZSTD_CCtx_setParameter(coder->entropy_coder, ZSTD_c_strategy, ZSTD_fast);
	ZSTD_CCtx_setParameter(coder->entropy_coder, ZSTD_c_minMatch, 7);
	ZSTD_CCtx_setParameter(coder->entropy_coder, ZSTD_c_hashLog, 6);
	return coder;
fail:
	plane_coder_free(coder);
	return NULL;
}

void plane_coder_free(struct plane_coder *coder)
{
	if (!coder)
		return;
	ZSTD_freeCCtx(coder->matcher);
	ZSTD_freeCCtx(coder->entropy_coder);
	ZSTD_freeDCtx(coder->expander);
	free(coder->seen);
	free(coder);
}

/* Order-0 entropy in bits a byte; 0 when all bytes are the same. */
static double entropy(const uint8_t *plane, size_t size)
{
	/* Four, so that equal neighbours do not wait for each other's increments. */
	uint32_t counts[4][256] = {{0}};
	double sum = 0;
	size_t i = 0;

	for (; i + 4 <= size; i += 4) {
		counts[0][plane[i]]++;
		counts[1][plane[i + 1]]++;
		counts[2][plane[i + 2]]++;
		counts[3][plane[i + 3]]++;
	}
	for (; i < size; i++)
		counts[0][plane[i]]++;
	for (unsigned int b = 0; b < 256; b++) {
		uint32_t count = counts[0][b] + counts[1][b] + counts[2][b] + counts[3][b];

		if (count)
			sum += count * log2((double)count / (double)size);
	}
	return -sum / (double)size;
}

/* Whether matches would save: a simple compressor's matches in a part of the plane. */
static int repeats(struct plane_coder *coder, const uint8_t *plane, size_t size, double bits)
{
	const uint8_t *window = size > WINDOW ? plane + (size - WINDOW) / 2 : plane;
	size_t end = size > WINDOW ? WINDOW : size, at = 0;
	double saved = 0;

	memset(coder->seen, 0, WINDOW * sizeof(*coder->seen));
	while (at + 8 < end) {
		size_t before, length = 0;
		uint64_t word;

		memcpy(&word, window + at, sizeof(word));
		word = word * 0x9e3779b97f4a7c15ULL >> 51;
		before = coder->seen[word % WINDOW];
		coder->seen[word % WINDOW] = (uint16_t)at;
		while (before < at && at + length < end &&
		       window[before + length] == window[at + length])
			length++;
		if (length >= 8 && (double)length * bits > MATCH_BITS)
			saved += (double)length * bits - MATCH_BITS;
		/* Also past a match that saves nothing: in a plane that is almost constant,
		 * each would be followed to its end. */
		at += length >= 8 ? length : 1;
	}
	return saved > MATCHES_SAVE * bits * (double)end;
}

static size_t compress(ZSTD_CCtx *compressor, const uint8_t *plane, size_t size, int drifting,
		       uint8_t *to, size_t room)
{
	ZSTD_outBuffer output = {to, room, 0};
	size_t step = size / DRIFT_SPANS, left = 1;

	step = step < LEAST_SPAN ? LEAST_SPAN : step;
	if (!drifting || step >= size)
		return ZSTD_compress2(compressor, to, room, plane, size);
	ZSTD_CCtx_reset(compressor, ZSTD_reset_session_only);
	ZSTD_CCtx_setPledgedSrcSize(compressor, size);
	for (size_t begin = 0; begin < size && !ZSTD_isError(left); begin += step) {
		size_t part = size - begin < step ? size - begin : step;
		ZSTD_inBuffer input = {plane + begin, part, 0};

		left = ZSTD_compressStream2(compressor, &output, &input,
					    begin + part == size ? ZSTD_e_end : ZSTD_e_flush);
	}
	return ZSTD_isError(left) ? left : left ? (size_t)-1 : output.pos;
}

int plane_put(struct plane_coder *coder, const uint8_t *plane, size_t size, int drifting,
	      struct bytes *out)
{
	double bits = size ? entropy(plane, size) : 8;
	size_t bound = ZSTD_compressBound(size) + 1024, packed = 0;
	uint8_t *to = bytes_room(out, bound + 16);
	int matching = 0;

	if (!to)
		return -ENOMEM;
	if (bits == 0) {
		*to++ = PLANE_CONSTANT;
		*to = plane[0];
		out->size += 2;
		return 0;
	}
	if (size >= LEAST_COMPRESSED)
		matching = repeats(coder, plane, size, bits);
	if (size >= LEAST_COMPRESSED && (matching || bits < NOISE_BITS)) {
		/* Three bytes are enough to say any size. */
		packed = compress(matching ? coder->matcher : coder->entropy_coder, plane, size,
				  drifting, to + 4, bound);
		if (ZSTD_isError(packed))
			return -ENOMEM;
	}
	if (packed && packed < size) {
		to[0] = PLANE_ZSTD;
		to[1] = (uint8_t)packed;
		to[2] = (uint8_t)(packed >> 8);
		to[3] = (uint8_t)(packed >> 16);
		out->size += 4 + packed;
		return 0;
	}
	*to = PLANE_RAW;
	if (size)
		memcpy(to + 1, plane, size);
	out->size += 1 + size;
	return 0;
}

int plane_get(struct plane_coder *coder, struct reader *reader, uint8_t *plane, size_t size)
{
	const uint8_t *from;
	uint8_t mode, byte;
	size_t packed;

	if (reader_byte(reader, &mode))
		return -EBADMSG;
	switch (mode) {
	case PLANE_CONSTANT:
		if (reader_byte(reader, &byte))
			return -EBADMSG;
		memset(plane, byte, size);
		return 0;
	case PLANE_RAW:
		from = reader_take(reader, size);
		if (!from)
			return -EBADMSG;
		if (size)
			memcpy(plane, from, size);
		return 0;
	case PLANE_ZSTD:
		from = reader_take(reader, 3);
		if (!from)
			return -EBADMSG;
		packed = from[0] | (size_t)from[1] << 8 | (size_t)from[2] << 16;
		from = reader_take(reader, packed);
		if (!from ||
		    ZSTD_decompressDCtx(coder->expander, plane, size, from, packed) != size)
			return -EBADMSG;
		return 0;
	default:
		return -EBADMSG;
	}
}
