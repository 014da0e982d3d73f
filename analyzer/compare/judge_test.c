/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the judge: what each verdict needs, and by simulation how often it is wrong.
 */
#include "analyzer/compare/judge.h"
#include "schema/random_test.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct judge_rules rules = {.alpha = 0.005, .samples = 10};

/* --- cases --- */

static struct judge_case exact(double baseline, double candidate, double threshold)
{
	static double values[32];
	static size_t used;
	double *pair = values + used;

	used = (used + 2) % 32;
	pair[0] = baseline;
	pair[1] = candidate;
	return (struct judge_case){
		.kind = METRIC_EXACT,
		.better = -1,
		.is_gated = 1,
		.is_relative = 1,
		.threshold = threshold,
		.side = {{.values = pair, .count = 1}, {.values = pair + 1, .count = 1}},
	};
}

static struct judge_case sampled(double *baseline, size_t count, double *candidate,
				 size_t candidate_count, double threshold)
{
	return (struct judge_case){
		.kind = METRIC_SAMPLED,
		.better = -1,
		.is_gated = 1,
		.is_relative = 1,
		.threshold = threshold,
		.side = {{.values = baseline, .count = count},
			 {.values = candidate, .count = candidate_count}},
	};
}

static struct judge_case shares(double part, double whole, double other, double other_whole,
				double threshold)
{
	return (struct judge_case){
		.kind = METRIC_PROPORTION,
		.better = -1,
		.is_gated = 1,
		.threshold = threshold,
		.side = {{.count = 1, .part = part, .whole = whole},
			 {.count = 1, .part = other, .whole = other_whole}},
	};
}

static void expect(struct judge_case c, enum judge_verdict verdict)
{
	assert_int_equal(judge(&c, 1, &rules), 0);
	if (c.verdict != verdict)
		fail_msg("%s instead of %s: change %g [%g, %g], p %g, limit %g",
			 judge_verdict_name(c.verdict), judge_verdict_name(verdict), c.change,
			 c.low, c.high, c.p_family, c.limit);
}

/* --- exact ones --- */

static void exact_values_are_judged_by_tolerance_alone(void **state)
{
	expect(exact(100, 101, 0.01), JUDGE_SAME);
	expect(exact(100, 101.01, 0.01), JUDGE_REGRESSED);
	expect(exact(100, 98.99, 0.01), JUDGE_IMPROVED);
	expect(exact(0.1 + 0.2, 0.3, 0), JUDGE_SAME);
}

static void from_none_to_one_is_a_regression(void **state)
{
	expect(exact(0, 1, 0), JUDGE_REGRESSED);
	expect(exact(0, 1, 0.5), JUDGE_REGRESSED);
	expect(exact(1, 0, 0), JUDGE_IMPROVED);
	expect(exact(0, 0, 0), JUDGE_SAME);
}

static void one_loss_among_many_recordings_counts(void **state)
{
	double none[] = {0, 0, 0, 0, 0}, one[] = {0, 0, 0, 1, 0};
	struct judge_case c = sampled(none, 5, one, 5, 0);

	c.kind = METRIC_EXACT;
	expect(c, JUDGE_REGRESSED);
}

/* Ten recordings a side; they differ by chance, or by more. */
static double noisy[10] = {100, 131, 97, 125, 93, 128, 99, 122, 96, 130};
static double noisier[10] = {129, 98, 127, 134, 95, 126, 133, 101, 135, 124};
static double larger[10] = {140, 152, 143, 149, 141, 150, 144, 148, 142, 151};

