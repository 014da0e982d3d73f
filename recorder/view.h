/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A view: a connection as one namespace sees it under one tuple, counted at each of its hops.
 *
 * The views of one tuple form a chain. Its first one is part of what holds the chain; while it
 * has seen nothing, it is given to the first namespace that sees the tuple.
 *
 * A direction is that of the key: 0 from end 0 to end 1, 1 back.
 */
#ifndef RECORDER_VIEW_H
#define RECORDER_VIEW_H

#include "recorder/flow.h"
#include "recorder/handshake.h"
#include "recorder/packet.h"
#include "recorder/trouble.h"

/* What was counted during a while, by direction of the key. */
struct hop_counts {
	uint64_t packets[2];
	uint64_t bytes[2];
};

struct span {
	uint64_t start_ns, end_ns; /* start 0: no packets */
	uint64_t tcp_rtt_ns;	   /* of the handshake that ended in it, or 0 */
	uint16_t tcp_flags[2];
	uint8_t dscp[2]; /* 1 + that of the latest packet in that direction; 0: none */
};

/*
 * Counts are fresh until they are told. When an open slice is told so far, its fresh counts
 * become told ones; when it ends, both are told together, and that replaces what was told
 * before.
 */
struct hop {
	uint64_t id;	      /* as in struct flow_hop */
	uint64_t first_ns[2]; /* first packet ever in that direction of the key; 0: none */
	struct hop_counts fresh;
	struct hop_counts told; /* of the open slice */
};

enum { FRESH, TOLD };

/* What each packet touches comes first, in as few cache lines as it can be. */
struct view {
	struct span fresh;
	struct hop *hops; /* first_hop until there are more */
	uint32_t network_namespace;
	uint32_t seen; /* SEEN_* bits of the connection's life, by direction of the key */
	uint16_t hop_count, hop_capacity;
	/*
	 * By direction of the key, 1 + the number of the first hop whose packets no interface
	 * of this namespace had received before; 0: not known.
	 */
	uint16_t begins[2];
	struct hop first_hop;
	struct span told;
	struct handshake handshake;
	struct trouble *trouble; /* FRESH and TOLD; NULL: none so far */
	struct view *next;	 /* of the same tuple */
	struct flow_owner owner[2];
};

/* Begin a chain with this view, which is all zero. */
void view_open(struct view *first, uint32_t network_namespace);

/* Free the chain, but not the memory of its first view itself. */
void view_close(struct view *first);

/* That of a namespace, made where it is missing. NULL when memory is short. */
struct view *view_of(struct view *first, uint32_t network_namespace);

/*
 * Count one packet that a capture saw, with its SEEN_* bits but for SEEN_FIRST; or what the
 * kernel counted. Both return 0 or -ENOMEM.
 */
int view_packet(struct view *view, const struct packet *packet, uint64_t time_ns,
		uint32_t seen);
int view_add(struct view *view, const struct flow_key *key, const struct flow_value *value);

/* Another connection begins. */
void view_renew(struct view *view);

/* Fresh counts become told ones; and back; and are over. */
void view_set_aside(struct view *view);
void view_take_back(struct view *view);
void view_written(struct view *view);

#endif
