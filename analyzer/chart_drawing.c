/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Draws a chart as SVG.
 *
 *              ■ series  ▨ series                  y (unit)     ■ series  ▨ series
 *      label ████████ 12                         2 ┼
 *            ▨▨▨▨▨▨▨▨▨▨▨▨▨ 20                      │       ___●
 *      label ██ 3                                1 ┼   ___/
 *            ├────┼────┼────┤                      │__/
 *            0   10   20   30                      └──┼─────┼─────┼
 *                 value (unit)                        x (unit)
 *
 * A series is told by its fill pattern, its dashes or the form of its marks as well as by its
 * colour (Okabe and Ito's palette, which colour-blind people can tell apart). Lines and letters
 * have the colour of the text around, so that they are seen on dark ground, too.
 */
#include "analyzer/chart.h"
#include "analyzer/chart_drawing.h"
#include "analyzer/escape.h"

#include <math.h>
#include <string.h>

#define LEGEND_LINE    20.0
#define SERIES_LETTERS 40
#define ROOM_BELOW     46.0

const char *const drawing_colours[CHART_SERIES_MOST] = {
	"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
};

const char *const drawing_dashes[CHART_SERIES_MOST] = {"none",	  "7 3",  "2 3",
						       "9 3 2 3", "12 4", "4 2 1 2"};

/* Lines of an 8 by 8 square; the first series is solid. */
static const char *const patterns[CHART_SERIES_MOST] = {
	NULL,
	"M-2 2L2 -2M0 8L8 0M6 10L10 6",
	"M-2 6L2 10M0 0L8 8M6 -2L10 2",
	"M0 2H8M0 6H8",
	"M2 0V8M6 0V8",
	"M0 4H8M4 0V8",
};

size_t drawing_letters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

/* The text, cut to so many letters. */
void drawing_short(FILE *out, const char *text, size_t most)
{
	size_t size = 0, count = 0;

	if (drawing_letters(text) <= most) {
		escape_html(out, text, strlen(text));
		return;
	}
	for (; text[size]; size++) {
		count += ((unsigned char)text[size] & 0xc0) != 0x80;
		if (count == most)
			break;
	}
	escape_html(out, text, size);
	fputs("\xe2\x80\xa6", out);
}

/* "run time (ms)": a column's name for people, with the unit that is shown. */
static void put_name(FILE *out, const char *column, const char *unit)
{
	size_t stem;

	chart_unit(column, &stem);
	for (size_t i = 0; i < stem; i++) {
		size_t size = strcspn(column + i, "_");

		size = size < stem - i ? size : stem - i;
		escape_html(out, column + i, size);
		i += size;
		if (i < stem)
			putc(' ', out);
	}
	if (*unit)
		fprintf(out, " (%s)", unit);
}

/* What the values' axis shows; of several columns only the unit is in common. */
static void put_value_name(const struct drawing *drawing, const char *unit)
{
	if (drawing->chart->spec.columns[CHART_VALUE] == 1)
		put_name(drawing->out, drawing->chart->names[CHART_VALUE][0], unit);
	else
		fputs(unit, drawing->out);
}

static int has_legend(const struct chart *chart)
{
	return chart->series_count > 1 || chart->spec.columns[CHART_SERIES];
}

double drawing_legend_height(const struct chart *chart)
{
	double x = 0, lines = has_legend(chart);

	for (unsigned int i = 0; i < chart->series_count && lines; i++) {
		double width = (double)drawing_letters(chart->series[i]);

		width = 42 + LETTER * fmin(width, SERIES_LETTERS);
		if (x > 0 && x + width > WIDTH - 16) {
			lines++;
			x = 0;
		}
		x += width;
	}
	return lines * LEGEND_LINE;
}

/* The mark of a series, by its form; size is half of it. */
void drawing_marker(FILE *out, unsigned int series, double x, double y, double size)
{
	const char *colour = drawing_colours[series];

	switch (series % 6) {
	case 0:
		fprintf(out, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"%.1f\" fill=\"%s\"/>", x, y,
			size, colour);
		return;
	case 1:
		fprintf(out,
			"<rect x=\"%.2f\" y=\"%.2f\" width=\"%.1f\" height=\"%.1f\""
			" fill=\"%s\"/>",
			x - size, y - size, 2 * size, 2 * size, colour);
		return;
	case 2:
		fprintf(out, "<path d=\"M%.2f %.2fl%.1f %.1fh%.1fz\" fill=\"%s\"/>", x,
			y - size, size, 2 * size, -2 * size, colour);
		return;
	case 3:
		fprintf(out,
			"<path d=\"M%.2f %.2fl%.1f %.1fl%.1f %.1fl%.1f %.1fz\" fill=\"%s\"/>",
			x, y - size, size, size, -size, size, -size, -size, colour);
		return;
	case 4:
		fprintf(out, "<path d=\"M%.2f %.2fl%.1f %.1fh%.1fz\" fill=\"%s\"/>", x,
			y + size, size, -2 * size, -2 * size, colour);
		return;
	default:
		fprintf(out,
			"<circle cx=\"%.2f\" cy=\"%.2f\" r=\"%.1f\" fill=\"none\""
			" stroke=\"%s\" stroke-width=\"2\"/>",
			x, y, size, colour);
	}
}

void drawing_fill(const struct drawing *drawing, unsigned int series)
{
	if (patterns[series])
		fprintf(drawing->out, " fill=\"url(#chart-%u-%u)\" stroke=\"%s\"",
			drawing->number, series, drawing_colours[series]);
	else
		fprintf(drawing->out, " fill=\"%s\" stroke=\"%s\"", drawing_colours[series],
			drawing_colours[series]);
}

static void put_patterns(const struct drawing *drawing)
{
	if (drawing->chart->spec.kind != CHART_BAR || drawing->chart->series_count < 2)
		return;
	fputs("<defs>\n", drawing->out);
	for (unsigned int i = 1; i < drawing->chart->series_count; i++)
		fprintf(drawing->out,
			"<pattern id=\"chart-%u-%u\" width=\"8\" height=\"8\""
			" patternUnits=\"userSpaceOnUse\"><path d=\"%s\" stroke=\"%s\""
			" stroke-width=\"2.5\"/></pattern>\n",
			drawing->number, i, patterns[i], drawing_colours[i]);
	fputs("</defs>\n", drawing->out);
}

static void put_swatch(const struct drawing *drawing, unsigned int series, double x, double y)
{
	FILE *out = drawing->out;

	if (drawing->chart->spec.kind == CHART_BAR) {
		fprintf(out, "<rect x=\"%.2f\" y=\"%.2f\" width=\"16\" height=\"10\"", x,
			y - 5);
		drawing_fill(drawing, series);
		fputs("/>", out);
		return;
	}
	if (drawing->chart->spec.kind == CHART_LINE)
		fprintf(out,
			"<path d=\"M%.2f %.2fh20\" stroke=\"%s\" stroke-width=\"2\""
			" stroke-dasharray=\"%s\"/>",
			x - 2, y, drawing_colours[series], drawing_dashes[series]);
	drawing_marker(out, series, x + 8, y, 4);
}

static void put_legend(const struct drawing *drawing)
{
	const struct chart *chart = drawing->chart;
	double x = 8, y = LEGEND_LINE / 2 + 2;

	for (unsigned int i = 0; i < chart->series_count && has_legend(chart); i++) {
		double width = (double)drawing_letters(chart->series[i]);

		width = 42 + LETTER * fmin(width, SERIES_LETTERS);
		if (x > 8 && x - 8 + width > WIDTH - 16) {
			x = 8;
			y += LEGEND_LINE;
		}
		put_swatch(drawing, i, x, y);
		fprintf(drawing->out, "<text x=\"%.2f\" y=\"%.2f\">", x + 24, y + 4);
		drawing_short(drawing->out, chart->series[i], SERIES_LETTERS);
		fputs("</text>\n", drawing->out);
		x += width;
	}
}

static void put_x_axis(const struct drawing *drawing)
{
	const struct chart_axis *axis = &drawing->x;
	FILE *out = drawing->out;
	char text[CHART_NUMBER_SIZE];
	double free_from = -1;

	for (unsigned int i = 0; i < axis->ticks; i++) {
		double x = chart_axis_place(axis, axis->tick[i]);
		double half;

		fprintf(out,
			"<path d=\"M%.2f %.2fV%.2f\" stroke=\"currentColor\""
			" stroke-opacity=\"0.15\"/>",
			x, drawing->top, drawing->bottom);
		chart_axis_tick(axis, axis->tick[i], text);
		half = LETTER * (double)strlen(text) / 2;
		if (x - half < free_from) {
			putc('\n', out);
			continue;
		}
		free_from = x + half + LETTER;
		fprintf(out, "<text x=\"%.2f\" y=\"%.2f\" text-anchor=\"middle\">%s</text>\n",
			x, drawing->bottom + 16, text);
	}
	fprintf(out, "<text x=\"%.2f\" y=\"%.2f\" text-anchor=\"middle\">",
		(axis->from + axis->to) / 2, drawing->bottom + 36);
	if (drawing->chart->spec.kind == CHART_LINE)
		put_name(out, drawing->chart->names[CHART_X][0], axis->unit);
	else
		put_value_name(drawing, axis->unit);
	fputs("</text>\n", out);
}

static void put_y_axis(const struct drawing *drawing)
{
	const struct chart_axis *axis = &drawing->y;
	FILE *out = drawing->out;
	char text[CHART_NUMBER_SIZE];

	for (unsigned int i = 0; i < axis->ticks; i++) {
		double y = chart_axis_place(axis, axis->tick[i]);

		chart_axis_tick(axis, axis->tick[i], text);
		fprintf(out,
			"<path d=\"M%.2f %.2fH%.2f\" stroke=\"currentColor\""
			" stroke-opacity=\"0.15\"/>"
			"<text x=\"%.2f\" y=\"%.2f\" text-anchor=\"end\">%s</text>\n",
			drawing->x.from, y, drawing->x.to, drawing->x.from - 6, y + 4, text);
	}
	fprintf(out, "<text x=\"8\" y=\"%.2f\">", drawing->top - 10);
	put_value_name(drawing, axis->unit);
	fputs("</text>\n", out);
}

static void put_remark(FILE *out, int *count, size_t number, const char *text)
{
	if (number)
		fprintf(out, "%s%zu %s",
			(*count)++ ? "; " : "<p class=\"remark\">Not drawn: ", number, text);
}

static void put_remarks(const struct drawing *drawing)
{
	const struct chart *chart = drawing->chart;
	FILE *out = drawing->out;
	int count = 0;

	put_remark(out, &count, chart->count - drawing->drawn, "points between those that are");
	put_remark(out, &count, chart->unnumbered,
		   chart->spec.is_log_x || chart->spec.is_log_y
			   ? "that are empty, not finite or not above zero"
			   : "that are empty or not finite");
	put_remark(out, &count, chart->left_out, "more");
	if (count)
		fputs(".</p>\n", out);
}

/* The names of the columns of a role. */
static void put_names(const struct drawing *drawing, enum chart_role role, const char *unit)
{
	for (int i = 0; i < drawing->chart->spec.columns[role]; i++) {
		fputs(i ? ", " : "", drawing->out);
		put_name(drawing->out, drawing->chart->names[role][i], unit);
	}
}

static void put_description(const struct drawing *drawing, const char *title)
{
	static const char *const words[] = {"Bars", "Intervals", "Lines"};
	const struct chart *chart = drawing->chart;
	int is_line = chart->spec.kind == CHART_LINE;
	FILE *out = drawing->out;

	fprintf(out, "<title id=\"chart-%u-title\">", drawing->number);
	escape_html(out, title, strlen(title));
	fprintf(out, "</title>\n<desc id=\"chart-%u-desc\">%s: ", drawing->number,
		words[chart->spec.kind]);
	put_names(drawing, CHART_VALUE, is_line ? drawing->y.unit : drawing->x.unit);
	fputs(" by ", out);
	put_names(drawing, is_line ? CHART_X : CHART_LABEL, is_line ? drawing->x.unit : "");
	if (chart->spec.columns[CHART_SERIES])
		fputs(", for each ", out);
	put_names(drawing, CHART_SERIES, "");
	fputs(". The numbers are in the table.</desc>\n", out);
}

void chart_draw(const struct chart *chart, FILE *out, unsigned int number, const char *title)
{
	struct drawing drawing = {.chart = chart, .out = out, .number = number};
	int is_line = chart->spec.kind == CHART_LINE;

	if (chart_is_empty(chart))
		return;
	(is_line ? drawing_fit_lines : drawing_fit_rows)(&drawing);
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\""
		" width=\"%.0f\" height=\"%.0f\" role=\"img\""
		" aria-labelledby=\"chart-%u-title chart-%u-desc\""
		" font-family=\"system-ui, sans-serif\" font-size=\"12\""
		" fill=\"currentColor\">\n",
		WIDTH, ceil(drawing.bottom + ROOM_BELOW), WIDTH,
		ceil(drawing.bottom + ROOM_BELOW), number, number);
	put_description(&drawing, title);
	put_patterns(&drawing);
	put_legend(&drawing);
	put_x_axis(&drawing);
	if (is_line) {
		put_y_axis(&drawing);
		drawing_lines(&drawing);
	} else {
		drawing_rows(&drawing);
	}
	fputs("</svg>\n", out);
	put_remarks(&drawing);
}
