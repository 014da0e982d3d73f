/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of durations and sizes.
 */
#include "recorder/duration.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void durations_have_units(void **state)
{
	uint64_t ns;

	assert_int_equal(duration_parse("500ms", &ns), 0);
	assert_int_equal(ns, 500000000);
	assert_int_equal(duration_parse("7", &ns), 0);
	assert_int_equal(ns, 7000000000);
	assert_int_equal(duration_parse("2h", &ns), 0);
	assert_int_equal(ns, 7200000000000);
}

static void sizes_have_units(void **state)
{
	uint64_t bytes;

	assert_int_equal(size_parse("64M", &bytes), 0);
	assert_int_equal(bytes, 64 << 20);
}

static void nonsense_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "s", "-1s", "5x", "5 s", "1e9", "999999999999d", "99999999999999999999"};
	uint64_t ns = 42;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(duration_parse(wrong[i], &ns), -EINVAL);
	assert_int_equal(ns, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(sizes_have_units),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
