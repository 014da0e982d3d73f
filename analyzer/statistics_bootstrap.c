/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intervals by drawing again from what was measured.
 */
#include "analyzer/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014). */
static uint64_t draw(uint64_t *state)
{
	uint64_t word = *state += 0x9e3779b97f4a7c15ULL;

	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9ULL;
	word = (word ^ word >> 27) * 0x94d049bb133111ebULL;
	return word ^ word >> 31;
}

/* Uneven by less than count / 2^64. */
static size_t draw_below(uint64_t *state, size_t count)
{
	return (size_t)((unsigned __int128)draw(state) * count >> 64);
}

/* Samples of the same sizes, to be filled; one piece of memory, freed by the first's values. */
static struct statistics_sample *samples_like(const struct statistics_sample *samples,
					      size_t sample_count)
{
	struct statistics_sample *copy;
	size_t total = 0;
	double *values;

	for (size_t i = 0; i < sample_count; i++)
		total += samples[i].count;
	copy = calloc(1, sample_count * sizeof(*copy) + total * sizeof(*values));
	if (!copy)
		return NULL;
	values = (double *)(copy + sample_count);
	for (size_t i = 0; i < sample_count; i++) {
		copy[i] = (struct statistics_sample){values, samples[i].count};
		values += samples[i].count;
	}
	return copy;
}

static void copy_values(const struct statistics_sample *from, size_t sample_count,
			struct statistics_sample *to)
{
	for (size_t i = 0; i < sample_count; i++) {
		to[i].count = from[i].count;
		memcpy(to[i].values, from[i].values, from[i].count * sizeof(double));
	}
}

static void draw_values(const struct statistics_sample *from, size_t sample_count,
			struct statistics_sample *to, uint64_t *state)
{
	for (size_t i = 0; i < sample_count; i++)
		for (size_t j = 0; j < from[i].count; j++)
			to[i].values[j] = from[i].values[draw_below(state, from[i].count)];
}

static int are_samples(const struct statistics_sample *samples, size_t sample_count)
{
	for (size_t i = 0; i < sample_count; i++) {
		if (!samples[i].count)
			return 0;
		for (size_t j = 0; j < samples[i].count; j++)
			if (!isfinite(samples[i].values[j]))
				return 0;
	}
	return sample_count > 0;
}

/* What the estimator says without each value of one sample in turn. */
static void leave_out_each(statistics_estimator *estimator, void *closure,
			   const struct statistics_sample *samples, size_t sample_count,
			   size_t chosen, struct statistics_sample *scratch, double *without)
{
	const struct statistics_sample *sample = &samples[chosen];

	for (size_t i = 0; i < sample->count; i++) {
		copy_values(samples, sample_count, scratch);
		memmove(&scratch[chosen].values[i], &sample->values[i + 1],
			(sample->count - 1 - i) * sizeof(double));
		scratch[chosen].count--;
		without[i] = estimator(scratch, closure);
	}
}

int statistics_acceleration(statistics_estimator *estimator, void *closure,
			    const struct statistics_sample *samples, size_t sample_count,
			    double *acceleration)
{
	struct statistics_sample *scratch;
	double squares = 0, cubes = 0, a;

	if (!are_samples(samples, sample_count))
		return -EINVAL;
	scratch = samples_like(samples, sample_count);
	if (!scratch)
		return -ENOMEM;
	for (size_t k = 0; k < sample_count; k++) {
		double n = (double)samples[k].count, mean, *without;

		if (samples[k].count < 2)
			continue;
		without = calloc(samples[k].count, sizeof(*without));
		if (!without) {
			free(scratch);
			return -ENOMEM;
		}
		leave_out_each(estimator, closure, samples, sample_count, k, scratch, without);
		mean = statistics_mean(without, samples[k].count);
		for (size_t i = 0; i < samples[k].count; i++) {
			double influence = (n - 1) * (mean - without[i]) / n;

			squares += influence * influence;
			cubes += influence * influence * influence;
		}
		free(without);
	}
	free(scratch);
	a = squares > 0 ? cubes / (6 * pow(squares, 1.5)) : 0;
	if (!isfinite(squares) || !isfinite(a))
		return -EINVAL;
	*acceleration = a;
	return 0;
}

