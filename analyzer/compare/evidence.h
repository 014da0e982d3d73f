/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says in words what a judgement rests on.
 */
#ifndef ANALYZER_COMPARE_EVIDENCE_H
#define ANALYZER_COMPARE_EVIDENCE_H

#include "analyzer/compare/comparison.h"

#include <stdio.h>

/* Whole numbers as they are, others with five digits. */
void evidence_number(FILE *out, double value);

/* Effect and evidence in one line, which the caller frees; NULL when memory is short. */
char *evidence_of(const struct comparison_row *row, const struct judge_rules *rules);

#endif
