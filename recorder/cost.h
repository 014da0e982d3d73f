/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recorder costs: a row a second for each program, each map and the recorder itself.
 */
#ifndef RECORDER_COST_H
#define RECORDER_COST_H

#include "recorder/delivery.h"
#include "recorder/probes.h"

struct cost;

/* The probes are borrowed. NULL when memory is short. */
struct cost *cost_new(struct probes *probes);
void cost_free(struct cost *cost);

/*
 * Append the rows when a second has passed since the last ones, or with now. time_ns is epoch
 * time; flows is how many entries the last drain of the flow table gave.
 */
int cost_sample(struct cost *cost, uint64_t time_ns, uint64_t flows, int now,
		struct delivery *delivery);

#endif
