/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of what this process and its threads have used.
 */
#include "recorder/thread.h"
#include "recorder/usage.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define MOST	16
#define BUSY_NS 30000000ULL

/* A thread that is busy for a while, and then stays until it is let go. */
struct worker {
	pthread_t thread;
	sem_t done, stay;
	uint64_t used_ns; /* by its own clock */
};

static uint64_t own_cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	while (own_cpu_ns() < BUSY_NS)
		;
	worker->used_ns = own_cpu_ns();
	sem_post(&worker->done);
	sem_wait(&worker->stay);
	return NULL;
}

static const struct cost_part *find(const struct cost_part *parts, size_t count,
				    const char *part, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(parts[i].part, part) && !strcmp(parts[i].name, name))
			return &parts[i];
	return NULL;
}

static void a_thread_stands_under_its_name_with_its_own_time(void **state)
{
	struct worker worker = {0};
	const struct cost_part *thread, *process;
	struct cost_part parts[MOST];
	size_t count;

	sem_init(&worker.done, 0, 0);
	sem_init(&worker.stay, 0, 0);
	/* A name may have anything in it. */
	assert_int_equal(thread_start(&worker.thread, "a) b (c", work, &worker), 0);
	sem_wait(&worker.done);
	count = usage_read(parts, MOST);
	thread = find(parts, count, "thread", "a) b (c");
	process = find(parts, count, "recorder", "flowrec");
	assert_non_null(thread);
	assert_non_null(process);
	assert_true(thread->user_cpu_ns + thread->system_cpu_ns >= worker.used_ns);
	assert_true(process->user_cpu_ns + process->system_cpu_ns + 1000 * 2 >= worker.used_ns);
	assert_true(process->memory_bytes > 0);
	sem_post(&worker.stay);
	pthread_join(worker.thread, NULL);
	sem_destroy(&worker.done);
	sem_destroy(&worker.stay);
	count = usage_read(parts, MOST);
	assert_null(find(parts, count, "thread", "a) b (c"));
}

static void only_so_many_parts_are_filled(void **state)
{
	struct cost_part parts[2] = {{0}};

	assert_int_equal(usage_read(parts, 0), 0);
	assert_int_equal(usage_read(parts, 1), 1);
	assert_string_equal(parts[0].part, "recorder");
	assert_null(parts[1].part);
}

static void writes_are_counted(void **state)
{
	struct cost_part before[MOST], after[MOST];
	size_t count = usage_read(before, MOST);
	FILE *file = fopen("/dev/null", "w");

	assert_non_null(file);
	setbuf(file, NULL);
	for (int i = 0; i < 5; i++)
		fputc('x', file);
	fclose(file);
	assert_int_equal(usage_read(after, MOST), count);
	assert_true(after[count - 1].write_count >= before[count - 1].write_count + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_stands_under_its_name_with_its_own_time),
		cmocka_unit_test(only_so_many_parts_are_filled),
		cmocka_unit_test(writes_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
