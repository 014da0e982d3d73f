/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the statistics: against another program's answers (testdata/statistics), on paper
 * where samples are degenerate, and by simulation where chance is part of the method.
 */
#include "analyzer/statistics.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define VECTORS	  "testdata/statistics/vectors.tsv"
#define VALUES	  256
#define RELATIVE  1e-9
#define ESTIMATES 5 /* answers of a bootstrap */

struct list {
	double values[VALUES];
	size_t count;
};

struct vector {
	char function[32], name[32];
	struct list first, second, arguments, answers;
};

/* --- vectors --- */

static struct list list_of(const char *text)
{
	struct list list = {0};

	while (text && *text && *text != '\n') {
		char *end;

		assert_true(list.count < VALUES);
		list.values[list.count++] = strtod(text, &end);
		assert_ptr_not_equal(end, text);
		text = end + (*end == ',');
	}
	return list;
}

static void compare(const struct vector *vector, size_t place, double got)
{
	double want = vector->answers.values[place];

	if (!(fabs(got - want) <= RELATIVE * fmax(fabs(want), 1e-12)))
		fail_msg("%s, %s, answer %zu: %.17g, not %.17g", vector->function, vector->name,
			 place, got, want);
}

/* Calls check for each vector of that function. */
static void each(const char *function, void (*check)(const struct vector *vector))
{
	FILE *file = fopen(VECTORS, "r");
	char *line = NULL, *fields[6];
	size_t size = 0, vectors = 0;

	assert_non_null(file);
	while (getline(&line, &size, file) > 0) {
		struct vector vector = {0};
		char *rest = line;
		size_t count = 0;

		if (*line == '#')
			continue;
		while (count < 6 && (fields[count] = strsep(&rest, "\t")))
			count++;
		assert_int_equal(count, 6);
		if (strcmp(fields[0], function))
			continue;
		snprintf(vector.function, sizeof(vector.function), "%s", fields[0]);
		snprintf(vector.name, sizeof(vector.name), "%s", fields[1]);
		vector.first = list_of(fields[2]);
		vector.second = list_of(fields[3]);
		vector.arguments = list_of(fields[4]);
		vector.answers = list_of(fields[5]);
		check(&vector);
		vectors++;
	}
	free(line);
	fclose(file);
	assert_true(vectors > 0);
}

static void compare_test(const struct vector *vector, const struct statistics_test *test)
{
	compare(vector, 0, test->statistic);
	compare(vector, 1, test->two_sided);
	compare(vector, 2, test->less);
	compare(vector, 3, test->greater);
	compare(vector, 4, test->is_exact);
}

static void check_mann_whitney(const struct vector *v)
{
	struct statistics_test test;

	assert_int_equal(statistics_mann_whitney(v->first.values, v->first.count,
						 v->second.values, v->second.count, &test),
			 0);
	compare_test(v, &test);
}

static void check_signed_rank(const struct vector *v)
{
	struct statistics_test test;

	assert_int_equal(statistics_signed_rank(v->first.values, v->first.count, &test), 0);
	compare_test(v, &test);
}

static void compare_shift(const struct vector *v, const struct statistics_shift *shift)
{
	compare(v, 0, shift->shift);
	compare(v, 1, shift->low);
	compare(v, 2, shift->high);
	compare(v, 3, shift->confidence);
}

static void check_shift(const struct vector *v)
{
	struct statistics_shift shift;

	assert_int_equal(statistics_shift(v->first.values, v->first.count, v->second.values,
					  v->second.count, v->arguments.values[0], &shift),
			 0);
	compare_shift(v, &shift);
}

static void check_paired_shift(const struct vector *v)
{
	struct statistics_shift shift;

	assert_int_equal(statistics_paired_shift(v->first.values, v->first.count,
						 v->arguments.values[0], &shift),
			 0);
	compare_shift(v, &shift);
}

/* Normal places against exact ones: off by at most 1 % of the interval. */
static void compare_near(const struct vector *v, const struct statistics_shift *shift)
{
	const double *want = v->answers.values;
	double allowed = 0.01 * (want[2] - want[1]);

	compare(v, 0, shift->shift);
	assert_true(fabs(shift->low - want[1]) <= allowed);
	assert_true(fabs(shift->high - want[2]) <= allowed);
	assert_true(fabs(shift->confidence - want[3]) <= 0.001);
}

