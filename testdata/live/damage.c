/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends packets that are cut short or contradict themselves. craft.h says how.
 */
#include "testdata/live/craft.h"

/* The frame, and that it says so of its length. */
static void claim(struct craft *craft, const char *name, unsigned int version, size_t length,
		  const char *verdict)
{
	struct frame *frame = craft_udp(craft, name, version);

	frame_set_length(frame, length);
	craft_send_verdict(craft, verdict);
}

static void jumbogram(struct craft *craft, const char *name, unsigned int option, uint32_t more,
		      const char *verdict)
{
	struct frame *frame = craft_begin(craft, name);

	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, HOP_BY_HOP);
	frame_add8(frame, UDP);
	frame_add8(frame, 0);
	frame_add16(frame, option);
	frame_add32(frame, 8 + 8 + 500 + more);
	frame->number = UDP;
	frame_udp(frame, 500);
	frame_end(frame, 0);
	frame_set_length(frame, 40);
	craft_send_verdict(craft, verdict);
}

static void lengths(struct craft *craft)
{
	claim(craft, "IPv4 length 0", 4, 0, "malformed header");
	claim(craft, "IPv4 length below its header", 4, 19, "malformed header");
	claim(craft, "IPv4 length beyond the frame", 4, 129, "malformed header");
	claim(craft, "IPv4 length far beyond the frame", 4, 65535, "malformed header");
	claim(craft, "IPv4 length without ports", 4, 20, "truncated header");
	claim(craft, "IPv4 length within the ports", 4, 23, "truncated header");
	claim(craft, "IPv6 length beyond the frame", 6, 149, "malformed header");
	claim(craft, "IPv6 length far beyond the frame", 6, 65575, "malformed header");
	claim(craft, "IPv6 length without ports", 6, 40, "truncated header");
	claim(craft, "IPv6 length within the ports", 6, 43, "truncated header");
	jumbogram(craft, "jumbogram", 0xc204, 0, "flow");
	jumbogram(craft, "jumbogram beyond the frame", 0xc204, 1, "malformed header");
	jumbogram(craft, "jumbogram far beyond the frame", 0xc204, 0x80000000,
		  "malformed header");
	jumbogram(craft, "length 0 and other options", 0x0104, 0, "malformed header");
}

/* --- what is cut, or contradicts itself --- */

/* A packet that ends so many bytes behind a header; what follows is padding. */
static void cut(struct craft *craft, const char *name, unsigned int version,
		unsigned int protocol, unsigned int bytes, const char *verdict)
{
	struct frame *frame = craft_begin(craft, name);

	frame_ethernet(frame, version == 4 ? IPV4 : IPV6);
	if (version == 4)
		frame_ipv4(frame, protocol);
	else
		frame_ipv6(frame, protocol);
	if (!strcmp(verdict, "flow"))
		frame_ports(frame);
	frame_fill(frame, 1, frame->transport + bytes - frame->size);
	frame_end(frame, 30);
	craft_send_verdict(craft, verdict);
}

/* Nothing is left of a frame behind so many bytes of the network header. */
static void cut_frame(struct craft *craft, const char *name, unsigned int version, size_t bytes)
{
	struct frame *frame = craft_udp(craft, name, version);

	frame->size = frame->network + bytes;
	craft_send_verdict(craft, "truncated header");
}

static void damage(struct craft *craft, const char *name, unsigned int version,
		   unsigned int byte)
{
	struct frame *frame = craft_udp(craft, name, version);

	frame->bytes[frame->network] = (uint8_t)byte;
	craft_send_verdict(craft, "malformed header");
}

static void damaged(struct craft *craft)
{
	cut(craft, "udp without its ports", 4, UDP, 3, "truncated header");
	cut(craft, "udp with its ports only", 4, UDP, 4, "flow");
	cut(craft, "tcp without its ports", 4, TCP, 3, "truncated header");
	cut(craft, "tcp without its flags", 4, TCP, 13, "flow");
	cut(craft, "sctp without its ports", 4, SCTP, 0, "truncated header");
	cut(craft, "icmp without its code", 4, ICMP, 1, "truncated header");
	cut(craft, "udp without its ports over IPv6", 6, UDP, 3, "truncated header");
	cut(craft, "tcp without its ports over IPv6", 6, TCP, 0, "truncated header");
	cut(craft, "icmpv6 without its code", 6, ICMPV6, 1, "truncated header");
	cut(craft, "a cut extension header", 6, DESTINATION, 7, "truncated header");
	cut(craft, "a cut fragment header", 6, FRAGMENT, 4, "truncated header");
	/* These claim 16 and 12 bytes. */
	cut(craft, "an extension header beyond the end", 6, HOP_BY_HOP, 15, "truncated header");
	cut(craft, "an authentication header beyond the end", 6, AUTHENTICATION, 11,
	    "truncated header");
	cut_frame(craft, "a frame that ends in the IPv4 header", 4, 19);
	cut_frame(craft, "a frame that ends in the IPv6 header", 6, 39);
	cut_frame(craft, "a frame that ends where IPv4 begins", 4, 0);
	cut_frame(craft, "a frame that ends where IPv6 begins", 6, 0);
	for (unsigned int words = 0; words < 5; words++)
		damage(craft, "IPv4 header of too few words", 4, 0x40 | words);
	for (unsigned int version = 0; version < 16; version += 3)
		damage(craft, "wrong version under IPv4", 4,
		       (version == 4 ? 2 : version) << 4 | 5);
	for (unsigned int version = 0; version < 16; version += 4)
		damage(craft, "wrong version under IPv6", 6, version << 4);

	struct frame *frame = craft_begin(craft, "options beyond the packet");
	frame_ethernet(frame, IPV4);
	frame_ipv4(frame, UDP);
	frame_udp(frame, 10);
	frame_end(frame, 30);
	frame->bytes[frame->network] = 0x4f;
	craft_send_verdict(craft, "malformed header");
}

int main(int count, char **words)
{
	static const struct craft_group groups[] = {
		{"lengths", lengths},
		{"damaged", damaged},
		{0},
	};

	return craft_main(count, words, groups);
}
