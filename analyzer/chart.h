/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Draws the rows of a SELECT as SVG, the way a comment of a report asks for:
 *
 *     bar      label=COLUMN value=COLUMN [series=COLUMN] [low=COLUMN high=COLUMN]
 *     interval label=COLUMN value=COLUMN low=COLUMN high=COLUMN [series=COLUMN]
 *     line     x=COLUMN y=COLUMN [series=COLUMN] [xscale=log] [yscale=log]
 *
 * label=A+B joins columns; without series and interval, value=A,B (and y=A,B) makes a series of
 * each column. Bars and intervals lie, one below the other, in the order of the rows, from or
 * around a line at zero. What is NULL or no finite number is not drawn, nor what is more than
 * 40 labels, 6 series or 2,000 points; the chart says so.
 */
#ifndef ANALYZER_CHART_H
#define ANALYZER_CHART_H

#include <sqlite3.h>
#include <stdio.h>

#define CHART_COLUMNS 4

enum chart_kind {
	CHART_BAR,
	CHART_INTERVAL,
	CHART_LINE,
};

enum chart_role {
	CHART_LABEL,
	CHART_VALUE, /* a line's y */
	CHART_LOW,
	CHART_HIGH,
	CHART_SERIES,
	CHART_X,
	CHART_ROLES,
};

struct chart_spec {
	enum chart_kind kind;
	int column[CHART_ROLES][CHART_COLUMNS];
	int columns[CHART_ROLES]; /* how many of them */
	int is_log_x, is_log_y;
};

/*
 * Read such a comment about the rows of a statement. Returns 0, or -EINVAL or -ENOMEM and
 * *problem: what is wrong and what was expected, which the caller frees.
 */
int chart_parse(const char *text, sqlite3_stmt *statement, struct chart_spec *out,
		char **problem);

struct chart;

/* Returns 0 or -ENOMEM. Nothing is borrowed. */
int chart_new(const struct chart_spec *spec, sqlite3_stmt *statement, struct chart **out);
void chart_free(struct chart *chart);

/* Take in the row at which the statement stands. Returns 0 or -ENOMEM. */
int chart_add(struct chart *chart, sqlite3_stmt *statement);

/* Whether there is nothing to draw. */
int chart_is_empty(const struct chart *chart);

/*
 * Write the chart as an SVG element that is well-formed XML, and what is not drawn as an HTML
 * paragraph. number makes its ids unique; title is
 * what it shows.
 */
void chart_draw(const struct chart *chart, FILE *out, unsigned int number, const char *title);

#endif