static void what_recordings_differ_by_anyway_is_no_regression(void **state)
{
	struct judge_case c = sampled(noisy, 10, noisier, 10, 0.05);

	c.kind = METRIC_EXACT;
	expect(c, JUDGE_INCONCLUSIVE);
	/* Too few of them show no noise, and what may not change at all has none. */
	c.side[METRIC_BASELINE].count = 9;
	expect(c, JUDGE_REGRESSED);
	c.side[METRIC_BASELINE].count = 10;
	c.threshold = 0;
	expect(c, JUDGE_REGRESSED);
	c = sampled(noisy, 10, larger, 10, 0.05);
	c.kind = METRIC_EXACT;
	expect(c, JUDGE_REGRESSED);
	/* All alike within each side: one value each. */
	for (int i = 0; i < 10; i++) {
		noisier[i] = 100;
		larger[i] = 106;
	}
	c = sampled(noisier, 10, larger, 10, 0.05);
	c.kind = METRIC_EXACT;
	expect(c, JUDGE_REGRESSED);
}

static void the_direction_decides(void **state)
{
	struct judge_case c = exact(100, 120, 0.05);

	c.better = 1;
	expect(c, JUDGE_IMPROVED);
	c = exact(100, 80, 0.05);
	c.better = 1;
	expect(c, JUDGE_REGRESSED);
	c.better = 0;
	expect(c, JUDGE_INFORMATION);
	c.better = 1;
	c.is_gated = 0;
	expect(c, JUDGE_INFORMATION);
}

static void a_threshold_can_be_in_the_unit(void **state)
{
	struct judge_case c = exact(1, 3.5, 2.5);

	c.is_relative = 0;
	expect(c, JUDGE_SAME);
	c = exact(1, 3.51, 2.5);
	c.is_relative = 0;
	expect(c, JUDGE_REGRESSED);
}

static void what_is_on_one_side_only_is_missing(void **state)
{
	struct judge_case c = exact(1, 1, 0);

	c.side[METRIC_CANDIDATE].count = 0;
	expect(c, JUDGE_MISSING);
	expect(shares(0, 0, 1, 10, 0), JUDGE_MISSING);
}

/* --- proportions --- */

static void shares_of_recordings_must_differ_in_their_ranks_too(void **state)
{
	double few[] = {.01, .09, .02, .08, .01, .07, .02, .01, .02, .01};
	double more[] = {.02, .01, .09, .08, .02, .01, .07, .09, .08, .02};
	double most[] = {.11, .12, .13, .10, .14, .12, .11, .15, .16, .13};
	struct judge_case c = shares(340, 10000, 490, 10000, 0.001);

	expect(c, JUDGE_REGRESSED);
	c.side[METRIC_BASELINE].values = few;
	c.side[METRIC_CANDIDATE].values = more;
	c.side[METRIC_BASELINE].count = c.side[METRIC_CANDIDATE].count = 10;
	expect(c, JUDGE_INCONCLUSIVE);
	c.side[METRIC_CANDIDATE].values = most;
	c.side[METRIC_CANDIDATE].part = 1270;
	expect(c, JUDGE_REGRESSED);
}

static void shares_need_effect_and_significance(void **state)
{
	expect(shares(0, 3000, 12, 3000, 0.001), JUDGE_REGRESSED);
	expect(shares(12, 3000, 0, 3000, 0.001), JUDGE_IMPROVED);
	expect(shares(0, 3000, 2, 3000, 0), JUDGE_INCONCLUSIVE);
	expect(shares(0, 100000, 0, 100000, 0.001), JUDGE_SAME);
	/* Sure to have changed, by less than counts. */
	expect(shares(1000, 10000000, 2000, 10000000, 0.001), JUDGE_SAME);
	expect(shares(0, 10, 0, 10, 0.001), JUDGE_INCONCLUSIVE);
}

/* --- samples --- */

/* Normal by the sum of twelve. */
static double normal(void)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += (double)(random_word() >> 11) * 0x1p-53;
	return sum;
}

static double about_ten_percent(void)
{
	return 1 + 0.1 * normal();
}

static double skewed(void)
{
	return exp(0.3 * normal());
}

static double tied(void)
{
	return round(20 * about_ten_percent()) / 20;
}

/* Every tenth is disturbed. */
static double with_outliers(void)
{
	double value = 1 + 0.05 * normal();

	return random_word() % 10 ? value : value * 3;
}