static void check_shift_near(const struct vector *v)
{
	struct statistics_shift shift;

	assert_int_equal(statistics_shift(v->first.values, v->first.count, v->second.values,
					  v->second.count, v->arguments.values[0], &shift),
			 0);
	compare_near(v, &shift);
}

static void check_paired_shift_near(const struct vector *v)
{
	struct statistics_shift shift;

	assert_int_equal(statistics_paired_shift(v->first.values, v->first.count,
						 v->arguments.values[0], &shift),
			 0);
	compare_near(v, &shift);
}

static void check_wilson(const struct vector *v)
{
	const double *a = v->arguments.values;
	double low, high;

	statistics_wilson(a[0], a[1], a[2], &low, &high);
	/* Near 0 both programs subtract what is near equal. */
	if (fabs(low - v->answers.values[0]) > 1e-15)
		compare(v, 0, low);
	compare(v, 1, high);
}

static void check_newcombe(const struct vector *v)
{
	const double *a = v->arguments.values;
	double low, high;

	statistics_newcombe(a[0], a[1], a[2], a[3], a[4], &low, &high);
	compare(v, 0, low);
	compare(v, 1, high);
}

/* Tables of ten million are sums of logarithms that large. */
static void check_fisher(const struct vector *v)
{
	const double *a = v->arguments.values;
	int is_exact;
	double p = statistics_fisher(a[0], a[1], a[2], a[3], &is_exact);

	assert_true(is_exact);
	if (!(fabs(p - v->answers.values[0]) <= 1e-6 * v->answers.values[0]))
		fail_msg("fisher %g of %g, %g of %g: %.17g, not %.17g", a[0], a[1], a[2], a[3],
			 p, v->answers.values[0]);
}

static void check_holm(const struct vector *v)
{
	double adjusted[VALUES];

	assert_int_equal(statistics_holm(v->first.values, v->first.count, adjusted), 0);
	for (size_t i = 0; i < v->first.count; i++)
		compare(v, i, adjusted[i]);
}

static void check_quantile(const struct vector *v)
{
	compare(v, 0,
		statistics_quantile(v->first.values, v->first.count, v->arguments.values[0]));
}

static void check_describe(const struct vector *v)
{
	double median, mad;

	assert_int_equal(statistics_median(v->first.values, v->first.count, &median), 0);
	assert_int_equal(statistics_mad(v->first.values, v->first.count, &mad), 0);
	compare(v, 0, median);
	compare(v, 1, mad);
	compare(v, 2, statistics_mean(v->first.values, v->first.count));
	compare(v, 3, statistics_deviation(v->first.values, v->first.count));
}

static void check_normal(const struct vector *v)
{
	compare(v, 0, statistics_normal_quantile(v->arguments.values[0]));
}

static void check_student(const struct vector *v)
{
	const double *a = v->arguments.values;

	compare(v, 0, statistics_student_quantile(a[0], (size_t)a[1]));
}

static double detectable(const struct vector *v)
{
	const double *a = v->arguments.values;

	return statistics_detectable(a[0], (size_t)a[1], a[2], a[3]);
}

static void check_detectable(const struct vector *v)
{
	compare(v, 0, detectable(v));
}

/* The formula stands in for the noncentral distribution: within 1 % from ten pairs on. */
static void check_detectable_by_power(const struct vector *v)
{
	double want = v->answers.values[0];

	if (!(fabs(detectable(v) - want) <= 0.01 * want))
		fail_msg("%.0f pairs: %g, not about %g", v->arguments.values[1], detectable(v),
			 want);
}

static double mean_of(struct statistics_sample *samples, void *closure)
{
	return statistics_mean(samples[0].values, samples[0].count);
}

static double median_of(struct statistics_sample *samples, void *closure)
{
	statistics_sort(samples[0].values, samples[0].count);
	return statistics_quantile(samples[0].values, samples[0].count, 0.5);
}

static double spread_of(struct statistics_sample *samples, void *closure)
{
	statistics_sort(samples[0].values, samples[0].count);
	return statistics_quantile(samples[0].values, samples[0].count, 0.9) -
	       statistics_quantile(samples[0].values, samples[0].count, 0.1);
}

static double difference_of_means(struct statistics_sample *samples, void *closure)
{
	return statistics_mean(samples[1].values, samples[1].count) -
	       statistics_mean(samples[0].values, samples[0].count);
}

