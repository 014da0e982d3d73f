/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table behind struct fragments: what the first fragment of a datagram says of its
 * transport.
 */
#ifndef RECORDER_FRAGMENTS_H
#define RECORDER_FRAGMENTS_H

#include "recorder/packet.h"

/* Which datagram a fragment belongs to: RFC 791 for IPv4, RFC 8200 (protocol 0) for IPv6. */
struct fragment_key {
	struct address source;
	struct address destination;
	uint32_t id;
	uint32_t protocol;
};

struct transport {
	uint16_t source_port, destination_port;
	uint16_t tcp_flags;
	uint8_t protocol;
	uint8_t icmp_type, icmp_code;
};

void fragments_put(struct fragments *fragments, const struct fragment_key *key,
		   const struct transport *transport);

/* NULL when the first fragment was not seen, or too long ago. */
const struct transport *fragments_find(const struct fragments *fragments,
				       const struct fragment_key *key);

#endif
