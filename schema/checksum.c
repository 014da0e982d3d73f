/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checksums of parts and chunks.
 */
#define XXH_STATIC_LINKING_ONLY /* for a state that needs no allocation */

#include "schema/checksum.h"

#include <xxhash.h>

#define ADDRESS_BYTES 16

uint64_t checksum(const void *data, size_t size)
{
	return XXH3_64bits(data, size);
}

uint64_t checksum_pieces(const struct piece *pieces, size_t count)
{
	XXH3_state_t state;

	XXH3_64bits_reset(&state);
	for (size_t i = 0; i < count; i++)
		if (pieces[i].size)
			XXH3_64bits_update(&state, pieces[i].data, pieces[i].size);
	return XXH3_64bits_digest(&state);
}

void checksum_describe(FILE *text, const char *column, int64_t minimum, int64_t maximum,
		       uint64_t sum)
{
	fprintf(text, "|%s:%lld:%lld:%lld", column, (long long)minimum, (long long)maximum,
		(long long)sum);
}

static void put_address(FILE *text, const uint8_t *address)
{
	putc(':', text);
	for (unsigned int i = 0; i < ADDRESS_BYTES; i++)
		fprintf(text, "%02x", address[i]);
}

void checksum_describe_addresses(FILE *text, const char *column, const void *lowest,
				 const void *highest, uint64_t sum)
{
	fprintf(text, "|%s", column);
	put_address(text, lowest);
	put_address(text, highest);
	fprintf(text, ":%lld", (long long)sum);
}
