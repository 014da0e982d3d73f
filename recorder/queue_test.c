/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the queue between intake and writer.
 */
#include "recorder/queue.h"
#include "schema/scratch_test.h"

#include <errno.h>
#include <pthread.h>

static struct delivery *rows(uint64_t count)
{
	struct delivery *delivery = delivery_new();

	assert_non_null(delivery);
	delivery->row_count = count;
	return delivery;
}

static void a_full_queue_refuses_and_keeps_order(void **state)
{
	struct queue *queue = queue_new(2, 100);
	struct delivery *first = rows(1), *second = rows(2), *third = rows(3);

	assert_int_equal(queue_push(queue, first, 0), 0);
	assert_int_equal(queue_push(queue, second, 0), 0);
	assert_false(queue_has_room(queue, 1));
	assert_int_equal(queue_push(queue, third, 0), -EAGAIN);
	assert_ptr_equal(queue_pop(queue), first);
	assert_int_equal(queue_push(queue, third, 0), -EAGAIN); /* the first is still in work */
	queue_done(queue, 1);
	assert_int_equal(queue_push(queue, third, 0), 0);
	assert_ptr_equal(queue_pop(queue), second);
	assert_int_equal(queue_rows(queue), 5);
	delivery_free(first);
	delivery_free(second);
	queue_free(queue);
}

static void rows_are_bounded_but_one_delivery_always_fits(void **state)
{
	struct queue *queue = queue_new(64, 100);
	struct delivery *large = rows(1000), *small = rows(1);

	assert_int_equal(queue_push(queue, large, 0), 0);
	assert_int_equal(queue_push(queue, small, 0), -EAGAIN);
	assert_ptr_equal(queue_pop(queue), large);
	queue_done(queue, 1000);
	assert_int_equal(queue_push(queue, small, 0), 0);
	delivery_free(large);
	queue_free(queue);
}

static void what_grows_after_there_was_room_is_not_refused(void **state)
{
	struct queue *queue = queue_new(64, 100);
	struct delivery *first = rows(60), *second = rows(40), *third = rows(1);

	assert_true(queue_has_room(queue, 1000));
	assert_int_equal(queue_push(queue, first, 0), 0);
	assert_false(queue_has_room(queue, 41));
	assert_true(queue_has_room(queue, 40));
	second->row_count += 10;
	assert_int_equal(queue_push(queue, second, 0), 0);
	assert_int_equal(queue_rows(queue), 110);
	assert_false(queue_has_room(queue, 0));
	assert_int_equal(queue_push(queue, third, 0), -EAGAIN);
	delivery_free(third);
	queue_free(queue);
}

static void a_closed_queue_is_emptied_and_ends(void **state)
{
	struct queue *queue = queue_new(64, 100);
	struct delivery *one = rows(1), *late = rows(1);

	assert_int_equal(queue_push(queue, one, 0), 0);
	queue_close(queue);
	assert_int_equal(queue_push(queue, late, 1), -EAGAIN);
	assert_ptr_equal(queue_pop(queue), one);
	assert_null(queue_pop(queue));
	delivery_free(one);
	delivery_free(late);
	queue_free(queue);
}

#define ROUNDS 2000

static void *push_all(void *argument)
{
	for (uint64_t i = 1; i <= ROUNDS; i++)
		if (queue_push(argument, rows(i % 7), 1))
			return argument;
	queue_close(argument);
	return NULL;
}

static void whoever_waits_gets_room(void **state)
{
	struct queue *queue = queue_new(3, 10);
	struct delivery *delivery;
	uint64_t count = 0;
	pthread_t thread;
	void *failed;

	assert_int_equal(pthread_create(&thread, NULL, push_all, queue), 0);
	while ((delivery = queue_pop(queue))) {
		assert_int_equal(delivery->row_count, ++count % 7);
		queue_done(queue, delivery->row_count);
		delivery_free(delivery);
	}
	assert_int_equal(pthread_join(thread, &failed), 0);
	assert_null(failed);
	assert_int_equal(count, ROUNDS);
	queue_free(queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_queue_refuses_and_keeps_order),
		cmocka_unit_test(rows_are_bounded_but_one_delivery_always_fits),
		cmocka_unit_test(what_grows_after_there_was_room_is_not_refused),
		cmocka_unit_test(a_closed_queue_is_emptied_and_ends),
		cmocka_unit_test(whoever_waits_gets_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
