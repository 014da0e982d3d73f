/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of command lines: quoting, and what is masked.
 */
#include "recorder/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* Arguments are written with | between them. */
static char *format(const char *arguments, int redact)
{
	size_t size = strlen(arguments) + 1;
	char *bytes = strdup(arguments), *line;

	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		if (bytes[i] == '|')
			bytes[i] = 0;
	line = command_line_format(bytes, size, redact, 0);
	free(bytes);
	return line;
}

static void expect(const char *arguments, const char *expected)
{
	char *line = format(arguments, 1);

	assert_non_null(line);
	assert_string_equal(line, expected);
	free(line);
}

static void plain_arguments_stay_as_they_are(void **state)
{
	expect("curl|-s|http://10.0.0.1:80/a?b=c%20d",
	       "curl -s 'http://10.0.0.1:80/a?b=c%20d'");
	expect("ls|-la|/etc", "ls -la /etc");
	expect("gr\xc3\xbc\xc3\x9f|x", "gr\xc3\xbc\xc3\x9f x");
}

static void odd_arguments_are_quoted(void **state)
{
	expect("echo||it's|a b|$HOME", "echo '' 'it'\\''s' 'a b' '$HOME'");
}

static void bytes_that_are_no_text_are_escaped(void **state)
{
	expect("echo|a\nb|\xff\xc3\x28|\x1b[2J|it's\\\t",
	       "echo $'a\\nb' $'\\xff\\xc3(' $'\\x1b[2J' $'it\\'s\\\\\\t'");
	expect("\xed\xa0\x80", "$'\\xed\\xa0\\x80'"); /* a surrogate */
	expect("\xf0\x9f\x90", "$'\\xf0\\x9f\\x90'"); /* an emoji that was cut */
}

static void what_was_cut_says_so(void **state)
{
	char *line = command_line_format("a\0b", 3, 1, 1);

	assert_string_equal(line, "a b ...");
	free(line);
	assert_null(command_line_format("", 0, 1, 0));
	assert_null(command_line_format("", 1, 1, 0));
}

static void a_title_with_padding_is_trimmed(void **state)
{
	char *line = command_line_format("nginx: worker\0\0\0\0\0\0", 19, 1, 0);

	assert_string_equal(line, "'nginx: worker'");
	free(line);
}

static void secret_options_are_masked(void **state)
{
	expect("app|--password=hunter2|--user=joe", "app --password=*** --user=joe");
	expect("app|--password=two words|x", "app --password=*** x");
	expect("app|--token|abc|--verbose", "app --token *** --verbose");
	expect("app|-password|abc", "app -password ***");
	expect("app|--password|--user|joe", "app --password --user joe");
	expect("app|--db-pass|x|--api-key=1|--client_secret|y",
	       "app --db-pass *** --api-key=*** --client_secret ***");
	expect("app|--password-file=/etc/pw|--token-url|http://x",
	       "app --password-file=/etc/pw --token-url http://x");
	expect("openssl|-passin|pass:abc", "openssl -passin ***");
}

static void secret_variables_are_masked(void **state)
{
	expect("env|AWS_SECRET_ACCESS_KEY=a/b+c|HOME=/root|./x",
	       "env AWS_SECRET_ACCESS_KEY=*** HOME=/root ./x");
	expect("env|PGPASSWORD=a b|MYSQL_PWD=x|PWD=/tmp|psql",
	       "env PGPASSWORD=*** MYSQL_PWD=*** PWD=/tmp psql");
}

static void programs_with_short_options_are_known(void **state)
{
	expect("mysql|-uroot|-phunter2|db", "mysql -uroot -p*** db");
	expect("/usr/bin/mysqldump|-p|db", "/usr/bin/mysqldump -p db");
	expect("sudo|-u|joe|mysql|-phunter2", "sudo -u joe mysql -p***");
	expect("sshpass|-p|hunter2|ssh|-p|22|host", "sshpass -p *** ssh -p 22 host");
	expect("redis-cli|-a|x|-p|6379", "redis-cli -a *** -p 6379");
	expect("curl|-su|joe:hunter2|http://h", "curl -su joe:*** http://h");
	expect("curl|--user|joe:hunter2|http://h", "curl --user joe:*** http://h");
	expect("curl|-ujoe:hunter2", "curl -ujoe:***");
	expect("docker|run|-p|8080:80|nginx", "docker run -p 8080:80 nginx");
	expect("docker|login|-u|joe|-p|x", "docker login -u joe -p ***");
	expect("ssh|-p|22|host", "ssh -p 22 host");
}

