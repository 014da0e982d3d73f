/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hodges and Lehmann's estimate of paired differences, by bootstrap.
 *
 * A resample is held as how often each value was drawn, so that it needs no sorting. Its Walsh
 * averages are never made: how many of them are not above a limit is counted in one pass from
 * both ends, and the limit found by bisection.
 */
#include "analyzer/models/overhead_estimate.h"
#include "analyzer/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define CONFIDENCE 0.95
#define POWER	   0.8
#define BISECTIONS 60
#define COARSE	   24  /* of a resample: the interval's ends need no more */
#define MANY	   200 /* values, above which half of the resamples say the same */

/* Sorted values, and how often each is there. */
struct drawn {
	const double *values;
	uint64_t *times;
	uint64_t *before; /* how many there are before each; one more, the last: all */
	size_t count;
};

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014). */
static uint64_t draw(uint64_t *state)
{
	uint64_t word = *state += 0x9e3779b97f4a7c15ULL;

	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9ULL;
	word = (word ^ word >> 27) * 0x94d049bb133111ebULL;
	return word ^ word >> 31;
}

static void redraw(struct drawn *drawn, uint64_t *state)
{
	for (size_t i = 0; i < drawn->count; i++)
		drawn->times[i] = 0;
	for (size_t i = 0; i < drawn->count; i++)
		drawn->times[(unsigned __int128)draw(state) * drawn->count >> 64]++;
}

static void add_up(struct drawn *drawn)
{
	drawn->before[0] = 0;
	for (size_t i = 0; i < drawn->count; i++)
		drawn->before[i + 1] = drawn->before[i] + drawn->times[i];
}

/* How many Walsh averages are not above limit. */
static uint64_t averages_within(const struct drawn *drawn, double limit)
{
	size_t partners = drawn->count;
	uint64_t ordered = 0, alone = 0;

	for (size_t i = 0; i < drawn->count; i++) {
		while (partners &&
		       drawn->values[i] / 2 + drawn->values[partners - 1] / 2 > limit)
			partners--;
		ordered += drawn->times[i] * drawn->before[partners];
		alone += drawn->values[i] <= limit ? drawn->times[i] : 0;
	}
	return (ordered + alone) / 2;
}

/* The place-th of the Walsh averages, the first is 1; it lies between low and high. */
static double average_at(const struct drawn *drawn, uint64_t place, double low, double high,
			 int bisections)
{
	for (int i = 0; i < bisections; i++) {
		double middle = low / 2 + high / 2;

		if (averages_within(drawn, middle) >= place)
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* The median of the Walsh averages; all lie between low and high. */
static double median_average(const struct drawn *drawn, double low, double high, int bisections)
{
	uint64_t n = drawn->before[drawn->count], averages = n * (n + 1) / 2;
	double lower = average_at(drawn, (averages + 1) / 2, low, high, bisections);

	if (averages % 2)
		return lower;
	return lower / 2 + average_at(drawn, averages / 2 + 1, lower, high, bisections) / 2;
}

/*
 * The median of one resample. Nearly all lie close to the estimate: those that do not are
 * looked for everywhere.
 */
static double resample(const struct drawn *drawn, double value, double reach)
{
	uint64_t n = drawn->before[drawn->count], half = n * (n + 1) / 4;
	double first = drawn->values[0], last = drawn->values[drawn->count - 1];
	double low = fmax(value - reach, first), high = fmin(value + reach, last);

	if (averages_within(drawn, low) >= half || averages_within(drawn, high) < half + 1) {
		low = first;
		high = last;
	}
	return median_average(drawn, low, high, COARSE);
}

/* How much of each tail an interval of few values leaves out. */
static double widened_tail(size_t count)
{
	double n = (double)count;
	double t = statistics_student_quantile((1 + CONFIDENCE) / 2, count - 1);

	return erfc(sqrt(n / (n - 1)) * t / sqrt(2)) / 2;
}

static void put_interval(double *medians, size_t resamples, struct overhead_estimate *estimate)
{
	double n = (double)estimate->count, tail = widened_tail(estimate->count);

	statistics_sort(medians, resamples);
	estimate->low = statistics_quantile(medians, resamples, tail);
	estimate->high = statistics_quantile(medians, resamples, 1 - tail);
	estimate->standard_error = statistics_deviation(medians, resamples) * sqrt(n / (n - 1));
}

static int draw_medians(struct drawn *drawn, size_t resamples, uint64_t seed,
			struct overhead_estimate *estimate)
{
	double *medians = calloc(resamples, sizeof(*medians));
	double n = (double)drawn->count, range[2], reach;

	if (!medians)
		return -ENOMEM;
	range[0] = statistics_quantile(drawn->values, drawn->count, 0.25);
	range[1] = statistics_quantile(drawn->values, drawn->count, 0.75);
	reach = 6 * (range[1] - range[0]) / sqrt(n);
	for (size_t i = 0; i < resamples; i++) {
		redraw(drawn, &seed);
		add_up(drawn);
		medians[i] = resample(drawn, estimate->value, reach);
	}
	put_interval(medians, resamples, estimate);
	free(medians);
	return 0;
}

static int test(const double *values, size_t count, struct overhead_estimate *estimate)
{
	struct statistics_test test;
	struct statistics_shift shift;
	int error = statistics_signed_rank(values, count, &test);

	if (error)
		return error;
	estimate->p = test.two_sided;
	estimate->confidence = CONFIDENCE;
	if (count <= STATISTICS_EXACT_MAX) {
		error = statistics_paired_shift(values, count, CONFIDENCE, &shift);
		estimate->confidence = error ? 0 : shift.confidence;
	}
	return error;
}

int overhead_estimate(const double *values, size_t count, size_t resamples, uint64_t seed,
		      struct overhead_estimate *out)
{
	struct overhead_estimate estimate = {
		.count = count, .low = NAN, .high = NAN, .standard_error = NAN};
	uint64_t *numbers;
	double *sorted;
	struct drawn drawn;
	int error;

	for (size_t i = 0; i < count; i++)
		if (!isfinite(values[i]))
			return -EINVAL;
	if (!count || !resamples)
		return -EINVAL;
	error = test(values, count, &estimate);
	if (error)
		return error;
	sorted = calloc(count, sizeof(*sorted));
	numbers = calloc(2 * count + 1, sizeof(*numbers));
	if (!sorted || !numbers) {
		error = -ENOMEM;
		goto done;
	}
	drawn = (struct drawn){sorted, numbers, numbers + count, count};
	for (size_t i = 0; i < count; i++) {
		sorted[i] = values[i];
		drawn.times[i] = 1;
	}
	statistics_sort(sorted, count);
	add_up(&drawn);
	estimate.value = median_average(&drawn, sorted[0], sorted[count - 1], BISECTIONS);
	if (count > 1)
		error = draw_medians(&drawn, count > MANY ? (resamples + 1) / 2 : resamples,
				     seed, &estimate);
	if (!error)
		*out = estimate;
done:
	free(numbers);
	free(sorted);
	return error;
}

double overhead_detectable(const struct overhead_estimate *estimate, double alpha)
{
	double n = (double)estimate->count;

	return statistics_detectable(estimate->standard_error * sqrt(n), estimate->count, alpha,
				     POWER);
}
