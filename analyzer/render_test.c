/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of printing rows.
 */
#include "analyzer/render.h"
#include "analyzer/sample_test.h"
#include "analyzer/memory_test.h"

/* What a statement is printed as; the caller frees it. */
static char *print(sqlite3 *database, enum render_format format, const char *sql)
{
	struct render render = {.format = format};
	sqlite3_stmt *statement;
	char *text = NULL;
	size_t size;

	render.out = open_memstream(&text, &size);
	assert_non_null(render.out);
	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(database));
	assert_int_equal(render_statement(&render, statement), SQLITE_OK);
	sqlite3_finalize(statement);
	render_end(&render);
	fclose(render.out);
	assert_int_equal(strlen(text), size);
	return text;
}

static void expect(void **state, enum render_format format, const char *sql,
		   const char *expected)
{
	char *text = print(*state, format, sql);

	assert_string_equal(text, expected);
	free(text);
}

static const char rows[] =
	"SELECT column1 AS name, column2 AS source_bytes FROM (VALUES('curl', 12345), ('dig', 7),"
	" (NULL, NULL))";

static void text_is_in_columns_with_numbers_to_the_right(void **state)
{
	expect(state, RENDER_TEXT, rows,
	       "      source_\n"
	       "name    bytes\n"
	       "curl    12345\n"
	       "dig         7\n"
	       "-           -\n");
}

static void a_heading_that_fits_stands_in_one_line(void **state)
{
	expect(state, RENDER_TEXT, "SELECT 123456789012 AS source_bytes, 'a' AS a_b",
	       "source_bytes  a_b\n"
	       "123456789012  a\n");
	expect(state, RENDER_TEXT,
	       "SELECT 1 AS network_transport, 2 AS peer_process_pid, 3 AS xs_, 4 AS __",
	       "              peer_\n"
	       " network_  process_\n"
	       "transport       pid  xs_  __\n"
	       "        1         2    3   4\n");
	expect(state, RENDER_TEXT, "SELECT 1 AS abc_defgh_executable_name, 'x' AS t",
	       " abc_defgh_\n"
	       "executable_\n"
	       "       name  t\n"
	       "          1  x\n");
}

static void no_rows_leave_the_headings(void **state)
{
	expect(state, RENDER_TEXT, "SELECT 1 AS a WHERE 0", "a\n");
	expect(state, RENDER_JSON, "SELECT 1 AS a WHERE 0", "[]\n");
	expect(state, RENDER_JSONL, "SELECT 1 AS a WHERE 0", "");
	expect(state, RENDER_CSV, "SELECT 1 AS a WHERE 0", "a\r\n");
	expect(state, RENDER_MARKDOWN, "SELECT 1 AS a WHERE 0", "| a   |\n| --- |\n");
}

static void json_has_keys_and_whole_numbers(void **state)
{
	expect(state, RENDER_JSON, rows,
	       "[\n{\"name\":\"curl\",\"source_bytes\":12345},\n"
	       "{\"name\":\"dig\",\"source_bytes\":7},\n"
	       "{\"name\":null,\"source_bytes\":null}\n]\n");
	expect(state, RENDER_JSONL,
	       "SELECT 9223372036854775807 AS a, -9223372036854775808 AS b, 1.5 AS c, x'00ff' AS d,"
	       " 9e999 AS e",
	       "{\"a\":9223372036854775807,\"b\":-9223372036854775808,\"c\":1.5,\"d\":\"00ff\","
	       "\"e\":null}\n");
}

static void csv_is_quoted_where_it_must_be(void **state)
{
	expect(state, RENDER_CSV,
	       "SELECT 'a,b' AS a, 'say \"x\"' AS b, 'two' || char(10) || 'lines' AS c, '' AS d,"
	       " NULL AS e, -5 AS f",
	       "a,b,c,d,e,f\r\n\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\"\",,-5\r\n");
}

static void csv_holds_no_formula(void **state)
{
	expect(state, RENDER_CSV,
	       "SELECT '=cmd()' AS a, '+1' AS b, '-1' AS c, '@x' AS d, char(9) || '=1' AS e, -1 AS f,"
	       " 'a=b' AS g",
	       "a,b,c,d,e,f,g\r\n'=cmd(),'+1,'-1,'@x,\"'\t=1\",-1,a=b\r\n");
}

static void markdown_is_a_table_that_cells_cannot_leave(void **state)
{
	expect(state, RENDER_MARKDOWN,
	       "SELECT 'a|b' AS name, '<img src=x>' AS other_name, 5 AS n, '[x](y) *z* _w_ a_b' AS t",
	       "| name | other_name        |   n | t                        |\n"
	       "| ---- | ----------------- | --: | ------------------------ |\n"
	       "| a\\|b | &lt;img src=x&gt; |   5 | \\[x\\](y) \\*z\\* \\_w\\_ a_b |\n");
}

