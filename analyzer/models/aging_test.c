/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the table that forgets.
 */
#include "analyzer/models/aging.h"

#include "schema/flow_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct value {
	uint64_t number, more;
};

static uint64_t spread_key(uint64_t i)
{
	return flow_hash_mix(i);
}

static uint64_t running_key(uint64_t i)
{
	return i;
}

/* Keys that all begin at the same place, and have the same tag. */
static uint64_t crowded_key(uint64_t i)
{
	return i << 32 | i;
}

static struct value *get(struct aging *aging, uint64_t key, int *is_new)
{
	assert_int_equal(aging_reserve(aging, 1), 0);
	return aging_get(aging, key, is_new);
}

static void fill(struct aging *aging, uint64_t (*key)(uint64_t), uint64_t first, uint64_t end)
{
	int is_new;

	for (uint64_t i = first; i < end; i++) {
		struct value *value = get(aging, key(i), &is_new);

		assert_true(is_new);
		assert_int_equal(value->number, 0);
		*value = (struct value){i + 1, ~i};
	}
}

static void expect(const struct aging *aging, uint64_t (*key)(uint64_t), uint64_t first,
		   uint64_t end, int is_there)
{
	for (uint64_t i = first; i < end; i++) {
		const struct value *value = aging_find(aging, key(i));

		assert_int_equal(value != NULL, is_there);
		if (value) {
			assert_int_equal(value->number, i + 1);
			assert_int_equal(value->more, ~i);
		}
	}
}

static void check(uint64_t (*key)(uint64_t), uint64_t count)
{
	struct aging aging = {0};

	assert_int_equal(aging_init(&aging, sizeof(struct value)), 0);
	fill(&aging, key, 0, count);
	assert_int_equal(aging_count(&aging), count);
	expect(&aging, key, 0, count, 1);
	expect(&aging, key, count, count + 1000, 0);
	aging_clear(&aging);
}

static void keeps_what_it_is_given(void **state)
{
	check(spread_key, 100000);
	check(running_key, 100000);
	check(crowded_key, 3000);
}

static void forgets_after_two_generations(void **state)
{
	struct aging aging = {0};

	assert_int_equal(aging_init(&aging, sizeof(struct value)), 0);
	for (uint64_t turn = 0; turn < 6; turn++) {
		fill(&aging, spread_key, turn * 5000, (turn + 1) * 5000);
		expect(&aging, spread_key, turn ? (turn - 1) * 5000 : 0, (turn + 1) * 5000, 1);
		if (turn > 1)
			expect(&aging, spread_key, 0, (turn - 1) * 5000, 0);
		aging_turn(&aging);
	}
	assert_int_equal(aging.peak, 10000);
	aging_clear(&aging);
}

static void what_is_touched_stays(void **state)
{
	struct aging aging = {0};
	int is_new;

	assert_int_equal(aging_init(&aging, sizeof(struct value)), 0);
	fill(&aging, running_key, 0, 2000);
	for (int turn = 0; turn < 5; turn++) {
		aging_turn(&aging);
		for (uint64_t i = 0; i < 100; i++) {
			const struct value *value = get(&aging, i, &is_new);

			assert_false(is_new);
			assert_int_equal(value->number, i + 1);
		}
		assert_int_equal(aging_count(&aging), turn ? 100 : 2000);
	}
	expect(&aging, running_key, 100, 2000, 0);
	aging_clear(&aging);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_it_is_given),
		cmocka_unit_test(forgets_after_two_generations),
		cmocka_unit_test(what_is_touched_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
