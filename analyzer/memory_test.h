/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests on rows that need no recording: a database in memory as cmocka's state.
 */
#ifndef ANALYZER_MEMORY_TEST_H
#define ANALYZER_MEMORY_TEST_H

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline int open_database(void **state)
{
	sqlite3 *database;

	assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
	*state = database;
	return 0;
}

static inline int close_database(void **state)
{
	return sqlite3_close(*state);
}

#endif
