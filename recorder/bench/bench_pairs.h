/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A paired experiment with a command as its workload.
 *
 *     pair 0      arms in an order drawn by lot: to warm up
 *     pair 1..N   agent starts, settles, workload, agent ends: for each arm, in a new order
 *     metered     the same once more for arms with an agent, with run-time statistics of
 *                 programs on: what programs take, and no evidence of anything else
 *
 * Agents that are held start once, before the first pair, and end after the last; for a run
 * they are turned on and off. So a pair may be as short as its workload, and the shorter a
 * pair, the more of what the machine does meanwhile is the same for all of its runs.
 */
#ifndef RECORDER_BENCH_BENCH_PAIRS_H
#define RECORDER_BENCH_BENCH_PAIRS_H

#include "recorder/bench/arm.h"
#include "recorder/bench/bench_workload.h"
#include "recorder/bench/experiment.h"

struct bench_pairs_options {
	const struct arms *arms;
	struct experiment *experiment;
	struct bench_workload workload;
	const char *command;   /* its words as one text */
	const char *directory; /* where agents work; what they leave is removed */
	uint64_t pairs, warmups, metered;
	uint64_t settle_ns; /* between the start of an agent, or turning it on, and the workload
			     */
	uint64_t seed;
	int is_held;
	int keep; /* what the agents leave */
	/* Called before each run, done of so many. */
	void (*progress)(void *context, uint64_t done, uint64_t all, const char *arm);
	/* A run that is no evidence, or an agent that failed: one line. */
	void (*tell)(void *context, const char *line);
	void *context;
};

struct bench_pairs_result {
	uint64_t pairs;	 /* that are whole */
	uint64_t failed; /* runs that are no evidence */
};

/*
 * Returns 0; -ECANCELED after a signal, what was measured is recorded; or another negative
 * errno, *problem is then one line that the caller frees, or NULL.
 */
int bench_pairs_run(const struct bench_pairs_options *options,
		    struct bench_pairs_result *result, char **problem);

#endif
