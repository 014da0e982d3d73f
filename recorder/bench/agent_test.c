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

static struct agent *start(const struct arm *arm, const char *directory, int is_held)
{
	struct agent *agent = NULL;
	char *problem;

	if (agent_start(arm, directory, is_held, &agent, &problem))
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

	assert_null(start(&arm, "/nowhere", 0));
}

static void all_of_a_group_counts(void **state)
{
	char *directory = scratch_make();
	struct arm arm = {.name = "both",
			  .kind = ARM_COMMAND,
			  .words = "(while :; do :; done) & while :; do echo x; done"};
	struct agent *agent = start(&arm, directory, 0);
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
	struct agent *agent = start(&arm, directory, 0);
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
	agent = start(&arm, directory, 0);
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
	struct agent *agent = start(&arm, directory, 0);

	assert_string_equal(agent_words(agent), "flowrec record --lose 'and this' 42");
	stop(agent, 42);
	scratch_remove(directory);
}

static void a_recorder_that_does_not_begin_says_why(void **state)
{
	char *directory = scratch_make(), *problem;
	struct arm arm = {.name = "on", .kind = ARM_RECORDER, .words = "--fail"};
	struct agent *agent;

	assert_true(agent_start(&arm, directory, 0, &agent, &problem) < 0);
	assert_string_equal(problem, "arm on: flowrec record does not start: it cannot");
	free(problem);
	scratch_remove(directory);
}

static void a_recorder_that_fails_at_its_end_is_told(void **state)
{
	char *directory = scratch_make(), *problem;
	struct arm arm = {.name = "on", .kind = ARM_RECORDER, .words = "--break"};
	struct agent *agent = start(&arm, directory, 0);
	uint64_t lost;

	assert_true(agent_stop(agent, &lost, &problem) < 0);
	assert_string_equal(problem, "flowrec record --break failed: it broke");
	free(problem);
	scratch_remove(directory);
}

static void one_that_is_held_is_turned_on_and_off(void **state)
{
	char *directory = scratch_make();
	struct arm arm = {
		.name = "other",
		.kind = ARM_COMMAND,
		.words = "while read -r line; do echo \"well, $line\"; echo \"$line\"; done",
	};
	struct agent *agent = start(&arm, directory, 1);

	for (int i = 0; i < 10; i++)
		assert_int_equal(agent_turn(agent, !(i % 2)), 0);
	stop(agent, 0);
	scratch_remove(directory);
}

static void one_that_ends_cannot_be_turned(void **state)
{
	char *directory = scratch_make(), *problem;
	struct arm arm = {
		.name = "other", .kind = ARM_COMMAND, .words = "read -r line; echo off"};
	struct agent *agent = start(&arm, directory, 1);

	assert_int_equal(agent_turn(agent, 1), -EPIPE);
	stop(agent, 0);
	arm.words = "exit 0";
	assert_int_equal(agent_start(&arm, directory, 1, &agent, &problem), -EPIPE);
	assert_string_equal(problem,
			    "arm other: the agent does not answer \"off\" on its standard "
			    "output: Broken pipe");
	free(problem);
	scratch_remove(directory);
}

static void a_recorder_that_is_held_says_what_it_lost_so_far(void **state)
{
	char *directory = scratch_make();
	struct arm arm = {.name = "on", .kind = ARM_RECORDER, .words = "--lose 'and this' 42"};
	struct agent *agent = start(&arm, directory, 1);

	assert_int_equal(agent_lost(agent), 42);
	assert_int_equal(agent_turn(agent, 1), 0);
	assert_int_equal(agent_lost(agent), 84);
	stop(agent, 84);
	scratch_remove(directory);
}

/*
 * record --statistics off -o DIR --switched --lose WORD NUMBER: so many at each turn. It ends
 * at the end of its input.
 */
static int be_switched(int argc, char **argv)
{
	char line[16];
	long lost = 0;

	signal(SIGTERM, SIG_IGN);
	fprintf(stderr, "recording to %s\n", argv[5]);
	while (fgets(line, sizeof(line), stdin)) {
		lost += strtol(argv[argc - 1], NULL, 10);
		fprintf(stderr, "flowrec record: %ld lost; see flowplay report losses\n", lost);
		fputs(line, stdout);
		fflush(stdout);
	}
	return 3;
}

/* record --statistics off -o DIR --lose WORD NUMBER, --break or --fail. */
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
		cmocka_unit_test(one_that_is_held_is_turned_on_and_off),
		cmocka_unit_test(one_that_ends_cannot_be_turned),
		cmocka_unit_test(a_recorder_that_is_held_says_what_it_lost_so_far),
	};

	/* As flowrec bench does: who writes to an agent that has ended is told so. */
	signal(SIGPIPE, SIG_IGN);
	if (argc > 6 && !strcmp(argv[6], "--switched"))
		return be_switched(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "record"))
		return be_recorder(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
