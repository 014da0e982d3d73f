/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An axis of a chart: from values to places, ticks at 1, 2 or 5 times a power of ten, and the
 * unit, which the column's name ends with.
 */
#ifndef ANALYZER_CHART_AXIS_H
#define ANALYZER_CHART_AXIS_H

#include <stddef.h>

#define CHART_TICKS	  40
#define CHART_NUMBER_SIZE 48

/* Larger values are not drawn, and on a log axis none below 1 / CHART_LIMIT: differences and
 * powers stay finite.
 */
#define CHART_LIMIT 1e300

struct chart_axis {
	double low, high; /* the domain, in the column's unit */
	double from, to;  /* where those are, in pixels */
	int is_log;	  /* low is above 0 */
	double scale;	  /* what one of the unit shown is in the column's unit */
	const char *unit; /* shown; "": none */
	int decimals;	  /* of the ticks; -1: as each needs */
	unsigned int ticks;
	double tick[CHART_TICKS];
};

/*
 * The unit that a column's name ends with, as it is shown ("ns" of "run_time_ns"); "" when
 * there is none. *stem is how many bytes of the name stand before it.
 */
const char *chart_unit(const char *column, size_t *stem);

/* Take in all values from low to high (both finite), widened to ticks. from and to stay. */
void chart_axis_fit(struct chart_axis *axis, double low, double high, int is_log,
		    const char *column);

double chart_axis_place(const struct chart_axis *axis, double value);

/* A tick's text, and any value's with four digits, both in the unit shown. */
void chart_axis_tick(const struct chart_axis *axis, double value, char text[CHART_NUMBER_SIZE]);
void chart_axis_value(const struct chart_axis *axis, double value,
		      char text[CHART_NUMBER_SIZE]);

#endif
