/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of result files as metrics: of load tools (testdata/results), and JSON lines.
 */
#include "analyzer/compare/metric_file.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct metrics read_result(const char *name)
{
	struct metrics metrics = {0};
	char path[256], text[1 << 16], *problem;
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "testdata/results/%s", name);
	file = fopen(path, "r");
	assert_non_null(file);
	size = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (metric_file_read(text, size, &metrics, METRIC_BASELINE, &problem))
		fail_msg("%s: %s", name, problem);
	return metrics;
}

static struct metrics read_lines(const char *text)
{
	struct metrics metrics = {0};
	char *problem;

	if (metric_file_read(text, strlen(text), &metrics, METRIC_BASELINE, &problem))
		fail_msg("%s", problem);
	return metrics;
}

static void expect(const struct metrics *metrics, const char *name, const char *unit,
		   int better, size_t count, double first)
{
	const struct metric *metric = metrics_find(metrics, name);

	if (!metric)
		fail_msg("there is no metric %s", name);
	assert_string_equal(metric->unit, unit);
	assert_int_equal(metric->better, better);
	assert_int_equal(metric->side[METRIC_BASELINE].count, count);
	if (fabs(metric->side[METRIC_BASELINE].values[0] - first) > 0.005 * first)
		fail_msg("%s is %g, not %g", name, metric->side[METRIC_BASELINE].values[0],
			 first);
}

static void wrk_gives_latency_and_rate(void **state)
{
	struct metrics metrics = read_result("wrk-4.1.0.txt");

	expect(&metrics, "wrk.latency_p50", "ns", -1, 1, 731000);
	expect(&metrics, "wrk.latency_p99", "ns", -1, 1, 8370000);
	expect(&metrics, "wrk.rate", "requests/s", 1, 1, 1829.54);
	metrics_free(&metrics);
}

static void hyperfine_gives_each_run(void **state)
{
	struct metrics metrics = read_result("hyperfine-1.15.json");
	const struct metric *metric = metrics_find(&metrics, "hyperfine.time");

	assert_non_null(metric);
	assert_int_equal(metric->side[METRIC_BASELINE].count, 10);
	assert_int_equal(metric->kind, METRIC_SAMPLED);
	metric = metrics_find(&metrics, "hyperfine.errors");
	assert_non_null(metric);
	assert_int_equal(metric->kind, METRIC_EXACT);
	metrics_free(&metrics);
}

static void other_tools_are_known_too(void **state)
{
	struct metrics metrics = read_result("hey-0.1.4.csv");

	assert_non_null(metrics_find(&metrics, "hey.latency_p95"));
	metrics_free(&metrics);
	metrics = read_result("oha-schema.json");
	expect(&metrics, "oha.rate", "requests/s", 1, 1, 50);
	assert_true(metrics_find(&metrics, "oha.errors")->side[METRIC_BASELINE].whole == 100);
	expect(&metrics, "oha.latency_p999", "ns", -1, 1, 20e6);
	metrics_free(&metrics);
	metrics = read_result("iperf3-3.12-tcp.json");
	expect(&metrics, "iperf3.rate", "bytes/s", 1, 1, 12580200);
	metrics_free(&metrics);
}

static void lines_of_metrics_say_all_themselves(void **state)
{
	struct metrics metrics = read_lines(
		"{\"metric\":\"a\",\"unit\":\"bytes\",\"kind\":\"exact\",\"better\":\"lower\","
		"\"value\":3}\n\n"
		"{\"metric\":\"b\",\"unit\":null,\"kind\":\"context\",\"better\":\"\","
		"\"value\":\"x\",\"whole\":null}\r\n"
		"{\"metric\":\"c\",\"kind\":\"proportion\",\"value\":1,\"whole\":4}");

	expect(&metrics, "a", "bytes", -1, 1, 3);
	assert_string_equal(metrics_find(&metrics, "b")->side[METRIC_BASELINE].texts[0], "x");
	assert_true(metrics_find(&metrics, "c")->side[METRIC_BASELINE].whole == 4);
	metrics_free(&metrics);
}

