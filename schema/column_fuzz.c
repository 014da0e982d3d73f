/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds any bytes to the decoder as one part without references:
 *
 *     rows - 1 (2 bytes), value size 16 or else 8 (1), size of the entries (2), entries, data
 *
 * Numbers are little endian. What is wrong has to be an error; what is right has values that
 * its entries hold.
 */
#include "schema/chunk.h"
#include "schema/numbers.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fetch(void *context, unsigned int column, struct part_bytes *out)
{
	if (column)
		return -ENODATA;
	*out = *(const struct part_bytes *)context;
	return 0;
}

/* Memory of its own, so that a read past its end shows. */
static uint8_t *copy(const uint8_t *bytes, size_t size)
{
	uint8_t *made = malloc(size ? size : 1);

	assert(made);
	return memcpy(made, bytes, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct chunk_decoder *decoder;
	static struct address values[MOST_NUMBERS];
	struct part_bytes part;
	uint8_t *entries, *bytes;
	uint32_t rows;
	size_t value_size, entries_size;

	if (!decoder)
		decoder = chunk_decoder_new();
	if (size < 5 || !decoder)
		return 0;
	rows = 1 + (data[0] | (uint32_t)data[1] << 8);
	value_size = data[2] == 16 ? 16 : 8;
	entries_size = data[3] | (size_t)data[4] << 8;
	data += 5;
	size -= 5;
	if (entries_size > size)
		entries_size = size;
	entries = copy(data, entries_size);
	bytes = copy(data + entries_size, size - entries_size);
	part = (struct part_bytes){entries, entries_size, bytes, size - entries_size};
	if (!chunk_decode(decoder, rows, 0, value_size, fetch, &part, values) && entries_size)
		assert(entries_hold(decoder, entries, entries_size, value_size, values) == 1);
	entries_hold(decoder, entries, entries_size, value_size, values);
	free(entries);
	free(bytes);
	return 0;
}
