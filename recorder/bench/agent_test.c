/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of agents. flowrec record is this program itself, which /proc/self/exe is here: see
 * be_recorder.
 */
#include "recorder/bench/agent.h"

#include "schema/scratch_test.h"
#include "schema/stream.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static void wait_a_little(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static struct agent *start(const struct arm *arm, const char *directory)
{
	struct agent *agent = NULL;
	char *problem;

	if (agent_start(arm, directory, &agent, &problem))
		fail_msg("%s", problem);
	return agent;
}

static void stop(struct agent *agent, uint64_t lost_expected)
{
	uint64_t lost;
	char *problem;

	if (agent_stop(agent, &lost, &problem))
		fail_msg("%s", problem);
	assert_int_equal(lost, lost_expected);
}

static void ticks_part_what_the_clock_says(void **state)
{
	const struct agent_usage before = {.cpu_ns = 1000, .user_ticks = 5, .system_ticks = 5};
	const struct agent_usage after = {.cpu_ns = 5000, .user_ticks = 8, .system_ticks = 6};
	struct workload_row row = {0};

	agent_usage_between(&before, &after, &row);
	assert_int_equal(row.agent_user_cpu_ns, 3000);
	assert_int_equal(row.agent_system_cpu_ns, 1000);
}

static void without_a_tick_it_goes_on_as_until_now(void **state)
{
	const struct agent_usage before = {.cpu_ns = 1000, .user_ticks = 1, .system_ticks = 3};
	const struct agent_usage after = {.cpu_ns = 1400, .user_ticks = 1, .system_ticks = 3};
	struct workload_row row = {0};

	agent_usage_between(&before, &after, &row);
	assert_int_equal(row.agent_user_cpu_ns, 100);
	assert_int_equal(row.agent_system_cpu_ns, 300);
}

static void what_went_with_a_process_is_nothing_and_no_huge_number(void **state)
{
	const struct agent_usage before = {.cpu_ns = 9000,
					   .user_ticks = 9,
					   .system_ticks = 9,
					   .written_bytes = 9,
					   .write_count = 9};
	const struct agent_usage after = {.cpu_ns = 5, .memory_bytes = 4096};
	struct workload_row row = {0};

	agent_usage_between(&before, &after, &row);
	assert_true(row.agent_user_cpu_ns == 0 && row.agent_system_cpu_ns == 0);
	assert_true(row.written_bytes == 0 && row.write_count == 0);
	assert_int_equal(row.agent_memory_bytes, 4096);
}

static void an_arm_that_records_nothing_has_no_agent(void **state)
{
	const struct arm arm = {.name = "off", .kind = ARM_NOTHING};

	assert_null(start(&arm, "/nowhere"));
}

static void all_of_a_group_counts(void **state)
{
	char *directory = scratch_make();
	struct arm arm = {.name = "both",
			  .kind = ARM_COMMAND,
			  .words = "(while :; do :; done) & while :; do echo x; done"};
	struct agent *agent = start(&arm, directory);
	struct agent_usage usage;

	assert_string_equal(agent_words(agent), arm.words);
	/* Both have run when there are ticks of each kind, and pages of two. */
	do {
		wait_a_little();
		assert_int_equal(agent_usage(agent, &usage), 0);
	} while (!usage.user_ticks || !usage.system_ticks || !usage.write_count);
	assert_true(usage.cpu_ns > 0 && usage.memory_bytes > 0);
	stop(agent, 0);
	scratch_remove(directory);
}

static void an_agent_that_ends_by_itself_is_noticed(void **state)
{
	char *directory = scratch_make();
	struct arm arm = {.name = "brief", .kind = ARM_COMMAND, .words = "exit 0"};
	struct agent *agent = start(&arm, directory);
	struct agent_usage usage;
	int error;

	while (!(error = agent_usage(agent, &usage)))
		wait_a_little();
	assert_int_equal(error, -ESRCH);
	stop(agent, 0);
	scratch_remove(directory);
}

