/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of running a command once.
 */
#include "recorder/bench/bench_workload.h"

#include "schema/scratch_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct run {
	struct workload_row row;
	struct workload_result result;
	char *problem;
};

static struct run run(char *const *words, const char *result)
{
	struct bench_workload workload = {.words = words, .result = result};
	struct run run = {.problem = NULL};

	sigemptyset(&workload.signals);
	assert_int_equal(bench_workload_run(&workload, &run.row, &run.result, &run.problem), 0);
	return run;
}

static void done(struct run *run)
{
	workload_result_close(&run->result);
	free(run->problem);
}

static void any_command_counts_by_its_wall_time(void **state)
{
	char *words[] = {"sleep", "0.05", NULL};
	struct run one = run(words, NULL);

	assert_int_equal(one.row.exit_status, 0);
	assert_null(one.problem);
	assert_string_equal(one.row.tool, "command");
	assert_string_equal(one.row.operation, "run");
	assert_int_equal(one.row.operations, 1);
	assert_int_equal(one.row.duration_ns, one.row.end_ns - one.row.start_ns);
	assert_true(one.row.duration_ns >= 50000000);
	assert_int_equal(one.result.latency->count, 1);
	done(&one);
}

static void a_tool_is_known_by_its_output(void **state)
{
	char *words[] = {"cat", "testdata/results/wrk-4.1.0.txt", NULL};
	struct run one = run(words, NULL);

	assert_string_equal(one.row.tool, "wrk");
	assert_string_equal(one.row.operation, "request");
	assert_int_equal(one.row.operations, one.result.operations);
	assert_int_equal(one.row.duration_ns, one.result.duration_ns);
	assert_null(one.result.latency);
	/* wrk tells 50, 75, 90 and 99 of 100. */
	assert_int_equal(one.row.latency_p50_ns, (uint64_t)one.result.percentile[0].ns);
	assert_int_equal(one.row.latency_p90_ns, (uint64_t)one.result.percentile[2].ns);
	assert_int_equal(one.row.latency_p99_ns, (uint64_t)one.result.percentile[3].ns);
	assert_true(one.row.latency_p95_ns == 0 && one.row.latency_p999_ns == 0);
	done(&one);
}

static void its_cpu_time_is_its_own(void **state)
{
	char *words[] = {"sh", "-c", "i=0; while [ $i -lt 50000 ]; do i=$((i + 1)); done",
			 NULL};
	struct run one = run(words, NULL);

	assert_true(one.row.command_user_cpu_ns > 0);
	/* One thread. */
	assert_true(one.row.command_user_cpu_ns + one.row.command_system_cpu_ns <=
		    one.row.end_ns - one.row.start_ns + 10000000);
	done(&one);
}

static void what_fails_has_its_status_and_last_line(void **state)
{
	char *words[] = {"sh", "-c", "echo said; echo why >&2; echo ' ' >&2; exit 3", NULL};
	char *killed[] = {"sh", "-c", "kill -9 $$", NULL};
	char *none[] = {"/no/such/command", NULL};
	struct run one = run(words, NULL);

	assert_int_equal(one.row.exit_status, 3);
	assert_string_equal(one.problem, "why");
	assert_null(one.row.tool);
	done(&one);
	one = run(killed, NULL);
	assert_int_equal(one.row.exit_status, 128 + 9);
	done(&one);
	one = run(none, NULL);
	assert_int_equal(one.row.exit_status, 127);
	assert_non_null(strstr(one.problem, "/no/such/command"));
	done(&one);
}

static void a_result_that_cannot_be_read_is_no_evidence(void **state)
{
	char *words[] = {"head", "-n", "8", "testdata/results/wrk-4.1.0.txt", NULL};
	struct run one = run(words, NULL);

	assert_int_equal(one.row.exit_status, BENCH_UNREADABLE);
	assert_non_null(strstr(one.problem, "wrk"));
	done(&one);
}

