/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reports that flowplay carries: the files of analyzer/reports/, embedded by the Makefile.
 */
#ifndef ANALYZER_REPORTS_H
#define ANALYZER_REPORTS_H

struct embedded_report {
	const char *name;
	const char *sql; /* comments "-- title: ..." and "-- summary: ...", then one SELECT */
};

/* Ends with a name of NULL. */
extern const struct embedded_report embedded_reports[];

#endif
