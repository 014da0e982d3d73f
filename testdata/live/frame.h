/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a frame header by header, and keeps beside it what it says: the truth that a recording
 * of it is held against.
 *
 * Lengths in network headers are set by frame_end; what is added after that is padding, or the
 * caller's own damage.
 */
#ifndef TESTDATA_LIVE_FRAME_H
#define TESTDATA_LIVE_FRAME_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_BYTES 66000U
#define FRAME_JUNK  0xee /* padding that would be noticed as anything else */

struct endpoint_names {
	char ipv4[2][INET_ADDRSTRLEN], ipv6[2][INET6_ADDRSTRLEN];
	uint16_t port[2];
};

struct frame {
	uint8_t bytes[FRAME_BYTES];
	size_t size;
	size_t network, transport; /* offsets */
	size_t length;		   /* of the packet, network layer */
	unsigned int version;
	const struct endpoint_names *names;
	int turned; /* from end 1 to end 0 */

	/* What it says. */
	uint8_t number, icmp_type, icmp_code;
	uint16_t port[2]; /* source, destination */
};

static inline void frame_add(struct frame *frame, const void *bytes, size_t size)
{
	if (size > FRAME_BYTES - frame->size)
		abort();
	memcpy(frame->bytes + frame->size, bytes, size);
	frame->size += size;
}

static inline void frame_add8(struct frame *frame, unsigned int value)
{
	frame_add(frame, &(uint8_t){(uint8_t)value}, 1);
}

static inline void frame_add16(struct frame *frame, unsigned int value)
{
	frame_add(frame, &(uint16_t){htons((uint16_t)value)}, 2);
}

static inline void frame_add32(struct frame *frame, uint32_t value)
{
	frame_add(frame, &(uint32_t){htonl(value)}, 4);
}

static inline void frame_fill(struct frame *frame, uint8_t byte, size_t size)
{
	while (size--)
		frame_add8(frame, byte);
}

static inline void frame_set16(struct frame *frame, size_t at, unsigned int value)
{
	memcpy(frame->bytes + at, &(uint16_t){htons((uint16_t)value)}, 2);
}

static inline void frame_begin(struct frame *frame, const struct endpoint_names *names)
{
	memset(frame, 0, sizeof(*frame));
	frame->names = names;
}

/* From a locally administered address to one that nobody has: a bridge floods it, no host
 * answers. */
static inline void frame_ethernet(struct frame *frame, unsigned int ethertype)
{
	frame_add(frame, "\x02\x00\x5e\x00\x00\x02\x02\x00\x5e\x00\x00\x01", 12);
	frame_add16(frame, ethertype);
	frame->network = frame->size;
}

static inline void frame_tag(struct frame *frame, unsigned int vlan, unsigned int ethertype)
{
	frame_add16(frame, vlan);
	frame_add16(frame, ethertype);
	frame->network = frame->size;
}

static inline void frame_address(struct frame *frame, int end)
{
	uint8_t bytes[16];

	end ^= frame->turned;
	if (frame->version == 4) {
		inet_pton(AF_INET, frame->names->ipv4[end], bytes);
		frame_add(frame, bytes, 4);
	} else {
		inet_pton(AF_INET6, frame->names->ipv6[end], bytes);
		frame_add(frame, bytes, 16);
	}
}

/* words: of the header, five without options. fragment: flags and offset in units of 8 bytes.
 */
static inline void frame_ipv4_fragment(struct frame *frame, unsigned int protocol,
				       unsigned int words, unsigned int id,
				       unsigned int fragment)
{
	frame->network = frame->size;
	frame->version = 4;
	frame->number = (uint8_t)protocol;
	frame_add8(frame, 0x40 | words);
	frame_add8(frame, 0);
	frame_add16(frame, 0);
	frame_add16(frame, id);
	frame_add16(frame, fragment);
	frame_add8(frame, 64);
	frame_add8(frame, protocol);
	frame_add16(frame, 0);
	frame_address(frame, 0);
	frame_address(frame, 1);
	if (words > 5)
		frame_fill(frame, 1 /* no operation */, (words - 5) * 4);
	frame->transport = frame->size;
}

