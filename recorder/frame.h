/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of a captured frame, read only within its bounds, and the way from its
 * link-layer header to its IP header.
 */
#ifndef RECORDER_FRAME_H
#define RECORDER_FRAME_H

#include "recorder/packet.h"

#include <string.h>

struct frame {
	const uint8_t *at;
	uint32_t captured; /* bytes that are there */
	uint32_t wire; /* bytes that were there when it was sent; never less than captured */
};

/* PACKET_COUNTED when the next size bytes can be read, else why they cannot. */
static inline enum packet_verdict frame_need(const struct frame *frame, uint32_t size)
{
	if (frame->captured >= size)
		return PACKET_COUNTED;
	return frame->wire >= size ? PACKET_TRUNCATED : PACKET_MALFORMED;
}

/* Go on behind the next size bytes, which frame_need has granted. */
static inline void frame_skip(struct frame *frame, uint32_t size)
{
	frame->at += size;
	frame->captured -= size;
	frame->wire -= size;
}

/* What a link layer's or an IP header's length field leaves of the frame. */
static inline void frame_cut(struct frame *frame, uint32_t size)
{
	if (frame->wire > size)
		frame->wire = size;
	if (frame->captured > size)
		frame->captured = size;
}

static inline uint16_t frame_big16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline uint32_t frame_big32(const uint8_t *bytes)
{
	return (uint32_t)frame_big16(bytes) << 16 | frame_big16(bytes + 2);
}

/*
 * Skip the link-layer header, VLAN tags, PPPoE and MPLS. The frame then begins at the header of
 * the IP version in *version; io_direction and interface_index of the packet are filled.
 */
enum packet_verdict frame_find_ip(int link_type, struct frame *frame, unsigned int *version,
				  struct packet *packet);

#endif