static double rarely_zero(void)
{
	return random_word() % 3 ? 1 : 1.2;
}

typedef double noise(void);

static noise *const noises[] = {about_ten_percent, skewed, tied, with_outliers, rarely_zero};

#define NOISES (sizeof(noises) / sizeof(noises[0]))
#define MOST   500

struct drawn {
	double values[2 * NOISES][MOST];
	struct judge_case cases[NOISES];
};

/* A family with a metric of each noise; the candidate is so many times as large. */
static void draw(struct drawn *drawn, size_t count, double factor, double threshold)
{
	for (size_t i = 0; i < NOISES; i++) {
		for (size_t j = 0; j < count; j++) {
			drawn->values[2 * i][j] = noises[i]();
			drawn->values[2 * i + 1][j] = factor * noises[i]();
		}
		drawn->cases[i] = sampled(drawn->values[2 * i], count, drawn->values[2 * i + 1],
					  count, threshold);
	}
	assert_int_equal(judge(drawn->cases, NOISES, &rules), 0);
}

static void expect_few_alarms(size_t count, double threshold)
{
	struct drawn *drawn = calloc(1, sizeof(*drawn));
	int alarms = 0;

	assert_non_null(drawn);
	random_begin(20240607 + count);
	for (int i = 0; i < 200; i++) {
		int is_alarm = 0;

		draw(drawn, count, 1, threshold);
		for (size_t j = 0; j < NOISES; j++)
			is_alarm |= drawn->cases[j].verdict == JUDGE_REGRESSED;
		alarms += is_alarm;
	}
	free(drawn);
	if (alarms > 1)
		fail_msg("%d of 200 comparisons of a build with itself say regressed", alarms);
}

static void a_build_hardly_ever_regresses_against_itself(void **state)
{
	expect_few_alarms(10, 0);
	expect_few_alarms(30, 0);
	expect_few_alarms(120, 0);
	expect_few_alarms(120, 0.025);
}

static void five_percent_are_found_where_the_samples_allow(void **state)
{
	struct drawn *drawn = calloc(1, sizeof(*drawn));
	int found = 0, better = 0;

	assert_non_null(drawn);
	random_begin(7);
	for (int i = 0; i < 20; i++) {
		draw(drawn, 400, 1.05, 0.025);
		found += drawn->cases[0].verdict == JUDGE_REGRESSED;
		for (size_t j = 0; j < NOISES; j++)
			better += drawn->cases[j].verdict == JUDGE_IMPROVED;
	}
	free(drawn);
	assert_in_range(found, 19, 20);
	assert_int_equal(better, 0);
}

static void same_is_proven_too(void **state)
{
	struct drawn *drawn = calloc(1, sizeof(*drawn));
	int same = 0, wrong = 0;

	assert_non_null(drawn);
	random_begin(11);
	for (int i = 0; i < 20; i++) {
		draw(drawn, 400, 1, 0.05);
		same += drawn->cases[0].verdict == JUDGE_SAME;
		draw(drawn, 30, 1.06, 0.05);
		for (size_t j = 0; j < 4; j++)
			wrong += drawn->cases[j].verdict == JUDGE_SAME;
	}
	free(drawn);
	assert_in_range(same, 19, 20);
	assert_int_equal(wrong, 0);
}

static void few_samples_are_inconclusive(void **state)
{
	double low[] = {1, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08, 1.09};
	double high[] = {2, 2.01, 2.02, 2.03, 2.04, 2.05, 2.06, 2.07, 2.08, 2.09};
	struct judge_case c = sampled(low, 9, high, 10, 0.05);

	assert_int_equal(judge(&c, 1, &rules), 0);
	assert_int_equal(c.verdict, JUDGE_INCONCLUSIVE);
	assert_int_equal(c.reason, JUDGE_FEW);
	expect(sampled(low, 10, high, 10, 0.05), JUDGE_REGRESSED);
	/* Two of each can never be significant, however far apart. */
	c = sampled(low, 2, high, 2, 0.05);
	assert_int_equal(judge(&c, 1, &(struct judge_rules){.alpha = 0.005, .samples = 1}), 0);
	assert_int_equal(c.verdict, JUDGE_INCONCLUSIVE);
	assert_int_equal(c.reason, JUDGE_FEW);
}

