/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stable counting sort of row numbers.
 */
#include "schema/grouping.h"

#include <string.h>

#define FEW_CODES 1024U

/*
 * The rows are taken in as many strands, each with places of its own, because the increments
 * for equal codes wait for each other.
 */
static inline void order_rows(const uint16_t *codes, uint32_t limit, uint32_t row_count,
			      const uint16_t *before, uint16_t *order, unsigned int strands,
			      uint32_t *places)
{
	uint32_t length = row_count / strands, sum = 0;

	memset(places, 0, limit * strands * sizeof(*places));
	for (uint32_t i = 0; i < length; i++)
#pragma GCC unroll 4
		for (unsigned int strand = 0; strand < strands; strand++) {
			uint32_t at = strand * length + i;

			places[codes[before ? before[at] : at] * strands + strand]++;
		}
	for (uint32_t at = length * strands; at < row_count; at++)
		places[codes[before ? before[at] : at] * strands + strands - 1]++;
	for (uint32_t i = 0; i < limit * strands; i++) {
		uint32_t size = places[i];

		places[i] = sum;
		sum += size;
	}
	for (uint32_t i = 0; i < length; i++)
#pragma GCC unroll 4
		for (unsigned int strand = 0; strand < strands; strand++) {
			uint32_t at = strand * length + i, row = before ? before[at] : at;

			order[places[codes[row] * strands + strand]++] = (uint16_t)row;
		}
	for (uint32_t at = length * strands; at < row_count; at++) {
		uint32_t row = before ? before[at] : at;

		order[places[codes[row] * strands + strands - 1]++] = (uint16_t)row;
	}
}

void grouping_order(const uint16_t *codes, uint32_t limit, uint32_t row_count,
		    const uint16_t *before, uint16_t *order)
{
	uint32_t places[65536];

	if (limit > FEW_CODES)
		order_rows(codes, limit, row_count, before, order, 1, places);
	else if (before)
		order_rows(codes, limit, row_count, before, order, 4, places);
	else
		order_rows(codes, limit, row_count, NULL, order, 4, places);
}

uint32_t grouping_first_rows(const uint16_t *order, const uint16_t *codes, const uint16_t *more,
			     uint32_t row_count, uint16_t *first_rows)
{
	uint32_t groups = 0, last = UINT32_MAX, last_more = 0;

	for (uint32_t i = 0; i < row_count; i++) {
		uint16_t row = order[i];
		uint32_t code_more = more ? more[row] : 0;

		if (codes[row] == last && code_more == last_more)
			continue;
		first_rows[groups++] = row;
		last = codes[row];
		last_more = code_more;
	}
	return groups;
}
