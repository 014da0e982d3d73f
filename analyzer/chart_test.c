/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of charts: where values land, and what cannot be drawn.
 */
#include "analyzer/chart.h"
#include "analyzer/chart_axis.h"
#include "analyzer/chart_data.h"
#include "analyzer/xml_test.h"
#include "analyzer/memory_test.h"

#include <math.h>
#include <stdlib.h>

/* The chart of a SELECT, with what is told about it, inside one element; the caller frees it.
 */
static char *draw(void **state, const char *comment, const char *sql)
{
	struct chart_spec spec;
	struct chart *chart;
	sqlite3_stmt *statement;
	char *problem, *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	if (sqlite3_prepare_v2(*state, sql, -1, &statement, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(*state));
	if (chart_parse(comment, statement, &spec, &problem))
		fail_msg("%s: %s", comment, problem);
	assert_int_equal(chart_new(&spec, statement, &chart), 0);
	while (sqlite3_step(statement) == SQLITE_ROW)
		assert_int_equal(chart_add(chart, statement), 0);
	sqlite3_finalize(statement);
	fputs("<figure>", out);
	chart_draw(chart, out, 7, "what it shows");
	fputs("</figure>", out);
	fclose(out);
	chart_free(chart);
	xml_expect(text);
	if (strstr(text, "nan") || strstr(text, "inf"))
		fail_msg("a place that is none: %s", text);
	return text;
}

static void expect_drawn(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in %s", part, text);
}

static int count(const char *text, const char *part)
{
	int found = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		found++;
	return found;
}

static void expect_wrong(void **state, const char *comment, const char *words)
{
	struct chart_spec spec;
	sqlite3_stmt *statement;
	char *problem;

	assert_int_equal(sqlite3_prepare_v2(*state, "SELECT 'a' AS a, 1 AS b_ns, 2 AS c_bytes",
					    -1, &statement, NULL),
			 SQLITE_OK);
	assert_int_not_equal(chart_parse(comment, statement, &spec, &problem), 0);
	if (!strstr(problem, words))
		fail_msg("'%s' does not say '%s'", problem, words);
	free(problem);
	sqlite3_finalize(statement);
}

static void a_wrong_comment_is_told(void **state)
{
	expect_wrong(state, "", "chart: ''; expected bar, interval or line");
	expect_wrong(state, "pie label=a", "'pie'; expected bar, interval or line");
	expect_wrong(state, "bar a b_ns", "'a'; expected bar label= value=");
	expect_wrong(state, "bar value=b_ns", "no label=; expected bar label=");
	expect_wrong(state, "bar label=a value=missing", "value: no column 'missing'");
	expect_wrong(state, "bar label=a value=", "value: no column ''");
	expect_wrong(state, "bar label=a label=a value=b_ns", "label= stands twice");
	expect_wrong(state, "bar label=a value=b_ns low=b_ns", "low= and high= stand together");
	expect_wrong(state, "bar label=a x=b_ns value=b_ns", "'x=b_ns'; expected bar");
	expect_wrong(state, "bar label=a value=b_ns xscale=log", "'xscale=log'; expected bar");
	expect_wrong(state, "bar label=a value=b_ns,c_bytes", "have different units");
	expect_wrong(state, "bar label=a value=b_ns,b_ns series=a", "several values");
	expect_wrong(state, "bar label=a+a+a+a+a value=b_ns", "more than 4 columns");
	expect_wrong(state, "interval label=a value=b_ns", "no low=; expected interval");
	expect_wrong(state, "line x=b_ns", "no y=; expected line x= y=");
	expect_wrong(state, "line x=b_ns y=b_ns xscale=square", "xscale=square; expected log");
}

static struct chart_axis fit(double low, double high, int is_log, const char *column)
{
	struct chart_axis axis = {.from = 100, .to = 200};

	chart_axis_fit(&axis, low, high, is_log, column);
	assert_true(axis.ticks >= 2 && axis.ticks <= CHART_TICKS);
	assert_true(axis.low < axis.high);
	for (unsigned int i = 1; i < axis.ticks; i++)
		assert_true(axis.tick[i - 1] < axis.tick[i]);
	assert_true(fabs(chart_axis_place(&axis, axis.low) - 100) < 1e-6);
	assert_true(fabs(chart_axis_place(&axis, axis.high) - 200) < 1e-6);
	return axis;
}

static void expect_ticks(double low, double high, int is_log, const char *column,
			 const char *expected)
{
	struct chart_axis axis = fit(low, high, is_log, column);
	char all[CHART_TICKS * CHART_NUMBER_SIZE] = "", text[CHART_NUMBER_SIZE];

	for (unsigned int i = 0; i < axis.ticks; i++) {
		chart_axis_tick(&axis, axis.tick[i], text);
		strcat(strcat(all, text), " ");
	}
	strcat(all, axis.unit);
	assert_string_equal(all, expected);
	assert_true(axis.low <= low && axis.high >= high);
}

static void ticks_are_at_1_2_or_5_and_enclose_the_values(void **state)
{
	expect_ticks(0, 10, 0, "n", "0 2 4 6 8 10 ");
	expect_ticks(0, 11.5, 0, "n", "0 2 4 6 8 10 12 ");
	expect_ticks(-3, 14, 0, "n", "-5 0 5 10 15 ");
	expect_ticks(0, 0.9, 0, "quantile", "0.0 0.2 0.4 0.6 0.8 1.0 ");
	expect_ticks(0, 2400000, 0, "packets",
		     "0 500,000 1,000,000 1,500,000 2,000,000 2,500,000 packets");
	expect_ticks(0, 60, 0, "n", "0 10 20 30 40 50 60 ");
	expect_ticks(3, 70, 1, "n", "2 5 10 20 50 100 ");
	expect_ticks(1, 1e6, 1, "n", "1 10 100 1,000 10,000 100,000 1,000,000 ");
}

static void the_unit_is_the_columns_and_fits_the_size(void **state)
{
	size_t stem;

	expect_ticks(0, 600, 0, "run_time_ns", "0 100 200 300 400 500 600 ns");
	expect_ticks(0, 2500000, 0, "run_time_ns", "0.0 0.5 1.0 1.5 2.0 2.5 ms");
	expect_ticks(0, 3e9, 0, "bytes", "0.0 0.5 1.0 1.5 2.0 2.5 3.0 GB");
	expect_ticks(0, 60, 0, "cpu_percent", "0 10 20 30 40 50 60 %");
	assert_string_equal(chart_unit("run_time_ns", &stem), "ns");
	assert_int_equal(stem, 8);
	assert_string_equal(chart_unit("columns", &stem), "");
	assert_string_equal(chart_unit("packets_per_s", &stem), "per s");
	assert_int_equal(stem, 7);
}

static void values_that_no_axis_holds_get_one(void **state)
{
	fit(0, 0, 0, "n");
	fit(5, 5, 0, "n");
	fit(-5, -5, 0, "n");
	fit(1e15, 1e15 + 1, 0, "n");
	fit(-CHART_LIMIT, CHART_LIMIT, 0, "n_ns");
	fit(0, CHART_LIMIT, 0, "n_bytes");
	fit(0, 5e-324, 0, "n");
	fit(1e-200, 2e-200, 0, "n");
	fit(7, 7, 1, "n");
	fit(10, 10, 1, "n");
	fit(1 / CHART_LIMIT, CHART_LIMIT, 1, "n");
}

/* Labels are 1 letter: the plot begins at 24 + 6.6 and ends at 676. */
static void a_bar_reaches_from_zero_to_its_value(void **state)
{
	char *text = draw(state, "bar label=l value=v_ms",
			  "SELECT 'a' AS l, 10 AS v_ms UNION ALL SELECT 'b', 5");

	expect_drawn(text, "<rect x=\"30.60\" y=\"15.00\" width=\"645.40\"");
	expect_drawn(text, "<rect x=\"30.60\" y=\"41.00\" width=\"322.70\"");
	expect_drawn(text, "<title>a: 10 ms</title>");
	expect_drawn(text, ">v (ms)</text>");
	expect_drawn(text, "role=\"img\" aria-labelledby=\"chart-7-title chart-7-desc\"");
	expect_drawn(text, "<title id=\"chart-7-title\">what it shows</title>");
	free(text);
}

static void a_negative_bar_ends_at_zero(void **state)
{
	char *text = draw(state, "bar label=l value=v",
			  "SELECT 'a' AS l, -10 AS v UNION ALL SELECT 'b', 10");

	expect_drawn(text, "<rect x=\"30.60\" y=\"15.00\" width=\"322.70\"");
	expect_drawn(text, "<rect x=\"353.30\" y=\"41.00\" width=\"322.70\"");
	free(text);
}

static void an_interval_lies_around_its_value_and_zero_is_shown(void **state)
{
	char *text = draw(state, "interval label=l value=v low=a high=b",
			  "SELECT 'a' AS l, 5 AS v, 0 AS a, 10 AS b");

	expect_drawn(text, "M30.60 17.00v8M676.00 17.00v8M30.60 21.00H676.00");
	expect_drawn(text, "<circle cx=\"353.30\" cy=\"21.00\"");
	expect_drawn(
		text,
		"<path d=\"M30.60 8.00V38.00\" stroke=\"currentColor\" stroke-opacity=\"0.8\"");
	expect_drawn(text, "<title>a: 5 (0 to 10)</title>");
	free(text);
}

static void series_of_a_label_lie_together_and_differ_without_colour(void **state)
{
	char *text = draw(state, "bar label=l value=v series=s",
			  "SELECT 'a' AS l, 'x' AS s, 1 AS v UNION ALL SELECT 'b', 'x', 2"
			  " UNION ALL SELECT 'a', 'y', 3 UNION ALL SELECT 'a', 'y', 4");

	/* A second row of the same label and series is a label of its own. */
	assert_int_equal(count(text, "text-anchor=\"end\">a</text>"), 2);
	assert_int_equal(count(text, "text-anchor=\"end\">b</text>"), 1);
	assert_int_equal(count(text, "fill=\"url(#chart-7-1)\""), 3); /* and the legend's */
	assert_int_equal(count(text, "<pattern id=\"chart-7-1\""), 1);
	free(text);
	text = draw(state, "bar label=l value=v_ns,w_ns",
		    "SELECT 'a' AS l, 1 AS v_ns, 2 AS w_ns");
	expect_drawn(text, ">w_ns</text>");
	expect_drawn(text, "<title>a, w_ns: 2 ns</title>");
	free(text);
}

static void a_series_that_is_alone_is_named_only_when_it_has_a_name(void **state)
{
	char *text = draw(state, "bar label=l value=v series=s",
			  "SELECT 'a' AS l, 'x' AS s, 1 AS v");

	expect_drawn(text, ">x</text>");
	free(text);
	text = draw(state, "bar label=l value=v", "SELECT 'a' AS l, 1 AS v");
	assert_int_equal(count(text, "<rect"), 1);
	free(text);
}

static void a_line_goes_through_its_points(void **state)
{
	char *text =
		draw(state, "line x=x y=y",
		     "SELECT 0 AS x, 0 AS y UNION ALL SELECT 5, 10 UNION ALL SELECT 10, 5");

	/* From 20 + 2 letters to 728; from 310 up to 30. */
	expect_drawn(text, "points=\"33.20,310.00 380.60,30.00 728.00,170.00\"");
	free(text);
	text = draw(state, "line x=x y=y xscale=log",
		    "SELECT 1 AS x, 0 AS y UNION ALL SELECT 10, 5 UNION ALL SELECT 100, 10");
	expect_drawn(text, "points=\"33.20,310.00 380.60,170.00 728.00,30.00\"");
	free(text);
}

static void a_long_line_is_thinned_evenly_and_that_is_said(void **state)
{
	char *text = draw(state, "line x=x y=y",
			  "WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n"
			  " WHERE x < 10000) SELECT x, x AS y FROM n");
	char *points = strstr(text, "points=\""), *end;

	assert_non_null(points);
	end = strstr(points, "/>");
	assert_non_null(end);
	*end = 0;
	assert_in_range(count(points, ","), CHART_POINTS / 2, CHART_POINTS + 1);
	expect_drawn(points, "728.00,30.00\""); /* the last one is kept */
	expect_drawn(end + 1, "Not drawn: ");
	expect_drawn(end + 1, " points between those that are.");
	free(text);
}

static void what_is_no_number_is_left_out_and_that_is_said(void **state)
{
	char *text = draw(state, "bar label=l value=v",
			  "SELECT 'a' AS l, NULL AS v UNION ALL SELECT 'b', 9e999"
			  " UNION ALL SELECT 'c', -9e999 UNION ALL SELECT 'd', 'word'"
			  " UNION ALL SELECT 'e', 1 UNION ALL SELECT 'f', 1e305");

	assert_int_equal(count(text, "<rect"), 1);
	expect_drawn(text, "Not drawn: 5 that are empty or not finite.");
	free(text);
	text = draw(state, "line x=x y=y xscale=log",
		    "SELECT 0 AS x, 1 AS y UNION ALL SELECT -1, 1 UNION ALL SELECT 10, 2");
	expect_drawn(text, "Not drawn: 2 that are empty, not finite or not above zero.");
	free(text);
	text = draw(state, "interval label=l value=v low=a high=b",
		    "SELECT 'a' AS l, 1 AS v, NULL AS a, 2 AS b UNION ALL SELECT 'b', 1, 0, 2");
	assert_int_equal(count(text, "<circle"), 1);
	free(text);
}

static void too_many_labels_are_cut_and_that_is_said(void **state)
{
	char *text = draw(state, "bar label=x value=x",
			  "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n"
			  " WHERE x < 50) SELECT x FROM n");

	assert_int_equal(count(text, "<rect"), CHART_GROUPS);
	expect_drawn(text, "Not drawn: 10 more.");
	free(text);
	text = draw(state, "line x=x y=x series=x",
		    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n"
		    " WHERE x < 9) SELECT x FROM n");
	assert_int_equal(count(text, "<polyline"), CHART_SERIES_MOST);
	expect_drawn(text, "Not drawn: 3 more.");
	free(text);
}

static void no_rows_draw_nothing(void **state)
{
	char *text = draw(state, "line x=x y=x", "SELECT 1 AS x WHERE 0");

	assert_string_equal(text, "<figure></figure>");
	free(text);
}

static void one_point_equal_ones_and_extreme_ones_are_drawn(void **state)
{
	static const char *const rows[] = {
		"SELECT 5 AS x, 5 AS y",
		"SELECT 0 AS x, 0 AS y",
		"SELECT 3 AS x, 7 AS y UNION ALL SELECT 3, 7 UNION ALL SELECT 3, 7",
		"SELECT -1e300 AS x, 1e300 AS y UNION ALL SELECT 1e300, -1e300",
		"SELECT 9223372036854775807 AS x, -9223372036854775808 AS y",
		"SELECT 5e-324 AS x, 5e-324 AS y UNION ALL SELECT 1, 1",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const char *const charts[] = {
			"line x=x y=y",
			"line x=x y=y xscale=log",
			"bar label=x value=y",
			"interval label=x value=y low=x high=y",
		};

		for (size_t j = 0; j < sizeof(charts) / sizeof(charts[0]); j++)
			free(draw(state, charts[j], rows[i]));
	}
}

static void hostile_texts_stay_texts(void **state)
{
	static const char sql[] =
		"SELECT '</text><script>alert(1)</script>' AS \"<b>&_ns\","
		" '\"''&lt;' || char(27) || char(65535) || x'ff' || char(8238) AS \"]]>\", 1 AS v"
		" UNION ALL SELECT x'80c0', '<!--', 2";
	char *text = draw(state, "bar label=<b>&_ns value=v series=]]>", sql);

	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "<!--"));
	expect_drawn(text, "&lt;/text&gt;&lt;script&gt;");
	expect_drawn(text, "\\x1b");
	free(text);
	free(draw(state, "line x=v y=v series=]]>", sql));
}

