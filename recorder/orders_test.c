/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder/orders.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct pipe {
	int ends[2];
	struct orders orders;
};

static int open_pipe(void **state)
{
	static struct pipe input;

	*state = &input;
	if (pipe2(input.ends, O_CLOEXEC))
		return -1;
	input.orders = (struct orders){.fd = input.ends[0]};
	return 0;
}

static int close_pipe(void **state)
{
	struct pipe *input = *state;

	if (input->ends[1] >= 0)
		close(input->ends[1]);
	close(input->ends[0]);
	return 0;
}

static void give(struct pipe *input, const char *text)
{
	assert_int_equal(write(input->ends[1], text, strlen(text)), strlen(text));
}

static void orders_come_one_at_a_time(void **state)
{
	struct pipe *input = *state;

	assert_int_equal(orders_take(&input->orders), ORDER_NONE);
	give(input, "off\non\n");
	assert_int_equal(orders_take(&input->orders), ORDER_OFF);
	assert_int_equal(orders_take(&input->orders), ORDER_ON);
	assert_int_equal(orders_take(&input->orders), ORDER_NONE);
}

static void a_line_may_come_in_pieces(void **state)
{
	struct pipe *input = *state;

	give(input, "o");
	assert_int_equal(orders_take(&input->orders), ORDER_NONE);
	give(input, "ff");
	assert_int_equal(orders_take(&input->orders), ORDER_NONE);
	give(input, "\n");
	assert_int_equal(orders_take(&input->orders), ORDER_OFF);
}

static void other_lines_are_told_by_their_beginning(void **state)
{
	struct pipe *input = *state;

	give(input, "\noff and on again, please\non\n");
	assert_int_equal(orders_take(&input->orders), ORDER_UNKNOWN);
	assert_string_equal(input->orders.line, "");
	assert_int_equal(orders_take(&input->orders), ORDER_UNKNOWN);
	assert_string_equal(input->orders.line, "off and on agai");
	assert_int_equal(orders_take(&input->orders), ORDER_ON);
}

static void the_end_comes_after_the_orders(void **state)
{
	struct pipe *input = *state;

	give(input, "on\noff");
	close(input->ends[1]);
	input->ends[1] = -1;
	assert_int_equal(orders_take(&input->orders), ORDER_ON);
	assert_int_equal(orders_take(&input->orders), ORDER_END);
	assert_int_equal(orders_take(&input->orders), ORDER_END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(orders_come_one_at_a_time, open_pipe,
						close_pipe),
		cmocka_unit_test_setup_teardown(a_line_may_come_in_pieces, open_pipe,
						close_pipe),
		cmocka_unit_test_setup_teardown(other_lines_are_told_by_their_beginning,
						open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(the_end_comes_after_the_orders, open_pipe,
						close_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
