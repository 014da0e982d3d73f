/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the report 'metrics' on recordings, and of what is made of its rows.
 */
#include "analyzer/compare/metric_query.h"
#include "analyzer/compare/comparison.h"
#include "analyzer/reports.h"
#include "analyzer/sample_test.h"

#include <math.h>

static const char *metrics_sql(void)
{
	for (size_t i = 0; embedded_reports[i].name; i++)
		if (!strcmp(embedded_reports[i].name, "metrics"))
			return embedded_reports[i].sql;
	fail_msg("there is no report metrics");
	return NULL;
}

static void read_arm(const char *directory, const char *arm, struct metrics *metrics,
		     enum metric_side side)
{
	struct metric_choice choice = {.arm = arm};
	struct sample sample = sample_open(directory);
	char *problem = NULL;

	if (metric_query(sample.database, metrics_sql(), &choice, metrics, side, &problem))
		fail_msg("%s", problem);
	assert_int_equal(recording_note_count(sample.recording), 0);
	assert_null(recording_take_remark(sample.recording));
	sample_close(&sample);
}

static void read_metrics(const char *directory, struct metrics *metrics, enum metric_side side)
{
	read_arm(directory, NULL, metrics, side);
}

static const struct metric_values *values_of(const struct metrics *metrics, const char *name)
{
	const struct metric *metric = metrics_find(metrics, name);

	if (!metric)
		fail_msg("there is no metric %s", name);
	return &metric->side[METRIC_BASELINE];
}

static void expect_number(const struct metrics *metrics, const char *name, double value)
{
	const struct metric_values *values = values_of(metrics, name);

	assert_int_equal(values->count, 1);
	if (fabs(values->values[0] - value) > 1e-9 * fabs(value))
		fail_msg("%s is %.17g instead of %.17g", name, values->values[0], value);
}

static void expect_text(const struct metrics *metrics, const char *name, const char *text)
{
	const struct metric_values *values = values_of(metrics, name);

	assert_int_equal(values->text_count, 1);
	assert_string_equal(values->texts[0], text);
}

static void sizes_losses_and_the_host_are_told(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct metrics metrics = {0};

	sample_flows(segment, 1, 200);
	sample_put(segment, "INSERT INTO host(kernel_release, architecture, cpu_count, "
			    "command_line) VALUES('6.1.0', 'x86_64', 4, "
			    "'/usr/bin/flowrec record -o /srv/a --sample 1/10')");
	sample_put(segment, "INSERT INTO stage VALUES('kernel drop', 'flow', 205, 200, 0), "
			    "('writer', 'flow', 200, 200, 0)");
	sample_put(segment,
		   "INSERT INTO loss VALUES('kernel drop', 'flow', 'full', 0, 1, 2, 3),"
		   "('kernel drop', 'flow', 'full', 1, 1, 2, 1)");
	sample_finish(segment);
	read_metrics(directory, &metrics, METRIC_BASELINE);
	expect_number(&metrics, "lost.all", 4);
	expect_number(&metrics, "lost.kernel_drop.flow", 4);
	expect_number(&metrics, "lost.writer.flow", 0);
	expect_number(&metrics, "unaccounted", 1);
	expect_number(&metrics, "rows.flow", 200);
	expect_number(&metrics, "traffic.packets", 600);
	expect_text(&metrics, "kernel_release", "6.1.0");
	expect_text(&metrics, "cpu_count", "4 CPUs");
	expect_text(&metrics, "command_line", "record --sample 1/10");
	expect_text(&metrics, "sampling_rate", "1/1");
	expect_text(&metrics, "streams", "flow");
	assert_true(values_of(&metrics, "stream.flow.bytes_per_row")->values[0] > 1);
	assert_null(metrics_find(&metrics, "dedup.flowtape.false_positives"));
	metrics_free(&metrics);
	scratch_remove(directory);
}

static void put_cost(struct segment_writer *segment, uint64_t second, const char *part,
		     const char *name, uint64_t runs, uint64_t cpu_ns, uint64_t memory)
{
	struct cost_row row = {
		.time_ns = SAMPLE_BEGIN_NS + second * SECOND_NS,
		.span_ns = SECOND_NS,
		.part = part,
		.name = name,
		.run_count = runs,
		.run_time_ns = 50 * runs,
		.user_cpu_ns = cpu_ns,
		.system_cpu_ns = cpu_ns,
		.memory_bytes = memory,
	};

	sample_row(segment, STREAM_COST, &row);
}