static inline void frame_ipv4(struct frame *frame, unsigned int protocol)
{
	frame_ipv4_fragment(frame, protocol, 5, 0, 0x4000 /* do not fragment */);
}

static inline void frame_ipv6(struct frame *frame, unsigned int next)
{
	frame->network = frame->size;
	frame->version = 6;
	frame->number = (uint8_t)next;
	frame_add32(frame, 6U << 28);
	frame_add16(frame, 0);
	frame_add8(frame, next);
	frame_add8(frame, 64);
	frame_address(frame, 0);
	frame_address(frame, 1);
	frame->transport = frame->size;
}

/* An extension header of eight bytes and as many more as units says, whose contents are
 * padding. */
static inline void frame_extension(struct frame *frame, unsigned int next, unsigned int units)
{
	frame->number = (uint8_t)next;
	frame_add8(frame, next);
	frame_add8(frame, units);
	frame_add16(frame, 0x0104 /* PadN over four bytes */);
	frame_fill(frame, 0, 4 + units * 8);
	frame->transport = frame->size;
}

static inline void frame_ipv6_fragment(struct frame *frame, unsigned int next, uint32_t id,
				       unsigned int offset, unsigned int more)
{
	frame->number = (uint8_t)next;
	frame_add8(frame, next);
	frame_add8(frame, 0);
	frame_add16(frame, offset << 3 | more);
	frame_add32(frame, id);
	frame->transport = frame->size;
}

/* The words count the whole header, its fixed three of sequence and identity included. */
static inline void frame_authentication(struct frame *frame, unsigned int next,
					unsigned int words)
{
	frame->number = (uint8_t)next;
	frame_add8(frame, next);
	frame_add8(frame, words - 2);
	frame_fill(frame, 0x11, words * 4 - 2);
	frame->transport = frame->size;
}

static inline void frame_ports(struct frame *frame)
{
	frame->port[0] = frame->names->port[frame->turned];
	frame->port[1] = frame->names->port[!frame->turned];
	frame_add16(frame, frame->port[0]);
	frame_add16(frame, frame->port[1]);
}

static inline void frame_udp(struct frame *frame, size_t payload)
{
	frame_ports(frame);
	frame_add16(frame, (unsigned int)(8 + payload));
	frame_add16(frame, 0);
	frame_fill(frame, 'u', payload);
}

static inline void frame_tcp(struct frame *frame, unsigned int flags, size_t payload)
{
	frame_ports(frame);
	frame_add32(frame, 1);
	frame_add32(frame, 1);
	frame_add8(frame, 5 << 4);
	frame_add8(frame, flags);
	frame_add16(frame, 1000);
	frame_add32(frame, 0);
	frame_fill(frame, 't', payload);
}

static inline void frame_sctp(struct frame *frame, size_t payload)
{
	frame_ports(frame);
	frame_add32(frame, 1);
	frame_add32(frame, 0);
	frame_fill(frame, 's', payload);
}

/* query: the type that the flow has, and an identifier for both ports; -1: only type and code.
 */
static inline void frame_icmp(struct frame *frame, unsigned int type, unsigned int code,
			      int query)
{
	frame->icmp_type = (uint8_t)(query < 0 ? (int)type : query);
	frame->icmp_code = (uint8_t)code;
	if (query >= 0)
		frame->port[0] = frame->port[1] = frame->names->port[0];
	frame_add8(frame, type);
	frame_add8(frame, code);
	frame_add16(frame, 0);
	frame_add16(frame, query < 0 ? 0 : frame->names->port[0]);
	frame_add16(frame, 1);
	frame_fill(frame, 'i', 56);
}

static inline void frame_set_length(struct frame *frame, size_t length)
{
	if (frame->version == 4)
		frame_set16(frame, frame->network + 2, (unsigned int)length);
	else
		frame_set16(frame, frame->network + 4, (unsigned int)(length - 40));
}

/* The packet ends here; junk bytes of padding follow. */
static inline void frame_end(struct frame *frame, size_t junk)
{
	frame->length = frame->size - frame->network;
	frame_set_length(frame, frame->length);
	frame_fill(frame, FRAME_JUNK, junk);
}

#endif
