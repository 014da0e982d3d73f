/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An axis of a chart.
 */
#include "analyzer/chart_axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* About so many ticks. */
#define WANTED 6

static const struct unit {
	const char *suffix; /* of the column's name */
	const char *shown;
	const struct {
		double scale;
		const char *shown;
	} larger[4]; /* ends with a scale of 0 */
} units[] = {
	{"_bytes_per_s", "bytes/s", {{1e3, "kB/s"}, {1e6, "MB/s"}, {1e9, "GB/s"}, {0, NULL}}},
	{"_per_s", "per s", {{0, NULL}}},
	{"_per_second", "per s", {{0, NULL}}},
	{"_ns", "ns", {{1e3, "\xc2\xb5s"}, {1e6, "ms"}, {1e9, "s"}, {0, NULL}}},
	{"_us", "\xc2\xb5s", {{1e3, "ms"}, {1e6, "s"}, {0, NULL}}},
	{"_ms", "ms", {{1e3, "s"}, {0, NULL}}},
	{"_s", "s", {{0, NULL}}},
	{"_seconds", "s", {{0, NULL}}},
	{"_bytes", "bytes", {{1e3, "kB"}, {1e6, "MB"}, {1e9, "GB"}, {0, NULL}}},
	{"_bits", "bits", {{0, NULL}}},
	{"_packets", "packets", {{0, NULL}}},
	{"_percent", "%", {{0, NULL}}},
};

/* The unit, or NULL. A name that is only the unit ("bytes") has it, too. */
static const struct unit *find_unit(const char *column, size_t *stem)
{
	size_t size = strlen(column);

	*stem = size;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t suffix = strlen(units[i].suffix);

		if (size > suffix && !strcmp(column + size - suffix, units[i].suffix)) {
			*stem = size - suffix;
			return &units[i];
		}
		if (suffix > 3 && !strcmp(column, units[i].suffix + 1))
			return &units[i];
	}
	return NULL;
}

const char *chart_unit(const char *column, size_t *stem)
{
	const struct unit *unit = find_unit(column, stem);

	return unit ? unit->shown : "";
}

static void set_unit(struct chart_axis *axis, double largest, const char *column)
{
	size_t stem;
	const struct unit *unit = find_unit(column, &stem);

	axis->scale = 1;
	axis->unit = unit ? unit->shown : "";
	for (size_t i = 0; unit && unit->larger[i].scale != 0; i++) {
		if (largest >= unit->larger[i].scale) {
			axis->scale = unit->larger[i].scale;
			axis->unit = unit->larger[i].shown;
		}
	}
}

/* Between equal values, and between such that a double hardly tells apart, stands no tick. */
static void widen(double *low, double *high)
{
	double largest = fmax(fabs(*low), fabs(*high)), middle = *low / 2 + *high / 2;

	if (*high - *low > largest * 1e-9 && *high - *low > 1e-300)
		return;
	if (largest < 1e-290) {
		*low = 0;
		*high = 1;
	} else {
		*low = middle - largest / 2;
		*high = middle + largest / 2;
	}
}

static void fit_linear(struct chart_axis *axis, double low, double high)
{
	double power, step, first, last;

	widen(&low, &high);
	power = pow(10, floor(log10((high - low) / WANTED)));
	step = (high - low) / WANTED / power;
	step = power * (step <= 1 ? 1 : step <= 2 ? 2 : step <= 5 ? 5 : 10);
	first = floor(low / step);
	last = ceil(high / step);
	axis->low = first * step;
	axis->high = last * step;
	axis->ticks = 0;
	for (double i = first; i <= last && axis->ticks < CHART_TICKS; i++)
		axis->tick[axis->ticks++] = i * step;
	axis->decimals = (int)fmax(0, -floor(log10(step / axis->scale) + 1e-9));
	if (axis->decimals > 9 || fmax(fabs(axis->low), fabs(axis->high)) / axis->scale >= 1e15)
		axis->decimals = -1;
}