static void check_bootstrap(const struct vector *vector, statistics_estimator *estimator)
{
	struct vector v = *vector;
	struct statistics_sample sample = {v.first.values, v.first.count};
	struct statistics_estimate estimate;
	double acceleration, value;

	assert_int_equal(v.answers.count, ESTIMATES);
	assert_int_equal(statistics_acceleration(estimator, NULL, &sample, 1, &acceleration),
			 0);
	value = estimator(&sample, NULL);
	estimate = statistics_bootstrap_interval(value, acceleration, v.second.values,
						 v.second.count, v.arguments.values[0]);
	compare(&v, 0, acceleration);
	compare(&v, 1, estimate.percentile_low);
	compare(&v, 2, estimate.percentile_high);
	compare(&v, 3, estimate.low);
	compare(&v, 4, estimate.high);
}

static void check_bootstrap_mean(const struct vector *v)
{
	check_bootstrap(v, mean_of);
}

static void check_bootstrap_spread(const struct vector *v)
{
	check_bootstrap(v, spread_of);
}

static void check_acceleration_two(const struct vector *vector)
{
	struct vector v = *vector;
	struct statistics_sample samples[] = {{v.first.values, v.first.count},
					      {v.second.values, v.second.count}};
	double acceleration;

	assert_int_equal(statistics_acceleration(difference_of_means, NULL, samples, 2,
						 &acceleration),
			 0);
	compare(&v, 0, acceleration);
}

static void mann_whitney_agrees(void **state)
{
	each("mann_whitney", check_mann_whitney);
}

static void signed_rank_agrees(void **state)
{
	each("signed_rank", check_signed_rank);
}

static void shifts_and_their_intervals_agree(void **state)
{
	each("shift", check_shift);
	each("paired_shift", check_paired_shift);
	each("shift_near", check_shift_near);
	each("paired_shift_near", check_paired_shift_near);
}

static void wilson_agrees(void **state)
{
	each("wilson", check_wilson);
}

static void two_proportions_agree(void **state)
{
	each("newcombe", check_newcombe);
	each("fisher", check_fisher);
}

static void holm_agrees(void **state)
{
	each("holm", check_holm);
}

static void descriptions_agree(void **state)
{
	each("quantile", check_quantile);
	each("describe", check_describe);
}

static void distributions_agree(void **state)
{
	each("normal", check_normal);
	each("student", check_student);
}

static void the_detectable_difference_agrees(void **state)
{
	each("detectable", check_detectable);
	each("detectable_by_power", check_detectable_by_power);
}

static void the_same_resamples_give_the_same_interval(void **state)
{
	each("bootstrap_mean", check_bootstrap_mean);
	each("bootstrap_spread", check_bootstrap_spread);
	each("acceleration_two", check_acceleration_two);
}

/* --- on paper --- */

/* Wilson 1927, as every table has it: 8 of 10 lie between 49.0 % and 94.3 %. */
static void the_interval_of_eight_of_ten_is_wilsons(void **state)
{
	double low, high;

	statistics_wilson(8, 10, 0.95, &low, &high);
	assert_true(fabs(low - 0.4902) < 0.0001 && fabs(high - 0.9433) < 0.0001);
	statistics_wilson(10, 10, 0.95, &low, &high);
	assert_true(fabs(low - 0.7225) < 0.0001 && fabs(high - 1) < 0.0001);
	statistics_wilson(0, 0, 0.95, &low, &high);
	assert_true(isnan(low) && isnan(high));
}

/* The lady who tasted tea, and all four cups right. */
static void the_lady_tasting_tea_is_fishers(void **state)
{
	int is_exact;

	assert_true(fabs(statistics_fisher(4, 4, 0, 4, &is_exact) - 2 / 70.0) < 1e-12);
	assert_true(is_exact);
	assert_true(fabs(statistics_fisher(0, 9, 0, 5, &is_exact) - 1) < 1e-12);
	assert_true(isnan(statistics_fisher(2, 1, 0, 5, &is_exact)));
	assert_true(isnan(statistics_fisher(0, 0, 0, 5, &is_exact)));
	/* Too many tables for a sum: normal, z = 2.2361 (0.5 and 0.5005 of 1e7). */
	assert_true(fabs(statistics_fisher(5e6, 1e7, 5005000, 1e7, &is_exact) - 0.025347) <
		    1e-5);
	assert_false(is_exact);
}

