/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a report: SELECTs, each after comments that say what it is.
 *
 *     -- title: Cost                      before the first SELECT: the report's title
 *     -- summary: What it cost.           and what it answers
 *     -- section: programs                before any SELECT: its heading; where there are
 *                                         several, each needs one
 *     -- note: Once a second.             a line under the heading; there may be more
 *     -- chart: bar label=name value=ns   how HTML draws its rows (analyzer/chart.h)
 *     -- prose: yes                       its rows are sentences, in one column
 *
 * Other comments are for the reader of the file.
 */
#ifndef ANALYZER_REPORT_TEXT_H
#define ANALYZER_REPORT_TEXT_H

#include "analyzer/render.h"

#include <sqlite3.h>

struct report_section {
	struct render_section render;
	sqlite3_stmt *statement;
};

struct report_text {
	char *title;   /* or NULL */
	char *summary; /* or NULL */
	struct report_section *sections;
	size_t count;
};

/*
 * Prepare all SELECTs of a report. Returns 0, or -EINVAL or -ENOMEM and *problem: what is wrong
 * and what was expected, in a line that the caller frees (NULL when memory is short).
 */
int report_text_open(sqlite3 *database, const char *sql, struct report_text *out,
		     char **problem);
void report_text_close(struct report_text *text);

/* The value of a comment before the first SELECT, malloc'd; NULL when there is none. */
char *report_text_value(const char *sql, const char *key);

#endif