/* Leave out the ticks beyond the first and the last that are needed. */
static void trim(struct chart_axis *axis, double low, double high)
{
	unsigned int first = 0;

	while (axis->ticks > 2 && axis->tick[axis->ticks - 2] >= high)
		axis->ticks--;
	while (axis->ticks - first > 2 && axis->tick[first + 1] <= low)
		first++;
	axis->ticks -= first;
	memmove(axis->tick, axis->tick + first, axis->ticks * sizeof(axis->tick[0]));
	axis->low = axis->tick[0];
	axis->high = axis->tick[axis->ticks - 1];
}

static void fit_log(struct chart_axis *axis, double low, double high)
{
	double first = floor(log10(low) + 1e-12), last = ceil(log10(high) - 1e-12);
	static const double digits[] = {1, 2, 5};
	double stride;
	int parts;

	if (last <= first)
		last = first + 1;
	stride = ceil((last - first) / (CHART_TICKS / 4));
	parts = last - first <= 4 ? 3 : 1;
	axis->ticks = 0;
	for (double i = first; i <= last; i += stride)
		for (int j = 0; j < parts && axis->ticks < CHART_TICKS; j++)
			if (i < last || !j)
				axis->tick[axis->ticks++] = digits[j] * pow(10, i);
	axis->low = pow(10, first);
	axis->high = pow(10, last);
	axis->decimals = -1;
	if (stride == 1)
		trim(axis, low, high);
}

void chart_axis_fit(struct chart_axis *axis, double low, double high, int is_log,
		    const char *column)
{
	set_unit(axis, fmax(fabs(low), fabs(high)), column);
	axis->is_log = is_log;
	if (is_log)
		fit_log(axis, low, high);
	else
		fit_linear(axis, low, high);
}

double chart_axis_place(const struct chart_axis *axis, double value)
{
	double part;

	if (axis->is_log)
		part = (log10(value) - log10(axis->low)) /
		       (log10(axis->high) - log10(axis->low));
	else
		part = (value - axis->low) / (axis->high - axis->low);
	return axis->from + (axis->to - axis->from) * part;
}

/* The digits with a comma before each third one of the whole part. */
static void group(const char *digits, char text[CHART_NUMBER_SIZE])
{
	size_t whole = strcspn(digits, "."), size = 0;

	for (size_t i = 0; digits[i] && size + 2 < CHART_NUMBER_SIZE; i++) {
		if (i && i < whole && (whole - i) % 3 == 0 && digits[i - 1] != '-')
			text[size++] = ',';
		text[size++] = digits[i];
	}
	text[size] = 0;
}

static void put_number(double value, int decimals, char text[CHART_NUMBER_SIZE])
{
	char digits[CHART_NUMBER_SIZE];
	double size = fabs(value);
	int is_short = decimals < 0;

	if (is_short && size != 0 && (size >= 1e15 || size < 1e-4)) {
		snprintf(text, CHART_NUMBER_SIZE, "%.4g", value);
		return;
	}
	if (is_short)
		decimals = size != 0 ? (int)fmax(0, 3 - floor(log10(size))) : 0;
	snprintf(digits, sizeof(digits), "%.*f", decimals, value == 0 ? 0.0 : value);
	if (is_short && strchr(digits, '.')) {
		size_t end = strlen(digits);

		while (digits[end - 1] == '0')
			end--;
		digits[digits[end - 1] == '.' ? end - 1 : end] = 0;
	}
	group(digits, text);
}

void chart_axis_tick(const struct chart_axis *axis, double value, char text[CHART_NUMBER_SIZE])
{
	put_number(value / axis->scale, axis->decimals, text);
}

void chart_axis_value(const struct chart_axis *axis, double value, char text[CHART_NUMBER_SIZE])
{
	put_number(value / axis->scale, -1, text);
}
