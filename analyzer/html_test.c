/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the page that a report makes: it is well-formed, and what attackers wrote stays
 * text.
 */
#include "analyzer/render.h"
#include "analyzer/report_text.h"
#include "analyzer/xml_test.h"
#include "analyzer/memory_test.h"

#include <stdlib.h>

/* The page of a report; the caller frees it. */
static char *page(void **state, const char *sql, const char *subject)
{
	struct render render = {.format = RENDER_HTML};
	struct render_page about = {.name = "own.sql", .subject = subject};
	struct report_text report;
	char *text = NULL, *problem;
	size_t size;

	if (report_text_open(*state, sql, &report, &problem))
		fail_msg("%s: %s", sql, problem);
	render.out = open_memstream(&text, &size);
	assert_non_null(render.out);
	about.title = report.title;
	about.summary = report.summary;
	render_begin(&render, &about);
	for (size_t i = 0; i < report.count; i++)
		assert_int_equal(render_section(&render, report.sections[i].statement,
						&report.sections[i].render),
				 SQLITE_OK);
	render_remark(&render, "a <remark>");
	render_status(&render, "INCOMPLETE: <lost>", 0);
	render_end(&render);
	fclose(render.out);
	report_text_close(&report);
	assert_int_equal(strlen(text), size);
	xml_expect(text);
	return text;
}

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in %s", part, text);
}

static void a_page_has_title_sections_tables_charts_and_status(void **state)
{
	char *text =
		page(state,
		     "-- title: Ports\n-- summary: Which.\n-- section: one\n-- note: First.\n"
		     "-- chart: bar label=port value=source_bytes\n"
		     "SELECT 53 AS port, 10 AS source_bytes;\n"
		     "-- section: two\n-- prose: yes\nSELECT 'It is so.';\n"
		     "-- section: three\nSELECT 'x' AS run_time_ns, NULL AS b, x'00ff' AS c;\n"
		     "-- section: four\nSELECT 1 AS a WHERE 0",
		     "router: from then on");

	expect(text, "<title>Ports</title>");
	expect(text, "<h1>Ports</h1>");
	expect(text, "<p class=\"summary\">Which.</p>");
	expect(text, "<p class=\"subject\">router: from then on</p>");
	expect(text, "<h2>one</h2>\n<p class=\"note\">First.</p>\n<figure>\n<svg ");
	expect(text, "</figure>\n<div class=\"wide\"><table>");
	expect(text, "<th scope=\"col\" class=\"n\" title=\"source_bytes\">source"
		     "<span>bytes</span></th>");
	expect(text, "<tr><td class=\"n\">53</td><td class=\"n\">10</td></tr>");
	expect(text, "<ul>\n<li>It is so.</li>\n</ul>");
	expect(text, "<th scope=\"col\" title=\"run_time_ns\">run time<span>ns</span></th>");
	expect(text, "<tr><td>x</td><td></td><td>00ff</td></tr>");
	expect(text, "<p class=\"nothing\">(nothing)</p>");
	expect(text, "<p class=\"remark\">a &lt;remark&gt;</p>");
	expect(text, "<p class=\"lacking\">INCOMPLETE: &lt;lost&gt;</p>");
	free(text);
}

static void a_page_needs_nothing_beside_it(void **state)
{
	static const char *const words[] = {"<script", "<link",	 "<img",  "@import",
					    "url(h",   " href=", " src=", "onload="};
	char *text = page(state, "-- chart: bar label=a value=b\nSELECT 1 AS a, 2 AS b", NULL);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_null(strstr(text, words[i]));
	expect(text, "content=\"default-src 'none'; style-src 'unsafe-inline'\"");
	expect(text, "<h1>own.sql</h1>");
	free(text);
}

static void hostile_texts_stay_texts_everywhere(void **state)
{
	char *text = page(
		state,
		"-- title: </title><script>1</script>\n-- summary: <script>&nbsp;\n"
		"-- section: </h2><script>\n-- note: <script src='x'>\n"
		"-- chart: bar label=\"><script>x=_ns value=n\n"
		"SELECT '</td><script>' || char(0, 8, 27, 65534, 8238) AS \"\"\"><script>x=_ns\","
		" 1 AS n;\n"
		"-- section: b\n-- prose: yes\nSELECT '<script>]]>' || x'ff80'",
		"<script>");

	assert_null(strstr(text, "<script"));
	expect(text, "<h1>&lt;/title&gt;&lt;script&gt;1");
	expect(text, "<h2>&lt;/h2&gt;&lt;script&gt;</h2>");
	expect(text, "title=\"&quot;&gt;&lt;script&gt;x=_ns\"");
	expect(text, "<td>&lt;/td&gt;&lt;script&gt;\\x00\\x08\\x1b\\u{fffe}\\u{202e}</td>");
	expect(text, "<li>&lt;script&gt;]]&gt;\\xff\\x80</li>");
	free(text);
}

static void many_rows_are_all_there(void **state)
{
	static const char sql[] =
		"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n"
		" WHERE x < 2500) SELECT x AS n FROM n";
	char *text = page(state, sql, NULL), *with_chart;
	char commented[400];
	int rows = 0;

	expect(text, "<td class=\"n\">1000</td></tr>\n<tr><td class=\"n\">1001</td>");
	for (const char *at = text; (at = strstr(at, "<tr><td")); at++)
		rows++;
	assert_int_equal(rows, 2500);
	snprintf(commented, sizeof(commented), "-- chart: line x=n y=n\n%s", sql);
	with_chart = page(state, commented, NULL);
	assert_string_equal(strstr(with_chart, "<div class=\"wide\">"),
			    strstr(text, "<div class=\"wide\">"));
	free(with_chart);
	free(text);
}

static void ids_differ_between_charts(void **state)
{
	char *text = page(state,
			  "-- section: a\n-- chart: bar label=a value=b\nSELECT 1 AS a, 2 AS b;"
			  "-- section: b\n-- chart: bar label=a value=b\nSELECT 1 AS a, 2 AS b",
			  NULL);

	expect(text, "id=\"chart-1-title\"");
	expect(text, "id=\"chart-2-title\"");
	free(text);
}

static void a_chart_without_anything_to_draw_leaves_no_figure(void **state)
{
	char *text =
		page(state, "-- chart: bar label=a value=b\nSELECT 1 AS a, NULL AS b", NULL);

	assert_null(strstr(text, "<figure"));
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_database, close_database)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_page_has_title_sections_tables_charts_and_status),
		TEST(a_page_needs_nothing_beside_it),
		TEST(hostile_texts_stay_texts_everywhere),
		TEST(many_rows_are_all_there),
		TEST(ids_differ_between_charts),
		TEST(a_chart_without_anything_to_draw_leaves_no_figure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
