/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the histogram of durations: bounded error, exact merges, a way through rows and
 * back.
 */
#include "schema/histogram.h"
#include "schema/random_test.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct histogram one, two, three;

static void clear(void)
{
	memset(&one, 0, sizeof(one));
	memset(&two, 0, sizeof(two));
	memset(&three, 0, sizeof(three));
}

static uint64_t of_any_magnitude(void)
{
	return random_word() >> random_word() % 64;
}

static void every_value_lies_in_a_narrow_bucket(void **state)
{
	for (unsigned int i = 0; i < 200000; i++) {
		uint64_t ns = i < 1000 ? i : of_any_magnitude();
		struct histogram_bucket bucket = histogram_bounds(ns);

		assert_true(bucket.lowest <= ns && ns <= bucket.highest);
		assert_true((bucket.highest - bucket.lowest) <= bucket.lowest / 128);
	}
	assert_true(histogram_bounds(UINT64_MAX).highest == UINT64_MAX);
}

static void buckets_leave_no_gap(void **state)
{
	uint64_t next = 0;
	unsigned int buckets = 0;

	do {
		struct histogram_bucket bucket = histogram_bounds(next);

		assert_true(bucket.lowest == next);
		next = bucket.highest + 1;
		buckets++;
	} while (next);
	assert_int_equal(buckets, HISTOGRAM_BUCKETS);
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void quantiles_enclose_the_sorted_values(void **state)
{
	static const unsigned int ranks[] = {1, 2, 5000, 9000, 9900, 9990, 9999, 10000};
	static uint64_t values[10000];
	double sum = 0;

	clear();
	for (unsigned int i = 0; i < 10000; i++) {
		values[i] = 1 + random_word() % 3600000000000ULL;
		sum += (double)values[i];
		assert_int_equal(histogram_record(&one, values[i]), 0);
	}
	qsort(values, 10000, sizeof(*values), by_size);
	for (unsigned int i = 0; i < sizeof(ranks) / sizeof(*ranks); i++) {
		struct histogram_bucket bucket;
		uint64_t value = values[ranks[i] - 1];

		/* Half a rank less, so that no rounding of the share matters. */
		assert_int_equal(histogram_quantile(&one, (ranks[i] - 0.5) / 10000, &bucket),
				 0);
		assert_true(bucket.lowest <= value && value <= bucket.highest);
	}
	assert_true(one.min == values[0] && one.max == values[9999] && one.count == 10000);
	assert_true(histogram_mean(&one) > sum / 10000 * 255 / 256);
	assert_true(histogram_mean(&one) < sum / 10000 * 257 / 256);
}

static void a_spread_quantile_tells_less_than_a_bucket_apart(void **state)
{
	const uint64_t shift = 20;
	struct histogram_bucket bucket;

	clear();
	for (uint64_t ns = 9000; ns < 11000; ns++) {
		histogram_record(&one, ns);
		histogram_record(&two, ns + shift);
	}
	for (double share = 0.05; share < 1; share += 0.05) {
		double was = histogram_spread_quantile(&one, share);
		double is = histogram_spread_quantile(&two, share);

		assert_int_equal(histogram_quantile(&one, share, &bucket), 0);
		assert_true(was >= (double)bucket.lowest - 1 && was <= (double)bucket.highest);
		assert_true(bucket.highest - bucket.lowest > 2 * shift);
		assert_true(is - was > (double)shift - 3 && is - was < (double)shift + 3);
	}
	assert_true(histogram_spread_quantile(&one, 0) == 9000);
	assert_true(histogram_spread_quantile(&one, 1) == 10999);
	clear();
	histogram_record(&one, 123457);
	assert_true(histogram_spread_quantile(&one, 0.99) == 123457);
	assert_true(histogram_spread_quantile(&two, 0.5) == 0);
}

static void merges_are_exact_in_any_order(void **state)
{
	static struct histogram other;

	clear();
	for (unsigned int i = 0; i < 5000; i++) {
		uint64_t ns = of_any_magnitude(), count = 1 + random_word() % 5;

		histogram_record_many(i & 1 ? &one : &two, ns, count);
		histogram_record_many(&three, ns, count);
	}
	other = two;
	assert_int_equal(histogram_merge(&other, &one), 0);
	assert_int_equal(histogram_merge(&one, &two), 0);
	assert_memory_equal(&one, &three, sizeof(one));
	assert_memory_equal(&other, &three, sizeof(other));
}

static void rows_rebuild_the_buckets(void **state)
{
	struct histogram_bucket bucket;
	unsigned int at = 0;

	clear();
	for (unsigned int i = 0; i < 5000; i++)
		histogram_record(&one, of_any_magnitude());
	while (!histogram_next(&one, &at, &bucket))
		assert_int_equal(histogram_add_bucket(&two, &bucket), 0);
	assert_memory_equal(one.buckets, two.buckets, sizeof(one.buckets));
	assert_true(one.count == two.count && histogram_mean(&one) == histogram_mean(&two));
	assert_true(two.min == histogram_bounds(one.min).lowest);
	assert_true(two.max == histogram_bounds(one.max).highest);
}

static void foreign_bounds_are_damage(void **state)
{
	struct histogram_bucket bucket = {1001, 1003, 1};

	clear();
	assert_int_equal(histogram_add_bucket(&one, &bucket), -EBADMSG);
	assert_true(one.count == 0);
}

static void an_empty_one_has_no_quantile(void **state)
{
	struct histogram_bucket bucket;

	clear();
	assert_int_equal(histogram_quantile(&one, 0.5, &bucket), -ENODATA);
	assert_int_equal(histogram_quantile(&one, 1.5, &bucket), -EINVAL);
	assert_true(histogram_mean(&one) == 0);
}

static void counts_never_wrap(void **state)
{
	clear();
	assert_int_equal(histogram_record_many(&one, 5, UINT64_MAX), 0);
	two = one;
	assert_int_equal(histogram_record(&one, 9), -EOVERFLOW);
	assert_int_equal(histogram_merge(&one, &two), -EOVERFLOW);
	assert_memory_equal(&one, &two, sizeof(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_lies_in_a_narrow_bucket),
		cmocka_unit_test(buckets_leave_no_gap),
		cmocka_unit_test(quantiles_enclose_the_sorted_values),
		cmocka_unit_test(a_spread_quantile_tells_less_than_a_bucket_apart),
		cmocka_unit_test(merges_are_exact_in_any_order),
		cmocka_unit_test(rows_rebuild_the_buckets),
		cmocka_unit_test(foreign_bounds_are_damage),
		cmocka_unit_test(an_empty_one_has_no_quantile),
		cmocka_unit_test(counts_never_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
