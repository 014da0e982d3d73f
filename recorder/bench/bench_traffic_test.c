/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the probe's link and of the traffic on it. They need to make network namespaces.
 */
#include "recorder/bench/bench_traffic.h"

#include <fcntl.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SLICE_NS 3000000

static struct bench_link *open_link(void)
{
	struct bench_link *link = NULL;
	char *problem;

	if (bench_link_open(&link, &problem)) {
		free(problem);
		skip();
	}
	return link;
}

/* The file of a place, and its interface. */
static const char *split(const char *place, char path[64])
{
	const char *colon = strchr(place, ':');

	assert_non_null(colon);
	snprintf(path, 64, "%.*s", (int)(colon - place), place);
	return colon + 1;
}

/* The index of an interface as a place names it, found by who goes there. */
static int index_of(const char *place)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		char path[64];
		const char *name = split(place, path);
		int file = open(path, O_RDONLY);

		_exit(file < 0 || setns(file, CLONE_NEWNET) ? 0 : (int)if_nametoindex(name));
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void places_lead_to_interfaces_of_different_indexes(void **state)
{
	struct bench_link *link = open_link();
	int near = index_of(bench_link_place(link, BENCH_NEAR));
	int far = index_of(bench_link_place(link, BENCH_FAR));

	assert_true(near > 0 && far > 0 && near != far);
	bench_link_close(link);
}

static void a_closed_link_leaves_no_process(void **state)
{
	struct bench_link *link = open_link();
	char near[64], far[64];
	struct stat status;

	split(bench_link_place(link, BENCH_NEAR), near);
	split(bench_link_place(link, BENCH_FAR), far);
	assert_int_equal(stat(near, &status), 0);
	assert_int_equal(stat(far, &status), 0);
	bench_link_close(link);
	assert_int_not_equal(stat(near, &status), 0);
	assert_int_not_equal(stat(far, &status), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void every_round_trip_and_packet_is_counted_and_timed(void **state)
{
	static struct histogram latency;
	struct bench_link *link = open_link();
	struct bench_traffic *traffic;
	struct bench_slice slice;

	assert_int_equal(bench_traffic_open(link, &traffic), 0);
	assert_int_equal(bench_traffic_round_trips(traffic, SLICE_NS, &slice, &latency), 0);
	assert_true(slice.operations > 0 && slice.operations == latency.count);
	assert_true(slice.duration_ns >= SLICE_NS);
	assert_true(slice.end_ns - slice.start_ns >= SLICE_NS);
	assert_true(slice.bytes == 128 * slice.operations);
	assert_int_equal(bench_traffic_packets(traffic, SLICE_NS, &slice, &latency), 0);
	assert_true(slice.operations > 0 && slice.operations == latency.count);
	assert_true(slice.bytes == 22 * slice.operations);
	bench_traffic_close(traffic);
	bench_link_close(link);
}

static void a_slice_leaves_the_priority_as_it_was(void **state)
{
	struct bench_link *link = open_link();
	struct bench_traffic *traffic;
	struct bench_slice slice;
	int policy = sched_getscheduler(0);

	assert_int_equal(bench_traffic_open(link, &traffic), 0);
	assert_int_equal(bench_traffic_round_trips(traffic, SLICE_NS, &slice, NULL), 0);
	assert_int_equal(sched_getscheduler(0), policy);
	bench_traffic_close(traffic);
	bench_link_close(link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_lead_to_interfaces_of_different_indexes),
		cmocka_unit_test(a_closed_link_leaves_no_process),
		cmocka_unit_test(every_round_trip_and_packet_is_counted_and_timed),
		cmocka_unit_test(a_slice_leaves_the_priority_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
