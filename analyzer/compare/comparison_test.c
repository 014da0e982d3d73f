/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of whole comparisons: rules and metrics together.
 */
#include "analyzer/compare/comparison.h"
#include "schema/random_test.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct gate *read_gate(const char *text)
{
	struct gate *gate = gate_new();
	char *problem = NULL;

	assert_non_null(gate);
	if (gate_read(gate, "gate", text, strlen(text), &problem))
		fail_msg("%s", problem);
	return gate;
}

static void add(struct metrics *metrics, enum metric_side side, const char *name,
		enum metric_kind kind, double value, const char *text)
{
	char *problem = NULL;

	if (metrics_add(metrics, side,
			&(struct metric_sample){.name = name,
						.kind = kind,
						.better = -1,
						.value = value,
						.text = text},
			&problem))
		fail_msg("%s", problem);
}

static const struct comparison_row *row_of(const struct comparison *comparison,
					   const char *name)
{
	for (size_t i = 0; i < comparison->count; i++)
		if (!strcmp(comparison->rows[i].name, name))
			return &comparison->rows[i];
	fail_msg("there is no row %s", name);
	return NULL;
}

static void expect(const struct metrics *metrics, const char *rules, const char *name,
		   enum judge_verdict verdict, const char *evidence)
{
	struct gate *gate = read_gate(rules);
	struct comparison comparison;
	const struct comparison_row *row;

	assert_int_equal(comparison_make(metrics, gate, 0, &comparison), 0);
	row = row_of(&comparison, name);
	if (row->judged.verdict != verdict || !strstr(row->evidence, evidence))
		fail_msg("%s: %s: %s", name, judge_verdict_name(row->judged.verdict),
			 row->evidence);
	comparison_free(&comparison);
	gate_free(gate);
}

/* So many recordings, each of 50 samples about a level of its own. */
static void add_recordings(struct metrics *metrics, enum metric_side side, int count,
			   double factor)
{
	for (int i = 0; i < count; i++) {
		double level = factor * (1 + (double)(random_word() % 1000) / 2000);

		metrics->source++;
		for (int j = 0; j < 50; j++)
			add(metrics, side, "time", METRIC_SAMPLED,
			    level + (double)(random_word() % 100) / 10000, NULL);
	}
}

/* As on a machine that drifts: what one recording says often is still said once. */
static void samples_of_one_recording_prove_nothing_per_recording(void **state)
{
	struct metrics metrics = {0};

	random_begin(5);
	add_recordings(&metrics, METRIC_BASELINE, 1, 1);
	add_recordings(&metrics, METRIC_CANDIDATE, 1, 2);
	expect(&metrics, "metric *", "time", JUDGE_REGRESSED, "50 and 50 samples");
	expect(&metrics, "metric * per=recording", "time", JUDGE_INCONCLUSIVE,
	       "1 and 1 recordings, the gate asks for 10");
	metrics_free(&metrics);
}

static void many_recordings_prove_it(void **state)
{
	struct metrics metrics = {0};

	random_begin(6);
	add_recordings(&metrics, METRIC_BASELINE, 12, 1);
	add_recordings(&metrics, METRIC_CANDIDATE, 12, 2);
	expect(&metrics, "metric * per=recording threshold=25%", "time", JUDGE_REGRESSED,
	       "12 and 12 recordings");
	metrics_free(&metrics);
}

static void what_needs_likeness_is_not_judged_without(void **state)
{
	struct metrics metrics = {0};
	const char *rules = "metric size needs=rows.*\ncontext rows.* warn tolerance=5%\n";

	add(&metrics, METRIC_BASELINE, "size", METRIC_EXACT, 10, NULL);
	add(&metrics, METRIC_CANDIDATE, "size", METRIC_EXACT, 20, NULL);
	add(&metrics, METRIC_BASELINE, "rows.flow", METRIC_CONTEXT, 1000, NULL);
	add(&metrics, METRIC_BASELINE, "kernel", METRIC_CONTEXT, 0, "a");
	add(&metrics, METRIC_CANDIDATE, "kernel", METRIC_CONTEXT, 0, "b");
	expect(&metrics, rules, "size", JUDGE_REGRESSED, "+100 %");
	add(&metrics, METRIC_CANDIDATE, "rows.flow", METRIC_CONTEXT, 1040, NULL);
	expect(&metrics, rules, "size", JUDGE_REGRESSED, "+100 %");
	add(&metrics, METRIC_CANDIDATE, "rows.flow", METRIC_CONTEXT, 1100, NULL);
	expect(&metrics, rules, "size", JUDGE_INCONCLUSIVE, "rows.flow is not alike");
	expect(&metrics, "metric size needs=k*", "size", JUDGE_INCONCLUSIVE,
	       "kernel is not alike");
	metrics_free(&metrics);
}

