/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The split-block Bloom filter: a value has one bit in each of the eight words of one block.
 */
#include "schema/filter.h"

#include <endian.h>
#include <math.h>
#include <string.h>
#include <xxhash.h>

#define BLOCK_BYTES  32U
#define WORDS	     8
#define BITS_A_VALUE 10
#define DENSE                                                                           \
	16 /* so many times the values: where a value is that near, it may be asked for \
	    */
#define COUNTERS 65536U

static const uint32_t salts[WORDS] = {0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU,
				      0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U};

static uint64_t hash_of(const void *values, size_t value_size, uint32_t row)
{
	return XXH3_64bits((const uint8_t *)values + row * value_size, value_size);
}

/* How many are different: linear counting (Whang, Vander-Zanden, Taylor 1990). */
static uint32_t count_different(const void *values, size_t value_size, uint32_t count)
{
	uint8_t seen[COUNTERS / 8] = {0};
	uint32_t used = 0;
	double different;

	for (uint32_t row = 0; row < count; row++) {
		uint32_t at = (uint32_t)(hash_of(values, value_size, row) % COUNTERS);

		used += !(seen[at / 8] >> at % 8 & 1);
		seen[at / 8] |= (uint8_t)(1 << at % 8);
	}
	if (used == COUNTERS)
		return count;
	different = -(double)COUNTERS * log1p(-(double)used / COUNTERS);
	return different < count ? (uint32_t)different + 1 : count;
}

static size_t block_of(uint64_t hash, size_t size)
{
	return (size_t)((hash >> 32) * (size / BLOCK_BYTES) >> 32) * BLOCK_BYTES;
}

static uint32_t bit_of(uint64_t hash, unsigned int word)
{
	return 1U << ((uint32_t)hash * salts[word] >> 27);
}

static void add(uint8_t *filter, size_t size, uint64_t hash)
{
	uint8_t *block = filter + block_of(hash, size);

	for (unsigned int i = 0; i < WORDS; i++) {
		uint32_t word;

		memcpy(&word, block + 4 * i, sizeof(word));
		word = htole32(le32toh(word) | bit_of(hash, i));
		memcpy(block + 4 * i, &word, sizeof(word));
	}
}

size_t filter_make(uint8_t *out, const void *values, size_t value_size, uint32_t count,
		   uint64_t range)
{
	uint32_t different = count_different(values, value_size, count);
	size_t size = (different * BITS_A_VALUE + 8 * BLOCK_BYTES - 1) / (8 * BLOCK_BYTES) *
		      BLOCK_BYTES;

	if (range / DENSE < different)
		return 0;
	memset(out, 0, size);
	for (uint32_t row = 0; row < count; row++)
		add(out, size, hash_of(values, value_size, row));
	return size;
}

int filter_passes(const uint8_t *filter, size_t size, const void *value, size_t value_size)
{
	uint64_t hash = XXH3_64bits(value, value_size);
	const uint8_t *block = filter + block_of(hash, size);

	if (!size || size % BLOCK_BYTES)
		return 1;
	for (unsigned int i = 0; i < WORDS; i++) {
		uint32_t word;

		memcpy(&word, block + 4 * i, sizeof(word));
		if (!(le32toh(word) & bit_of(hash, i)))
			return 0;
	}
	return 1;
}
