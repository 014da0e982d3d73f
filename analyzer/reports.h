/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reports that flowplay carries: the files of analyzer/reports/, embedded by the Makefile.
 */
#ifndef ANALYZER_REPORTS_H
#define ANALYZER_REPORTS_H

struct embedded_report {
	const char *name;
	const char *sql; /* as analyzer/report_text.h says, with a title and a summary */
};

/* Ends with a name of NULL. */
extern const struct embedded_report embedded_reports[];

#endif
