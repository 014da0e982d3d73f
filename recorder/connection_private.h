/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structs that connection.c keeps, translation.c and reuse.c join, connection_rows.c turns
 * into rows and slice.c tells of.
 *
 *     connection ──┬── endpoints (a tuple) ──┬── view (in one namespace) ──┬── hop
 *                  │                         └── view                      └── hop
 *                  └── endpoints (after NAT) ─── view
 *
 * A direction is 0 or 1: in a key, from end 0 to end 1 or back; in a connection, from end A to
 * end B or back. `turned` says whether the two agree: connection direction = key direction ^
 * turned.
 */
#ifndef RECORDER_CONNECTION_PRIVATE_H
#define RECORDER_CONNECTION_PRIVATE_H

#include "recorder/connection.h"
#include "recorder/pool.h"
#include "recorder/view.h"

struct endpoints {
	struct flow_key key; /* network_namespace 0, but for loopback addresses */
	struct connection *connection;
	struct endpoints *next; /* of the same connection */
	struct view view;	/* the first, more by view.next */
	/* Of one key: of the connections that used it in this slice, the one before and after.
	 */
	struct endpoints *earlier, *later;
	uint8_t turned;
};

/* Views see one handshake each at its own time: the first that is told counts. */
enum rtt_told {
	RTT_UNTOLD,
	RTT_TOLD_SO_FAR, /* in the open slice */
	RTT_WRITTEN,
};

struct connection {
	uint64_t flow_id;
	uint64_t last_ns; /* up to the last slice that was told */
	struct endpoints *endpoints;
	struct endpoints *before; /* as the initiator sees the connection */
	struct endpoints *after;  /* behind all translations; the same where there are none */
	struct connection *next_active; /* in this slice */
	uint16_t tcp_flags[2];	  /* of its life until then, by direction of the connection */
	uint16_t flags_before[2]; /* of them, those from before this slice */
	uint8_t is_active;
	uint8_t is_fresh;  /* some view has fresh counts */
	uint8_t is_told;   /* some view has told counts */
	uint8_t is_ended;  /* and that has been written: a new SYN begins a new connection */
	uint8_t initiator; /* end A or B: 0 or 1 */
	uint8_t initiator_known;
	uint8_t is_over;  /* its endpoints are another one's by now: the end of the slice is its
			     end */
	uint8_t rtt_told; /* enum rtt_told */
};

struct sighted;

struct connections {
	struct connections_options options;
	struct slot {
		uint64_t hash;
		struct endpoints *endpoints;
	} * slots;
	size_t slot_count, count;
	uint64_t next_flow_id;
	struct pool endpoints, connections;
	struct connection *first_active, **last_active;
	uint64_t last_ns; /* latest packet of all */
	uint64_t swept_ns;
	uint64_t not_sampled;		/* flow rows left out */
	uint64_t packets, open_packets; /* in rows: of ended slices, of the open one */
	struct sighted *sighted; /* connection_rows.c's, used again for each connection */
	size_t sighted_capacity;
};

/*
 * The endpoints of a view's key, made with a connection of their own when they are new. NULL
 * when memory is short.
 */
struct endpoints *connections_endpoints(struct connections *connections,
					const struct flow_key *view_key, uint64_t time_ns);

/* Endpoints of their own, in no connection and not to be found yet. NULL when memory is short.
 */
struct endpoints *connections_new_endpoints(struct connections *connections,
					    const struct flow_key *key,
					    uint32_t network_namespace);
void connections_free_endpoints(struct connections *connections, struct endpoints *endpoints);

/* From now on their key, which is known, finds these. */
void connections_find_instead(struct connections *connections, struct endpoints *endpoints);

/*
 * Whose sight it is that a namespace reports with these SEEN_* bits, of the connections that
 * used the endpoints in this slice: another one's from now on, where it begins with a SYN after
 * the end of the one before. NULL when memory is short.
 */
struct endpoints *endpoints_of_sight(struct connections *connections,
				     struct endpoints *endpoints, uint32_t network_namespace,
				     uint32_t seen);

/* Forget a connection that is over, and has been told. */
void connection_forget_over(struct connections *connections, struct connection *connection);

/*
 * Something happens to the connection after a while: after its end, or after too long a
 * silence, it is another one from now on.
 */
void connection_wake(struct connections *connections, struct connection *connection,
		     uint64_t time_ns, uint32_t seen);

/* The first packet in this slice, with its SEEN_* bits: the connection takes part in it. */
void connection_activate(struct connections *connections, struct connection *connection,
			 uint64_t time_ns, uint32_t seen);

/* Whether the connection is in the sample: its tuple as the initiator uses it decides. */
int connection_is_sampled(const struct connections *connections,
			  const struct connection *connection);

/* Whether TCP's own words ended the connection: a reset, or a FIN from both ends. */
int connection_ended(const struct connection *connection);
int flags_end_tcp(const uint16_t flags[2]); /* the same of flags, by direction */

/*
 * Append the rows of one connection, of its fresh counts; those of an open slice are
 * provisional. Returns 0 or the first error of the delivery.
 */
int connection_emit(struct connections *connections, struct connection *connection,
		    enum slice_end end, struct delivery *delivery);

/* Fresh counts become told ones: the slice goes on. */
void connection_set_aside(struct connection *connection);

/* Told counts become fresh again: the slice ends, and is told as a whole. */
void connection_take_back(struct connection *connection);

/* The slice is over and told: its counters begin again at zero. */
void connection_written(struct connection *connection);

/* Forget what has been idle for too long; cheap when it is not yet time. */
void connections_sweep(struct connections *connections);

#endif
