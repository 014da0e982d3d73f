/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the arms of a paired experiment differ in, and what it cannot say.
 *
 * Runs of one command are compared with the baseline's run in the same pair, so that what
 * changes slowly (a machine that gets slower by the minute) is in neither. Differences are
 * taken of logarithms: noise stretches all runs of a pair alike. A difference in the metric's
 * unit is then that part of the baseline's median. Where some run has 0 they are taken as they
 * are.
 *
 * Something is claimed when the interval of the difference leaves out 0, and p, after Holm's
 * correction over the metrics of the same group, command and arm, is below 0.05, and the
 * difference reaches beyond what the baseline's repeat shows against the baseline (A/A), if
 * that shows anything. Quantiles above the median are left out before where operations are few:
 * in 9 of 10 pairs both runs must have 10 operations beyond.
 *
 * Evidence are runs of pairs from 1 on that exited with 0; a pair lacking one of both runs is
 * left out. An arm's agent where the baseline has none is compared with nothing: its cost.
 */
#ifndef ANALYZER_MODELS_OVERHEAD_H
#define ANALYZER_MODELS_OVERHEAD_H

#include "analyzer/models/overhead_estimate.h"
#include "analyzer/models/overhead_metric.h"

#define OVERHEAD_ALPHA 0.05

enum overhead_verdict {
	OVERHEAD_MORE,
	OVERHEAD_LESS,
	OVERHEAD_NONE_SEEN,	/* differences below `detectable` would not have been seen */
	OVERHEAD_WITHIN_REPEAT, /* a difference, no larger than A/A's own */
	OVERHEAD_TOO_FEW_PAIRS, /* not even the clearest difference would be significant */
	OVERHEAD_NOT_RESOLVED,	/* a quantile beyond which lie too few operations */
	OVERHEAD_MEASURED,	/* nothing to compare with: what it costs */
};

extern const char *const overhead_verdict_names[];

/* What is not known is NaN. Texts are those of the runs. */
struct overhead_row {
	const struct overhead_metric *metric;
	const char *command, *arm, *role;
	size_t pairs;	 /* that were compared */
	size_t left_out; /* the others: a run is missing, has failed, or does not know the
			    metric */
	double baseline, value; /* medians of the runs */
	double difference, low, high;
	double percent, percent_low, percent_high; /* of the baseline */
	double p, adjusted;
	double confidence; /* see struct overhead_estimate */
	double repeat, repeat_low,
		repeat_high; /* A/A, in the metric's unit; the widest of several */
	double repeat_percent_low, repeat_percent_high;
	double detectable, detectable_percent;
	enum overhead_verdict verdict;
};

struct overhead_options {
	size_t resamples;
	uint64_t seed;
	unsigned int groups; /* a bit for each enum overhead_group that is wanted */
};

/*
 * Compare. The rows, which the caller frees, borrow the runs' texts, which are compared by
 * their content. No rows: no command has a baseline and another arm. Returns 0 or -ENOMEM.
 */
int overhead_compare(const struct workload_row *runs, size_t count,
		     const struct overhead_options *options, struct overhead_row **rows,
		     size_t *row_count);

#endif