static void what_recording_cost_is_sampled(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct metrics metrics = {0};
	const struct metric_values *values;

	sample_flows(segment, 1, 20); /* one ends in each second from the first on */
	for (uint64_t i = 1; i <= 20; i++) {
		put_cost(segment, i, "program", "on_receive", i == 3 ? 0 : 99 + i, 0, 0);
		put_cost(segment, i, "recorder", "flowrec", 0, 500, 1 << 20);
		put_cost(segment, i, "map", "flows", 0, 0, 4096 + i);
		put_cost(segment, i, "map", "owners", 0, 0, 4096);
	}
	sample_finish(segment);
	read_metrics(directory, &metrics, METRIC_BASELINE);
	values = values_of(&metrics, "cost.program.on_receive.ns_per_run");
	assert_int_equal(values->count, 19);
	assert_true(values->values[0] == 50);
	expect_number(&metrics, "cost.maps.memory", 2 * 4096 + 20);
	expect_number(&metrics, "cost.recorder.memory", 1 << 20);
	values = values_of(&metrics, "cost.recorder.cpu_per_row");
	assert_int_equal(values->count, 3); /* windows of 5 s without the first and the last */
	assert_true(values->values[0] == 1000);
	metrics_free(&metrics);
	scratch_remove(directory);
}

static void put_run(struct segment_writer *segment, uint64_t pair, const char *arm,
		    const char *role, uint64_t p50_ns, uint64_t exit_status,
		    uint64_t statistics_ns)
{
	struct workload_row row = {
		.start_ns = SAMPLE_BEGIN_NS + pair * SECOND_NS,
		.end_ns = SAMPLE_BEGIN_NS + pair * SECOND_NS + SECOND_NS / 2,
		.pair = pair,
		.position = 1,
		.arm = arm,
		.role = role,
		.agent = strcmp(role, "candidate") ? NULL
						   : "/usr/bin/flowrec record --streams flow",
		.command = "wrk http://192.0.2.1/",
		.tool = "wrk",
		.operation = "request",
		.exit_status = exit_status,
		.operations = 1000,
		.duration_ns = SECOND_NS,
		.latency_p50_ns = p50_ns,
		.machine_user_cpu_ns = 1000 * p50_ns,
		.statistics_ns = statistics_ns,
		.program_run_count = statistics_ns ? 10 : 0,
		.program_run_time_ns = statistics_ns ? 700 : 0,
		.lost = !strcmp(role, "candidate") && pair == 2,
	};

	sample_row(segment, STREAM_WORKLOAD, &row);
}

static void runs_are_compared_within_their_pair(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct metrics metrics = {0};
	const struct metric_values *values;

	/* The machine drifts to half its speed; recording adds 10 % all the time. */
	for (uint64_t pair = 0; pair <= 4; pair++) {
		put_run(segment, pair, "off", "baseline", 1000 * (pair + 1), 0, 0);
		put_run(segment, pair, "on", "candidate", 1100 * (pair + 1), 0, 0);
		put_run(segment, pair, "off-again", "repeat", 1000 * (pair + 1), 0, 0);
	}
	put_run(segment, 5, "off", "baseline", 1000, 0, 0);
	put_run(segment, 5, "on", "candidate", 9000, 1, 0); /* failed */
	put_run(segment, 6, "off", "baseline", 1000, 0, 0);
	put_run(segment, 6, "on", "candidate", 9000, 0, SECOND_NS); /* metered */
	sample_finish(segment);
	read_metrics(directory, &metrics, METRIC_BASELINE);
	values = values_of(&metrics, "overhead.on.request.latency_p50");
	assert_int_equal(values->count, 4);
	for (size_t i = 0; i < values->count; i++)
		assert_true(fabs(values->values[i] - 10) < 1e-9);
	values = values_of(&metrics, "overhead.on.request.rate");
	assert_true(fabs(values->values[0]) < 1e-9);
	values = values_of(&metrics, "repeat.off-again.request.latency_p50");
	assert_int_equal(values->count, 4);
	expect_number(&metrics, "cost.on.request.ns_per_run", 70);
	expect_number(&metrics, "lost.on", 1);
	expect_text(&metrics, "workload", "wrk http://192.0.2.1/");
	expect_text(&metrics, "agent.on", "flowrec record --streams flow");
	assert_null(metrics_find(&metrics, "lost.off"));
	metrics_free(&metrics);
	scratch_remove(directory);
}

