/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which runs of an experiment are compared with each other.
 */
#ifndef ANALYZER_MODELS_OVERHEAD_PAIRS_H
#define ANALYZER_MODELS_OVERHEAD_PAIRS_H

#include "analyzer/models/overhead_metric.h"

/* An arm of one command, which is no baseline. Texts are those of the runs. */
struct overhead_arm {
	const char *command, *name, *role;
	const char *baseline; /* the name of that arm */
};

/*
 * The arms of all commands that have a baseline: by command, repeats of the baseline first, in
 * the order in which they first ran. The caller frees them. Returns 0 or -ENOMEM.
 */
int overhead_arms(const struct workload_row *runs, size_t count, struct overhead_arm **arms,
		  size_t *arm_count);

struct overhead_pair {
	const struct workload_row *baseline; /* NULL where an agent is compared with none */
	const struct workload_row *other;
	double baseline_value, value;
};

struct overhead_pairs {
	struct overhead_pair *pair; /* by number */
	size_t count;
	size_t left_out; /* pairs that have a run of such evidence and are no pair here */
};

/*
 * The pairs of an arm that know a metric; none where all that they know is 0. Of several runs
 * of one arm in one pair the first counts. Returns 0 or -ENOMEM.
 */
int overhead_pairs_make(const struct workload_row *runs, size_t count,
			const struct overhead_arm *arm, const struct overhead_metric *metric,
			struct overhead_pairs *pairs);
void overhead_pairs_clear(struct overhead_pairs *pairs);

#endif
