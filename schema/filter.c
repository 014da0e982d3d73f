/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The split-block Bloom filter: a value has one bit in each of the eight words of one block.
 */
#include "schema/filter.h"

#include <endian.h>
#include <string.h>
#include <xxhash.h>

#define BITS_A_VALUE 12
#define WORDS	     8

static const uint32_t salts[WORDS] = {0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU,
				      0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U};

size_t filter_size(uint32_t value_count)
{
	uint64_t bits = (uint64_t)value_count * BITS_A_VALUE;

	return (bits + FILTER_BLOCK_BYTES * 8 - 1) / (FILTER_BLOCK_BYTES * 8) *
	       FILTER_BLOCK_BYTES;
}

static size_t block_of(uint64_t hash, size_t size)
{
	return (size_t)((hash >> 32) * (size / FILTER_BLOCK_BYTES) >> 32) * FILTER_BLOCK_BYTES;
}

static uint32_t bit_of(uint64_t hash, unsigned int word)
{
	return 1U << ((uint32_t)hash * salts[word] >> 27);
}

void filter_add(uint8_t *filter, size_t size, const void *values, size_t value_size,
		uint32_t count)
{
	for (uint32_t row = 0; row < count; row++) {
		uint64_t hash =
			XXH3_64bits((const uint8_t *)values + row * value_size, value_size);
		uint8_t *block = filter + block_of(hash, size);

		for (unsigned int i = 0; i < WORDS; i++) {
			uint32_t word;

			memcpy(&word, block + 4 * i, sizeof(word));
			word = htole32(le32toh(word) | bit_of(hash, i));
			memcpy(block + 4 * i, &word, sizeof(word));
		}
	}
}

int filter_passes(const uint8_t *filter, size_t size, const void *value, size_t value_size)
{
	uint64_t hash = XXH3_64bits(value, value_size);
	const uint8_t *block = filter + block_of(hash, size);

	if (!size || size % FILTER_BLOCK_BYTES)
		return 1;
	for (unsigned int i = 0; i < WORDS; i++) {
		uint32_t word;

		memcpy(&word, block + 4 * i, sizeof(word));
		if (!(le32toh(word) & bit_of(hash, i)))
			return 0;
	}
	return 1;
}
