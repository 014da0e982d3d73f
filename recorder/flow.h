/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel counted for one key since it was taken last, as user space likes it.
 */
#ifndef RECORDER_FLOW_H
#define RECORDER_FLOW_H

#include "schema/event.h"

#define FLOW_HOPS  (FLOW_RECORDS * FLOW_CHAIN)
#define FLOW_DROPS 8 /* reasons told apart; further ones count as the last */

/*
 * Counters at one hop. Index 0 of each pair counts packets from end 0 to end 1 of the key,
 * index 1 the other way. Packets are wire segments, bytes are network-layer bytes of those
 * segments.
 */
struct flow_hop {
	__u64 id; /* (interface index << 2) | (io_direction << 1) | 1; 0: no more hops */
	__u64 packets[2];
	__u64 bytes[2];
	__u64 first_ns[2]; /* first sight, 1 + nanoseconds since flow_value.start_ns; 0: none */
	__u8 begins[2];	   /* no interface of the namespace received the first packet before */
	__u8 zero[6];
};

struct flow_drop {
	__u32 reason; /* enum skb_drop_reason of the running kernel; 0: no more drops */
	__u32 zero;
	__u64 packets;
};

struct flow_value {
	__u64 start_ns, end_ns;
	struct flow_owner owner[2]; /* of the socket that sends in that direction */
	__u32 tcp_flags[2];	    /* OR of all flags sent in that direction */
	__u32 seen;		    /* SEEN_* */
	__u8 dscp[2];		    /* the latest in that direction */
	__u8 sends_handshake_again; /* some of the retransmits were SYN or SYN-ACK */
	__u8 zero[5];
	__u64 answered_ns;    /* when the last packet of a TCP handshake was seen, or 0 */
	__u64 retransmits[2]; /* TCP segments that a socket here sent again */
	struct flow_hop hop[FLOW_HOPS];
	struct flow_drop drop[FLOW_DROPS];
};

#endif
