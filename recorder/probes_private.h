/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What probes.c (choose and load), attach.c and drain.c (take what was counted) share.
 */
#ifndef RECORDER_PROBES_PRIVATE_H
#define RECORDER_PROBES_PRIVATE_H

#include "recorder/kernel_facts.h"
#include "recorder/notices.h"
#include "recorder/probes.h"

#include <bpf/libbpf.h>

#include "bpf/flowtape.skel.h"

#define DRAIN_ENTRIES 4096U

struct probes {
	struct flowtape_bpf *skeleton;
	struct plan plan;
	struct bpf_link *links[PLAN_MOST][ALTERNATIVE_PROGRAMS]; /* beside the plan's lines */
	struct notices *notices; /* of ctnetlink, where the plan has them */
	int stats; /* descriptor that keeps run-time statistics on, or -1 */
	struct ring_buffer *ring;
	int (*event)(void *context, void *record, size_t size);
	void *context;
	unsigned int cpu_count;
	uint64_t *counters;
	struct flow_key *keys; /* of one batch of a drain */
	struct flow_value *values;
};

/* Attach one program by its alternative's kind of hook. NULL, with errno, when it cannot be. */
struct bpf_link *attach_program(struct bpf_program *program,
				const struct alternative *alternative,
				struct kernel_facts *facts);

#endif
