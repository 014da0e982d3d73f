/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the gate file: what rules say together, and what is wrong where.
 */
#include "analyzer/compare/gate.h"

#include <errno.h>
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
	if (gate_read(gate, "ci.gate", text, strlen(text), &problem))
		fail_msg("%s", problem);
	return gate;
}

static void expect_wrong(const char *text, const char *expected)
{
	struct gate *gate = gate_new();
	char *problem = NULL;

	assert_non_null(gate);
	assert_int_equal(gate_read(gate, "ci.gate", text, strlen(text), &problem), -EINVAL);
	assert_string_equal(problem, expected);
	free(problem);
	gate_free(gate);
}

static void the_built_in_rules_are_whole(void **state)
{
	struct gate *gate = read_gate(gate_default);

	assert_true(gate_alpha(gate) == 0.005);
	assert_int_equal(gate_samples(gate), 10);
	assert_true(gate_rule(gate, "lost.all").threshold == 0);
	assert_true(gate_rule(gate, "lost.all").has_absent);
	assert_true(gate_rule(gate, "anything").threshold == 0.05);
	assert_false(gate_rule(gate, "workload.on.latency_p50").is_gated);
	assert_false(gate_rule(gate, "repeat.off-again.latency_p50").is_gated);
	assert_false(gate_rule(gate, "overhead.on.latency_p99").is_gated);
	assert_true(gate_rule(gate, "overhead.on.latency_p50").is_gated);
	assert_false(gate_rule(gate, "overhead.on.latency_p50").is_percent);
	assert_int_equal(gate_context(gate, "sampling_rate").action, GATE_REFUSE);
	assert_int_equal(gate_context(gate, "kernel_release").action, GATE_WARN);
	assert_true(gate_context(gate, "rows.flow").tolerance == 0.05);
	gate_free(gate);
}

static void a_later_rule_overrides_what_it_says(void **state)
{
	struct gate *gate =
		read_gate("metric * threshold=5% better=lower\n"
			  "metric a.* threshold=2 # in its unit\n"
			  "inform a.b*\n"
			  "metric a.bc kind=exact absent=3 per=recording needs=rows.*\n"
			  "ignore z\n");
	struct gate_rule rule = gate_rule(gate, "a.x");

	assert_true(rule.threshold == 2 && !rule.is_percent && rule.better == -1 &&
		    rule.is_gated && rule.kind == -1);
	assert_false(gate_rule(gate, "a.b").is_gated);
	rule = gate_rule(gate, "a.bc");
	assert_true(rule.is_gated && rule.kind == METRIC_EXACT && rule.has_absent &&
		    rule.absent == 3 && rule.threshold == 2);
	assert_true(rule.is_per_recording);
	assert_string_equal(rule.needs, "rows.*");
	assert_true(gate_rule(gate, "z").is_ignored);
	gate_free(gate);
}

static void a_second_text_goes_on_after_the_first(void **state)
{
	struct gate *gate = read_gate("alpha 0.05\nmetric * threshold=5%\nrequire a\n");
	char *problem;

	assert_int_equal(gate_read(gate, "b", "metric x threshold=1%", 21, &problem), 0);
	assert_true(gate_rule(gate, "x").threshold == 0.01);
	assert_true(gate_rule(gate, "y").threshold == 0.05);
	assert_string_equal(gate_required(gate, 0), "a");
	assert_null(gate_required(gate, 1));
	assert_int_equal(gate_read(gate, "c", "clear\nsamples 3\n", 16, &problem), 0);
	assert_false(gate_rule(gate, "x").is_gated);
	assert_null(gate_required(gate, 0));
	assert_int_equal(gate_samples(gate), 3);
	assert_true(gate_alpha(gate) == 0.05);
	gate_free(gate);
}

