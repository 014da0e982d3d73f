/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a candidate is better or worse than its baseline, as far as the values can tell.
 *
 * A change is called one only where it is beyond its threshold and, of values that carry noise,
 * cannot well be chance: the family of all tests keeps its chance of any false alarm below
 * alpha (Holm). A count carries none, and of a share the cases count as independent, unless
 * there are enough recordings on both sides to show that each says something else: then their
 * ranks must differ as well. "same" needs proof as well: the whole interval of the change, with
 * confidence 1 - alpha, within the threshold to both sides. What is neither is inconclusive.
 */
#ifndef ANALYZER_COMPARE_JUDGE_H
#define ANALYZER_COMPARE_JUDGE_H

#include "analyzer/compare/metric.h"

enum judge_verdict {
	JUDGE_REGRESSED,
	JUDGE_MISSING, /* one side has no value */
	JUDGE_INCONCLUSIVE,
	JUDGE_IMPROVED,
	JUDGE_SAME,
	JUDGE_INFORMATION, /* was not asked for, or has no better direction */
};

enum judge_reason {
	JUDGE_CLEAR,
	JUDGE_FEW,    /* fewer samples than are asked for, or than significance needs */
	JUDGE_WIDE,   /* the interval reaches beyond the threshold */
	JUDGE_SMALL,  /* there is a change; whether it is beyond the threshold cannot be told */
	JUDGE_UNLIKE, /* what it depends on differs: is_unlike */
};

struct judge_rules {
	double alpha;
	size_t samples; /* the fewest of a sampled metric, on each side */
};

struct judge_case {
	/* What is asked. A proportion's threshold is a difference of shares. */
	enum metric_kind kind; /* not a context */
	int better;	       /* -1 lower, 1 higher, 0 unknown */
	int is_gated;
	int is_unlike; /* not to be compared: there is no verdict but inconclusive */
	double threshold;
	int is_relative; /* threshold is a part of the baseline's value */
	struct metric_values side[METRIC_SIDES];

	/* What is answered. NaN: there is none. */
	enum judge_verdict verdict;
	enum judge_reason reason;
	double value[METRIC_SIDES]; /* mean, median or share */
	double change;		    /* candidate minus baseline; of samples the shift */
	double low, high;	    /* where it lies */
	double part;		    /* change over the baseline's value */
	double limit;		    /* the threshold as a change */
	double p, p_family;	    /* two-sided; p_family by Holm */
	int is_exact;		    /* p is */
};

/* Judge all cases as one family. Returns 0, -EINVAL where a value is not finite, or -ENOMEM. */
int judge(struct judge_case *cases, size_t count, const struct judge_rules *rules);

const char *judge_verdict_name(enum judge_verdict verdict);

#endif
