/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole comparison: every metric judged by its rule, and what is not alike on both sides.
 */
#ifndef ANALYZER_COMPARE_COMPARISON_H
#define ANALYZER_COMPARE_COMPARISON_H

#include "analyzer/compare/gate.h"
#include "analyzer/compare/judge.h"

#define COMPARISON_VERDICTS (JUDGE_INFORMATION + 1)

struct comparison_row {
	const struct metric *metric; /* NULL: what a rule requires and neither side has */
	const char *name;
	struct judge_case judged;
	double *medians[METRIC_SIDES]; /* what is judged where it is per recording */
	int is_per_recording;
	int is_failure;	    /* fails the gate */
	const char *unlike; /* the context that it needs alike, and is not; or NULL */
	char *evidence;	    /* effect and evidence in words */
};

/* A context that differs. */
struct comparison_difference {
	const char *key;
	enum gate_action action;
	char *value[METRIC_SIDES];
};

struct comparison {
	struct judge_rules rules;
	size_t tests;		     /* in the family */
	struct comparison_row *rows; /* the worst verdict first, then by name */
	size_t count;
	size_t verdicts[COMPARISON_VERDICTS];	   /* how many of each */
	size_t required;			   /* how many that are required are missing */
	size_t failures;			   /* how many rows fail the gate */
	struct comparison_difference *differences; /* by key */
	size_t difference_count;
};

/*
 * Judge everything. With missing_fails a metric that is to be judged and is on one side only
 * fails the gate, as what is required always does. Metrics and gate are borrowed until
 * comparison_free. Returns 0, -EINVAL where values are too large to be added, or -ENOMEM.
 */
int comparison_make(const struct metrics *metrics, const struct gate *gate, int missing_fails,
		    struct comparison *out);
void comparison_free(struct comparison *comparison);

#endif
