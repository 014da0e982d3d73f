/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What each stage counts, for each CPU; and the ring buffer that events go through.
 */
#ifndef BPF_COUNTERS_H
#define BPF_COUNTERS_H

#include "bpf/kernel.h"
#include "schema/event.h"

struct stage_counters {
	__u64 count[STAGE_COUNTERS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stage_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} events SEC(".maps");

static __always_inline void count(enum stage_counter which, __u64 n)
{
	__u32 zero = 0;
	struct stage_counters *mine = bpf_map_lookup_elem(&counters, &zero);

	if (mine)
		__sync_fetch_and_add(&mine->count[which & (STAGE_COUNTERS - 1)], n);
}

/* Room for one event, or NULL, counted. */
static __always_inline void *reserve(__u64 size, enum stage_counter attempted,
				     enum stage_counter full)
{
	void *record = bpf_ringbuf_reserve(&events, size, 0);

	count(attempted, 1);
	if (!record)
		count(full, 1);
	return record;
}

#endif