static void of_figures_the_ratio_counts(void **state)
{
	struct metrics metrics = read_lines(
		"{\"name\":\"size\",\"value\":12.9,\"unit\":\"bytes a row\",\"yardstick\":\"p\","
		"\"yardstick_value\":20.4,\"ratio\":0.63}\n"
		"{\"name\":\"speed\",\"value\":5,\"unit\":\"rows/s\"}\n"
		"{\"name\":\"speed\",\"value\":6,\"unit\":\"rows/s\"}\n"
		"{\"name\":\"what\",\"value\":6,\"unit\":\"apples\"}\n");

	expect(&metrics, "size", "ratio", -1, 1, 0.63);
	expect(&metrics, "speed", "rows/s", 1, 2, 5);
	expect(&metrics, "what", "apples", 0, 1, 6);
	metrics_free(&metrics);
}

static void expect_wrong(const char *text, const char *expected)
{
	struct metrics metrics = {0};
	char *problem = NULL;

	assert_true(metric_file_read(text, strlen(text), &metrics, METRIC_BASELINE, &problem) <
		    0);
	assert_string_equal(problem, expected);
	free(problem);
	metrics_free(&metrics);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
	expect_wrong("{\"name\":\"a\",\"value\":1}\n{\"name\":\"a\"}\n",
		     "line 2: value: expected a number");
	expect_wrong("{\"name\":\"a\",\"value\":1}\n[]\n",
		     "line 2: an object: expected a key \"metric\" or \"name\"");
	expect_wrong("{\"metric\":\"a\",\"value\":1,\"kind\":\"new\"}",
		     "line 1: kind: expected exact, sampled, proportion or context");
	expect_wrong("{\"metric\":\"a\",\"value\":[1],\"kind\":\"exact\"}",
		     "line 1: value: expected a number or a text");
	expect_wrong("{\"metric\":\"a\",\"value\":1,\"kind\":\"exact\",\"better\":3}",
		     "line 1: better: expected lower, higher or nothing");
	expect_wrong("{\"metric\":\"a\",\"value\":1,\"kind\":\"exact\"}\n"
		     "{\"metric\":\"a\",\"value\":1,\"kind\":\"sampled\"}",
		     "line 2: a: kind sampled does not fit exact before");
	expect_wrong("{\"metric\":\"a\",\"value\":1,\"kind\":\"exact\",\"unit\":\"ns\"}\n"
		     "{\"metric\":\"a\",\"value\":1,\"kind\":\"exact\",\"unit\":\"us\"}",
		     "line 2: a: unit 'us' does not fit 'ns' before");
	expect_wrong("{\"metric\":\"\",\"value\":1,\"kind\":\"exact\"}",
		     "line 1: a metric's name: expected 1 to 200 bytes");
}

static void samples_keep_their_order_and_names_are_sorted(void **state)
{
	struct metrics metrics = {0};
	char *problem;

	for (int i = 0; i < 3000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "m%d", i * 7 % 100);
		assert_int_equal(metrics_add(&metrics, METRIC_CANDIDATE,
					     &(struct metric_sample){.name = name,
								     .kind = METRIC_SAMPLED,
								     .value = i},
					     &problem),
				 0);
	}
	assert_int_equal(metrics.count, 100);
	for (size_t i = 0; i < 100; i++) {
		const struct metric_values *values = &metrics.list[i].side[METRIC_CANDIDATE];

		assert_true(!i || strcmp(metrics.list[i - 1].name, metrics.list[i].name) < 0);
		assert_int_equal(values->count, 30);
		for (size_t j = 1; j < 30; j++)
			assert_true(values->values[j - 1] < values->values[j]);
	}
	metrics_free(&metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrk_gives_latency_and_rate),
		cmocka_unit_test(hyperfine_gives_each_run),
		cmocka_unit_test(other_tools_are_known_too),
		cmocka_unit_test(lines_of_metrics_say_all_themselves),
		cmocka_unit_test(of_figures_the_ratio_counts),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(samples_keep_their_order_and_names_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
