/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder/turning.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TURNS 2000

/* The thread that is told. */
struct told {
	struct turning turning;
	pthread_t thread;
	int turns; /* it does, before it ends */
	int error; /* of every turn */
	int is_on;
};

static void *be_turned(void *context)
{
	struct told *told = context;
	int on;

	while (told->turns) {
		if (!turning_is_told(&told->turning, &on)) {
			sched_yield();
			continue;
		}
		told->is_on = on;
		told->turns--;
		turning_done(&told->turning, told->error);
	}
	turning_end(&told->turning);
	return NULL;
}

static void start(struct told *told)
{
	turning_open(&told->turning);
	told->is_on = 1;
	assert_int_equal(pthread_create(&told->thread, NULL, be_turned, told), 0);
}

static void end(struct told *told)
{
	pthread_join(told->thread, NULL);
	turning_close(&told->turning);
}

static void whoever_tells_waits_until_it_is_so(void **state)
{
	struct told told = {.turns = TURNS};

	start(&told);
	for (int i = 0; i < TURNS; i++) {
		/* Off first: it begins as on. The last turn may be its end already. */
		int error = turning_tell(&told.turning, i % 2);

		assert_true(!error || (error == -ESRCH && i == TURNS - 1));
		assert_int_equal(told.is_on, i % 2);
	}
	end(&told);
}

static void what_is_so_already_is_no_turn(void **state)
{
	struct told told = {.turns = 1};

	start(&told);
	assert_int_equal(turning_tell(&told.turning, 1), 0);
	assert_int_equal(told.turns, 1);
	turning_tell(&told.turning, 0);
	end(&told);
	assert_int_equal(told.turns, 0);
}

static void its_trouble_is_told(void **state)
{
	struct told told = {.turns = 2, .error = -EACCES};

	start(&told);
	assert_int_equal(turning_tell(&told.turning, 0), -EACCES);
	turning_tell(&told.turning, 1);
	end(&told);
}

static void nobody_waits_for_what_has_ended(void **state)
{
	struct told told = {.turns = 0};

	start(&told);
	assert_int_equal(turning_tell(&told.turning, 0), -ESRCH);
	end(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_tells_waits_until_it_is_so),
		cmocka_unit_test(what_is_so_already_is_no_turn),
		cmocka_unit_test(its_trouble_is_told),
		cmocka_unit_test(nobody_waits_for_what_has_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
