/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded rows of a stream in memory, with an index of one column: a hash table of chains.
 */
#include "analyzer/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t value_size(const struct column *column)
{
	return column->type == COLUMN_ADDRESS ? sizeof(struct address) : sizeof(uint64_t);
}

uint64_t lookup_bytes(const struct stream *stream, const unsigned char *needed, uint64_t rows)
{
	uint64_t bytes = sizeof(struct lookup_place) + 3 * sizeof(uint32_t);

	for (unsigned int i = 0; i < stream->column_count; i++)
		if (needed[i])
			bytes += value_size(&stream->columns[i]);
	return bytes * rows;
}

struct lookup *lookup_new(const struct stream *stream, const unsigned char *needed,
			  unsigned int key, uint32_t capacity)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup)
		return NULL;
	lookup->stream = stream;
	lookup->needed = needed;
	lookup->key = key;
	lookup->capacity = capacity;
	lookup->columns = calloc(stream->column_count, sizeof(*lookup->columns));
	lookup->places = calloc((size_t)capacity + 1, sizeof(*lookup->places));
	if (!lookup->columns || !lookup->places)
		goto fail;
	for (unsigned int i = 0; i < stream->column_count; i++) {
		if (!needed[i])
			continue;
		lookup->columns[i].memory =
			calloc((size_t)capacity + 1, value_size(&stream->columns[i]));
		if (!lookup->columns[i].memory)
			goto fail;
	}
	return lookup;
fail:
	lookup_free(lookup);
	return NULL;
}

void lookup_free(struct lookup *lookup)
{
	if (!lookup)
		return;
	for (unsigned int i = 0; lookup->columns && i < lookup->stream->column_count; i++)
		free(lookup->columns[i].memory);
	free(lookup->columns);
	free(lookup->places);
	free(lookup->heads);
	free(lookup->nexts);
	free(lookup);
}

int lookup_add(struct lookup *lookup, const union column_values *columns, uint32_t row_count,
	       uint32_t segment, uint32_t chunk_id)
{
	if (row_count > lookup->capacity - lookup->row_count)
		return -E2BIG;
	for (unsigned int i = 0; i < lookup->stream->column_count; i++) {
		size_t size = value_size(&lookup->stream->columns[i]);

		if (lookup->needed[i])
			memcpy((char *)lookup->columns[i].memory + lookup->row_count * size,
			       columns[i].memory, row_count * size);
	}
	for (uint32_t row = 0; row < row_count; row++)
		lookup->places[lookup->row_count + row] =
			(struct lookup_place){segment, chunk_id, row};
	lookup->row_count += row_count;
	return 0;
}

/* Mixes all bits into the high ones (the multiplier is 2^64 over the golden ratio). */
static uint32_t slot(const struct lookup *lookup, uint64_t integer,
		     const struct address *address)
{
	uint64_t hash = integer;

	if (lookup->stream->columns[lookup->key].type == COLUMN_ADDRESS)
		hash = address->half[0] * 0x9e3779b97f4a7c15 ^ address->half[1];
	hash *= 0x9e3779b97f4a7c15;
	return (uint32_t)(hash >> 32) & lookup->mask;
}

int lookup_index(struct lookup *lookup)
{
	uint32_t slots = 16;

	while (slots < lookup->row_count && slots < 1U << 31)
		slots *= 2;
	lookup->mask = slots - 1;
	lookup->heads = calloc(slots, sizeof(*lookup->heads));
	lookup->nexts = calloc((size_t)lookup->row_count + 1, sizeof(*lookup->nexts));
	if (!lookup->heads || !lookup->nexts)
		return -ENOMEM;
	/* From the last to the first, so that each chain is in order. */
	for (uint32_t row = lookup->row_count; row-- > 0;) {
		const union column_values *keys = &lookup->columns[lookup->key];
		int is_address = lookup->stream->columns[lookup->key].type == COLUMN_ADDRESS;
		uint32_t place = is_address ? slot(lookup, 0, &keys->addresses[row])
					    : slot(lookup, keys->integers[row], NULL);

		lookup->nexts[row] = lookup->heads[place];
		lookup->heads[place] = row + 1;
	}
	return 0;
}

uint32_t lookup_first(const struct lookup *lookup, uint64_t integer,
		      const struct address *address)
{
	return lookup->heads[slot(lookup, integer, address)] - 1;
}

uint32_t lookup_next(const struct lookup *lookup, uint32_t row)
{
	return lookup->nexts[row] - 1;
}