static void exchanging_the_samples_exchanges_the_sides(void **state)
{
	const double few[] = {1, 4, 4, 8}, many[] = {2, 3, 4, 4, 9, 11, 12};
	struct statistics_test there, back;

	assert_int_equal(statistics_mann_whitney(few, 4, many, 7, &there), 0);
	assert_int_equal(statistics_mann_whitney(many, 7, few, 4, &back), 0);
	assert_true(fabs(there.less - back.greater) < 1e-12);
	assert_true(fabs(there.greater - back.less) < 1e-12);
	assert_true(fabs(there.two_sided - back.two_sided) < 1e-12);
	assert_true(there.statistic + back.statistic == 28);
}

static void values_that_are_all_equal_show_nothing(void **state)
{
	double equal[60];
	struct statistics_test test;
	struct statistics_shift shift;
	struct statistics_estimate estimate;
	struct statistics_sample sample = {equal, 60};
	struct statistics_bootstrap bootstrap = {mean_of, NULL, 200, 1, 0.95};

	for (size_t i = 0; i < 60; i++)
		equal[i] = 0.1;
	for (size_t count = 1; count <= 60; count += 59) {
		assert_int_equal(statistics_mann_whitney(equal, count, equal, count, &test), 0);
		assert_true(test.two_sided == 1 && test.less == 1 && test.greater == 1);
		assert_int_equal(statistics_shift(equal, count, equal, count, 0.95, &shift), 0);
		assert_true(shift.shift == 0 && shift.low == 0 && shift.high == 0);
	}
	assert_int_equal(statistics_bootstrap(&bootstrap, &sample, 1, &estimate), 0);
	assert_true(estimate.low == estimate.value && estimate.high == estimate.value);
}

static void one_value_each_bears_no_confidence(void **state)
{
	const double first = 1, second = 3;
	struct statistics_shift shift;

	assert_int_equal(statistics_shift(&first, 1, &second, 1, 0.95, &shift), 0);
	assert_true(shift.shift == 2 && shift.low == 2 && shift.high == 2);
	assert_true(shift.confidence == 0);
	assert_true(isinf(statistics_detectable(1, 1, 0.05, 0.8)));
	assert_true(isnan(statistics_deviation(&first, 1)));
}

static void an_infinite_value_ranks_and_is_not_subtracted(void **state)
{
	const double finite[] = {1, 2, 3, 4}, infinite[] = {5, 6, INFINITY, INFINITY};
	double values[] = {1, INFINITY}, mad = -1;
	struct statistics_sample sample = {values, 2};
	struct statistics_bootstrap bootstrap = {mean_of, NULL, 200, 1, 0.95};
	struct statistics_estimate estimate;
	struct statistics_test test;
	struct statistics_shift shift;

	assert_int_equal(statistics_mann_whitney(finite, 4, infinite, 4, &test), 0);
	assert_true(test.statistic == 16 && fabs(test.greater - 1 / 70.0) < 1e-15);
	assert_int_equal(statistics_signed_rank(infinite, 4, &test), 0);
	assert_true(test.statistic == 10 && test.greater == 1 / 16.0);
	assert_int_equal(statistics_shift(finite, 4, infinite, 4, 0.95, &shift), -EINVAL);
	assert_int_equal(statistics_paired_shift(infinite, 4, 0.95, &shift), -EINVAL);
	assert_int_equal(statistics_bootstrap(&bootstrap, &sample, 1, &estimate), -EINVAL);
	assert_int_equal(statistics_mad(values, 2, &mad), -EINVAL);
	values[0] = -INFINITY;
	assert_int_equal(statistics_median(values, 2, &mad), -EINVAL);
	assert_true(mad == -1);
}