static void an_absent_loss_counts_as_none(void **state)
{
	struct metrics metrics = {0};

	add(&metrics, METRIC_CANDIDATE, "lost.new", METRIC_EXACT, 1, NULL);
	expect(&metrics, gate_default, "lost.new", JUDGE_REGRESSED, "(0 to 1)");
	expect(&metrics, "metric *", "lost.new", JUDGE_MISSING, "not in the baseline");
	metrics_free(&metrics);
}

static void what_is_required_and_not_there_is_a_row(void **state)
{
	struct metrics metrics = {0};
	struct gate *gate = read_gate("metric *\nrequire there\nrequire not.*\nrequire half\n");
	struct comparison comparison;

	add(&metrics, METRIC_BASELINE, "there", METRIC_EXACT, 1, NULL);
	add(&metrics, METRIC_CANDIDATE, "there", METRIC_EXACT, 1, NULL);
	add(&metrics, METRIC_BASELINE, "half", METRIC_EXACT, 1, NULL);
	assert_int_equal(comparison_make(&metrics, gate, 0, &comparison), 0);
	assert_int_equal(comparison.required, 2);
	assert_int_equal(row_of(&comparison, "not.*")->judged.verdict, JUDGE_MISSING);
	assert_int_equal(row_of(&comparison, "there")->judged.verdict, JUDGE_SAME);
	comparison_free(&comparison);
	gate_free(gate);
	metrics_free(&metrics);
}

static void contexts_that_differ_are_told_with_both_values(void **state)
{
	struct metrics metrics = {0};
	struct gate *gate = read_gate("context old ignore\ncontext c refuse\n");
	struct comparison comparison;

	add(&metrics, METRIC_BASELINE, "c", METRIC_CONTEXT, 0, "x");
	add(&metrics, METRIC_BASELINE, "c", METRIC_CONTEXT, 0, "a");
	add(&metrics, METRIC_CANDIDATE, "c", METRIC_CONTEXT, 0, "x");
	add(&metrics, METRIC_BASELINE, "old", METRIC_CONTEXT, 0, "1");
	add(&metrics, METRIC_CANDIDATE, "old", METRIC_CONTEXT, 0, "2");
	add(&metrics, METRIC_CANDIDATE, "new", METRIC_CONTEXT, 0, "not told before");
	assert_int_equal(comparison_make(&metrics, gate, 0, &comparison), 0);
	assert_int_equal(comparison.difference_count, 1);
	assert_int_equal(comparison.differences[0].action, GATE_REFUSE);
	assert_string_equal(comparison.differences[0].value[METRIC_BASELINE], "a; x");
	assert_string_equal(comparison.differences[0].value[METRIC_CANDIDATE], "x");
	comparison_free(&comparison);
	gate_free(gate);
	metrics_free(&metrics);
}

static void the_worst_comes_first(void **state)
{
	struct metrics metrics = {0};
	struct gate *gate = read_gate("metric *\ninform i\n");
	struct comparison comparison;
	static const char *const names[] = {"z", "m", "a", "b", "i"};
	static const double candidates[] = {2, 0, 0.5, 1, 1};

	for (size_t i = 0; i < 5; i++) {
		add(&metrics, METRIC_BASELINE, names[i], METRIC_EXACT, 1, NULL);
		if (strcmp(names[i], "m"))
			add(&metrics, METRIC_CANDIDATE, names[i], METRIC_EXACT, candidates[i],
			    NULL);
	}
	assert_int_equal(comparison_make(&metrics, gate, 0, &comparison), 0);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(comparison.rows[i].name, names[i]);
	comparison_free(&comparison);
	gate_free(gate);
	metrics_free(&metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_of_one_recording_prove_nothing_per_recording),
		cmocka_unit_test(many_recordings_prove_it),
		cmocka_unit_test(what_needs_likeness_is_not_judged_without),
		cmocka_unit_test(an_absent_loss_counts_as_none),
		cmocka_unit_test(what_is_required_and_not_there_is_a_row),
		cmocka_unit_test(contexts_that_differ_are_told_with_both_values),
		cmocka_unit_test(the_worst_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
