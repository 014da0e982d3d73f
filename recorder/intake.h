/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intake thread: from the kernel's ring buffer and maps to deliveries for the writer.
 *
 * A few times a second it turns the flow tables, takes the events, drains the old table, joins,
 * and hands over a delivery: what is new in the open slice, or, when the slice is over, its
 * final rows, which replace those. So a crash costs at most the time since the last tick. When
 * the writer has no room, flows wait in the connection table and only get coarser.
 */
#ifndef RECORDER_INTAKE_H
#define RECORDER_INTAKE_H

#include "recorder/cost.h"
#include "recorder/inventory.h"
#include "recorder/ledger.h"
#include "recorder/probes.h"
#include "recorder/process_table.h"
#include "recorder/writer.h"

struct intake;

struct intake_options {
	struct probes *probes; /* all borrowed */
	struct writer *writer;
	struct ledger *ledger;
	struct inventory *inventory;
	uint64_t slice_ns;
	uint64_t tick_ns; /* flows are taken from the kernel that often; 0: every 400 ms */
	uint64_t idle_ns;
	int64_t epoch_offset_ns;
	uint64_t boot_digest;
	enum command_line_policy command_line;
	const struct filter *filter;	 /* of the probes; NULL: none */
	uint32_t packet_sampling_rate;	 /* of the stream packet, beside the filter's; 0: 1 */
	uint32_t streams;		 /* bit of each enum stream_id that is wanted */
	enum cost_statistics statistics; /* of the stream cost, if that is wanted */
};

struct intake_status {
	uint64_t events;      /* ring-buffer events and drained flow entries */
	uint64_t connections; /* alive */
};

/*
 * Take the state at the start (processes, owners of sockets, interfaces, conntrack entries),
 * then start the thread. The probes must be attached. Returns 0 or a negative errno.
 */
int intake_start(const struct intake_options *options, struct intake **out);

/*
 * To be called by another thread, ten times a second or more often: who gives way to the rest
 * of the machine cannot know that it is late. Then intake and writer do so no more.
 */
void intake_look_after(struct intake *intake);

/*
 * Detach the probes, take what they counted, and wait for orders to attach them again; then the
 * state of the host is taken as at the start. What happens in between is not seen. Returns when
 * that is done: 0, -ESRCH where the thread has ended, or why the probes cannot be attached.
 */
int intake_turn(struct intake *intake, int on);

void intake_status(struct intake *intake, struct intake_status *status);

/* Detach the probes, take what is left, hand over the last delivery, end the thread. */
int intake_stop(struct intake *intake);

#endif
