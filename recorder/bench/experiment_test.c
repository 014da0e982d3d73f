/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the recording that an experiment makes.
 */
#include "recorder/bench/experiment.h"

#include "schema/scratch_test.h"

#include <errno.h>

#define ROWS "SELECT coalesce(sum(row_count), 0) FROM chunk WHERE stream = "

static struct experiment *begin(const char *directory)
{
	struct experiment *experiment;
	char *problem;

	if (experiment_open(directory, "flowrec bench -o x", &experiment, &problem))
		fail_msg("%s", problem);
	return experiment;
}

static void end(struct experiment *experiment)
{
	char *problem;

	if (experiment_close(experiment, &problem))
		fail_msg("%s", problem);
}

static struct workload_row run_of(uint64_t pair)
{
	return (struct workload_row){
		.start_ns = 1000000000 * pair,
		.end_ns = 1000000000 * pair + 5000,
		.pair = pair,
		.position = 1,
		.arm = "on",
		.role = "candidate",
		.command = "true",
	};
}

/* The only value of a column. */
static uint64_t value_of(const char *directory, enum stream_id stream, const char *name)
{
	struct segment_reader *segment = scratch_segment(directory, 1);
	struct chunk *chunks;
	size_t count;
	uint64_t value;

	assert_int_equal(segment_chunks(segment, stream, NULL, 0, &chunks, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(chunks[0].row_count, 1);
	assert_int_equal(segment_column(segment, stream, chunks,
					(unsigned int)stream_column(stream_get(stream), name),
					&value),
			 0);
	free(chunks);
	segment_reader_close(segment);
	return value;
}

static void a_histogram_is_a_row_a_bucket_and_columns_of_its_run(void **state)
{
	char *directory = scratch_make();
	struct experiment *experiment = begin(directory);
	struct histogram *latency = calloc(1, sizeof(*latency));
	struct workload_row row = run_of(1);

	assert_non_null(latency);
	for (int i = 0; i < 99; i++)
		histogram_record(latency, 100);
	histogram_record(latency, 200);
	assert_int_equal(experiment_run(experiment, &row, latency), 0);
	end(experiment);
	assert_answer(directory, 1, ROWS "'workload'", "1");
	assert_answer(directory, 1, ROWS "'latency'", "2");
	assert_int_equal(value_of(directory, STREAM_WORKLOAD, "latency_max_ns"), 200);
	assert_int_equal(value_of(directory, STREAM_WORKLOAD, "latency_mean_ns"), 101);
	/* Within the bucket of 1 ns that has it. */
	assert_in_range(value_of(directory, STREAM_WORKLOAD, "latency_p50_ns"), 99, 101);
	free(latency);
	scratch_remove(directory);
}

static void what_a_tool_said_stays_without_a_histogram(void **state)
{
	char *directory = scratch_make();
	struct experiment *experiment = begin(directory);
	struct workload_row row = run_of(1);

	row.latency_p50_ns = 777;
	assert_int_equal(experiment_run(experiment, &row, NULL), 0);
	end(experiment);
	assert_int_equal(value_of(directory, STREAM_WORKLOAD, "latency_p50_ns"), 777);
	assert_answer(directory, 1, ROWS "'latency'", "0");
	scratch_remove(directory);
}

static void costs_stand_beside_the_runs(void **state)
{
	char *directory = scratch_make();
	struct experiment *experiment = begin(directory);
	struct workload_row row = run_of(1);
	struct cost_row cost = {.time_ns = row.end_ns, .part = "map", .name = "m"};

	assert_int_equal(experiment_cost(experiment, &cost), 0);
	assert_int_equal(experiment_run(experiment, &row, NULL), 0);
	row = run_of(2);
	assert_int_equal(experiment_run(experiment, &row, NULL), 0);
	end(experiment);
	assert_answer(directory, 1, ROWS "'workload'", "2");
	assert_answer(directory, 1, ROWS "'cost'", "1");
	scratch_remove(directory);
}

static void what_came_after_the_last_run_is_not_left_out(void **state)
{
	char *directory = scratch_make();
	struct experiment *experiment = begin(directory);
	struct cost_row cost = {.time_ns = 1000000000, .part = "map", .name = "m"};

	assert_int_equal(experiment_cost(experiment, &cost), 0);
	end(experiment);
	assert_answer(directory, 1, ROWS "'cost'", "1");
	scratch_remove(directory);
}

static void a_recording_that_is_there_is_left_alone(void **state)
{
	char *directory = scratch_make(), *problem;
	struct experiment *experiment = begin(directory);

	end(experiment);
	assert_int_equal(experiment_open(directory, "again", &experiment, &problem), -EEXIST);
	assert_non_null(problem);
	free(problem);
	scratch_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_histogram_is_a_row_a_bucket_and_columns_of_its_run),
		cmocka_unit_test(what_a_tool_said_stays_without_a_histogram),
		cmocka_unit_test(costs_stand_beside_the_runs),
		cmocka_unit_test(what_came_after_the_last_run_is_not_left_out),
		cmocka_unit_test(a_recording_that_is_there_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