static void urls_lose_their_password_only(void **state)
{
	expect("git|clone|https://joe:hunter2@h.example/r",
	       "git clone https://joe:***@h.example/r");
	expect("git|clone|ssh://git@h/r", "git clone ssh://git@h/r");
	expect("git|clone|https://ghp_0123456789abcdefghij@h/r", "git clone https://***@h/r");
	expect("app|postgres://u:p@h:5432/d", "app postgres://u:***@h:5432/d");
	expect("curl|http://h/?a=1&token=abc&b=2", "curl 'http://h/?a=1&token=***&b=2'");
}

static void headers_and_json_are_masked(void **state)
{
	expect("curl|-H|Authorization: Bearer abc.def|http://h",
	       "curl -H 'Authorization: Bearer ***' http://h");
	expect("curl|-H|X-Api-Key: abc|-H|Accept: text/html",
	       "curl -H 'X-Api-Key: ***' -H 'Accept: text/html'");
	expect("curl|-H|Cookie: a=b; c=d", "curl -H 'Cookie: ***'");
	expect("curl|-d|{\"user\":\"joe\",\"password\":\"a, b\",\"x\":1}",
	       "curl -d '{\"user\":\"joe\",\"password\":\"***\",\"x\":1}'");
	expect("app|Bearer 0123456789abcdef0123", "app 'Bearer ***'");
}

static void shell_commands_are_looked_into(void **state)
{
	expect("sh|-c|mysql -phunter2 -e 'select 1'",
	       "sh -c 'mysql -p*** -e '\\''select 1'\\'''");
	expect("sh|-c|TOKEN=abc curl http://evil/x", "sh -c 'TOKEN=*** curl http://evil/x'");
	expect("sh|-c|true; curl -u a:b h", "sh -c 'true; curl -u a:*** h'");
	expect("ssh|h|app --password x --go", "ssh h 'app --password *** --go'");
}

static void harmless_words_are_kept(void **state)
{
	expect("docker|pull|vault/secret:latest", "docker pull vault/secret:latest");
	expect("app|--bypass|x|--compass=north", "app --bypass x --compass=north");
	expect("app|keyboard=de|--monkey|y", "app keyboard=de --monkey y");
}

static void without_redaction_all_is_kept(void **state)
{
	char *line = format("app|--password=x|--token|y", 0);

	assert_string_equal(line, "app --password=x --token y");
	free(line);
}

static void any_bytes_give_text(void **state)
{
	uint32_t noise = 2463534242;
	char bytes[200], *line;

	for (int round = 0; round < 20000; round++) {
		size_t size = noise % sizeof(bytes);

		for (size_t i = 0; i < size; i++) {
			noise ^= noise << 13;
			noise ^= noise >> 17;
			noise ^= noise << 5;
			bytes[i] =
				noise & 256 ? "-=:/'\" \\|&p"[noise % 12] : (char)(noise >> 16);
		}
		line = command_line_format(bytes, size, 1, 0);
		for (const char *at = line; at && *at; at++)
			assert_true((uint8_t)*at >= 32 && *at != 127);
		free(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_arguments_stay_as_they_are),
		cmocka_unit_test(odd_arguments_are_quoted),
		cmocka_unit_test(bytes_that_are_no_text_are_escaped),
		cmocka_unit_test(what_was_cut_says_so),
		cmocka_unit_test(a_title_with_padding_is_trimmed),
		cmocka_unit_test(secret_options_are_masked),
		cmocka_unit_test(secret_variables_are_masked),
		cmocka_unit_test(programs_with_short_options_are_known),
		cmocka_unit_test(urls_lose_their_password_only),
		cmocka_unit_test(headers_and_json_are_masked),
		cmocka_unit_test(shell_commands_are_looked_into),
		cmocka_unit_test(harmless_words_are_kept),
		cmocka_unit_test(without_redaction_all_is_kept),
		cmocka_unit_test(any_bytes_give_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
