/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plane of bytes: its histogram says whether it is worth compressing.
 */
#include "schema/plane.h"

#include <math.h>
#include <zstd.h>

#define LEAST_COMPRESSED 64U   /* bytes; below, a frame's own bytes eat the gain */
#define DRIFT_SPAN	 8192U /* bytes between two entropy codes of a drifting plane */
#define NOISE_BITS	 7.93  /* of order-0 entropy a byte */

enum plane_mode { PLANE_CONSTANT = 0, PLANE_RAW = 1, PLANE_ZSTD = 2 };

struct plane_coder {
	ZSTD_CCtx *compressor;
	ZSTD_DCtx *expander;
};

struct plane_coder *plane_coder_new(int level)
{
	struct plane_coder *coder = calloc(1, sizeof(*coder));

	if (!coder)
		return NULL;
	coder->expander = ZSTD_createDCtx();
	if (level)
		coder->compressor = ZSTD_createCCtx();
	if (!coder->expander || (level && !coder->compressor)) {
		plane_coder_free(coder);
		return NULL;
	}
	if (level)
		ZSTD_CCtx_setParameter(coder->compressor, ZSTD_c_compressionLevel, level);
	return coder;
}

void plane_coder_free(struct plane_coder *coder)
{
	if (!coder)
		return;
	ZSTD_freeCCtx(coder->compressor);
	ZSTD_freeDCtx(coder->expander);
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

static size_t compress(struct plane_coder *coder, const uint8_t *plane, size_t size,
		       int drifting, uint8_t *to, size_t room)
{
	ZSTD_outBuffer output = {to, room, 0};
	size_t step = drifting ? DRIFT_SPAN : size, left = 1;

	if (step >= size)
		return ZSTD_compress2(coder->compressor, to, room, plane, size);
	ZSTD_CCtx_reset(coder->compressor, ZSTD_reset_session_only);
	ZSTD_CCtx_setPledgedSrcSize(coder->compressor, size);
	for (size_t begin = 0; begin < size && !ZSTD_isError(left); begin += step) {
		size_t part = size - begin < step ? size - begin : step;
		ZSTD_inBuffer input = {plane + begin, part, 0};

		left = ZSTD_compressStream2(coder->compressor, &output, &input,
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

	if (!to)
		return -ENOMEM;
	if (bits == 0) {
		*to++ = PLANE_CONSTANT;
		*to = plane[0];
		out->size += 2;
		return 0;
	}
	if (size >= LEAST_COMPRESSED && bits < NOISE_BITS) {
		/* Three bytes are enough to say any size. */
		packed = compress(coder, plane, size, drifting, to + 4, bound);
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
