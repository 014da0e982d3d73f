/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is compared: metrics, each with what the baseline and the candidate said of it.
 */
#ifndef ANALYZER_COMPARE_METRIC_H
#define ANALYZER_COMPARE_METRIC_H

#include <stddef.h>

#define METRIC_NAME_MOST    200 /* bytes of a name or a unit */
#define METRIC_TEXT_MOST    4000
#define METRIC_COUNT_MOST   20000
#define METRIC_SAMPLES_MOST (1U << 24) /* of one metric on one side */

enum metric_kind {
	METRIC_EXACT,	/* what a file or a count says: no noise, or less than its threshold */
	METRIC_SAMPLED, /* one value a sample */
	METRIC_PROPORTION, /* so many of so many */
	METRIC_CONTEXT,	   /* what must be alike for the rest to be comparable */
};

enum metric_side {
	METRIC_BASELINE,
	METRIC_CANDIDATE,
	METRIC_SIDES,
};

struct metric_values {
	double *values;	 /* one a file, or a sample; of a proportion the shares */
	size_t *sources; /* of each value: which recording or file it is from */
	size_t count;
	double part, whole; /* sums, of proportions */
	char **texts;	    /* of a context that is no number: different ones, in order */
	size_t text_count;
};

struct metric {
	char *name;
	char *unit;
	enum metric_kind kind;
	int better; /* -1 lower, 1 higher, 0 not said */
	struct metric_values side[METRIC_SIDES];
};

/* Sorted by name. All zero is an empty one. */
struct metrics {
	struct metric *list;
	size_t count;
	size_t last;   /* the one that was added to */
	size_t source; /* where what is added now is from: the caller counts */
};

/* What one source says. Nothing is kept of the pointers. */
struct metric_sample {
	const char *name;
	const char *unit; /* NULL: none */
	enum metric_kind kind;
	int better;
	double value;
	double whole;	  /* of a proportion: value is a part of it */
	const char *text; /* of a context that is no number, else NULL */
};

/* The kind of that name (exact, sampled, proportion, context), or -1; and back. */
int metric_kind_of(const char *name);
const char *metric_kind_name(enum metric_kind kind);

/* Sets *better by "lower", "higher" or "". Returns 0 or -EINVAL. */
int metric_better_of(const char *name, int *better);

/*
 * Add a sample. Returns 0; -EINVAL with *problem, one line that the caller frees (NULL when
 * memory is short), where it is none or contradicts what was added under that name; -E2BIG
 * with *problem; -ENOMEM.
 */
int metrics_add(struct metrics *metrics, enum metric_side side,
		const struct metric_sample *sample, char **problem);

/* The metric of that name, or NULL. */
const struct metric *metrics_find(const struct metrics *metrics, const char *name);

void metrics_free(struct metrics *metrics);

#endif