static void what_a_shell_started_has_its_time_to_end(void **state)
{
	char *directory = scratch_make(), command[PATH_MAX + 200], file[PATH_MAX];
	struct arm arm = {.name = "slow", .kind = ARM_COMMAND, .words = command};
	struct agent *agent;

	snprintf(file, sizeof(file), "%s/ended", directory);
	snprintf(command, sizeof(command),
		 "sh -c 'trap \"sleep 0.2; echo >%s; exit\" TERM; echo >%s/began; "
		 "while :; do sleep 0.01; done' & wait",
		 file, directory);
	agent = start(&arm, directory);
	snprintf(command, sizeof(command), "%s/began", directory);
	while (access(command, F_OK))
		wait_a_little();
	stop(agent, 0);
	assert_int_equal(access(file, F_OK), 0);
	scratch_remove(directory);
}

static void a_recorder_says_when_it_begins_and_what_it_lost(void **state)
{
	char *directory = scratch_make();
	struct arm arm = {.name = "on", .kind = ARM_RECORDER, .words = "--lose 'and this' 42"};
	struct agent *agent = start(&arm, directory);

	assert_string_equal(agent_words(agent), "flowrec record --lose 'and this' 42");
	stop(agent, 42);
	scratch_remove(directory);
}

static void a_recorder_that_does_not_begin_says_why(void **state)
{
	char *directory = scratch_make(), *problem;
	struct arm arm = {.name = "on", .kind = ARM_RECORDER, .words = "--fail"};
	struct agent *agent;

	assert_true(agent_start(&arm, directory, &agent, &problem) < 0);
	assert_string_equal(problem, "arm on: flowrec record does not start: it cannot");
	free(problem);
	scratch_remove(directory);
}

static void a_recorder_that_fails_at_its_end_is_told(void **state)
{
	char *directory = scratch_make(), *problem;
	struct arm arm = {.name = "on", .kind = ARM_RECORDER, .words = "--break"};
	struct agent *agent = start(&arm, directory);
	uint64_t lost;

	assert_true(agent_stop(agent, &lost, &problem) < 0);
	assert_string_equal(problem, "flowrec record --break failed: it broke");
	free(problem);
	scratch_remove(directory);
}

/* record -o DIR --lose WORD NUMBER, --break or --fail. */
static int be_recorder(int argc, char **argv)
{
	sigset_t end;
	int signal;

	if (argc < 7 || !strcmp(argv[6], "--fail")) {
		fputs("it cannot\n", stderr);
		return 1;
	}
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	fprintf(stderr, "recording to %s\n", argv[5]);
	sigwait(&end, &signal);
	if (!strcmp(argv[6], "--break")) {
		fputs("it broke\n", stderr);
		return 1;
	}
	fprintf(stderr, "flowrec record: %s lost; see flowplay report losses %s\n",
		argc == 9 && !strcmp(argv[7], "and this") ? argv[8] : "0", argv[5]);
	return 3;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_part_what_the_clock_says),
		cmocka_unit_test(without_a_tick_it_goes_on_as_until_now),
		cmocka_unit_test(what_went_with_a_process_is_nothing_and_no_huge_number),
		cmocka_unit_test(an_arm_that_records_nothing_has_no_agent),
		cmocka_unit_test(all_of_a_group_counts),
		cmocka_unit_test(an_agent_that_ends_by_itself_is_noticed),
		cmocka_unit_test(what_a_shell_started_has_its_time_to_end),
		cmocka_unit_test(a_recorder_says_when_it_begins_and_what_it_lost),
		cmocka_unit_test(a_recorder_that_does_not_begin_says_why),
		cmocka_unit_test(a_recorder_that_fails_at_its_end_is_told),
	};

	if (argc > 1 && !strcmp(argv[1], "record"))
		return be_recorder(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
