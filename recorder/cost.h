/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recorder costs: a row a second for each of its parts.
 *
 * The kernel's run-time statistics of programs cost time themselves, in every run of every
 * program of the host. So they are kept for some spans only, and programs have rows of those
 * spans alone.
 */
#ifndef RECORDER_COST_H
#define RECORDER_COST_H

#include "recorder/cost_part.h"
#include "recorder/delivery.h"

#include <stddef.h>

enum cost_statistics {
	COST_STATISTICS_SAMPLED, /* the first second, then one second in ten */
	COST_STATISTICS_ALL,
	COST_STATISTICS_OFF,
};

/* Where the numbers come from. */
struct cost_source {
	/* Fill up to most parts; returns how many there are. Names are the parts' own. */
	size_t (*read)(void *context, struct cost_part *parts, size_t most);
	/* Have the kernel keep statistics, or no longer. Returns 0 or a negative errno. */
	int (*keep_statistics)(void *context, int keep);
	void *context;
};

struct cost;

/* The first spans begin at this epoch time. NULL when memory is short. */
struct cost *cost_new(const struct cost_source *source, enum cost_statistics statistics,
		      uint64_t time_ns);
void cost_free(struct cost *cost);

/*
 * Append the rows when a second has passed since the last ones, or with now. time_ns is epoch
 * time; packets is how many the programs have counted so far, each once.
 */
int cost_sample(struct cost *cost, uint64_t time_ns, uint64_t packets, int now,
		struct delivery *delivery);

#endif
