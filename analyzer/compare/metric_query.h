/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of a recording, by SQL: a statement with the columns metric, unit, kind, better,
 * value and, where there are proportions, whole. A value that is a text is a context's.
 */
#ifndef ANALYZER_COMPARE_METRIC_QUERY_H
#define ANALYZER_COMPARE_METRIC_QUERY_H

#include "analyzer/compare/metric.h"

#include <sqlite3.h>

/* What becomes of :recipe and :arm in the statement, where they are there. NULL is NULL. */
struct metric_choice {
	const char *recipe;
	const char *arm;
};

/*
 * Add what the statement gives.
 * Returns 0, or a negative errno with *problem in one line that the caller frees (NULL when
 * memory is short).
 */
int metric_query(sqlite3 *database, const char *sql, const struct metric_choice *choice,
		 struct metrics *metrics, enum metric_side side, char **problem);

#endif
