/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder/bench/arm.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void without_a_word_recording_stands_between_two_baselines(void **state)
{
	struct arms arms = {0};

	assert_int_equal(arms_choose(&arms, NULL, NULL), 0);
	assert_int_equal(arms.count, 3);
	assert_string_equal(arms.arm[0].name, "off");
	assert_string_equal(arms.arm[0].role, "baseline");
	assert_string_equal(arms.arm[1].name, "on");
	assert_string_equal(arms.arm[1].role, "candidate");
	assert_int_equal(arms.arm[1].kind, ARM_RECORDER);
	assert_string_equal(arms.arm[2].role, "repeat");
	assert_int_equal(arms.arm[2].kind, ARM_NOTHING);
	arms_free(&arms);
}

static void arms_that_are_defined_take_the_place_of_on(void **state)
{
	struct arms arms = {0};

	assert_int_equal(arms_define(&arms, "packets=--streams +packet"), 0);
	assert_int_equal(arms_define(&arms, "other=!agent --a=b"), 0);
	assert_int_equal(arms_choose(&arms, NULL, NULL), 0);
	assert_int_equal(arms.count, 4);
	assert_string_equal(arms.arm[1].words, "--streams +packet");
	assert_int_equal(arms.arm[2].kind, ARM_COMMAND);
	assert_string_equal(arms.arm[2].words, "agent --a=b");
	arms_free(&arms);
}

static void a_list_says_which_and_in_what_order(void **state)
{
	char list[] = "b,on,a";
	const char *word;
	struct arms arms = {0};

	assert_int_equal(arms_define(&arms, "a=--slice 1s"), 0);
	assert_int_equal(arms_define(&arms, "unused="), 0);
	assert_int_equal(arms_define(&arms, "b="), 0);
	assert_int_equal(arms_choose(&arms, list, &word), 0);
	assert_int_equal(arms.count, 3);
	assert_string_equal(arms.arm[0].name, "b");
	assert_string_equal(arms.arm[0].role, "baseline");
	assert_null(arms.arm[0].words);
	assert_string_equal(arms.arm[1].name, "on");
	assert_string_equal(arms.arm[2].role, "candidate");
	arms_free(&arms);
}

static void what_is_wrong_is_named(void **state)
{
	char unknown[] = "off,new", twice[] = "on,off,on", alone[] = "off";
	const char *word = NULL;
	struct arms arms = {0};

	assert_int_equal(arms_define(&arms, "name"), -EINVAL);
	assert_int_equal(arms_define(&arms, "=--slice 1s"), -EINVAL);
	assert_int_equal(arms_define(&arms, "a,b=--slice 1s"), -EINVAL);
	assert_int_equal(arms_define(&arms, "a b=--slice 1s"), -EINVAL);
	assert_int_equal(arms_define(&arms, "a=!"), -EINVAL);
	assert_int_equal(arms_define(&arms, "off=--slice 1s"), -EEXIST);
	assert_int_equal(arms_define(&arms, "a=--streams flow,nat"), 0);
	assert_int_equal(arms_define(&arms, "a=!b"), -EEXIST);
	assert_int_equal(arms_choose(&arms, unknown, &word), -ENOENT);
	assert_string_equal(word, "new");
	assert_int_equal(arms_choose(&arms, twice, &word), -EEXIST);
	assert_string_equal(word, "on");
	assert_int_equal(arms_choose(&arms, alone, &word), -EINVAL);
	arms_free(&arms);
}

static void every_order_comes_equally_often(void **state)
{
	unsigned int seen[3][3] = {{0}};
	uint64_t lot = 7, again = 7;
	size_t order[3], same[3];

	for (int i = 0; i < 30000; i++) {
		arms_shuffle(&lot, 3, order);
		arms_shuffle(&again, 3, same);
		assert_memory_equal(order, same, sizeof(order));
		for (size_t place = 0; place < 3; place++)
			seen[order[place]][place]++;
	}
	for (size_t arm = 0; arm < 3; arm++)
		for (size_t place = 0; place < 3; place++)
			assert_in_range(seen[arm][place], 9600, 10400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_word_recording_stands_between_two_baselines),
		cmocka_unit_test(arms_that_are_defined_take_the_place_of_on),
		cmocka_unit_test(a_list_says_which_and_in_what_order),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(every_order_comes_equally_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