static void what_is_no_number_or_nothing_is_refused(void **state)
{
	double bad[] = {1, NAN, 3}, good[] = {1, 2, 3}, out = -1;
	struct statistics_sample sample = {bad, 3}, empty = {good, 0};
	struct statistics_bootstrap bootstrap = {mean_of, NULL, 200, 1, 0.95};
	struct statistics_test test = {.two_sided = -1};
	struct statistics_shift shift = {.low = -1};
	struct statistics_estimate estimate = {.low = -1};

	for (size_t count = 0; count <= 3; count += 3) {
		assert_int_equal(statistics_mann_whitney(good, 3, bad, count, &test), -EINVAL);
		assert_int_equal(statistics_mann_whitney(bad, count, good, 3, &test), -EINVAL);
		assert_int_equal(statistics_signed_rank(bad, count, &test), -EINVAL);
		assert_int_equal(statistics_shift(good, 3, bad, count, 0.95, &shift), -EINVAL);
		assert_int_equal(statistics_shift(bad, count, good, 3, 0.95, &shift), -EINVAL);
		assert_int_equal(statistics_paired_shift(bad, count, 0.95, &shift), -EINVAL);
		assert_int_equal(statistics_median(bad, count, &out), -EINVAL);
		assert_int_equal(statistics_mad(bad, count, &out), -EINVAL);
	}
	for (double confidence = 0; confidence <= 1; confidence++)
		assert_int_equal(statistics_shift(good, 3, good, 3, confidence, &shift),
				 -EINVAL);
	assert_int_equal(statistics_shift(good, 3, good, 3, NAN, &shift), -EINVAL);
	assert_int_equal(statistics_holm(bad, 3, &out), -EINVAL);
	assert_int_equal(statistics_holm(good, 3, &out), -EINVAL);
	assert_int_equal(statistics_bootstrap(&bootstrap, &sample, 1, &estimate), -EINVAL);
	assert_int_equal(statistics_bootstrap(&bootstrap, &empty, 1, &estimate), -EINVAL);
	bootstrap.resamples = 0;
	sample.values = good;
	assert_int_equal(statistics_bootstrap(&bootstrap, &sample, 1, &estimate), -EINVAL);
	assert_true(out == -1 && test.two_sided == -1 && shift.low == -1 && estimate.low == -1);
	assert_true(isnan(statistics_quantile(good, 0, 0.5)));
	assert_true(isnan(statistics_quantile(good, 3, NAN)));
}

static void resamples_as_many_below_as_above_need_no_correction(void **state)
{
	const double resamples[] = {1, 2, 2, 2, 2, 2, 2, 2, 3};
	struct statistics_estimate estimate;

	estimate = statistics_bootstrap_interval(2, 0, resamples, 9, 0.85);
	assert_true(fabs(estimate.low - estimate.percentile_low) < 1e-12);
	assert_true(fabs(estimate.high - estimate.percentile_high) < 1e-12);
	assert_true(estimate.low < 2 && estimate.high > 2);
}

/* --- by simulation: one seed, one outcome --- */

struct noise {
	uint64_t state;
};

static double noise_uniform(struct noise *noise)
{
	noise->state = noise->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((double)(noise->state >> 11) + 0.5) / 9007199254740992.0;
}

/* Skewed, as latencies are: exponential, with median ln 2 and mean 1. */
static void noise_fill(struct noise *noise, double *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = -log(noise_uniform(noise));
}

static void a_seed_decides_the_interval(void **state)
{
	struct noise noise = {1};
	double values[40], kept[40];
	struct statistics_sample sample = {values, 40};
	struct statistics_bootstrap bootstrap = {median_of, NULL, 500, 7, 0.95};
	struct statistics_estimate once, again, other;

	noise_fill(&noise, values, 40);
	memcpy(kept, values, sizeof(kept));
	assert_int_equal(statistics_bootstrap(&bootstrap, &sample, 1, &once), 0);
	assert_int_equal(statistics_bootstrap(&bootstrap, &sample, 1, &again), 0);
	bootstrap = (struct statistics_bootstrap){mean_of, NULL, 500, 7, 0.95};
	assert_int_equal(statistics_bootstrap(&bootstrap, &sample, 1, &other), 0);
	assert_memory_equal(&once, &again, sizeof(once));
	assert_memory_equal(values, kept, sizeof(kept));
	assert_true(once.low < once.value && once.value < once.high);
	again = other;
	bootstrap.seed = 8;
	assert_int_equal(statistics_bootstrap(&bootstrap, &sample, 1, &other), 0);
	assert_true(other.low != again.low && other.value == again.value);
}

static double p_at(const double *first, size_t first_count, const double *second,
		   size_t second_count, double shift)
{
	double moved[64];
	struct statistics_test test;

	for (size_t i = 0; i < second_count; i++)
		moved[i] = second[i] - shift;
	assert_int_equal(
		statistics_mann_whitney(first, first_count, moved, second_count, &test), 0);
	return test.two_sided;
}