/* Between two order statistics, as if they stood at their normal quantiles. */
static double resampled_quantile(const double *sorted, size_t count, double part)
{
	double place = (double)(count + 1) * part, below = floor(place + 1e-9), low, high;
	size_t k;

	if (below < 1)
		return sorted[0];
	if (below >= (double)count)
		return sorted[count - 1];
	k = (size_t)below;
	if (fabs(place - below) <= 1e-9)
		return sorted[k - 1];
	low = statistics_normal_quantile(below / (double)(count + 1));
	high = statistics_normal_quantile((below + 1) / (double)(count + 1));
	return sorted[k - 1] + (statistics_normal_quantile(part) - low) / (high - low) *
				       (sorted[k] - sorted[k - 1]);
}

static double corrected_part(double bias, double acceleration, double z)
{
	double scale = 1 - acceleration * (bias + z);

	if (scale <= 0)
		return bias + z > 0;
	return erfc(-(bias + (bias + z) / scale) / sqrt(2)) / 2;
}

struct statistics_estimate statistics_bootstrap_interval(double value, double acceleration,
							 const double *resamples, size_t count,
							 double confidence)
{
	double tail = (1 - confidence) / 2, z = statistics_normal_quantile(1 - tail);
	double below = 0, bias, n = (double)count;

	/* An equal one lies half below; one side is never quite empty. */
	for (size_t i = 0; i < count; i++)
		below += resamples[i] < value ? 1 : resamples[i] == value ? 0.5 : 0;
	bias = statistics_normal_quantile(fmin(fmax(below, 0.5), n - 0.5) / n);
	return (struct statistics_estimate){
		.value = value,
		.percentile_low = resampled_quantile(resamples, count, tail),
		.percentile_high = resampled_quantile(resamples, count, 1 - tail),
		.low = resampled_quantile(resamples, count,
					  corrected_part(bias, acceleration, -z)),
		.high = resampled_quantile(resamples, count,
					   corrected_part(bias, acceleration, z)),
	};
}

int statistics_bootstrap(const struct statistics_bootstrap *bootstrap,
			 const struct statistics_sample *samples, size_t sample_count,
			 struct statistics_estimate *estimate)
{
	struct statistics_sample *scratch;
	uint64_t state = bootstrap->seed;
	double acceleration, value, *resamples;
	int error, is_finite;

	if (!bootstrap->resamples || !(bootstrap->confidence > 0 && bootstrap->confidence < 1))
		return -EINVAL;
	error = statistics_acceleration(bootstrap->estimator, bootstrap->closure, samples,
					sample_count, &acceleration);
	if (error)
		return error;
	scratch = samples_like(samples, sample_count);
	resamples = calloc(bootstrap->resamples, sizeof(*resamples));
	if (!scratch || !resamples) {
		error = -ENOMEM;
		goto done;
	}
	copy_values(samples, sample_count, scratch);
	value = bootstrap->estimator(scratch, bootstrap->closure);
	is_finite = isfinite(value);
	for (size_t i = 0; i < bootstrap->resamples && is_finite; i++) {
		draw_values(samples, sample_count, scratch, &state);
		resamples[i] = bootstrap->estimator(scratch, bootstrap->closure);
		is_finite = isfinite(resamples[i]);
	}
	if (!is_finite) {
		error = -EINVAL;
		goto done;
	}
	statistics_sort(resamples, bootstrap->resamples);
	*estimate = statistics_bootstrap_interval(value, acceleration, resamples,
						  bootstrap->resamples, bootstrap->confidence);
done:
	free(resamples);
	free(scratch);
	return error;
}
