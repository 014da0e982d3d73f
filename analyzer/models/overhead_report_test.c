/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the report on overhead: what its sections say of runs that are few enough to be
 * worked out on paper.
 */
#include "analyzer/report_text.h"
#include "analyzer/reports.h"
#include "analyzer/sample_test.h"

#include "schema/histogram.h"

static const char *report_sql(void)
{
	for (size_t i = 0; embedded_reports[i].name; i++)
		if (!strcmp(embedded_reports[i].name, "overhead"))
			return embedded_reports[i].sql;
	fail_msg("there is no report overhead");
	return NULL;
}

/* Some columns of a section's rows. */
static void expect(sqlite3 *database, const char *section, const char *columns,
		   const char *expected)
{
	struct report_text text;
	char *problem = NULL;
	int seen = 0;

	if (report_text_open(database, report_sql(), &text, &problem))
		fail_msg("%s", problem);
	for (size_t i = 0; i < text.count; i++) {
		const char *sql = sqlite3_sql(text.sections[i].statement);
		size_t size = strlen(sql);
		char *question;

		if (strcmp(text.sections[i].render.name, section))
			continue;
		while (size && strchr("; \n", sql[size - 1]))
			size--;
		question = sqlite3_mprintf("SELECT %s FROM (%.*s)", columns, (int)size, sql);
		sample_expect(database, question, expected);
		sqlite3_free(question);
		seen++;
	}
	assert_int_equal(seen, 1);
	report_text_close(&text);
}

static struct workload_row run_of(const char *arm, uint64_t pair, uint64_t operations)
{
	int is_baseline = !strcmp(arm, "off");
	uint64_t start_ns =
		SAMPLE_BEGIN_NS + 10 * SECOND_NS * pair + (is_baseline ? 0 : 5 * SECOND_NS);

	return (struct workload_row){
		.start_ns = start_ns,
		.end_ns = start_ns + SECOND_NS,
		.pair = pair,
		.arm = arm,
		.role = is_baseline ? "baseline" : "candidate",
		.agent = is_baseline ? NULL : "flowrec record",
		.command = "load",
		.operation = "request",
		.operations = operations,
		.duration_ns = SECOND_NS,
	};
}

/* All its operations took so long. */
static void put(struct segment_writer *segment, const struct workload_row *run, uint64_t ns)
{
	struct histogram_bucket bucket = histogram_bounds(ns);
	struct latency_row row = {
		.time_ns = run->start_ns,
		.pair = run->pair,
		.arm = run->arm,
		.command = run->command,
		.lowest_ns = bucket.lowest,
		.highest_ns = bucket.highest,
		.count = run->operations,
	};

	sample_row(segment, STREAM_WORKLOAD, run);
	sample_row(segment, STREAM_LATENCY, &row);
}

static void quantiles_are_of_all_operations_and_no_mean_of_runs(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct workload_row run = run_of("off", 1, 30);
	struct sample sample;

	put(segment, &run, 100000);
	run = run_of("off", 2, 300);
	put(segment, &run, 200);
	run = run_of("on", 1, 19); /* too few for any quantile */
	put(segment, &run, 200);
	run = run_of("on", 2, 1000); /* no evidence */
	run.exit_status = 1;
	put(segment, &run, 200);
	run = run_of("on", 0, 1000); /* to warm up */
	put(segment, &run, 200);
	sample_finish(segment);
	sample = sample_open(directory);
	/* 30 of 330 are slow, which is 1 in 11. */
	expect(sample.database, "Latency by arm",
	       "arm, evidence, runs, operations, p50_us, p90_us, p95_us, p99_us",
	       "off|merged|2|330|0.2|0.2|100.1|\n"
	       "on|merged|1|19||||");
	expect(sample.database, "Latency distribution", "arm, one_of, latency_us",
	       "off|2|0.2\n"
	       "off|4|0.2\n"
	       "off|10|0.2\n"
	       "off|20|100.1");
	expect(sample.database, "Experiment", "arm, runs, evidence, warm_up, failed",
	       "off|2|2|0|0\n"
	       "on|3|1|1|1");
	sample_close(&sample);
	scratch_remove(directory);
}

static void costs_are_those_of_the_run_that_ended_then(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct workload_row run = run_of("off", 1, 100);
	struct cost_row cost = {.part = "map", .name = "flow", .memory_bytes = 1 << 20};
	struct sample sample;

	put(segment, &run, 200);
	run = run_of("on", 1, 100);
	put(segment, &run, 200);
	cost.time_ns = run.end_ns;
	cost.entries = 7;
	sample_row(segment, STREAM_COST, &cost);
	cost.time_ns = run.end_ns + 1; /* of no run */
	cost.entries = 9;
	sample_row(segment, STREAM_COST, &cost);
	sample_finish(segment);
	sample = sample_open(directory);
	expect(sample.database, "Maps and programs", "arm, part, name, runs, entries",
	       "on|map|flow|1|7");
	sample_close(&sample);
	scratch_remove(directory);
}

static void a_pair_is_too_few_and_the_words_say_so(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct workload_row run = run_of("off", 1, 100);
	struct sample sample;

	put(segment, &run, 200);
	run = run_of("on", 1, 50);
	put(segment, &run, 200);
	sample_finish(segment);
	sample = sample_open(directory);
	expect(sample.database, "In words", "sentence",
	       "Experiment 1: load, 1 pair.\n"
	       "on: 1 pair is too few to claim anything of throughput; 6 would be the least.\n"
	       "No arm repeats the baseline (A/A): what differs without a cause is not known.\n"
	       "Run-time statistics of programs were off in all runs.");
	sample_close(&sample);
	scratch_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_of_all_operations_and_no_mean_of_runs),
		cmocka_unit_test(costs_are_those_of_the_run_that_ended_then),
		cmocka_unit_test(a_pair_is_too_few_and_the_words_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
