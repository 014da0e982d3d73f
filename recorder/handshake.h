/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long TCP's handshake took: from the SYN to the packet that answers the SYN-ACK, at one
 * hop, which is the round trip of the whole path wherever the hop is.
 *
 * There is no time when it is not certain which SYN was answered.
 */
#ifndef RECORDER_HANDSHAKE_H
#define RECORDER_HANDSHAKE_H

#include "recorder/flow.h"

#include <stdint.h>

enum handshake_stage {
	HANDSHAKE_NONE,
	HANDSHAKE_SYN,
	HANDSHAKE_SYN_ACK,
	HANDSHAKE_OVER, /* told, or not to be known */
};

/* Of one connection in one namespace; all zero at its begin. */
struct handshake {
	uint64_t syn_ns;
	uint32_t hop; /* where the SYN was seen first, where packets are seen singly */
	uint8_t stage;
	uint8_t direction; /* of the SYN, in the key */
};

/*
 * Both take what was seen next, and return the round-trip time in nanoseconds when that ends
 * the handshake, else 0: one packet, by its direction in the key, at a hop (any number for it);
 * or what the kernel counted.
 */
uint64_t handshake_packet(struct handshake *handshake, unsigned int direction,
			  unsigned int tcp_flags, uint32_t hop, uint64_t time_ns);
uint64_t handshake_flow(struct handshake *handshake, const struct flow_value *value);

#endif
