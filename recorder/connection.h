/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections that are alive, and the one flow row that each of them is during a slice.
 *
 * A view is a connection as one namespace sees it under one tuple (one struct flow_key). Views
 * are joined into connections: the same tuple in several namespaces is one connection (loopback
 * addresses excepted), and so are the tuples before and after a translation. Each view counts
 * at each of its hops. A connection's packets in one direction are counted at the one hop where
 * that direction began; that hop is chosen once and kept, so that a packet in flight at a
 * slice's end is not counted again elsewhere.
 *
 * Memory grows with the connections alive; idle ones are forgotten after a time.
 */
#ifndef RECORDER_CONNECTION_H
#define RECORDER_CONNECTION_H

#include "recorder/flow.h"
#include "recorder/packet.h"

struct connections;
struct filter;
struct process_table;
struct delivery;

struct connections_options {
	uint64_t idle_ns; /* forget a connection after so long without a packet */
	struct process_table *processes; /* who owns sockets; NULL: nobody is known */
	/* Who receives at a port: 0 or -ENOENT. Asked for flows whose receiver never sends. */
	int (*find_port_owner)(void *context, const struct port_key *key,
			       struct flow_owner *owner);
	/* The name of one of the kernel's reasons for a drop, or NULL. NULL: numbers do. */
	const char *(*drop_reason)(void *context, uint32_t reason);
	void *context;		     /* of both */
	int64_t epoch_offset_ns;     /* what to add to the times given to get epoch time */
	int no_flows, no_hops;	     /* rows of that stream are not wanted */
	const struct filter *filter; /* whose sample is recorded; NULL: all connections are */
	uint64_t first_flow_id;	     /* 0: a random one, see connections_next_flow_id */
};

/* NULL when memory is short. */
struct connections *connections_new(const struct connections_options *options);
void connections_free(struct connections *connections);

/* Count one packet that a capture saw at a hop. Returns 0 or -ENOMEM. */
int connections_packet(struct connections *connections, const struct packet *packet,
		       uint64_t time_ns);

/* Add what the kernel counted for one key since the last drain. Returns 0 or -ENOMEM. */
int connections_add(struct connections *connections, const struct flow_key *key,
		    const struct flow_value *value);

enum translate_result {
	TRANSLATE_JOINED,
	TRANSLATE_KNOWN,       /* they were joined already */
	TRANSLATE_NOT_SAMPLED, /* the connection is not in the sample */
};

/*
 * Join the connection before and the connection after a translation. Returns an enum
 * translate_result, or -ENOMEM.
 */
int connections_translate(struct connections *connections, const struct nat_event *event,
			  uint64_t *flow_id);

enum slice_end {
	SLICE_OPEN,   /* what is new since it was told last; the slice goes on */
	SLICE_ENDED,  /* the slice's time is over: all of it, whatever was told before */
	SLICE_FORCED, /* the same, because the recording ends */
};

/*
 * Append a flow row for each connection that had packets, and a hop row for each hop that saw
 * them. The rows of an open slice add up; those of its end replace them. A connection that
 * begins and ends between two calls has its rows once and for all. Returns 0 or the first error
 * of the delivery.
 */
int connections_emit(struct connections *connections, enum slice_end end,
		     struct delivery *delivery);

/*
 * How many flow rows have been left out since the last call, because their connections turned
 * out not to be in the sample when they were joined.
 */
uint64_t connections_not_sampled(struct connections *connections);

size_t connections_count(const struct connections *connections);

/*
 * How many packets the rows have been made of so far, those of the open slice too. Where the
 * end of a slice shows that fewer packets began than was told, it becomes less.
 */
uint64_t connections_packets(const struct connections *connections);

/*
 * The flow_id of the connection that comes next; a table that takes the place of this one
 * begins with it.
 *
 * A flow_id is a running number on top of a random one, so that neighbours differ little and
 * compress to almost nothing, while those of two recorders do not meet: from 2^61 to 2^62 (19
 * digits, positive in 64 bits), the lowest 24 bits of the first one zero. For two runs with up
 * to 2^24 connections each the odds are 2^-37.
 */
uint64_t connections_next_flow_id(const struct connections *connections);

#endif
