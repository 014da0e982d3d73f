/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What records in one arm of an experiment: a process group of its own, for one run, or, held,
 * for all of them, to be turned on and off (talk.h).
 */
#ifndef RECORDER_BENCH_AGENT_H
#define RECORDER_BENCH_AGENT_H

#include "recorder/bench/arm.h"

#include <sys/types.h>

struct agent;

/* What the group has used so far, of those processes that are there and of those they waited
 * for.
 */
struct agent_usage {
	uint64_t cpu_ns;		     /* exact, of processes that are there */
	uint64_t user_ticks, system_ticks;   /* the same, in what the kernel counts by */
	uint64_t memory_bytes;		     /* in memory now */
	uint64_t written_bytes, write_count; /* to storage; write calls */
};

/* What of a row of the stream workload concerns the agent, from one usage to a later one. */
struct workload_row;
void agent_usage_between(const struct agent_usage *before, const struct agent_usage *after,
			 struct workload_row *row);

/*
 * Whether flowrec record takes the words of the arm, and they leave to the experiment what is
 * its own: -1, or the exit status of misuse, which has been told.
 */
int agent_check(const struct arm *arm);

/*
 * Start the arm's agent in a directory, which holds its recording and agent.log, what it says.
 * flowrec record is ready when this returns; another agent is given its time by the caller. One
 * that is held is off then. For an arm that records nothing *out is NULL. On failure *problem
 * is one line that the caller frees.
 */
int agent_start(const struct arm *arm, const char *directory, int is_held, struct agent **out,
		char **problem);

/* Turn one that is held. Returns 0, -ETIMEDOUT where it does not say that it has, or -EPIPE. */
int agent_turn(struct agent *agent, int on);

/* How many events it says that it lost so far; others than flowrec do not say. */
uint64_t agent_lost(const struct agent *agent);

/* Its command line. */
const char *agent_words(const struct agent *agent);

/* Its process group. */
pid_t agent_group(const struct agent *agent);

/* Returns 0, or -ESRCH where it has ended by itself. */
int agent_usage(const struct agent *agent, struct agent_usage *usage);

/*
 * End the group by SIGTERM, by SIGKILL where that takes longer than a minute, and free it.
 * *lost is as above. Returns 0, or a negative errno where it failed, with *problem as above.
 */
int agent_stop(struct agent *agent, uint64_t *lost, char **problem);

#endif
