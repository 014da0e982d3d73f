/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the SQL functions.
 */
#include "analyzer/functions.h"
#include "analyzer/sample_test.h"

static int open_database(void **state)
{
	sqlite3 *database;

	assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
	assert_int_equal(functions_register(database), SQLITE_OK);
	*state = database;
	return 0;
}

static int close_database(void **state)
{
	return sqlite3_close(*state);
}

static void a_time_is_shown_as_rfc3339(void **state)
{
	sample_expect(*state, "SELECT rfc3339(1795201200123456789)",
		      "2026-11-20T19:00:00.123456789Z");
	sample_expect(*state, "SELECT rfc3339(1795201200123456789, 3)",
		      "2026-11-20T19:00:00.123Z");
	sample_expect(*state, "SELECT rfc3339(1795201200123456789, 0)", "2026-11-20T19:00:00Z");
	sample_expect(*state, "SELECT rfc3339(0)", "1970-01-01T00:00:00.000000000Z");
	sample_expect(*state, "SELECT rfc3339(-1)", "1969-12-31T23:59:59.999999999Z");
	sample_expect(*state, "SELECT rfc3339(9223372036854775807)",
		      "2262-04-11T23:47:16.854775807Z");
	sample_expect(*state, "SELECT rfc3339(NULL) IS NULL, rfc3339('x') IS NULL", "1|1");
}

static void digits_out_of_range_are_an_error(void **state)
{
	sqlite3 *database = *state;

	assert_int_equal(sqlite3_exec(database, "SELECT rfc3339(1, 10)", NULL, NULL, NULL),
			 SQLITE_ERROR);
	assert_int_equal(sqlite3_exec(database, "SELECT rfc3339(1, -1)", NULL, NULL, NULL),
			 SQLITE_ERROR);
}

static void an_address_is_found_in_its_prefix(void **state)
{
	sample_expect(*state,
		      "SELECT ip_in('10.1.2.3', '10.0.0.0/8'), ip_in('11.1.2.3', '10.0.0.0/8'),"
		      " ip_in('10.1.2.3', '10.1.2.3'), ip_in('10.1.2.3', '10.1.2.2/31'),"
		      " ip_in('10.1.2.4', '10.1.2.2/31'), ip_in('8.8.8.8', '0.0.0.0/0')",
		      "1|0|1|1|0|1");
	sample_expect(*state,
		      "SELECT ip_in('2001:db8::1', '2001:db8::/32'), ip_in('2001:db9::1',"
		      " '2001:db8::/32'), ip_in('10.0.0.1', '2001:db8::/32'),"
		      " ip_in('2001:db8::1', '0.0.0.0/0'), ip_in('2001:db8::1', '::/0')",
		      "1|0|0|0|1");
	sample_expect(
		*state,
		"SELECT ip_in(NULL, '10.0.0.0/8') IS NULL, ip_in('x', '10.0.0.0/8') IS NULL",
		"1|1");
}

static void what_is_no_prefix_is_an_error(void **state)
{
	static const char *const prefixes[] = {
		"10.0.0.0/33", "10.0.0.0/",
		"10.0.0.0/-1", "10.0.0.0/8x",
		"::/129",      "ten/8",
		"10.0.0/8",    "",
		"/8",	       "10.0.0.0/4294967304",
		"::1/0x8",     "10.0.0.0/8/8",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		char *sql = sqlite3_mprintf("SELECT ip_in('10.0.0.1', %Q)", prefixes[i]);

		if (sqlite3_exec(*state, sql, NULL, NULL, NULL) != SQLITE_ERROR)
			fail_msg("%s is taken for a prefix", prefixes[i]);
		sqlite3_free(sql);
	}
}

static void flags_are_named(void **state)
{
	sample_expect(*state,
		      "SELECT tcp_flags(2), tcp_flags(18), tcp_flags(0), tcp_flags(511),"
		      " tcp_flags(NULL) IS NULL",
		      "SYN|SYN,ACK||FIN,SYN,RST,PSH,ACK,URG,ECE,CWR,AE|1");
}

static void the_value_at_the_greatest_is_found(void **state)
{
	sample_expect(
		*state,
		"SELECT arg_max(a, b) FROM (SELECT 'x' AS a, 1 AS b UNION ALL SELECT 'y', 3"
		" UNION ALL SELECT 'z', 2 UNION ALL SELECT NULL, 9 UNION ALL SELECT 'n', NULL)",
		"y");
	sample_expect(*state,
		      "SELECT arg_max(1, NULL) IS NULL, (SELECT arg_max(a, a) IS NULL FROM"
		      " (SELECT 1 AS a WHERE 0))",
		      "1|1");
	sample_expect(*state,
		      "SELECT arg_max(a, a) FROM (SELECT 9223372036854775806 AS a UNION ALL"
		      " SELECT 9223372036854775807 UNION ALL SELECT 1.5)",
		      "9223372036854775807");
	sample_expect(
		*state,
		"SELECT arg_max(a, a) FROM (SELECT 'b' AS a UNION ALL SELECT 'a' UNION ALL"
		" SELECT 7)",
		"b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_shown_as_rfc3339),
		cmocka_unit_test(digits_out_of_range_are_an_error),
		cmocka_unit_test(an_address_is_found_in_its_prefix),
		cmocka_unit_test(what_is_no_prefix_is_an_error),
		cmocka_unit_test(flags_are_named),
		cmocka_unit_test(the_value_at_the_greatest_is_found),
	};

	return cmocka_run_group_tests(tests, open_database, close_database);
}
