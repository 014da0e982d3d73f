/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the filter: what is there passes, most of what is not does not.
 */
#include "schema/filter.h"
#include "schema/random_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void check(uint32_t count, size_t value_size)
{
	uint64_t *values = malloc(2 * count * value_size);
	size_t size, words = value_size / 8;
	uint8_t *filter = malloc(FILTER_MOST_BYTES);
	uint32_t passed = 0;

	for (size_t i = 0; i < 2 * count * words; i++)
		values[i] = random_word();
	size = filter_make(filter, values, value_size, count, UINT64_MAX);
	assert_in_range(size, 32, FILTER_MOST_BYTES);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(filter_passes(filter, size, values + i * words, value_size),
				 1);
	for (uint32_t i = count; i < 2 * count; i++)
		passed += (uint32_t)filter_passes(filter, size, values + i * words, value_size);
	assert_true(passed <= count / 50 + 2);
	free(filter);
	free(values);
}

static void what_is_there_passes(void **state)
{
	static const uint32_t counts[] = {1, 2, 7, 100, 5000, FILTER_MOST_VALUES};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		check(counts[i], 8);
		check(counts[i], 16);
	}
}

static void values_that_repeat_take_less(void **state)
{
	static uint64_t values[FILTER_MOST_VALUES];
	static uint8_t filter[FILTER_MOST_BYTES];

	for (uint32_t i = 0; i < FILTER_MOST_VALUES; i++)
		values[i] = i % 100 * 1000003;
	assert_in_range(filter_make(filter, values, 8, FILTER_MOST_VALUES, UINT64_MAX), 32,
			160);
}

static void values_that_lie_close_have_no_filter(void **state)
{
	uint64_t values[100];
	uint8_t filter[FILTER_MOST_BYTES];

	for (uint64_t i = 0; i < 100; i++)
		values[i] = 7 * i;
	assert_int_equal(filter_make(filter, values, 8, 100, 700), 0);
	assert_true(filter_make(filter, values, 8, 100, 100000) > 0);
}

static void what_is_no_filter_lets_all_pass(void **state)
{
	uint8_t bytes[33] = {0};
	uint64_t value = 1;

	assert_int_equal(filter_passes(bytes, 0, &value, 8), 1);
	assert_int_equal(filter_passes(bytes, 33, &value, 8), 1);
	assert_int_equal(filter_passes(bytes, 32, &value, 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_passes),
		cmocka_unit_test(values_that_repeat_take_less),
		cmocka_unit_test(values_that_lie_close_have_no_filter),
		cmocka_unit_test(what_is_no_filter_lets_all_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