static void arms_of_one_experiment_can_be_the_sides(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	const struct metric *metric;
	struct metrics metrics = {0};

	for (uint64_t pair = 1; pair <= 3; pair++) {
		put_run(segment, pair, "off", "baseline", 1000 * pair, 0, 0);
		put_run(segment, pair, "on", "candidate", 1100 * pair, 0, 0);
		put_run(segment, pair, "new one", "candidate", 1150 * pair, 0, 0);
	}
	sample_finish(segment);
	read_arm(directory, "on", &metrics, METRIC_BASELINE);
	read_arm(directory, "new one", &metrics, METRIC_CANDIDATE);
	metric = metrics_find(&metrics, "overhead.arm.request.latency_p50");
	assert_non_null(metric);
	assert_int_equal(metric->side[METRIC_BASELINE].count, 3);
	assert_true(fabs(metric->side[METRIC_BASELINE].values[2] - 10) < 1e-9);
	assert_int_equal(metric->side[METRIC_CANDIDATE].count, 3);
	assert_true(fabs(metric->side[METRIC_CANDIDATE].values[2] - 15) < 1e-9);
	assert_null(metrics_find(&metrics, "overhead.on.request.latency_p50"));
	assert_null(metrics_find(&metrics, "overhead.new_one.request.latency_p50"));
	metrics_free(&metrics);
	scratch_remove(directory);
}

static void a_recording_is_not_worse_than_itself(void **state)
{
	char *directory = sample_recording(300);
	struct gate *gate = gate_new();
	struct metrics metrics = {0};
	struct comparison comparison;
	char *problem;

	assert_int_equal(gate_read(gate, "g", gate_default, strlen(gate_default), &problem), 0);
	read_metrics(directory, &metrics, METRIC_BASELINE);
	read_metrics(directory, &metrics, METRIC_CANDIDATE);
	assert_int_equal(comparison_make(&metrics, gate, 0, &comparison), 0);
	assert_int_equal(comparison.verdicts[JUDGE_REGRESSED], 0);
	assert_int_equal(comparison.verdicts[JUDGE_MISSING], 0);
	assert_int_equal(comparison.difference_count, 0);
	assert_true(comparison.verdicts[JUDGE_SAME] > 0);
	comparison_free(&comparison);
	metrics_free(&metrics);
	gate_free(gate);
	scratch_remove(directory);
}

static void expect_refused(sqlite3 *database, const char *sql, const char *expected)
{
	struct metrics metrics = {0};
	char *problem = NULL;

	assert_true(metric_query(database, sql, &(struct metric_choice){0}, &metrics,
				 METRIC_BASELINE, &problem) < 0);
	assert_string_equal(problem, expected);
	free(problem);
	metrics_free(&metrics);
}

static void rows_that_are_no_metrics_are_refused(void **state)
{
	sqlite3 *database;

	assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
	expect_refused(database, "SELECT 1 AS metric", "expected a column 'kind'");
	expect_refused(database,
		       "SELECT 'a' AS metric, 'exakt' AS kind, '' AS better, 1 AS value",
		       "kind 'exakt': expected exact, sampled, proportion or context");
	expect_refused(database,
		       "SELECT 'a' AS metric, 'exact' AS kind, 'more' AS better, 1 AS value",
		       "better 'more': expected lower, higher or nothing");
	expect_refused(database,
		       "SELECT 'a' AS metric, 'exact' AS kind, '' AS better, 9e999 AS value",
		       "a: expected a finite value");
	expect_refused(database,
		       "SELECT 'a' AS metric, 'exact' AS kind, '' AS better, 'x' AS value",
		       "a: expected a number, or a context's text of at most 4000 bytes");
	expect_refused(database,
		       "SELECT 'a' AS metric, 'proportion' AS kind, '' AS better, 2 AS value, "
		       "1 AS whole",
		       "a: expected a part (value) from 0 to the whole, not 2 of 1");
	expect_refused(database, "SELEC", "near \"SELEC\": syntax error");
	expect_refused(database, "", "expected one SELECT");
	expect_refused(database, "SELECT 1; -- and\n SELECT 2", "expected one SELECT");
	sqlite3_close(database);
}

static void the_recipe_can_be_bound(void **state)
{
	struct metrics metrics = {0};
	sqlite3 *database;
	char *problem;

	assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
	assert_int_equal(metric_query(database,
				      "SELECT coalesce(:recipe, 'none') AS metric, 'exact' AS "
				      "kind, '' AS better, 1 AS value",
				      &(struct metric_choice){.recipe = "spie"}, &metrics,
				      METRIC_BASELINE, &problem),
			 0);
	assert_non_null(metrics_find(&metrics, "spie"));
	metrics_free(&metrics);
	sqlite3_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_losses_and_the_host_are_told),
		cmocka_unit_test(what_recording_cost_is_sampled),
		cmocka_unit_test(runs_are_compared_within_their_pair),
		cmocka_unit_test(arms_of_one_experiment_can_be_the_sides),
		cmocka_unit_test(a_recording_is_not_worse_than_itself),
		cmocka_unit_test(rows_that_are_no_metrics_are_refused),
		cmocka_unit_test(the_recipe_can_be_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
