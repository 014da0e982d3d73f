/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Draws the lines of a chart: through the points of each series in the order of the rows.
 */
#include "analyzer/chart_drawing.h"
#include "analyzer/escape.h"

#include <math.h>
#include <string.h>

#define PLOT_HEIGHT 280.0

/* A mark for each point of a line that has no more than these; else about so many. */
#define MARKED_POINTS 60
#define MARKS	      8

/* The points of a series: how many, and which are drawn. */
static size_t points_of(const struct chart *chart, unsigned int series)
{
	size_t count = 0;

	for (size_t i = 0; i < chart->count; i++)
		count += chart->marks[i].series == series;
	return count;
}

static int is_drawn(const struct drawing *drawing, size_t i, size_t count)
{
	return i % drawing->step == 0 || i + 1 == count;
}

/* Whether a point has a mark: all do where they are few. */
static int is_marked(size_t i, size_t count)
{
	return count <= MARKED_POINTS || i % (count / MARKS) == 0;
}

static void put_points(const struct drawing *drawing, unsigned int series, int marks)
{
	const struct chart *chart = drawing->chart;
	size_t count = points_of(chart, series), seen = 0;

	for (size_t i = 0; i < chart->count; i++) {
		const struct chart_mark *mark = &chart->marks[i];
		double x = chart_axis_place(&drawing->x, mark->x),
		       y = chart_axis_place(&drawing->y, mark->value);

		if (mark->series != series)
			continue;
		if (marks && is_marked(seen, count))
			drawing_marker(drawing->out, series, x, y, 3);
		else if (!marks && is_drawn(drawing, seen, count))
			fprintf(drawing->out, "%s%.2f,%.2f", seen ? " " : "", x, y);
		seen++;
	}
}

void drawing_lines(const struct drawing *drawing)
{
	const struct chart *chart = drawing->chart;
	FILE *out = drawing->out;

	for (unsigned int i = 0; i < chart->series_count; i++) {
		fputs("<g><title>", out);
		escape_html(out, chart->series[i], strlen(chart->series[i]));
		fputs("</title><polyline points=\"", out);
		put_points(drawing, i, 0);
		fprintf(out,
			"\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\""
			" stroke-dasharray=\"%s\"/>",
			drawing_colours[i], drawing_dashes[i]);
		put_points(drawing, i, 1);
		fputs("</g>\n", out);
	}
}

void drawing_fit_lines(struct drawing *drawing)
{
	const struct chart *chart = drawing->chart;
	const struct chart_mark *first = &chart->marks[0];
	double low = first->value, high = low, left = first->x, right = left;
	size_t widest = 0;

	for (size_t i = 0; i < chart->count; i++) {
		low = fmin(low, chart->marks[i].value);
		high = fmax(high, chart->marks[i].value);
		left = fmin(left, chart->marks[i].x);
		right = fmax(right, chart->marks[i].x);
	}
	/* Values that are far apart are seen over zero, near ones by themselves. */
	if (!chart->spec.is_log_y && low > 0 && low < high / 2)
		low = 0;
	chart_axis_fit(&drawing->x, left, right, chart->spec.is_log_x,
		       chart->names[CHART_X][0]);
	chart_axis_fit(&drawing->y, low, high, chart->spec.is_log_y,
		       chart->names[CHART_VALUE][0]);
	for (unsigned int i = 0; i < drawing->y.ticks; i++) {
		char text[CHART_NUMBER_SIZE];

		chart_axis_tick(&drawing->y, drawing->y.tick[i], text);
		widest = strlen(text) > widest ? strlen(text) : widest;
	}
	drawing->x.from = 20 + LETTER * (double)widest;
	drawing->x.to = WIDTH - 32;
	drawing->top = drawing_legend_height(chart) + 30;
	drawing->bottom = drawing->top + PLOT_HEIGHT;
	drawing->y.from = drawing->bottom;
	drawing->y.to = drawing->top;
	drawing->step = (chart->count + CHART_POINTS - 1) / CHART_POINTS;
	for (unsigned int i = 0; i < chart->series_count; i++) {
		size_t count = points_of(chart, i);

		for (size_t j = 0; j < count; j++)
			drawing->drawn += (size_t)is_drawn(drawing, j, count);
	}
}
