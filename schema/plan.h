/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans: how each column of a chunk is going to be stored.
 *
 * The plans for a column are: as it is or by a dictionary, each alone or with one or two of the
 * columns that schema/stream.c names. What a plan would take is estimated from a sample in the
 * order that the plan makes.
 */
#ifndef SCHEMA_PLAN_H
#define SCHEMA_PLAN_H

#include "schema/codec.h"
#include "schema/stream.h"

/* A column of the chunk being encoded. */
struct planned_column {
	const uint64_t *integers; /* NULL: addresses */
	const struct address *addresses;
	int varies;    /* has a part and different values: others may refer to it */
	int64_t least; /* of integers */
	uint64_t range;
	unsigned int depth;  /* of its references */
	unsigned int weight; /* columns to be read for it, itself among them */
	uint32_t code_limit; /* 0: it has no codes, so far */
	int has_order;
	uint16_t *codes; /* of each row */
	uint16_t *order; /* rows grouped by them */
};

struct plan {
	struct part_header header;
	double bits;
};

/* For each so many rows one may be an exception. */
#define ROWS_TO_EXCEPT	256U
#define MOST_EXCEPTIONS (MOST_NUMBERS / ROWS_TO_EXCEPT)

struct planner {
	struct numbers_coder *numbers;
	struct entries_finder *finder;
	struct planned_column *columns;
	unsigned int column_capacity;
	uint32_t row_count;
	struct entries entries; /* of the column at hand; none when it repeats too little */
	uint16_t *codes;	/* its codes, by row or by group */
	double entries_bits;
	uint64_t *work[2];
	struct address *addresses; /* the same memory */
	/* Where the column at hand follows: the first row of each group, then the exceptions.
	 */
	uint16_t *first_rows;
	uint16_t exceptions[MOST_EXCEPTIONS];
	uint32_t exception_count;
	uint16_t *known, *pairs;
	unsigned int paired[2]; /* the columns that `pairs` is an order by */
	uint64_t sample[SAMPLE_SIZE];
};

/* NULL when memory is short. The level is zstd's. */
struct planner *planner_new(int level);
void planner_free(struct planner *planner);

/* Begin a chunk. Returns 0 or -ENOMEM. */
int planner_begin(struct planner *planner, unsigned int column_count, uint32_t row_count);

/* The plan for a column that varies, when all earlier ones are done with. */
struct plan planner_choose(struct planner *planner, const struct stream *stream,
			   unsigned int column);

/* Rows in the order of the groups that a header's references make. */
const uint16_t *planner_order(struct planner *planner, const struct part_header *header);

/*
 * How many groups there are, when the column has the same value in every row of a group, but
 * for a few exceptions: see first_rows. Else 0.
 */
uint32_t planner_follows(struct planner *planner, const struct planned_column *column,
			 const struct part_header *header);

/* A dictionary for what is in first_rows, where that is worth it: entries and codes. */
int planner_group_entries(struct planner *planner, const struct planned_column *column,
			  uint32_t count);

#endif