static void what_is_wrong_is_named(void **state)
{
	expect_wrong("# a\n\nmetrik x\n",
		     "ci.gate:3: 'metrik': expected metric, inform, ignore, require, context, "
		     "alpha, samples or clear");
	expect_wrong("metric", "ci.gate:1: 'metric': expected a pattern after it");
	expect_wrong(
		"metric x treshold=1%",
		"ci.gate:1: 'treshold=1%': expected better=, kind=, threshold=, per=, needs= or absent=");
	expect_wrong("metric x threshold=much",
		     "ci.gate:1: 'threshold=much': expected threshold=N or threshold=N%, N "
		     "from 0");
	expect_wrong("metric x threshold=-1%",
		     "ci.gate:1: 'threshold=-1%': expected threshold=N or threshold=N%, N "
		     "from 0");
	expect_wrong("metric x threshold=nan",
		     "ci.gate:1: 'threshold=nan': expected threshold=N or threshold=N%, N "
		     "from 0");
	expect_wrong("metric x threshold=1%%",
		     "ci.gate:1: 'threshold=1%%': expected threshold=N or threshold=N%, N "
		     "from 0");
	expect_wrong("metric x better=faster",
		     "ci.gate:1: 'better=faster': expected better=lower or better=higher");
	expect_wrong("metric x kind=context",
		     "ci.gate:1: 'kind=context': expected kind=exact, kind=sampled or "
		     "kind=proportion");
	expect_wrong("metric x absent=1%",
		     "ci.gate:1: 'absent=1%': expected absent=N, N from 0");
	expect_wrong("metric x per=file",
		     "ci.gate:1: 'per=file': expected per=sample or per=recording");
	expect_wrong("metric x needs=", "ci.gate:1: 'needs=': expected needs=PATTERN");
	expect_wrong("inform x better=lower",
		     "ci.gate:1: 'better=lower': expected the end of the line");
	expect_wrong("context x", "ci.gate:1: 'x': expected warn, refuse or ignore");
	expect_wrong("context x maybe", "ci.gate:1: 'maybe': expected warn, refuse or ignore");
	expect_wrong("context x warn tolerance=2",
		     "ci.gate:1: 'tolerance=2': expected tolerance=N%, N from 0");
	expect_wrong("alpha 1", "ci.gate:1: '1': expected a number above 0 and below 1");
	expect_wrong("alpha", "ci.gate:1: 'alpha': expected a number after it");
	expect_wrong("samples 1.5", "ci.gate:1: '1.5': expected a whole number from 1");
	expect_wrong("samples 3 4", "ci.gate:1: '4': expected the end of the line");
	expect_wrong("clear all", "ci.gate:1: 'all': expected the end of the line");
}

static void a_text_with_zero_bytes_is_none(void **state)
{
	struct gate *gate = gate_new();
	char *problem = NULL;

	assert_int_equal(gate_read(gate, "g", "metric\0x", 8, &problem), -EINVAL);
	free(problem);
	gate_free(gate);
}

static void patterns_know_stars(void **state)
{
	static const struct {
		const char *pattern, *name;
		int fits;
	} cases[] = {
		{"*", "", 1},	   {"*", "abc", 1},	{"a*", "abc", 1},    {"*c", "abc", 1},
		{"a*c", "abc", 1}, {"a*b", "abc", 0},	{"a?c", "abc", 1},   {"a?", "abc", 0},
		{"", "", 1},	   {"", "a", 0},	{"a**c", "abbc", 1}, {"*b*", "abc", 1},
		{"abc", "ab", 0},  {"*aab", "aaab", 1}, {"?", "", 0},
	};
	char pattern[256], name[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (gate_fits(cases[i].pattern, cases[i].name) != cases[i].fits)
			fail_msg("%s, %s", cases[i].pattern, cases[i].name);
	/* Would take ages where each star tries again. */
	for (size_t i = 0; i < 200; i++) {
		pattern[i] = i % 2 ? 'a' : '*';
		name[i] = 'a';
	}
	strcpy(pattern + 200, "b");
	name[200] = 0;
	assert_false(gate_fits(pattern, name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_built_in_rules_are_whole),
		cmocka_unit_test(a_later_rule_overrides_what_it_says),
		cmocka_unit_test(a_second_text_goes_on_after_the_first),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_text_with_zero_bytes_is_none),
		cmocka_unit_test(patterns_know_stars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
