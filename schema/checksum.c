/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checksums by xxHash.
 */
#define XXH_STATIC_LINKING_ONLY /* for a state that needs no allocation */

#include "schema/checksum.h"

#include <xxhash.h>

uint64_t checksum(const void *data, size_t size)
{
	return XXH3_64bits(data, size);
}

uint64_t checksum_two(const void *first, size_t first_size, const void *second,
		      size_t second_size)
{
	XXH3_state_t state;

	if (!first_size)
		return checksum(second, second_size);
	XXH3_64bits_reset(&state);
	XXH3_64bits_update(&state, first, first_size);
	XXH3_64bits_update(&state, second, second_size);
	return XXH3_64bits_digest(&state);
}
