/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this tool share: places where packets are seen, samples, and its parts.
 */
#ifndef TESTDATA_BENCH_KERNEL_KERNEL_H
#define TESTDATA_BENCH_KERNEL_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* Say what failed, with errno's text when that is set, and exit. */
_Noreturn void fail(const char *what, ...) __attribute__((format(printf, 1, 2)));

/* --- place.c: an interface in a network namespace --- */

struct place {
	int network_namespace; /* descriptor */
	unsigned int interface;
};

/* Of `ip netns`; interface may be NULL. */
struct place place_find(const char *network_namespace, const char *interface);

/* The calling thread goes there. */
void place_enter(const struct place *place);

/* The calling thread, and those that it starts, stay on the last CPU that they may use. */
void place_on_one_cpu(void);

/* --- samples.c: what rounds give --- */

#define ROUNDS_MOST 99

struct samples {
	double values[ROUNDS_MOST];
	int count;
};

struct summary {
	double median, low, high; /* the quartiles */
};

void samples_add(struct samples *samples, double value);
struct summary samples_summary(const struct samples *samples);

/* CPU time of the calling thread. */
double thread_cpu_s(void);

/* --- the parts; each prints lines of words with tabs between --- */

/* One of the workloads, between the two ends of a veth pair. */
int flows_part(const char *workload, int rounds, const struct place *near,
	       const struct place *far);

#endif
