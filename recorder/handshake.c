/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The round-trip time of TCP's handshake.
 */
#include "recorder/handshake.h"

#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* After so long a SYN is sent again (RFC 6298, 2.1): from there on, who knows which it was. */
#define SYN_AGAIN_NS 1000000000ULL

static uint64_t end(struct handshake *handshake, uint64_t answered_ns)
{
	handshake->stage = HANDSHAKE_OVER;
	return answered_ns > handshake->syn_ns && answered_ns - handshake->syn_ns < SYN_AGAIN_NS
		       ? answered_ns - handshake->syn_ns
		       : 0;
}

static void begin(struct handshake *handshake, unsigned int direction, uint32_t hop,
		  uint64_t time_ns)
{
	*handshake = (struct handshake){
		.syn_ns = time_ns,
		.hop = hop,
		.stage = HANDSHAKE_SYN,
		.direction = (uint8_t)direction,
	};
}

uint64_t handshake_packet(struct handshake *handshake, unsigned int direction,
			  unsigned int tcp_flags, uint32_t hop, uint64_t time_ns)
{
	unsigned int kind = tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST);

	if (handshake->stage == HANDSHAKE_OVER)
		return 0;
	if (kind == TCP_SYN && handshake->stage == HANDSHAKE_NONE)
		begin(handshake, direction, hop, time_ns);
	else if (handshake->stage == HANDSHAKE_NONE)
		return 0;
	else if (kind == (TCP_SYN | TCP_ACK) && direction != handshake->direction)
		handshake->stage = HANDSHAKE_SYN_ACK;
	else if (hop != handshake->hop && direction == handshake->direction)
		return 0; /* the same packets further on */
	else if (kind == TCP_ACK && direction == handshake->direction &&
		 handshake->stage == HANDSHAKE_SYN_ACK)
		return end(handshake, time_ns);
	else
		handshake->stage = HANDSHAKE_OVER;
	return 0;
}

/* First sight of a direction among all hops, or 0. */
static uint64_t first_sight(const struct flow_value *value, unsigned int direction)
{
	uint64_t first = 0;

	for (unsigned int i = 0; i < FLOW_HOPS && value->hop[i].id; i++) {
		uint64_t here = value->hop[i].first_ns[direction];

		if (here && (!first || here < first))
			first = here;
	}
	return first ? value->start_ns + first - 1 : 0;
}

uint64_t handshake_flow(struct handshake *handshake, const struct flow_value *value)
{
	unsigned int syns = value->seen / SEEN_SYN & 3, direction;
	uint64_t first, answer;

	if (handshake->stage == HANDSHAKE_OVER || (handshake->stage == HANDSHAKE_NONE && !syns))
		return 0;
	if (value->sends_handshake_again || syns == 3 ||
	    (syns && handshake->stage != HANDSHAKE_NONE)) {
		handshake->stage = HANDSHAKE_OVER;
		return 0;
	}
	if (syns)
		begin(handshake, syns == 2, 0, first_sight(value, syns == 2));
	direction = handshake->direction;
	if (value->seen & SEEN_SYN_ACK << !direction)
		handshake->stage = HANDSHAKE_SYN_ACK;
	if (syns)
		return value->answered_ns ? end(handshake, value->answered_ns) : 0;
	/* The SYN was in an earlier drain: what its sender sends now comes after the SYN-ACK.
	 */
	first = first_sight(value, direction);
	if (!first)
		return 0;
	answer = first_sight(value, !direction);
	if (handshake->stage != HANDSHAKE_SYN_ACK ||
	    (value->seen & SEEN_SYN_ACK << !direction && answer > first) ||
	    (value->tcp_flags[direction] & (TCP_ACK | TCP_RST)) != TCP_ACK) {
		handshake->stage = HANDSHAKE_OVER;
		return 0;
	}
	return end(handshake, first);
}
