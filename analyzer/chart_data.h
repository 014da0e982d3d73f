/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a chart has taken in: the marks of its rows.
 */
#ifndef ANALYZER_CHART_DATA_H
#define ANALYZER_CHART_DATA_H

#include "analyzer/chart.h"

#include <stddef.h>

/* More labels or series are not drawn; of more points in a line some are. */
#define CHART_GROUPS	  40
#define CHART_SERIES_MOST 6
#define CHART_POINTS	  2000

struct chart_mark {
	unsigned int group; /* the number of its label */
	unsigned int series;
	double x; /* of a line */
	double value;
	double low, high; /* equal to value without an interval */
};

struct chart {
	struct chart_spec spec;
	char *names[CHART_ROLES][CHART_COLUMNS]; /* of the columns */
	char *groups[CHART_GROUPS];
	unsigned int taken[CHART_GROUPS]; /* bits: the series that have a mark there */
	unsigned int group_count;
	char *series[CHART_SERIES_MOST];
	unsigned int series_count;
	struct chart_mark *marks;
	size_t count, room;
	size_t rows;	   /* taken in */
	size_t unnumbered; /* marks that are NULL or no finite number, or not above 0 on a log
			      axis */
	size_t left_out;   /* marks of labels and series that are too many */
};

#endif
