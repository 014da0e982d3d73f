/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints a comparison: for people, for programs, and as CI systems read results.
 */
#ifndef ANALYZER_COMPARE_COMPARE_FORMATS_H
#define ANALYZER_COMPARE_COMPARE_FORMATS_H

#include "analyzer/compare/comparison.h"

#include <stdio.h>

struct compare_format {
	const char *name;
	int tells_differences; /* of the contexts */
	/* Returns 0 or -ENOMEM. */
	int (*print)(FILE *out, const struct comparison *comparison);
};

/* The format of that name, or NULL. */
const struct compare_format *compare_format(const char *name);

/* "regressed: 1 of 12 metrics; same 10, inconclusive 1"; REGRESSED where the gate fails. */
void compare_headline(FILE *out, const struct comparison *comparison);

/* In compare_ci.c. All return 0 or -ENOMEM. */
int compare_print_junit(FILE *out, const struct comparison *comparison);
int compare_print_benchfmt(FILE *out, const struct comparison *comparison);
int compare_print_gha(FILE *out, const struct comparison *comparison);

#endif
