/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of a test's own, and questions to the segments in it.
 */
#ifndef SCHEMA_SCRATCH_TEST_H
#define SCHEMA_SCRATCH_TEST_H

#include "schema/segment_reader.h"

#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline char *scratch_make(void)
{
	const char *parent = getenv("TMPDIR");
	char *path;

	mkdir("build", 0755);
	assert_true(asprintf(&path, "%s/test.XXXXXX", parent ? parent : "build") > 0);
	assert_non_null(mkdtemp(path));
	return path;
}

static inline int scratch_remove_one(const char *path, const struct stat *status, int flag,
				     struct FTW *walk)
{
	return remove(path);
}

static inline void scratch_remove(char *path)
{
	assert_int_equal(nftw(path, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(path);
}

/* Sealed, or live where it is not. */
static inline struct segment_reader *scratch_segment(const char *directory, int number)
{
	struct segment_reader *segment;
	char path[PATH_MAX], *problem = NULL;

	snprintf(path, sizeof(path), "%s/%06d.segment", directory, number);
	if (access(path, F_OK))
		snprintf(path, sizeof(path), "%s/%06d.live.segment", directory, number);
	if (segment_open(path, &segment, &problem))
		fail_msg("%s", problem);
	return segment;
}

/* The one number or text that a query gives; the caller frees it. */
static inline char *scratch_ask(const char *directory, int number, const char *sql)
{
	struct segment_reader *segment = scratch_segment(directory, number);
	sqlite3_stmt *statement;
	const char *text;
	char *answer;

	assert_int_equal(
		sqlite3_prepare_v2(segment_database(segment), sql, -1, &statement, NULL), 0);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	text = (const char *)sqlite3_column_text(statement, 0);
	answer = strdup(text ? text : "NULL");
	assert_non_null(answer);
	assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
	sqlite3_finalize(statement);
	segment_reader_close(segment);
	return answer;
}

#define assert_answer(directory, number, sql, expected)              \
	do {                                                         \
		char *answer_ = scratch_ask(directory, number, sql); \
		assert_string_equal(answer_, expected);              \
		free(answer_);                                       \
	} while (0)

#endif
