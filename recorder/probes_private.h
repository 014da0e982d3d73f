/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What probes.c (choose and load), attach.c and drain.c (take what was counted) share.
 */
#ifndef RECORDER_PROBES_PRIVATE_H
#define RECORDER_PROBES_PRIVATE_H

#include "recorder/flow_table.h"
#include "recorder/kernel_facts.h"
#include "recorder/probes.h"

#include "schema/flow_hash.h"

#include <bpf/libbpf.h>

#include "bpf/flowtape.skel.h"

struct probes {
	struct flowtape_bpf *skeleton;
	struct plan plan;
	struct bpf_link *links[PLAN_MOST][ALTERNATIVE_PROGRAMS]; /* beside the plan's lines */
	int stats; /* descriptor that keeps run-time statistics on, or -1 */
	struct ring_buffer *ring;
	int (*event)(void *context, void *record, size_t size);
	void *context;
	unsigned int cpu_count;
	uint64_t *counters;
	uint64_t *row; /* one row of them, as the kernel has it */
	struct flow_hash_seed seed;
	struct flow_table *flows;
};

/* Attach one program by its alternative's kind of hook. NULL, with errno, when it cannot be. */
struct bpf_link *attach_program(struct bpf_program *program,
				const struct alternative *alternative,
				struct kernel_facts *facts);

#endif
