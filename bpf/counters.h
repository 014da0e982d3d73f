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
	__uint(max_entries, STAGE_ROWS);
	__type(key, __u32);
	__type(value, struct stage_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} events SEC(".maps");

#define EVENTS_WAKE (1 << 20) /* bytes that wait when the reader is woken before its time */

static __always_inline struct stage_counters *counters_of(enum stage_row row)
{
	__u32 number = row;

	return bpf_map_lookup_elem(&counters, &number);
}

/* For any program, whoever it interrupts. */
static __always_inline void count(enum stage_counter which, __u64 n)
{
	struct stage_counters *mine = counters_of(ROW_OTHERS);

	if (mine)
		__sync_fetch_and_add(&mine->count[which & (STAGE_COUNTERS - 1)], n);
}

/*
 * For the one program that has this row. No atomic is needed: the kernel never runs it again on
 * a CPU where it runs already.
 */
static __always_inline void count_alone(struct stage_counters *mine, enum stage_counter which)
{
	mine->count[which & (STAGE_COUNTERS - 1)]++;
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

/*
 * Hand over an event. The reader looks several times a second; waking it for each would cost
 * ten times what telling it does, so that is for what is urgent and for a buffer that fills.
 */
static __always_inline void submit(void *record, int is_urgent)
{
	if (!is_urgent)
		is_urgent = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > EVENTS_WAKE;
	bpf_ringbuf_submit(record, is_urgent ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

#endif
