/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs in the kernel: loaded, attached, drained.
 *
 * Which of them, the plan says. What is missing costs its feature, never the recorder, but for
 * the hooks that count packets.
 */
#ifndef RECORDER_PROBES_H
#define RECORDER_PROBES_H

#include "recorder/cost_part.h"
#include "recorder/flow.h"
#include "recorder/live_capture.h"
#include "recorder/plan.h"

#include <stddef.h>
#include <stdint.h>

struct notices;
struct probes;

/* Sightings of packets: the stream packet. */
struct sighting_options {
	int are_wanted;
	uint32_t ring_bytes;	/* of their ring buffer, a power of two; 0: 64 MiB */
	uint32_t sampling_rate; /* one in so many connections; 0: all */
	uint64_t budget_bytes;	/* of events, then no more; 0: no end */
};

struct probes_options {
	uint32_t flow_entries; /* that the flow table has room for; 0: the default, 65,536 */
	uint32_t ring_bytes;   /* of the ring buffer of events, a power of two; 0: 16 MiB */
	int count_only;	       /* packets that the table has no room for are not told singly */
	const char *without;   /* words for plan_leave_out, with commas between them; or NULL */
	struct filter *filter; /* borrowed; NULL: everything is admitted */
	struct sighting_options sightings;
};

/*
 * Choose by trying, load and attach. On failure *problem is one line that the caller frees:
 * -EPERM when BPF is not allowed here, else what the kernel said.
 */
int probes_open(const struct probes_options *options, struct probes **out, char **problem);

/* Detach from every hook; what was counted can still be drained. */
void probes_detach(struct probes *probes);

/*
 * Attach again what was attached before it was detached; what is not a program (a capture, a
 * listener to ctnetlink) went on meanwhile. Returns 0, or a negative errno and nothing is
 * attached.
 */
int probes_attach(struct probes *probes);
void probes_close(struct probes *probes);

/* The plan and what became of it: count lines, valid until the probes are closed. */
const struct probe *probes_plan(const struct probes *probes, size_t *count);

/* Whether an alternative of the feature is in use. */
int probes_have(struct probes *probes, enum feature feature);

/* Whether packets are captured, in this namespace only, in place of counted by programs. */
int probes_capture(const struct probes *probes);

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

/* Whether the flow table is more than half full. */
int probes_are_filling(const struct probes *probes);

/* Take the conntrack rates of spans that are over at this boot time. */
int probes_drain_rates(struct probes *probes, uint64_t now_ns,
		       void (*rate)(void *context, const struct rate_key *key,
				    const struct rate_value *value),
		       void *context);

int probes_find_port_owner(void *probes, const struct port_key *key, struct flow_owner *owner);

/* The name of a reason for a drop (struct flow_drop), the probes' own; or NULL. */
const char *probes_drop_reason(void *probes, uint32_t reason);

/* Read the events that are there; wait up to timeout_ms for the first. Returns how many. */
int probes_poll(struct probes *probes, int timeout_ms,
		int (*event)(void *context, void *record, size_t size), void *context);

/*
 * Read the sightings that are there, so many at most. Returns how many, or the callback's
 * negative errno, which ends the reading.
 */
int probes_read_sightings(struct probes *probes, unsigned int most,
			  int (*sighting)(void *context, const struct sighting_event *event),
			  void *context);

/*
 * The stage counters of every CPU: cpu_count arrays of STAGE_COUNTERS, the probes' own, valid
 * until the next call.
 */
const uint64_t *probes_counters(struct probes *probes, unsigned int *cpu_count);

/*
 * How often the program of a feature was not run because the CPU was in it already: packets, of
 * those that count them.
 */
uint64_t probes_missed(struct probes *probes, enum feature feature);

/* Follow what the filter names, to be called now and then. Returns 0 or a negative errno. */
int probes_follow(struct probes *probes);

/*
 * Where packets are captured instead: visit those that wait, as live_capture_read; and how many
 * came so far, or -ENOENT where it is programs that count.
 */
int probes_read_packets(struct probes *probes,
			int (*packet)(void *context, const struct packet *packet,
				      uint64_t time_ns),
			void *context);
int probes_count_packets(struct probes *probes, struct live_capture_counts *counts);

/* How many packets passed new interfaces before they were watched, at most. */
uint64_t probes_unwatched_packets(struct probes *probes);

/*
 * Have the kernel keep run-time statistics of programs, those of others too, or no longer; it
 * stops when nobody wants them any more, or this process ends. 0 or a negative errno.
 */
int probes_keep_statistics(struct probes *probes, int keep);

/* What programs, maps and ring buffers cost so far: fill up to most; returns how many. */
size_t probes_cost(struct probes *probes, struct cost_part *parts, size_t most);

#endif
