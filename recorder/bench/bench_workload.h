/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command once and says what it achieved and what the machine's CPUs did meanwhile.
 */
#ifndef RECORDER_BENCH_BENCH_WORKLOAD_H
#define RECORDER_BENCH_BENCH_WORKLOAD_H

#include "schema/stream.h"
#include "schema/workload_result.h"

#include <signal.h>

/* Exit statuses of runs that are no evidence, although the workload itself ended well. */
#define BENCH_UNREADABLE   65 /* its result cannot be read */
#define BENCH_AGENT_FAILED 70

struct bench_workload {
	char *const *words; /* ends with NULL */
	const char *result; /* the file of its result, removed before a run; NULL: its output */
	sigset_t signals;   /* blocked; one of them ends the command */
	uint64_t lead_in_ns; /* so long it warms up by itself: what is measured begins then */
	/* Called when that begins: 0, or a negative errno, which ends it. NULL: nobody. */
	int (*begins)(void *context);
	void *context;
};

/*
 * The command in a process group of its own, its output kept out of the terminal. Fills the
 * row's times (epoch), what the tool said, exit status and CPU times of command and machine, of
 * the command alone with its lead-in; the result is to be closed. *problem, which the caller
 * frees, is NULL or one line that says why it failed. Returns 0, also where it failed,
 * -ECANCELED after a signal, or another negative errno where it could not be run.
 */
int bench_workload_run(const struct bench_workload *workload, struct workload_row *row,
		       struct workload_result *result, char **problem);

#endif
