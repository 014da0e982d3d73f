/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends packets that do not lie in one piece: headers in pages, super packets that stand for
 * many. craft.h says how.
 */
#include "testdata/live/craft.h"

/* VIRTIO_NET_HDR_GSO_UDP_L4 of newer headers. */
#define SUPER_UDP 5

/* The same packet with its pages cut at different places. */
static void send_paged(struct craft *craft)
{
	static const unsigned int before_page_end[] = {2000, 0, 1, 8, 12, 20, 30, 40, 55, 63};
	const size_t count = sizeof(before_page_end) / sizeof(before_page_end[0]);

	for (size_t i = 0; i < count; i++)
		wire_send_paged(&craft->wire, craft->frame.bytes, craft->frame.size,
				before_page_end[i]);
	craft_tell(craft, "flow", count, count * craft->frame.length);
}

static void pages(struct craft *craft)
{
	struct frame *frame = craft_udp(craft, "udp in pages", 4);

	send_paged(craft);
	craft_udp(craft, "udp over IPv6 in pages", 6);
	send_paged(craft);

	frame = craft_begin(craft, "an empty datagram in pages");
	frame_ethernet(frame, IPV4);
	frame_ipv4(frame, UDP);
	frame_udp(frame, 0);
	frame_end(frame, 0);
	send_paged(craft);

	frame = craft_begin(craft, "a padded datagram in pages");
	frame_ethernet(frame, IPV4);
	frame_ipv4(frame, UDP);
	frame_udp(frame, 1);
	frame_end(frame, 46 - 29);
	send_paged(craft);

	frame = craft_begin(craft, "options in pages");
	frame_ethernet(frame, IPV4);
	frame_ipv4_fragment(frame, TCP, 11, 0, 0x4000);
	frame_tcp(frame, 0x12, 5);
	frame_end(frame, 0);
	send_paged(craft);

	frame = craft_begin(craft, "extension headers in pages");
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, HOP_BY_HOP);
	frame_extension(frame, DESTINATION, 2);
	frame_extension(frame, TCP, 1);
	frame_tcp(frame, 0x12, 5);
	frame_end(frame, 0);
	send_paged(craft);

	frame = craft_begin(craft, "two tags in pages");
	frame_ethernet(frame, QINQ);
	frame_tag(frame, 5, VLAN);
	frame_tag(frame, 6, IPV4);
	frame_ipv4(frame, UDP);
	frame_udp(frame, 1000);
	frame_end(frame, 0);
	send_paged(craft);

	frame = craft_udp(craft, "a wrong version in pages", 4);
	frame->bytes[frame->network] = 0x65;
	wire_send_paged(&craft->wire, frame->bytes, frame->size, 2000);
	craft_tell(craft, "malformed header", 1, 0);
}

/* --- super packets --- */

/* One packet that stands for count segments of size bytes of payload each, the last one
 * shorter. */
static void super(struct craft *craft, const char *name, unsigned int version,
		  unsigned int protocol, size_t count, unsigned int size)
{
	static uint8_t bytes[sizeof(struct virtio_net_hdr) + FRAME_BYTES];
	size_t payload = (count - 1) * size + size / 2, header;
	struct frame *frame = craft_begin(craft, name);
	struct virtio_net_hdr cut = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = protocol == UDP ? SUPER_UDP
			    : version == 4  ? VIRTIO_NET_HDR_GSO_TCPV4
					    : VIRTIO_NET_HDR_GSO_TCPV6,
		.gso_size = (uint16_t)size,
		.csum_offset = protocol == UDP ? 6 : 16,
	};

	frame_ethernet(frame, version == 4 ? IPV4 : IPV6);
	if (version == 4)
		frame_ipv4_fragment(frame, protocol, protocol == UDP ? 5 : 7, 0, 0x4000);
	else
		frame_ipv6(frame, protocol);
	cut.csum_start = (uint16_t)frame->transport;
	if (protocol == UDP)
		frame_udp(frame, payload);
	else
		frame_tcp(frame, 0x10, payload);
	frame_end(frame, 0);
	header = frame->length - payload;
	cut.hdr_len = (uint16_t)(frame->network + header);
	memcpy(bytes, &cut, sizeof(cut));
	memcpy(bytes + sizeof(cut), frame->bytes, frame->size);
	for (int times = 0; times < CRAFT_TIMES; times++)
		wire_send_super(&craft->wire, bytes, sizeof(cut) + frame->size);
	craft_tell(craft, "flow", CRAFT_TIMES * count,
		   CRAFT_TIMES * (payload + count * header));
}

static void tcp_supers(struct craft *craft)
{
	for (unsigned int version = 4; version <= 6; version += 2) {
		super(craft, "tcp super packet", version, TCP, 30, 1448);
		super(craft, "tcp super packet of two", version, TCP, 2, 1000);
	}
}

static void udp_supers(struct craft *craft)
{
	for (unsigned int version = 4; version <= 6; version += 2)
		super(craft, "udp super packet", version, UDP, 40, 1400);
}

int main(int count, char **words)
{
	static const struct craft_group groups[] = {
		{"pages", pages},
		{"tcp-supers", tcp_supers},
		{"udp-supers", udp_supers},
		{0},
	};

	return craft_main(count, words, groups);
}
