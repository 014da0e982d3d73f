/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stable counting sort of row numbers.
 */
#include "schema/grouping.h"

#include <string.h>

void grouping_order(const uint16_t *codes, uint32_t limit, uint32_t row_count,
		    const uint16_t *before, uint16_t *order)
{
	uint32_t starts[65536], sum = 0;

	memset(starts, 0, limit * sizeof(*starts));
	for (uint32_t row = 0; row < row_count; row++)
		starts[codes[row]]++;
	for (uint32_t code = 0; code < limit; code++) {
		uint32_t size = starts[code];

		starts[code] = sum;
		sum += size;
	}
	if (!before)
		for (uint32_t row = 0; row < row_count; row++)
			order[starts[codes[row]]++] = (uint16_t)row;
	else
		for (uint32_t i = 0; i < row_count; i++)
			order[starts[codes[before[i]]]++] = before[i];
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
