/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows taken in the order of another column's codes, and in their own order where the codes are
 * the same: what a reader knows as soon as it has that column, so that nothing is stored for
 * it.
 */
#ifndef SCHEMA_GROUPING_H
#define SCHEMA_GROUPING_H

#include <stdint.h>

/*
 * One row number for each place. The codes are below limit, at most 65,536. `before` is an
 * order to begin with (grouping by a second column first gives an order by both), NULL: by row.
 */
void grouping_order(const uint16_t *codes, uint32_t limit, uint32_t row_count,
		    const uint16_t *before, uint16_t *order);

/*
 * The first row of each group of an order by `codes`, and by `more` unless that is NULL.
 * Returns how many groups there are.
 */
uint32_t grouping_first_rows(const uint16_t *order, const uint16_t *codes, const uint16_t *more,
			     uint32_t row_count, uint16_t *first_rows);

#endif
