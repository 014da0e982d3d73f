/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the rows of the stream cost: what is claimed of which span.
 */
#include "recorder/cost.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BEGIN_NS  1700000000000000000ULL
#define SECOND_NS 1000000000ULL
#define MOST	  8

/* Parts as the test has them; a program counts only while statistics are kept. */
struct bench {
	struct cost_part parts[MOST];
	size_t count;
	int is_kept, is_kept_by_others, is_refused;
	unsigned int asked; /* how often they were */
	uint64_t time_ns;
	struct cost *cost;
	struct delivery *delivery;
};

static size_t read_parts(void *context, struct cost_part *parts, size_t most)
{
	const struct bench *bench = context;

	assert_true(bench->count <= most);
	memcpy(parts, bench->parts, bench->count * sizeof(*parts));
	return bench->count;
}

static int keep_statistics(void *context, int keep)
{
	struct bench *bench = context;

	if (bench->is_refused)
		return -EPERM;
	assert_int_not_equal(bench->is_kept, keep);
	bench->is_kept = keep;
	bench->asked += keep != 0;
	return 0;
}

static struct cost_part *add_part(struct bench *bench, const char *part, const char *name,
				  uint64_t number)
{
	struct cost_part *added = &bench->parts[bench->count++];

	*added = (struct cost_part){.part = part, .number = number};
	snprintf(added->name, sizeof(added->name), "%s", name);
	return added;
}

static void begin(struct bench *bench, enum cost_statistics statistics)
{
	const struct cost_source source = {read_parts, keep_statistics, bench};

	bench->time_ns = BEGIN_NS;
	bench->cost = cost_new(&source, statistics, bench->time_ns);
	bench->delivery = delivery_new();
	assert_non_null(bench->cost);
	assert_non_null(bench->delivery);
}

/* Time goes on, and a program (the first part) runs a thousand times a second, 100 ns each. */
static void run_for(struct bench *bench, uint64_t ns)
{
	bench->time_ns += ns;
	if (!bench->is_kept && !bench->is_kept_by_others)
		return;
	bench->parts[0].run_count += ns / 1000000;
	bench->parts[0].run_time_ns += ns / 1000000 * 100;
}

static void sample(struct bench *bench, uint64_t packets, int now)
{
	assert_int_equal(
		cost_sample(bench->cost, bench->time_ns, packets, now, bench->delivery), 0);
}

static void end(struct bench *bench)
{
	cost_free(bench->cost);
	delivery_free(bench->delivery);
	assert_false(bench->is_kept);
}

static size_t row_count(const struct bench *bench)
{
	return bench->delivery->first[STREAM_COST]
		       ? bench->delivery->first[STREAM_COST]->row_count
		       : 0;
}

static uint64_t value(const struct bench *bench, const char *name, uint32_t row)
{
	int column = stream_column(stream_get(STREAM_COST), name);

	assert_true(column >= 0);
	assert_true(row < row_count(bench));
	return batch_integer(bench->delivery->first[STREAM_COST], (unsigned int)column, row);
}

static int has_name(const struct bench *bench, uint32_t row, const char *name)
{
	const char *text = dictionary_text(bench->delivery->first[STREAM_COST]->texts,
					   (uint32_t)value(bench, "name", row), NULL);

	return !strcmp(text, name);
}

/* The sum of a column over the rows of that name. */
static uint64_t sum(const struct bench *bench, const char *column, const char *name)
{
	uint64_t total = 0;

	for (uint32_t row = 0; row < row_count(bench); row++)
		if (has_name(bench, row, name))
			total += value(bench, column, row);
	return total;
}

static void a_row_tells_what_came_since_the_last_one(void **state)
{
	struct bench bench = {0};

	add_part(&bench, "program", "receive", 0);
	bench.parts[0].run_count = 70; /* before the recording */
	add_part(&bench, "map", "flows", 0)->entries_most = 64;
	begin(&bench, COST_STATISTICS_ALL);
	run_for(&bench, SECOND_NS / 2);
	sample(&bench, 5, 0);
	assert_int_equal(row_count(&bench), 0);
	run_for(&bench, SECOND_NS);
	bench.parts[1].entries = 9;
	sample(&bench, 5, 0);
	assert_int_equal(row_count(&bench), 2);
	assert_int_equal(value(&bench, "time_ns", 0), bench.time_ns);
	assert_int_equal(value(&bench, "span_ns", 0), SECOND_NS * 3 / 2);
	assert_int_equal(value(&bench, "run_count", 0), 1500);
	assert_int_equal(value(&bench, "run_time_ns", 0), 150000);
	assert_int_equal(value(&bench, "entries", 1), 9);
	assert_int_equal(value(&bench, "entries_most", 1), 64);
	run_for(&bench, SECOND_NS / 4);
	sample(&bench, 5, 1);
	assert_int_equal(row_count(&bench), 4);
	assert_int_equal(value(&bench, "span_ns", 2), SECOND_NS / 4);
	assert_int_equal(sum(&bench, "run_count", "receive"), 1750);
	sample(&bench, 5, 1);
	assert_int_equal(row_count(&bench), 4);
	end(&bench);
}