static void significance_without_effect_is_no_regression(void **state)
{
	double low[20], high[20];

	for (int i = 0; i < 20; i++) {
		low[i] = 1 + 0.0001 * i;
		high[i] = 1.01 + 0.0001 * i;
	}
	expect(sampled(low, 20, high, 20, 0.05), JUDGE_SAME);
	expect(sampled(low, 20, high, 20, 0.005), JUDGE_REGRESSED);
	expect(sampled(high, 20, low, 20, 0.005), JUDGE_IMPROVED);
}

static void equal_values_are_the_same(void **state)
{
	double values[12];

	for (int i = 0; i < 12; i++)
		values[i] = 7;
	expect(sampled(values, 12, values, 12, 0.05), JUDGE_SAME);
}

static void each_further_test_asks_for_more(void **state)
{
	double low[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	double high[] = {6.5, 7.5, 8.5, 9.5, 10.5, 11.5, 12.5, 13.5, 14.5, 15.5};
	struct judge_case cases[40];

	cases[0] = sampled(low, 10, high, 10, 0.05);
	for (size_t i = 1; i < 40; i++)
		cases[i] = sampled(low, 10, low, 10, 0.05);
	assert_int_equal(judge(cases, 1, &rules), 0);
	assert_int_equal(cases[0].verdict, JUDGE_REGRESSED);
	assert_int_equal(judge(cases, 40, &rules), 0);
	assert_int_equal(cases[0].verdict, JUDGE_INCONCLUSIVE);
	assert_true(cases[0].p < rules.alpha && cases[0].p_family > rules.alpha);
	/* What is not judged is no test. */
	for (size_t i = 1; i < 40; i++)
		cases[i].is_gated = 0;
	assert_int_equal(judge(cases, 40, &rules), 0);
	assert_int_equal(cases[0].verdict, JUDGE_REGRESSED);
}

static void more_samples_than_fit_are_thinned(void **state)
{
	double *values = calloc(40000, sizeof(*values));
	struct judge_case c = sampled(values, 20000, values + 20000, 20000, 0.02);

	assert_non_null(values);
	random_begin(3);
	for (size_t i = 0; i < 40000; i++)
		values[i] = (i < 20000 ? 1 : 1.05) * about_ten_percent();
	assert_int_equal(judge(&c, 1, &rules), 0);
	assert_int_equal(c.verdict, JUDGE_REGRESSED);
	assert_true(c.low < 0.05 && c.high > 0.05);
	free(values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_values_are_judged_by_tolerance_alone),
		cmocka_unit_test(from_none_to_one_is_a_regression),
		cmocka_unit_test(one_loss_among_many_recordings_counts),
		cmocka_unit_test(what_recordings_differ_by_anyway_is_no_regression),
		cmocka_unit_test(the_direction_decides),
		cmocka_unit_test(a_threshold_can_be_in_the_unit),
		cmocka_unit_test(what_is_on_one_side_only_is_missing),
		cmocka_unit_test(shares_need_effect_and_significance),
		cmocka_unit_test(shares_of_recordings_must_differ_in_their_ranks_too),
		cmocka_unit_test(a_build_hardly_ever_regresses_against_itself),
		cmocka_unit_test(five_percent_are_found_where_the_samples_allow),
		cmocka_unit_test(same_is_proven_too),
		cmocka_unit_test(few_samples_are_inconclusive),
		cmocka_unit_test(significance_without_effect_is_no_regression),
		cmocka_unit_test(equal_values_are_the_same),
		cmocka_unit_test(each_further_test_asks_for_more),
		cmocka_unit_test(more_samples_than_fit_are_thinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