static void the_test_rejects_what_the_interval_leaves_out(void **state)
{
	struct noise noise = {9};

	for (size_t count = 4; count <= 50; count += 23) {
		double first[50], second[50], bit = 1e-9;
		struct statistics_shift shift;

		noise_fill(&noise, first, count);
		noise_fill(&noise, second, count);
		assert_int_equal(statistics_shift(first, count, second, count, 0.95, &shift),
				 0);
		assert_true(shift.confidence >= 0.95);
		assert_true(p_at(first, count, second, count, shift.low - bit) < 0.05);
		assert_true(p_at(first, count, second, count, shift.low + bit) >= 0.05);
		assert_true(p_at(first, count, second, count, shift.high - bit) >= 0.05);
		assert_true(p_at(first, count, second, count, shift.high + bit) < 0.05);
	}
}

/* Of 300 intervals of 90 %, whose standard error is 1.7 %, at least 83 % and at most 96 %. */
static void bootstrap_intervals_cover_as_often_as_they_say(void **state)
{
	static const struct {
		statistics_estimator *estimator;
		size_t samples;
		double truth;
	} cases[] = {{mean_of, 1, 1}, {median_of, 1, M_LN2}, {difference_of_means, 2, 0}};
	struct noise noise = {3};

	for (size_t c = 0; c < 3; c++) {
		size_t covered = 0;

		for (size_t run = 0; run < 300; run++) {
			double first[40], second[30];
			struct statistics_sample samples[] = {{first, 40}, {second, 30}};
			struct statistics_bootstrap bootstrap = {cases[c].estimator, NULL, 300,
								 run, 0.9};
			struct statistics_estimate estimate;

			noise_fill(&noise, first, 40);
			noise_fill(&noise, second, 30);
			assert_int_equal(statistics_bootstrap(&bootstrap, samples,
							      cases[c].samples, &estimate),
					 0);
			covered += estimate.low <= cases[c].truth &&
				   cases[c].truth <= estimate.high;
		}
		assert_in_range(covered, 249, 288);
	}
}

/* A shift of the detectable size is found in about 80 % of runs; of none, in about 5 %. */
static void the_detectable_difference_is_found_as_often_as_it_says(void **state)
{
	struct noise noise = {5};
	double size = statistics_detectable(1, 20, 0.05, 0.8);
	size_t found = 0, false_alarms = 0;

	for (size_t run = 0; run < 1000; run++) {
		double differences[20];
		struct statistics_test test;

		for (size_t i = 0; i < 20; i++)
			differences[i] = statistics_normal_quantile(noise_uniform(&noise));
		assert_int_equal(statistics_signed_rank(differences, 20, &test), 0);
		false_alarms += test.two_sided < 0.05;
		for (size_t i = 0; i < 20; i++)
			differences[i] += size;
		assert_int_equal(statistics_signed_rank(differences, 20, &test), 0);
		found += test.two_sided < 0.05;
	}
	assert_in_range(found, 730, 850);
	assert_in_range(false_alarms, 25, 75);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mann_whitney_agrees),
		cmocka_unit_test(signed_rank_agrees),
		cmocka_unit_test(shifts_and_their_intervals_agree),
		cmocka_unit_test(wilson_agrees),
		cmocka_unit_test(two_proportions_agree),
		cmocka_unit_test(holm_agrees),
		cmocka_unit_test(descriptions_agree),
		cmocka_unit_test(distributions_agree),
		cmocka_unit_test(the_detectable_difference_agrees),
		cmocka_unit_test(the_same_resamples_give_the_same_interval),
		cmocka_unit_test(the_interval_of_eight_of_ten_is_wilsons),
		cmocka_unit_test(the_lady_tasting_tea_is_fishers),
		cmocka_unit_test(exchanging_the_samples_exchanges_the_sides),
		cmocka_unit_test(values_that_are_all_equal_show_nothing),
		cmocka_unit_test(one_value_each_bears_no_confidence),
		cmocka_unit_test(an_infinite_value_ranks_and_is_not_subtracted),
		cmocka_unit_test(what_is_no_number_or_nothing_is_refused),
		cmocka_unit_test(resamples_as_many_below_as_above_need_no_correction),
		cmocka_unit_test(a_seed_decides_the_interval),
		cmocka_unit_test(the_test_rejects_what_the_interval_leaves_out),
		cmocka_unit_test(bootstrap_intervals_cover_as_often_as_they_say),
		cmocka_unit_test(the_detectable_difference_is_found_as_often_as_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
