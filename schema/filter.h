/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter that says which values a column of a chunk does not hold: the split-block Bloom
 * filter of Apache Parquet (parquet-format, BloomFilter.md), with XXH3-64 in place of XXH64.
 *
 * Of values that are not there it lets one in about 200 pass.
 */
#ifndef SCHEMA_FILTER_H
#define SCHEMA_FILTER_H

#include <stddef.h>
#include <stdint.h>

#define FILTER_BLOCK_BYTES 32U
#define FILTER_MOST_VALUES 65536U

/* Bytes of a filter for so many different values. */
size_t filter_size(uint32_t value_count);

/* Add values of value_size 8 or 16 bytes to a filter, which begins as size zero bytes. */
void filter_add(uint8_t *filter, size_t size, const void *values, size_t value_size,
		uint32_t count);

/* 1 when the value may be there, 0 when it is not. A size that no filter has: 1. */
int filter_passes(const uint8_t *filter, size_t size, const void *value, size_t value_size);

#endif
