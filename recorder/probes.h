/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs in the kernel: loaded, attached, drained.
 *
 * Which of them, the plan says. What is missing costs its feature, never the recorder, but for
 * the hooks that count packets.
 */
#ifndef RECORDER_PROBES_H
#define RECORDER_PROBES_H

#include "recorder/plan.h"
#include "schema/event.h"

#include <stddef.h>
#include <stdint.h>

struct notices;
struct probes;

struct probes_options {
	uint32_t flow_entries; /* of each of the two flow tables; 0: the default, 65,536 */
	const char *without;   /* words for plan_leave_out, with commas between them; or NULL */
};

/*
 * Choose by trying, load and attach. On failure *problem is one line that the caller frees:
 * -EPERM when BPF is not allowed here, else what the kernel said.
 */
int probes_open(const struct probes_options *options, struct probes **out, char **problem);

/* Detach from every hook; what was counted can still be drained. */
void probes_detach(struct probes *probes);
void probes_close(struct probes *probes);

/* The plan and what became of it: count lines, valid until the probes are closed. */
const struct probe *probes_plan(const struct probes *probes, size_t *count);

/* Whether an alternative of the feature is in use. */
int probes_have(struct probes *probes, enum feature feature);

/* A file descriptor from which struct process_event of every living process can be read, once.
 */
int probes_processes(struct probes *probes);

/* The probes' own listener to ctnetlink, or NULL: the plan has none. */
struct notices *probes_notices(const struct probes *probes);

/* Walk all open files once, so that sockets which exist already get their owners. */
int probes_own_sockets(struct probes *probes);

/*
 * Take all flow entries since the last drain. The kernel goes on in the other table meanwhile;
 * the callback's negative errno ends the drain and is returned. *drained counts the entries.
 */
int probes_drain_flows(struct probes *probes,
		       int (*flow)(void *context, const struct flow_key *key,
				   const struct flow_value *value),
		       void *context, size_t *drained);

/*
 * Turn to the other flow table and wait until no program writes to this one any more; the next
 * drain takes it. Events of packets counted in it are in the ring buffer now.
 */
int probes_turn(struct probes *probes);

/* Whether the flow table in use is more than half full. */
int probes_are_filling(const struct probes *probes);

/* Take the conntrack rates of spans that are over at this boot time. */
int probes_drain_rates(struct probes *probes, uint64_t now_ns,
		       void (*rate)(void *context, const struct rate_key *key,
				    const struct rate_value *value),
		       void *context);

int probes_find_port_owner(void *probes, const struct port_key *key, struct flow_owner *owner);

/* Read the events that are there; wait up to timeout_ms for the first. Returns how many. */
int probes_poll(struct probes *probes, int timeout_ms,
		int (*event)(void *context, void *record, size_t size), void *context);

/*
 * The stage counters of every CPU: cpu_count arrays of STAGE_COUNTERS, the probes' own, valid
 * until the next call.
 */
const uint64_t *probes_counters(struct probes *probes, unsigned int *cpu_count);

/*
 * How many packets the programs that count them were not run for, because the CPU was in one of
 * them already.
 */
uint64_t probes_missed_packets(struct probes *probes);

/* What the programs and maps cost so far. */
struct probe_cost {
	const char *part; /* "program" or "map" */
	char name[32];
	uint64_t run_count, run_time_ns, memory_bytes;
};

/* Fill up to most lines; returns how many there are. */
size_t probes_cost(struct probes *probes, struct probe_cost *lines, size_t most);

#endif
