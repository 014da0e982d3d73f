/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of reading load tools' results: what real runs said, and what is cut or wrong.
 */
#include "schema/workload_result.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char trouble[200];

static char *load(const char *name, size_t *size)
{
	char path[200], *text = malloc(1 << 16);
	FILE *file;

	snprintf(path, sizeof(path), "testdata/results/%s", name);
	file = fopen(path, "r");
	assert_non_null(text);
	assert_non_null(file);
	*size = fread(text, 1, 1 << 16, file);
	fclose(file);
	return text;
}

static struct workload_result result_of(const char *name)
{
	struct workload_result result = {0};
	size_t size;
	char *text = load(name, &size);

	if (workload_result_read(text, size, &result, trouble, sizeof(trouble)))
		fail_msg("%s: %s", name, trouble);
	free(text);
	return result;
}

static int error_of(const char *text)
{
	struct workload_result result = {.tool = "untouched"};
	int error = workload_result_read(text, strlen(text), &result, trouble, sizeof(trouble));

	if (error)
		assert_string_equal(result.tool, "untouched");
	else
		workload_result_close(&result);
	return error;
}

static void wrk_gives_percentiles(void **state)
{
	struct workload_result r = result_of("wrk-4.1.0.txt");

	assert_string_equal(r.tool, "wrk");
	assert_true(r.operations == 1831 && r.errors == 0 && r.duration_ns == 1000000000);
	assert_true(r.bytes == 366203 && r.rate == 1829.54); /* 357.62 KB */
	assert_null(r.latency);
	assert_int_equal(r.percentiles, 4);
	assert_true(r.percentile[0].ns == 731000 && r.percentile[3].ns == 8.37 * 1e6);
}

static void wrk_names_its_errors(void **state)
{
	struct workload_result r;
	const char *text = "Running 1s test @ x\n  9 requests in 2.00m, 1.00MB read\n"
			   "  Socket errors: connect 1, read 2, write 3, timeout 4\n"
			   "  Non-2xx or 3xx responses: 5\nRequests/sec: 9.00\n";

	assert_int_equal(workload_result_read(text, strlen(text), &r, trouble, 200), 0);
	assert_true(r.errors == 15 && r.bytes == 1 << 20 && r.duration_ns == 120000000000);
}

static void hey_gives_percentiles(void **state)
{
	struct workload_result r = result_of("hey-0.1.4.txt");

	assert_string_equal(r.tool, "hey");
	assert_true(r.operations == 200 && r.errors == 0 && r.bytes == 3000);
	assert_true(r.duration_ns == 319700000 && r.rate == 625.5449);
	assert_int_equal(r.percentiles, 7);
	assert_null(r.latency);
}

static void hey_counts_refused_connections(void **state)
{
	struct workload_result r = result_of("hey-0.1.4-refused.txt");

	assert_true(r.operations == 6 && r.errors == 6 && r.percentiles == 0);
	assert_false(r.known & WORKLOAD_BYTES);
}

static void hey_csv_gives_a_distribution(void **state)
{
	struct workload_result r = result_of("hey-0.1.4.csv");

	assert_true(r.operations == 40 && r.known == (WORKLOAD_OPERATIONS | WORKLOAD_DURATION));
	assert_int_equal(r.duration_ns, 75100000);
	assert_true(r.latency->count == 40 && r.percentiles == 0);
	workload_result_close(&r);
}

static void oha_gives_percentiles(void **state)
{
	struct workload_result r = result_of("oha-schema.json");

	assert_string_equal(r.tool, "oha");
	assert_true(r.operations == 100 && r.errors == 12 && r.bytes == 1350);
	assert_true(r.duration_ns == 2000000000 && r.rate == 50 && r.percentiles == 9);
	assert_true(r.percentile[8].percent == 99.99);
}

static void iperf3_over_tcp_is_a_stream_of_bytes(void **state)
{
	struct workload_result r = result_of("iperf3-3.12-tcp.json");

	assert_null(r.operation);
	assert_true(r.bytes == 12582912 && r.duration_ns == 1000213000);
	assert_false(r.known & WORKLOAD_OPERATIONS);
}

static void iperf3_over_udp_counts_packets(void **state)
{
	struct workload_result r = result_of("iperf3-3.12-udp.json");

	assert_string_equal(r.operation, "packet");
	assert_true(r.operations == 39 && r.errors == 0 && r.bytes == 1277952);
}

static void a_failed_tool_is_no_result(void **state)
{
	struct workload_result r;
	size_t size;
	char *text = load("iperf3-3.12-refused.json", &size);

	assert_int_equal(workload_result_read(text, size, &r, trouble, 200), -EREMOTEIO);
	assert_non_null(strstr(trouble, "unable to connect"));
	free(text);
}

static void hyperfine_gives_a_distribution(void **state)
{
	struct workload_result r = result_of("hyperfine-1.15.json");

	assert_true(r.operations == 10 && r.errors == 0 && r.latency->count == 10);
	assert_true(r.latency->min == 1347788 && r.latency->max == 1618137);
	workload_result_close(&r);
}

