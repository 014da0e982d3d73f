/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chunk: the rows of a batch, each column of them as a part.
 *
 * A column that is zero in every row has no part. A part may refer to earlier columns of its
 * chunk, where schema/stream.c says that it is worth looking, so that reading one column may
 * take the parts of some others. What is stored how is chosen from statistics; FORMAT.md has
 * the bytes.
 */
#ifndef SCHEMA_CHUNK_H
#define SCHEMA_CHUNK_H

#include "schema/batch.h"

struct part {
	unsigned int column;		/* of the stream */
	int64_t minimum, maximum;	/* of integers, times and codes of texts */
	struct address lowest, highest; /* of addresses, bytewise */
	const uint8_t *entries;		/* NULL: the part has no dictionary */
	size_t entries_size;
	const uint8_t *data;
	size_t data_size;
};

struct chunk_encoder; /* memory and contexts, used again and again */

/* NULL when memory is short. The level is zstd's. */
struct chunk_encoder *chunk_encoder_new(int level);
void chunk_encoder_free(struct chunk_encoder *encoder);

/*
 * Encode a batch of 1 row or more, whose texts are the codes to be stored. The parts come in
 * the order of columns and are the encoder's until its next call. Returns 0 or -ENOMEM.
 */
int chunk_encode(struct chunk_encoder *encoder, const struct batch *batch,
		 const struct part **parts, size_t *count);

struct part_bytes {
	const uint8_t *entries; /* NULL and 0: none */
	size_t entries_size;
	const uint8_t *data;
	size_t data_size;
};

/*
 * The bytes of a column's part, which stay valid until the decoder returns. 0, -ENODATA: there
 * is no such part (the column is zero in every row); other errors are passed on.
 */
typedef int (*chunk_fetch)(void *context, unsigned int column, struct part_bytes *out);

struct chunk_decoder; /* memory and contexts, used again and again */

/* NULL when memory is short. */
struct chunk_decoder *chunk_decoder_new(void);
void chunk_decoder_free(struct chunk_decoder *decoder);

/*
 * Decode a column, a position among the stream's columns in the file: row_count values of
 * value_size 8 (uint64_t) or 16 (struct address). Returns 0, -EBADMSG when the bytes are not
 * such a column, -ENOMEM, or what fetch returned; the values are undefined then.
 */
int chunk_decode(struct chunk_decoder *decoder, uint32_t row_count, unsigned int column,
		 size_t value_size, chunk_fetch fetch, void *context, void *values);

/*
 * Whether a part's entries, which are the exact set of its values, have the value (uint64_t or
 * struct address): 1, 0 or -EBADMSG.
 */
int entries_hold(struct chunk_decoder *decoder, const uint8_t *entries, size_t size,
		 size_t value_size, const void *value);

#endif
