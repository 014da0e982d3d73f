/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chart while it is drawn: what its frame (chart_drawing.c), its rows of bars and intervals
 * (chart_rows.c) and its lines (chart_lines.c) have in common.
 */
#ifndef ANALYZER_CHART_DRAWING_H
#define ANALYZER_CHART_DRAWING_H

#include "analyzer/chart_axis.h"
#include "analyzer/chart_data.h"

#include <stdio.h>

#define WIDTH  760.0
#define LETTER 6.6 /* the width of one, about */

struct drawing {
	const struct chart *chart;
	FILE *out;
	unsigned int number;
	struct chart_axis x, y; /* y of a line chart */
	double top, bottom;	/* of the plot */
	size_t step;		/* a line's points between two that are drawn */
	size_t drawn;
};

/* How many letters a text has; the text, cut to so many. */
size_t drawing_letters(const char *text);
void drawing_short(FILE *out, const char *text, size_t most);

double drawing_legend_height(const struct chart *chart);

/* The colours and dashes of the series, the fill of its bars, its mark (size is half of it). */
extern const char *const drawing_colours[CHART_SERIES_MOST],
	*const drawing_dashes[CHART_SERIES_MOST];
void drawing_fill(const struct drawing *drawing, unsigned int series);
void drawing_marker(FILE *out, unsigned int series, double x, double y, double size);

/* Find the place of the plot and its axes. */
void drawing_fit_rows(struct drawing *drawing);
void drawing_fit_lines(struct drawing *drawing);

/* Draw what the chart shows. */
void drawing_rows(const struct drawing *drawing);
void drawing_lines(const struct drawing *drawing);

#endif
