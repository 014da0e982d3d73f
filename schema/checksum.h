/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checksums of what a segment stores: XXH3-64, seed 0.
 */
#ifndef SCHEMA_CHECKSUM_H
#define SCHEMA_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t checksum(const void *data, size_t size);

/* Of two pieces one after the other: a part's entries (size 0: none) and its data. */
uint64_t checksum_two(const void *first, size_t first_size, const void *second,
		      size_t second_size);

#endif