static void a_long_label_is_cut_between_letters(void **state)
{
	char *text = draw(state, "bar label=l value=v",
			  "SELECT replace(hex(zeroblob(50)), '0', char(228)) AS l, 1 AS v");

	expect_drawn(text, "\xc3\xa4\xe2\x80\xa6</text>");
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_database, close_database)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wrong_comment_is_told),
		TEST(ticks_are_at_1_2_or_5_and_enclose_the_values),
		TEST(the_unit_is_the_columns_and_fits_the_size),
		TEST(values_that_no_axis_holds_get_one),
		TEST(a_bar_reaches_from_zero_to_its_value),
		TEST(a_negative_bar_ends_at_zero),
		TEST(an_interval_lies_around_its_value_and_zero_is_shown),
		TEST(series_of_a_label_lie_together_and_differ_without_colour),
		TEST(a_series_that_is_alone_is_named_only_when_it_has_a_name),
		TEST(a_line_goes_through_its_points),
		TEST(a_long_line_is_thinned_evenly_and_that_is_said),
		TEST(what_is_no_number_is_left_out_and_that_is_said),
		TEST(too_many_labels_are_cut_and_that_is_said),
		TEST(no_rows_draw_nothing),
		TEST(one_point_equal_ones_and_extreme_ones_are_drawn),
		TEST(hostile_texts_stay_texts),
		TEST(a_long_label_is_cut_between_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
