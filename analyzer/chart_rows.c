/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Draws the rows of a chart: bars from zero, or intervals around their value, one below the
 * other, those of a label together.
 */
#include "analyzer/chart_drawing.h"
#include "analyzer/escape.h"

#include <math.h>
#include <string.h>

#define ROW	      18.0
#define BAR	      12.0
#define GAP	      8.0 /* between labels */
#define LABEL_LETTERS 40
#define ROOM_RIGHT    84.0 /* for a number behind the longest bar */

/* The title element of a mark: its numbers for those who point at it. */
static void put_numbers(const struct drawing *drawing, const struct chart_mark *mark)
{
	const struct chart *chart = drawing->chart;
	const char *label = chart->groups[mark->group], *series = chart->series[mark->series];
	char text[CHART_NUMBER_SIZE];

	fputs("<title>", drawing->out);
	escape_html(drawing->out, label, strlen(label));
	if (*series)
		fputs(", ", drawing->out);
	escape_html(drawing->out, series, strlen(series));
	chart_axis_value(&drawing->x, mark->value, text);
	fprintf(drawing->out, ": %s", text);
	if (*drawing->x.unit)
		fprintf(drawing->out, " %s", drawing->x.unit);
	if (chart->spec.columns[CHART_LOW] && mark->low != mark->high) {
		chart_axis_value(&drawing->x, mark->low, text);
		fprintf(drawing->out, " (%s", text);
		chart_axis_value(&drawing->x, mark->high, text);
		fprintf(drawing->out, " to %s)", text);
	}
	fputs("</title>", drawing->out);
}

static unsigned int bits(unsigned int word)
{
	return (unsigned int)__builtin_popcount(word);
}

/* Where the rows of a label begin. */
static double group_top(const struct drawing *drawing, unsigned int group)
{
	double top = drawing->top + GAP / 2;

	for (unsigned int i = 0; i < group; i++)
		top += bits(drawing->chart->taken[i]) * ROW + GAP;
	return top;
}

static void put_mark(const struct drawing *drawing, const struct chart_mark *mark)
{
	const struct chart *chart = drawing->chart;
	unsigned int before = chart->taken[mark->group] & ((1U << mark->series) - 1);
	double y = group_top(drawing, mark->group) + (bits(before) + 0.5) * ROW;
	double zero = chart_axis_place(&drawing->x, 0),
	       value = chart_axis_place(&drawing->x, mark->value),
	       low = chart_axis_place(&drawing->x, mark->low),
	       high = chart_axis_place(&drawing->x, mark->high);
	char text[CHART_NUMBER_SIZE];
	FILE *out = drawing->out;

	fputs("<g>", out);
	put_numbers(drawing, mark);
	if (chart->spec.kind == CHART_BAR) {
		fprintf(out, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.1f\"",
			fmin(zero, value), y - BAR / 2, fabs(value - zero), BAR);
		drawing_fill(drawing, mark->series);
		fputs("/>", out);
	}
	if (mark->low != mark->high || chart->spec.kind == CHART_INTERVAL)
		fprintf(out,
			"<path d=\"M%.2f %.2fv8M%.2f %.2fv8M%.2f %.2fH%.2f\""
			" stroke=\"%s\" stroke-width=\"%s\" fill=\"none\"/>",
			low, y - 4, high, y - 4, low, y, high,
			chart->spec.kind == CHART_BAR ? "currentColor"
						      : drawing_colours[mark->series],
			chart->spec.kind == CHART_BAR ? "1" : "2");
	if (chart->spec.kind == CHART_INTERVAL)
		drawing_marker(out, mark->series, value, y, 4.5);
	chart_axis_value(&drawing->x, mark->value, text);
	fprintf(out, "<text x=\"%.2f\" y=\"%.2f\">%s</text></g>\n",
		fmax(fmax(value, zero), fmax(low, high)) + 6, y + 4, text);
}

void drawing_rows(const struct drawing *drawing)
{
	const struct chart *chart = drawing->chart;

	for (unsigned int i = 0; i < chart->group_count; i++) {
		double middle = group_top(drawing, i) + bits(chart->taken[i]) * ROW / 2;

		fprintf(drawing->out, "<text x=\"%.2f\" y=\"%.2f\" text-anchor=\"end\">",
			drawing->x.from - 8, middle + 4);
		drawing_short(drawing->out, chart->groups[i], LABEL_LETTERS);
		fputs("</text>\n", drawing->out);
	}
	fprintf(drawing->out,
		"<path d=\"M%.2f %.2fV%.2f\" stroke=\"currentColor\" stroke-opacity=\"0.8\"/>\n",
		chart_axis_place(&drawing->x, 0), drawing->top, drawing->bottom);
	for (size_t i = 0; i < chart->count; i++)
		put_mark(drawing, &chart->marks[i]);
}

void drawing_fit_rows(struct drawing *drawing)
{
	const struct chart *chart = drawing->chart;
	size_t widest = 0;
	double low = 0, high = 0;

	for (size_t i = 0; i < chart->count; i++) {
		const struct chart_mark *mark = &chart->marks[i];

		low = fmin(low, fmin(mark->value, fmin(mark->low, mark->high)));
		high = fmax(high, fmax(mark->value, fmax(mark->low, mark->high)));
	}
	for (unsigned int i = 0; i < chart->group_count; i++) {
		size_t width = drawing_letters(chart->groups[i]);

		widest = width > widest ? width : widest;
	}
	widest = widest > LABEL_LETTERS ? LABEL_LETTERS : widest;
	chart_axis_fit(&drawing->x, low, high, 0, chart->names[CHART_VALUE][0]);
	drawing->x.from = 24 + LETTER * (double)widest;
	drawing->x.to = WIDTH - ROOM_RIGHT;
	drawing->top = drawing_legend_height(chart) + 8;
	drawing->bottom = group_top(drawing, chart->group_count);
	drawing->drawn = chart->count;
}
