/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds any bytes to the decoder as the parts of a chunk, which may refer to each other:
 *
 *     rows - 1 (2 bytes), then for each column:
 *     size of the entries (2), size of the data (2; 0: no part), entries, data
 *
 * Numbers are little endian. Every column is decoded, as both kinds of values.
 */
#include "schema/chunk.h"
#include "schema/numbers.h"

#include <assert.h>

#define MOST_COLUMNS 40U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct parts {
	unsigned int count;
	struct part_bytes columns[MOST_COLUMNS];
};

static int fetch(void *context, unsigned int column, struct part_bytes *out)
{
	const struct parts *parts = context;

	if (column >= parts->count || !parts->columns[column].data_size)
		return -ENODATA;
	*out = parts->columns[column];
	return 0;
}

/* The next piece of the input, in memory of its own, so that a read past its end shows. */
static uint8_t *cut(struct reader *input, size_t *size)
{
	uint8_t *made;

	if (*size > input->left)
		*size = input->left;
	made = malloc(*size ? *size : 1);
	assert(made);
	return memcpy(made, reader_take(input, *size), *size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct chunk_decoder *decoder;
	static struct address values[MOST_NUMBERS];
	struct reader input = {data, size};
	struct parts parts = {0};
	const uint8_t *head = reader_take(&input, 2);
	uint32_t rows;

	if (!decoder)
		decoder = chunk_decoder_new();
	if (!head || !decoder)
		return 0;
	rows = 1 + (head[0] | (uint32_t)head[1] << 8);
	while (parts.count < MOST_COLUMNS && (head = reader_take(&input, 4))) {
		struct part_bytes *part = &parts.columns[parts.count++];

		part->entries_size = head[0] | (size_t)head[1] << 8;
		part->data_size = head[2] | (size_t)head[3] << 8;
		part->entries = cut(&input, &part->entries_size);
		part->data = cut(&input, &part->data_size);
	}
	for (unsigned int i = 0; i < parts.count; i++) {
		chunk_decode(decoder, rows, i, 8, fetch, &parts, values);
		chunk_decode(decoder, rows, i, 16, fetch, &parts, values);
	}
	for (unsigned int i = 0; i < parts.count; i++) {
		free((void *)parts.columns[i].entries);
		free((void *)parts.columns[i].data);
	}
	return 0;
}
