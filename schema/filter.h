/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter that says which values a column of a chunk does not hold: the split-block Bloom
 * filter of Apache Parquet (parquet-format, BloomFilter.md), with XXH3-64 in place of XXH64.
 *
 * Of values that are not there it lets about one in a hundred pass.
 */
#ifndef SCHEMA_FILTER_H
#define SCHEMA_FILTER_H

#include <stddef.h>
#include <stdint.h>

#define FILTER_MOST_VALUES 65536U
#define FILTER_MOST_BYTES  ((FILTER_MOST_VALUES * 10 + 255) / 256 * 32)

/*
 * Make the filter of count values (up to FILTER_MOST_VALUES) of value_size 8 or 16 bytes, which
 * lie within `range` of each other (UINT64_MAX: not known), in out, room for FILTER_MOST_BYTES.
 * Returns its size; 0 when it would be of little use: most of what a query may ask for is
 * there.
 */
size_t filter_make(uint8_t *out, const void *values, size_t value_size, uint32_t count,
		   uint64_t range);

/* 1 when the value may be there, 0 when it is not. A size that no filter has: 1. */
int filter_passes(const uint8_t *filter, size_t size, const void *value, size_t value_size);

#endif
