/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptions, distributions, proportions and families of tests.
 */
#include "analyzer/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

void statistics_sort(double *values, size_t count)
{
	if (count)
		qsort(values, count, sizeof(*values), by_value);
}

double statistics_quantile(const double *sorted, size_t count, double at)
{
	double place, part;
	size_t below;

	if (!count || !(at >= 0 && at <= 1))
		return NAN;
	place = at * (double)(count - 1);
	below = (size_t)place;
	part = place - (double)below;
	if (part <= 0 || sorted[below] == sorted[below + 1])
		return sorted[below];
	return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

double statistics_mean(const double *values, size_t count)
{
	double sum = 0, rest = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	sum /= (double)count;
	if (!isfinite(sum))
		return sum;
	for (size_t i = 0; i < count; i++)
		rest += values[i] - sum;
	return sum + rest / (double)count;
}

double statistics_deviation(const double *values, size_t count)
{
	double mean = statistics_mean(values, count), sum = 0;

	if (count < 2)
		return NAN;
	for (size_t i = 0; i < count; i++)
		sum += (values[i] - mean) * (values[i] - mean);
	return sqrt(sum / (double)(count - 1));
}

static int median_distance(const double *values, size_t count, double from, double *median)
{
	double *copy, middle;

	if (!count)
		return -EINVAL;
	copy = calloc(count, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		copy[i] = isnan(from) ? values[i] : fabs(values[i] - from);
		if (isnan(copy[i])) {
			free(copy);
			return -EINVAL;
		}
	}
	statistics_sort(copy, count);
	middle = statistics_quantile(copy, count, 0.5);
	free(copy);
	if (isnan(middle)) /* between the two infinities */
		return -EINVAL;
	*median = middle;
	return 0;
}

int statistics_median(const double *values, size_t count, double *median)
{
	return median_distance(values, count, NAN, median);
}

int statistics_mad(const double *values, size_t count, double *mad)
{
	double median;
	int error = statistics_median(values, count, &median);

	if (error)
		return error;
	return isfinite(median) ? median_distance(values, count, median, mad) : -EINVAL;
}

/* --- distributions --- */

static double normal_above(double value, size_t unused)
{
	return erfc(value / sqrt(2)) / 2;
}

static double student_above(double value, size_t freedom)
{
	double ratio = value / sqrt((double)freedom), angle = atan(ratio);
	double square = 1 / (1 + ratio * ratio), term, sum = 0;
	size_t odd = freedom % 2;

	term = odd ? sqrt(square) : 1;
	for (size_t k = odd; k + 2 <= freedom; k += 2) {
		sum += term;
		term *= square * (double)(k + 1) / (double)(k + 2);
	}
	sum *= sin(angle);
	if (odd)
		sum = (angle + sum) * M_2_PI;
	return (1 - sum) / 2;
}

/* The value above which that part lies; part is at most 1/2. */
static double value_with_above(double (*above)(double, size_t), size_t freedom, double part)
{
	double low = 0, high = 1;

	while (above(high, freedom) > part && high < 1e300)
		high *= 2;
	for (;;) {
		double middle = low + (high - low) / 2;

		if (middle <= low || middle >= high)
			return middle;
		if (above(middle, freedom) > part)
			low = middle;
		else
			high = middle;
	}
}

static double quantile_of(double (*above)(double, size_t), size_t freedom, double part)
{
	if (!(part >= 0 && part <= 1))
		return NAN;
	if (part == 0 || part == 1)
		return part == 0 ? -INFINITY : INFINITY;
	if (part == 0.5)
		return 0;
	return part < 0.5 ? -value_with_above(above, freedom, part)
			  : value_with_above(above, freedom, 1 - part);
}

double statistics_normal_quantile(double part)
{
	return quantile_of(normal_above, 0, part);
}

double statistics_student_quantile(double part, size_t freedom)
{
	return freedom ? quantile_of(student_above, freedom, part) : NAN;
}

/* --- proportions, families, resolution --- */

void statistics_wilson(double part, double whole, double confidence, double *low, double *high)
{
	double z = statistics_normal_quantile((1 + confidence) / 2);
	double p = part / whole, centre, spread;

	if (!(whole > 0)) {
		*low = *high = NAN;
		return;
	}
	centre = p + z * z / (2 * whole);
	spread = z * sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole));
	*low = fmax(0, (centre - spread) / (1 + z * z / whole));
	*high = fmin(1, (centre + spread) / (1 + z * z / whole));
}

struct member {
	double p;
	size_t place;
};

static int by_p(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	return (a->p > b->p) - (a->p < b->p);
}

int statistics_holm(const double *p, size_t count, double *adjusted)
{
	struct member *members;
	double largest = 0;

	for (size_t i = 0; i < count; i++)
		if (!(p[i] >= 0 && p[i] <= 1))
			return -EINVAL;
	if (!count)
		return 0;
	members = calloc(count, sizeof(*members));
	if (!members)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		members[i] = (struct member){.p = p[i], .place = i};
	qsort(members, count, sizeof(*members), by_p);
	for (size_t i = 0; i < count; i++) {
		largest = fmax(largest, fmin(1, (double)(count - i) * members[i].p));
		adjusted[members[i].place] = largest;
	}
	free(members);
	return 0;
}

double statistics_detectable(double deviation, size_t pairs, double alpha, double power)
{
	if (pairs < 2)
		return INFINITY;
	return (statistics_student_quantile(1 - alpha / 2, pairs - 1) +
		statistics_student_quantile(power, pairs - 1)) *
	       deviation / sqrt((double)pairs);
}
