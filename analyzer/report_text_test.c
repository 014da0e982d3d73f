/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of reading a report's text.
 */
#include "analyzer/report_text.h"
#include "analyzer/memory_test.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct report_text read_text(void **state, const char *sql)
{
	struct report_text text;
	char *problem;

	if (report_text_open(*state, sql, &text, &problem))
		fail_msg("%s: %s", sql, problem);
	return text;
}

static void expect_wrong(void **state, const char *sql, const char *expected)
{
	struct report_text text;
	char *problem;

	assert_int_equal(report_text_open(*state, sql, &text, &problem), -EINVAL);
	assert_string_equal(problem, expected);
	free(problem);
}

static void comments_belong_to_the_select_after_them(void **state)
{
	struct report_text text = read_text(
		state,
		"-- title: T \r\n--summary:S\n-- of no kind: x\n-- section: one\n"
		"-- note: a\n-- note: b\nSELECT 1 AS n -- note: none\n; -- section: two\n"
		"-- prose: yes\n\n-- title: not this\nSELECT 'x';;\n-- the end");

	assert_string_equal(text.title, "T");
	assert_string_equal(text.summary, "S");
	assert_int_equal(text.count, 2);
	assert_string_equal(text.sections[0].render.name, "one");
	assert_int_equal(text.sections[0].render.note_count, 2);
	assert_string_equal(text.sections[0].render.notes[1], "b");
	assert_false(text.sections[0].render.is_prose);
	assert_string_equal(text.sections[1].render.name, "two");
	assert_int_equal(text.sections[1].render.note_count, 0);
	assert_true(text.sections[1].render.is_prose);
	report_text_close(&text);
}

static void a_single_select_needs_no_comments(void **state)
{
	struct report_text text = read_text(state, "SELECT 1");

	assert_null(text.title);
	assert_null(text.summary);
	assert_int_equal(text.count, 1);
	assert_null(text.sections[0].render.name);
	assert_null(text.sections[0].render.chart);
	report_text_close(&text);
}

static void a_chart_is_read_with_the_columns_of_its_select(void **state)
{
	struct report_text text = read_text(
		state,
		"-- section: a\n-- chart: bar label=b value=a\nSELECT 1 AS a, 'x' AS b;\n"
		"-- section: b\nSELECT 2");

	assert_non_null(text.sections[0].render.chart);
	assert_int_equal(text.sections[0].render.chart->column[CHART_LABEL][0], 1);
	assert_int_equal(text.sections[0].render.chart->column[CHART_VALUE][0], 0);
	assert_null(text.sections[1].render.chart);
	report_text_close(&text);
	expect_wrong(state, "-- chart: bar label=b value=c\nSELECT 1 AS a, 'x' AS b",
		     "chart: value: no column 'c'; expected one of the SELECT's");
	expect_wrong(state, "-- section: s\n-- chart: pie\nSELECT 1",
		     "section 's': chart: 'pie'; expected bar, interval or line");
}

static void what_cannot_be_meant_is_told(void **state)
{
	expect_wrong(state, "", "expected a SELECT");
	expect_wrong(state, "-- title: nothing\n;", "expected a SELECT");
	expect_wrong(state, "CREATE TABLE t(a)", "expected a SELECT");
	expect_wrong(
		state, "SELECT 1; SELECT 2",
		"SELECT 1 of 2 has no heading; expected a comment '-- section: NAME' before each");
	expect_wrong(
		state, "-- section: a\nSELECT 1; -- section:\nSELECT 2",
		"SELECT 2 of 2 has no heading; expected a comment '-- section: NAME' before each");
	expect_wrong(state, "-- section: a\nSELECT 1; -- section: a\nSELECT 2",
		     "two sections 'a'; expected names that differ");
	expect_wrong(state, "-- chart: bar\n-- chart: bar\nSELECT 1",
		     "two comments '-- chart:' before one SELECT; expected one");
	expect_wrong(state, "-- prose: perhaps\nSELECT 1",
		     "prose: 'perhaps'; expected yes or no");
	expect_wrong(state, "-- section: a\n-- prose: yes\nSELECT 1, 2",
		     "section 'a': prose: the SELECT has 2 columns; expected one");
	expect_wrong(state, "-- section: %s%n\nSELECT x", "section '%s%n': no such column: x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_database, close_database)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(comments_belong_to_the_select_after_them),
		TEST(a_single_select_needs_no_comments),
		TEST(a_chart_is_read_with_the_columns_of_its_select),
		TEST(what_cannot_be_meant_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
