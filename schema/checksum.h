/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checksums of parts and chunks: XXH3-64 with seed 0, see FORMAT.md.
 */
#ifndef SCHEMA_CHECKSUM_H
#define SCHEMA_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

uint64_t checksum(const void *data, size_t size);

struct piece {
	const void *data; /* NULL where size is 0 */
	size_t size;
};

/* Of pieces as if they were one behind the other. */
uint64_t checksum_pieces(const struct piece *pieces, size_t count);

/* What a part adds to the text that the checksum of its chunk is of. */
void checksum_describe(FILE *text, const char *column, int64_t minimum, int64_t maximum,
		       uint64_t sum);
void checksum_describe_addresses(FILE *text, const char *column, const void *lowest,
				 const void *highest, uint64_t sum);

#endif
