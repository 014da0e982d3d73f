/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is compared between the arms of an experiment: a number for each run.
 */
#ifndef ANALYZER_MODELS_OVERHEAD_METRIC_H
#define ANALYZER_MODELS_OVERHEAD_METRIC_H

#include "schema/stream.h"

#include <stddef.h>

/* Claims about the metrics of one group are a family. */
enum overhead_group {
	OVERHEAD_WORKLOAD, /* what the workload feels */
	OVERHEAD_MACHINE,  /* CPU time of all */
	OVERHEAD_AGENT,	   /* what an agent itself uses: nothing where there is none */
};

/*
 * While the kernel keeps run-time statistics of programs these slow everything down: such runs
 * tell of programs, and of nothing else but sizes.
 */
enum overhead_evidence {
	OVERHEAD_PLAIN,	  /* runs without statistics */
	OVERHEAD_METERED, /* runs with them */
	OVERHEAD_EITHER,  /* with them, where those without do not know */
};

struct overhead_metric {
	const char *name, *unit;
	enum overhead_group group;
	enum overhead_evidence evidence;
	double share;					 /* a quantile's, else 0 */
	double (*value)(const struct workload_row *run); /* NaN: not known */
};

/*
 * So many operations must lie beyond a quantile, or a run says little of it: p99 of 50 is their
 * maximum, whose mean grows with their number. A median errs to both sides alike.
 */
#define OVERHEAD_BEYOND 10

/* NULL: no more. */
const struct overhead_metric *overhead_metric(size_t i);

/* Whether a run has operations enough for the metric. */
int overhead_metric_bears(const struct overhead_metric *metric, const struct workload_row *run);

#endif