static void hyperfine_with_and_without_newer_fields(void **state)
{
	assert_int_equal(error_of("{\"results\":[{\"times\":[1.5]}]}"), 0);
	assert_int_equal(error_of("{\"results\":[{\"times\":[1.5],\"exit_codes\":[null],"
				  "\"memory_usage_byte\":[9]}]}"),
			 0);
	assert_int_equal(error_of("{\"results\":[{\"times\":[1.5]},{\"times\":[1]}]}"),
			 -EBADMSG);
	assert_int_equal(error_of("{\"results\":[{\"times\":[1,\"x\"]}]}"), -EBADMSG);
	assert_non_null(strstr(trouble, "results[0].times[1]"));
}

static void hyperfine_2_gives_measurements(void **state)
{
	struct workload_result r = result_of("hyperfine-2-schema.json");

	assert_true(r.operations == 3 && r.latency->count == 3);
	assert_true(r.latency->min == 250000000 && r.latency->max == 750000000);
	assert_true(r.duration_ns == 1500000000 && r.rate == 2);
	/* One said 1, one was ended by a signal. */
	assert_int_equal(r.errors, 2);
	workload_result_close(&r);
}

static void hyperfine_2_is_read_by_its_units(void **state)
{
	assert_int_equal(error_of("{\"schema_version\":2,\"results\":[]}"), -EBADMSG);
	assert_int_equal(error_of("{\"schema_version\":3,\"results\":[]}"), -EPROTONOSUPPORT);
	assert_int_equal(error_of("{\"schema_version\":2,\"results\":[{\"times\":[1]}]}"),
			 -EBADMSG);
	assert_non_null(strstr(trouble, "results[0].measurements"));
	assert_int_equal(error_of("{\"schema_version\":2,\"results\":[{\"measurements\":[{"
				  "\"time_wall_clock\":{\"value\":1,\"unit\":\"hour\"}}]}]}"),
			 -EBADMSG);
	assert_non_null(strstr(trouble, "results[0].measurements[0].time_wall_clock"));
}

static void every_cut_json_is_an_error(void **state)
{
	static const char *const names[] = {"oha-schema.json", "iperf3-3.12-udp.json",
					    "hyperfine-1.15.json", "hyperfine-2-schema.json"};

	for (size_t i = 0; i < 4; i++) {
		size_t size;
		char *text = load(names[i], &size);

		while (size && text[size - 1] != '}')
			size--;
		while (size-- > 0) {
			struct workload_result r;
			/* Of its own size, so that a sanitizer sees a byte read too many. */
			char *cut = malloc(size + !size);

			memcpy(cut, text, size);
			assert_true(workload_result_read(cut, size, &r, trouble, 200) < 0);
			free(cut);
		}
		free(text);
	}
}

static void text_cut_in_a_line_is_an_error(void **state)
{
	assert_int_equal(error_of("Running 1s test @ x\n  9 requests in 1.00s, 1.00MB read\n"),
			 -EBADMSG);
	assert_int_equal(error_of("Running 1s test @ x\n  9 requests in 1.00s, 1.00MB read\n"
				  "Requests/sec: 12"),
			 -EBADMSG);
	assert_int_equal(error_of("Summary:\n  Total: 1 secs\n  Requests/sec: 5\n"), -EBADMSG);
	assert_int_equal(error_of("response-time,DNS\n0.1,0,0\n"), -EBADMSG);
	assert_non_null(strstr(trouble, "line 2"));
}

static void what_no_tool_wrote_is_refused(void **state)
{
	assert_int_equal(error_of(""), -EPROTONOSUPPORT);
	assert_int_equal(error_of("hello\n"), -EPROTONOSUPPORT);
	assert_int_equal(error_of("{}"), -EPROTONOSUPPORT);
}

static void a_wall_time_is_one_run(void **state)
{
	struct workload_result r;

	assert_int_equal(workload_result_wall(500000000, &r), 0);
	assert_true(r.operations == 1 && r.rate == 2 && r.latency->max == 500000000);
	workload_result_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrk_gives_percentiles),
		cmocka_unit_test(wrk_names_its_errors),
		cmocka_unit_test(hey_gives_percentiles),
		cmocka_unit_test(hey_counts_refused_connections),
		cmocka_unit_test(hey_csv_gives_a_distribution),
		cmocka_unit_test(oha_gives_percentiles),
		cmocka_unit_test(iperf3_over_tcp_is_a_stream_of_bytes),
		cmocka_unit_test(iperf3_over_udp_counts_packets),
		cmocka_unit_test(a_failed_tool_is_no_result),
		cmocka_unit_test(hyperfine_gives_a_distribution),
		cmocka_unit_test(hyperfine_with_and_without_newer_fields),
		cmocka_unit_test(hyperfine_2_gives_measurements),
		cmocka_unit_test(hyperfine_2_is_read_by_its_units),
		cmocka_unit_test(every_cut_json_is_an_error),
		cmocka_unit_test(text_cut_in_a_line_is_an_error),
		cmocka_unit_test(what_no_tool_wrote_is_refused),
		cmocka_unit_test(a_wall_time_is_one_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