static void a_terminal_gets_no_control_characters(void **state)
{
	/* ESC, BEL, CR, LF, DEL, a C1 character, a right-to-left override, 0, and broken UTF-8.
	 */
	static const char hostile[] =
		"SELECT 'a' || char(27) || '[31m' || char(7, 13, 10, 127, 155, 8238) || 'z' || char(0)"
		" || CAST(x'ff' AS TEXT) || CAST(x'c3' AS TEXT) AS a";

	expect(state, RENDER_TEXT, hostile,
	       "a\na\\x1b[31m\\x07\\r\\n\\x7f\\u{9b}\\u{202e}z\\x00\\xff\\xc3\n");
	expect(state, RENDER_JSONL, hostile,
	       "{\"a\":\"a\\u001b[31m\\u0007\\u000d\\u000a\\u007f\\u009b\\u202ez\\u0000"
	       "\xef\xbf\xbd\xef\xbf\xbd\"}\n");
	expect(state, RENDER_CSV, hostile,
	       "a\r\n\"a\\x1b[31m\\x07\\r\n\\x7f\\u{9b}\\u{202e}z\\x00\\xff\\xc3\"\r\n");
	expect(state, RENDER_MARKDOWN, "SELECT char(27) || 'x' || char(10) || 'y' AS abc",
	       "| abc        |\n| ---------- |\n| \\\\x1bx\\\\ny |\n");
}

static void what_is_not_utf8_never_passes(void **state)
{
	/* Overlong, surrogate, too large, cut. */
	static const char *const bytes[] = {"c080",	"e08080", "eda080",
					    "f4908080", "f09f98", "80"};

	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		char *sql = sqlite3_mprintf("SELECT CAST(x'%s' AS TEXT) AS a", bytes[i]);
		char *text = print(*state, RENDER_TEXT, sql);

		for (const char *at = text; *at; at++)
			assert_true((unsigned char)*at < 0x80);
		free(text);
		sqlite3_free(sql);
	}
	expect(state, RENDER_TEXT, "SELECT 'gr\xc3\xbc\xc3\x9f' AS a, 1 AS b",
	       "a     b\ngr\xc3\xbc\xc3\x9f  1\n");
}

static void later_rows_keep_their_columns(void **state)
{
	char *text = print(
		*state, RENDER_TEXT,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000)"
		" SELECT i, 'x' || i AS name FROM n");
	unsigned int lines = 0;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 3001);
	assert_non_null(strstr(text, "\n   1  x1\n"));
	assert_non_null(strstr(text, "\n2999  x2999\n"));
	free(text);
	text = print(
		*state, RENDER_MARKDOWN,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000)"
		" SELECT i, CASE WHEN i > 2000 THEN 'longer' END AS name FROM n");
	assert_non_null(strstr(text, "\n| 2999 | longer |\n"));
	free(text);
}

static void sections_are_told_apart(void **state)
{
	static const enum render_format formats[] = {RENDER_TEXT, RENDER_JSON, RENDER_JSONL,
						     RENDER_CSV, RENDER_MARKDOWN};
	static const char *const expected[] = {
		"one\na\n1\n\ntwo\nlong_name  2\nb          x\n",
		"{\n\"one\":[\n{\"a\":1}\n],\n\"two\":[\n{\"long_name\":2,\"b\":\"x\"}\n]\n}\n",
		"{\"section\":\"one\",\"a\":1}\n{\"section\":\"two\",\"long_name\":2,\"b\":\"x\"}\n",
		"section,a\r\none,1\r\n\r\nsection,long_name,b\r\ntwo,2,x\r\n",
		"## one\n\n|   a |\n| --: |\n|   1 |\n\n## two\n\n| long_name | b   |\n"
		"| --------: | --- |\n|         2 | x   |\n",
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct render render = {.format = formats[i], .sections = 1};
		sqlite3_stmt *one, *two;
		char *text = NULL;
		size_t size;

		render.out = open_memstream(&text, &size);
		sqlite3_prepare_v2(*state, "SELECT 1 AS a", -1, &one, NULL);
		sqlite3_prepare_v2(*state, "SELECT 2 AS long_name, 'x' AS b", -1, &two, NULL);
		assert_int_equal(render_section(&render, one,
						&(struct render_section){.name = "one"}),
				 SQLITE_OK);
		assert_int_equal(render_section(&render, two,
						&(struct render_section){.name = "two",
									 .is_upright = 1}),
				 SQLITE_OK);
		render_end(&render);
		fclose(render.out);
		sqlite3_finalize(one);
		sqlite3_finalize(two);
		assert_string_equal(text, expected[i]);
		free(text);
	}
}

static void an_error_in_a_row_is_returned(void **state)
{
	struct render render = {.format = RENDER_TEXT, .out = fopen("/dev/null", "w")};
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_prepare_v2(*state, "SELECT abs(-9223372036854775808)", -1,
					    &statement, NULL),
			 SQLITE_OK);
	assert_int_not_equal(render_statement(&render, statement), SQLITE_OK);
	sqlite3_finalize(statement);
	fclose(render.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_in_columns_with_numbers_to_the_right),
		cmocka_unit_test(a_heading_that_fits_stands_in_one_line),
		cmocka_unit_test(no_rows_leave_the_headings),
		cmocka_unit_test(json_has_keys_and_whole_numbers),
		cmocka_unit_test(csv_is_quoted_where_it_must_be),
		cmocka_unit_test(csv_holds_no_formula),
		cmocka_unit_test(markdown_is_a_table_that_cells_cannot_leave),
		cmocka_unit_test(a_terminal_gets_no_control_characters),
		cmocka_unit_test(what_is_not_utf8_never_passes),
		cmocka_unit_test(later_rows_keep_their_columns),
		cmocka_unit_test(sections_are_told_apart),
		cmocka_unit_test(an_error_in_a_row_is_returned),
	};

	return cmocka_run_group_tests(tests, open_database, close_database);
}
