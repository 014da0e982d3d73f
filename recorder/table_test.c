/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the tables that commands print.
 */
#include "recorder/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *format, const char *expected)
{
	static const char *const one[] = {"name", "words"};
	static const char *const other[] = {"name"};
	struct table table = {.format = (enum table_format)table_format(format)};
	char *text = NULL;
	size_t size;

	table.out = open_memstream(&text, &size);
	assert_non_null(table.out);
	table_section(&table, "first", one, 2);
	table_row(&table, (const char *const[]){"plain", ""});
	table_row(&table, (const char *const[]){"a \"b\", <c>", "=x_y\n\033[1m"});
	table_end_section(&table);
	table_section(&table, "second", other, 1);
	table_end_section(&table);
	assert_int_equal(table_end(&table), 0);
	fclose(table.out);
	assert_string_equal(text, expected);
	free(text);
}

static void text_is_aligned_and_sends_no_controls(void **state)
{
	expect("text", "first\n"
		       "name        words\n"
		       "plain\n"
		       "a \"b\", <c>  =x_y??[1m\n"
		       "\n"
		       "second\n"
		       "name\n");
}

static void json_is_one_object(void **state)
{
	expect("json", "{\n"
		       "\"first\":[\n"
		       "{\"name\":\"plain\",\"words\":\"\"},\n"
		       "{\"name\":\"a \\\"b\\\", <c>\",\"words\":\"=x_y??[1m\"}\n"
		       "],\n"
		       "\"second\":[]\n"
		       "}\n");
}

static void lines_name_their_section(void **state)
{
	expect("jsonl", "{\"section\":\"first\",\"name\":\"plain\",\"words\":\"\"}\n"
			"{\"section\":\"first\",\"name\":\"a \\\"b\\\", <c>\","
			"\"words\":\"=x_y??[1m\"}\n");
	expect("csv", "section,name,words\r\n"
		      "first,plain,\"\"\r\n"
		      "first,\"a \"\"b\"\", <c>\",'=x_y??[1m\r\n"
		      "section,name\r\n");
}

static void markdown_is_escaped(void **state)
{
	expect("markdown", "## first\n"
			   "\n"
			   "| name | words |\n"
			   "| --- | --- |\n"
			   "| plain |  |\n"
			   "| a \"b\", &lt;c&gt; | =x\\_y??\\[1m |\n"
			   "\n"
			   "## second\n"
			   "\n"
			   "| name |\n"
			   "| --- |\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_aligned_and_sends_no_controls),
		cmocka_unit_test(json_is_one_object),
		cmocka_unit_test(lines_name_their_section),
		cmocka_unit_test(markdown_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
