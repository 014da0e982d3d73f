/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What probes.c (load and attach) and drain.c (take what was counted) share.
 */
#ifndef RECORDER_PROBES_PRIVATE_H
#define RECORDER_PROBES_PRIVATE_H

#include "recorder/probes.h"

#include <bpf/libbpf.h>

#include "bpf/flowtape.skel.h"

#define PROBES_MOST   16
#define DRAIN_ENTRIES 4096U

struct probes {
	struct flowtape_bpf *skeleton;
	struct filter *filter;
	struct bpf_link *links[PROBES_MOST];
	struct probe plan[PROBES_MOST];
	size_t plan_count;
	int stats; /* descriptor that keeps run-time statistics on, or -1 */
	struct ring_buffer *ring;
	int (*event)(void *context, void *record, size_t size);
	void *context;
	unsigned int cpu_count;
	uint64_t *counters;
	struct flow_key *keys;	   /* of one batch of a drain */
	struct flow_value *values;
};

#endif