static void sampled_statistics_are_kept_one_second_in_ten(void **state)
{
	struct bench bench = {0};
	uint64_t kept = 0;

	add_part(&bench, "program", "receive", 0);
	begin(&bench, COST_STATISTICS_SAMPLED);
	for (int i = 0; i < 30; i++) {
		kept += (uint64_t)bench.is_kept;
		run_for(&bench, SECOND_NS);
		sample(&bench, 0, 0);
	}
	assert_int_equal(kept, 3);
	assert_int_equal(bench.asked, 4); /* the fourth has just begun */
	assert_int_equal(row_count(&bench), 3);
	for (uint32_t row = 0; row < 3; row++) {
		assert_int_equal(value(&bench, "time_ns", row),
				 BEGIN_NS + (row * 10 + 1) * SECOND_NS);
		assert_int_equal(value(&bench, "span_ns", row), SECOND_NS);
		assert_int_equal(value(&bench, "run_count", row), 1000);
	}
	end(&bench);
}

static void statistics_that_others_want_are_claimed_for_our_spans_only(void **state)
{
	struct bench bench = {.is_kept_by_others = 1};

	add_part(&bench, "program", "receive", 0);
	begin(&bench, COST_STATISTICS_SAMPLED);
	for (int i = 0; i < 15; i++) {
		run_for(&bench, SECOND_NS);
		sample(&bench, 0, 0);
	}
	assert_int_equal(row_count(&bench), 2);
	assert_int_equal(sum(&bench, "span_ns", "receive"), 2 * SECOND_NS);
	assert_int_equal(sum(&bench, "run_count", "receive"), 2000);
	end(&bench);
}

static void without_statistics_programs_have_no_rows(void **state)
{
	struct bench off = {.is_kept_by_others = 1}, refused = {.is_refused = 1};

	add_part(&off, "program", "receive", 0);
	begin(&off, COST_STATISTICS_OFF);
	add_part(&refused, "program", "receive", 0);
	begin(&refused, COST_STATISTICS_ALL);
	for (int i = 0; i < 12; i++) {
		run_for(&off, SECOND_NS);
		sample(&off, 0, 0);
		run_for(&refused, SECOND_NS);
		sample(&refused, 0, 0);
	}
	assert_int_equal(off.asked, 0);
	assert_int_equal(row_count(&off), 0);
	assert_int_equal(row_count(&refused), 0);
	end(&off);
	end(&refused);
}

static void threads_come_and_go_and_the_sum_stays_that_of_the_process(void **state)
{
	struct bench bench = {0};
	struct cost_part *process;

	add_part(&bench, "thread", "intake", 11)->user_cpu_ns = 5000;
	add_part(&bench, "thread", "worker", 12)->system_cpu_ns = 700;
	process = add_part(&bench, "recorder", "flowrec", 0);
	process->user_cpu_ns = 5000;
	process->system_cpu_ns = 700;
	begin(&bench, COST_STATISTICS_OFF);
	/* The worker uses 30 more and ends; another of its name begins, and has used 40. */
	bench.parts[0].user_cpu_ns += 100;
	bench.parts[1].number = 13;
	bench.parts[1].system_cpu_ns = 40;
	process->user_cpu_ns += 100;
	process->system_cpu_ns += 30 + 40;
	bench.time_ns += SECOND_NS;
	sample(&bench, 0, 0);
	assert_int_equal(sum(&bench, "user_cpu_ns", "intake"), 100);
	assert_int_equal(sum(&bench, "system_cpu_ns", "worker"), 40);
	assert_int_equal(sum(&bench, "system_cpu_ns", "ended"), 30);
	assert_int_equal(sum(&bench, "user_cpu_ns", "ended"), 0);
	assert_int_equal(sum(&bench, "system_cpu_ns", "flowrec"), 70);
	end(&bench);
}

static void cpu_time_that_is_divided_anew_goes_never_backwards(void **state)
{
	struct bench bench = {0};
	struct cost_part *thread = add_part(&bench, "thread", "intake", 11);

	thread->user_cpu_ns = 1000;
	begin(&bench, COST_STATISTICS_OFF);
	thread->user_cpu_ns = 600;
	thread->system_cpu_ns = 500;
	bench.time_ns += SECOND_NS;
	sample(&bench, 0, 0);
	assert_int_equal(value(&bench, "user_cpu_ns", 0), 0);
	assert_int_equal(value(&bench, "system_cpu_ns", 0), 100);
	thread->user_cpu_ns = 1700;
	thread->system_cpu_ns = 500;
	bench.time_ns += SECOND_NS;
	sample(&bench, 0, 0);
	assert_int_equal(sum(&bench, "user_cpu_ns", "intake") +
				 sum(&bench, "system_cpu_ns", "intake"),
			 1200);
	end(&bench);
}

static void packets_stand_with_the_recorder_and_never_shrink(void **state)
{
	struct bench bench = {0};

	add_part(&bench, "recorder", "flowrec", 0);
	begin(&bench, COST_STATISTICS_OFF);
	bench.time_ns += SECOND_NS;
	sample(&bench, 100, 0);
	bench.time_ns += SECOND_NS;
	sample(&bench, 90, 0);
	bench.time_ns += SECOND_NS;
	sample(&bench, 95, 0);
	assert_int_equal(value(&bench, "packets", 0), 100);
	assert_int_equal(value(&bench, "packets", 1), 0);
	assert_int_equal(value(&bench, "packets", 2), 5);
	end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_tells_what_came_since_the_last_one),
		cmocka_unit_test(sampled_statistics_are_kept_one_second_in_ten),
		cmocka_unit_test(statistics_that_others_want_are_claimed_for_our_spans_only),
		cmocka_unit_test(without_statistics_programs_have_no_rows),
		cmocka_unit_test(threads_come_and_go_and_the_sum_stays_that_of_the_process),
		cmocka_unit_test(cpu_time_that_is_divided_anew_goes_never_backwards),
		cmocka_unit_test(packets_stand_with_the_recorder_and_never_shrink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
