/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the choice among alternatives.
 */
#include "recorder/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct probe *find(struct plan *plan, const char *variant)
{
	for (size_t i = 0; i < plan->count; i++)
		if (!strcmp(plan->probes[i].variant, variant))
			return &plan->probes[i];
	fail_msg("there is no %s", variant);
	return NULL;
}

static unsigned int count_chosen(const struct plan *plan, enum feature feature)
{
	unsigned int count = 0;

	for (size_t i = 0; i < plan->count; i++)
		count += plan->probes[i].alternative->feature == feature &&
			 plan->probes[i].state == PROBE_CHOSEN;
	return count;
}

static void every_feature_has_one_alternative_in_use(void **state)
{
	struct plan plan;

	plan_begin(&plan);
	plan_choose(&plan);
	for (int feature = 0; feature < FEATURE_COUNT; feature++)
		assert_int_equal(count_chosen(&plan, feature), 1);
}

static void the_next_takes_the_place_of_what_was_refused(void **state)
{
	struct plan plan;

	plan_begin(&plan);
	for (size_t i = 0; i < plan.count; i++) {
		struct probe *probe = &plan.probes[i];
		enum feature feature = probe->alternative->feature;
		int is_last = i + 1 == plan.count ||
			      plan.probes[i + 1].alternative->feature != feature;

		plan_choose(&plan);
		assert_ptr_equal(plan_chosen(&plan, feature), probe);
		assert_int_equal(plan_has_spare(&plan, probe), !is_last);
		plan_refuse(&plan, probe, "refused");
		assert_int_equal(count_chosen(&plan, feature), 0);
	}
}

static void every_line_that_is_not_used_says_why(void **state)
{
	struct plan plan;
	struct probe *exec;

	plan_begin(&plan);
	exec = find(&plan, "tp_btf/sched_process_exec");
	plan_choose(&plan);
	plan_refuse(&plan, exec, "no such %s", "tracepoint");
	plan_leave_out(&plan, "iter/task");
	plan_explain(&plan);
	assert_string_equal(exec->explanation, "no such tracepoint; no exec events");
	assert_string_equal(find(&plan, "iter/task")->explanation,
			    "left out by --without; processes before the start are not known");
	for (size_t i = 0; i < plan.count; i++)
		if (plan.probes[i].state != PROBE_CHOSEN)
			assert_true(plan.probes[i].explanation[0]);
}

static void hooks_are_left_out_one_by_one_or_by_kind_or_name(void **state)
{
	static const struct {
		const char *word;
		int task, file, exec, fork;
	} cases[] = {
		{"iter/task", 1, 0, 0, 0},
		{"task", 1, 0, 0, 0},
		{"iter", 1, 1, 0, 0},
		{"tp_btf", 0, 0, 1, 1},
		{"sched_process_exec", 0, 0, 1, 0},
		{"tp_btf/sched_process_exec", 0, 0, 1, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan plan;

		plan_begin(&plan);
		assert_true(plan_has_hook(cases[i].word));
		plan_leave_out(&plan, cases[i].word);
		plan_choose(&plan);
		assert_int_equal(find(&plan, "iter/task")->state == PROBE_LEFT_OUT,
				 cases[i].task);
		assert_int_equal(find(&plan, "iter/task_file")->state == PROBE_LEFT_OUT,
				 cases[i].file);
		assert_int_equal(find(&plan, "tp_btf/sched_process_exec")->state ==
					 PROBE_LEFT_OUT,
				 cases[i].exec);
		assert_int_equal(find(&plan, "tp_btf/sched_process_fork")->state ==
					 PROBE_LEFT_OUT,
				 cases[i].fork);
	}
	assert_false(plan_has_hook("tp_btf/"));
	assert_false(plan_has_hook("sched"));
	assert_false(plan_has_hook(""));
}

static void alternatives_of_a_feature_stand_together(void **state)
{
	struct plan plan;
	unsigned int changes = 1;

	plan_begin(&plan);
	for (size_t i = 1; i < plan.count; i++)
		changes += plan.probes[i].alternative->feature !=
			   plan.probes[i - 1].alternative->feature;
	assert_int_equal(changes, FEATURE_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_feature_has_one_alternative_in_use),
		cmocka_unit_test(the_next_takes_the_place_of_what_was_refused),
		cmocka_unit_test(every_line_that_is_not_used_says_why),
		cmocka_unit_test(hooks_are_left_out_one_by_one_or_by_kind_or_name),
		cmocka_unit_test(alternatives_of_a_feature_stand_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