static void a_file_of_before_is_no_result(void **state)
{
	char *directory = scratch_make(), path[PATH_MAX], command[PATH_MAX + 64];
	char *words[] = {"sh", "-c", command, NULL};
	struct run one;

	snprintf(path, sizeof(path), "%s/result", directory);
	snprintf(command, sizeof(command), "cat testdata/results/hyperfine-1.15.json >%s",
		 path);
	one = run(words, path);
	assert_int_equal(one.row.exit_status, 0);
	assert_string_equal(one.row.tool, "hyperfine");
	done(&one);
	strcpy(command, ":");
	one = run(words, path);
	assert_int_equal(one.row.exit_status, BENCH_UNREADABLE);
	done(&one);
	/* Nor does the time count where a result was promised. */
	snprintf(command, sizeof(command), "echo hello >%s", path);
	one = run(words, path);
	assert_int_equal(one.row.exit_status, BENCH_UNREADABLE);
	done(&one);
	scratch_remove(directory);
}

/* What a command waits for that reads from a FIFO. */
struct go {
	int fifo, calls;
};

static int let_it_go(void *context)
{
	struct go *go = context;

	go->calls++;
	return write(go->fifo, "go\n", 3) == 3 ? 0 : -EIO;
}

static int refuse(void *context)
{
	return -EPERM;
}

static void what_leads_in_is_not_measured(void **state)
{
	char *directory = scratch_make(), fifo[300];
	char *words[] = {"sh", "-c", "read -r line <\"$0\"; sleep 0.05", fifo, NULL};
	struct go go = {.calls = 0};
	struct bench_workload workload = {
		.words = words, .lead_in_ns = 100000000, .begins = let_it_go, .context = &go};
	struct run one = {.problem = NULL};

	snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	go.fifo = open(fifo, O_RDWR | O_CLOEXEC);
	assert_true(go.fifo >= 0);
	sigemptyset(&workload.signals);
	assert_int_equal(bench_workload_run(&workload, &one.row, &one.result, &one.problem), 0);
	assert_int_equal(one.row.exit_status, 0);
	assert_int_equal(go.calls, 1);
	assert_int_equal(one.row.duration_ns, one.row.end_ns - one.row.start_ns);
	assert_true(one.row.duration_ns >= 50000000);
	close(go.fifo);
	done(&one);
	scratch_remove(directory);
}

static void a_command_that_ends_before_is_no_evidence(void **state)
{
	char *words[] = {"true", NULL};
	struct bench_workload workload = {.words = words, .lead_in_ns = UINT64_MAX / 2};
	struct run one = {.problem = NULL};

	sigemptyset(&workload.signals);
	assert_int_equal(bench_workload_run(&workload, &one.row, &one.result, &one.problem), 0);
	assert_int_equal(one.row.exit_status, BENCH_UNREADABLE);
	assert_string_equal(one.problem,
			    "it ended before what is to be measured began (--lead-in)");
	done(&one);
}

static void nothing_runs_on_where_measuring_cannot_begin(void **state)
{
	char *words[] = {"sleep", "1000", NULL};
	struct bench_workload workload = {.words = words, .begins = refuse};

	for (int leads_in = 0; leads_in < 2; leads_in++) {
		struct run one = {.problem = NULL};

		workload.lead_in_ns = leads_in;
		sigemptyset(&workload.signals);
		assert_int_equal(bench_workload_run(&workload, &one.row, &one.result,
						    &one.problem),
				 -EPERM);
		done(&one);
	}
}

static void a_signal_ends_the_command(void **state)
{
	char *words[] = {"sh", "-c", "sleep 1000 & sleep 1000", NULL};
	struct bench_workload workload = {.words = words};
	struct run one = {.problem = NULL};

	sigemptyset(&workload.signals);
	sigaddset(&workload.signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &workload.signals, NULL);
	raise(SIGTERM);
	assert_int_equal(bench_workload_run(&workload, &one.row, &one.result, &one.problem),
			 -ECANCELED);
	sigprocmask(SIG_UNBLOCK, &workload.signals, NULL);
	done(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_command_counts_by_its_wall_time),
		cmocka_unit_test(a_tool_is_known_by_its_output),
		cmocka_unit_test(its_cpu_time_is_its_own),
		cmocka_unit_test(what_fails_has_its_status_and_last_line),
		cmocka_unit_test(a_result_that_cannot_be_read_is_no_evidence),
		cmocka_unit_test(a_file_of_before_is_no_result),
		cmocka_unit_test(what_leads_in_is_not_measured),
		cmocka_unit_test(a_command_that_ends_before_is_no_evidence),
		cmocka_unit_test(nothing_runs_on_where_measuring_cannot_begin),
		cmocka_unit_test(a_signal_ends_the_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
