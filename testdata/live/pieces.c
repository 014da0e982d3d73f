/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends fragments: in order and not, whole and not, of datagrams that are easily taken for one
 * another. craft.h says how.
 */
#include "testdata/live/craft.h"

struct piece {
	unsigned int protocol, offset, more; /* offset in units of eight bytes */
	size_t size;			     /* of what follows the headers */
};

/* Put a piece into the frame; the first one begins with its transport header. */
static void put_piece(struct craft *craft, unsigned int version, const struct piece *piece)
{
	struct frame *frame = craft_again(craft);

	frame_ethernet(frame, version == 4 ? IPV4 : IPV6);
	if (version == 4)
		frame_ipv4_fragment(frame, piece->protocol, 5, craft->id,
				    piece->offset | piece->more << 13);
	else {
		frame_ipv6(frame, FRAGMENT);
		frame_ipv6_fragment(frame, piece->protocol, craft->id, piece->offset,
				    piece->more);
	}
	if (piece->offset)
		frame_fill(frame, FRAME_JUNK, piece->size);
	else if (piece->protocol == UDP)
		frame_udp(frame, piece->size - 8);
	else if (piece->protocol == TCP)
		frame_tcp(frame, 0x10, piece->size - 20);
	else
		frame_icmp(frame, version == 4 ? 8 : 128, 0, version == 4 ? 8 : 128);
	frame_end(frame, 0);
}

/* What a later piece says is known from the first one; of a piece alone, only its protocol. */
static void tell_pieces(struct craft *craft, unsigned int version, const struct piece *first,
			size_t packets, size_t bytes)
{
	static const struct piece alone = {UDP, 1, 0, 8};

	if (!packets)
		return;
	put_piece(craft, version, first ? first : &alone);
	craft_tell(craft, "flow", packets, bytes);
}

/* The pieces of one datagram in some order, again for each time with another identification. */
static void fragmented(struct craft *craft, const char *name, unsigned int version,
		       const struct piece *pieces, size_t count)
{
	size_t packets[2] = {0}, bytes[2] = {0};
	const struct piece *first = NULL;

	craft_begin(craft, name);
	for (int times = 0; times < CRAFT_TIMES; times++) {
		craft->id++;
		first = NULL;
		for (size_t i = 0; i < count; i++) {
			put_piece(craft, version, &pieces[i]);
			craft_send_frame(craft);
			if (!pieces[i].offset)
				first = &pieces[i];
			packets[!first]++;
			bytes[!first] += craft->frame.length;
		}
	}
	tell_pieces(craft, version, first, packets[0], bytes[0]);
	tell_pieces(craft, version, NULL, packets[1], bytes[1]);
}

/* Two datagrams, piece by piece in turn; the second has other ports, or another protocol. */
static void interleaved(struct craft *craft, const char *name, unsigned int version,
			unsigned int other_protocol)
{
	static const struct piece pieces[] = {
		{UDP, 0, 1, 80}, {UDP, 10, 1, 80}, {UDP, 20, 0, 9}};
	struct endpoint_names names[2];
	size_t bytes[2] = {0};

	craft_begin(craft, name);
	names[0] = names[1] = craft->names;
	if (other_protocol == UDP)
		names[1].port[0] = 9;
	for (size_t i = 0; i < 3; i++)
		for (unsigned int which = 0; which < 2; which++) {
			struct piece piece = pieces[i];

			piece.protocol = which ? other_protocol : UDP;
			craft->names = names[which];
			craft->id += other_protocol == UDP ? (which ? 1 : (unsigned int)-1) : 0;
			put_piece(craft, version, &piece);
			craft_send_frame(craft);
			bytes[which] += craft->frame.length;
		}
	for (unsigned int which = 0; which < 2; which++) {
		struct piece piece = pieces[0];

		piece.protocol = which ? other_protocol : UDP;
		craft->names = names[which];
		put_piece(craft, version, &piece);
		craft_tell(craft, "flow", 3, bytes[which]);
	}
	craft->id += 2;
}

#define PIECES(...)                          \
	(const struct piece[]){__VA_ARGS__}, \
		sizeof((const struct piece[]){__VA_ARGS__}) / sizeof(struct piece)

static void fragments(struct craft *craft)
{
	for (unsigned int version = 4; version <= 6; version += 2) {
		unsigned int icmp = version == 4 ? ICMP : ICMPV6;

		fragmented(craft, "fragments in order", version,
			   PIECES({UDP, 0, 1, 1000}, {UDP, 125, 1, 1000}, {UDP, 250, 0, 33}));
		fragmented(craft, "fragments reversed", version,
			   PIECES({UDP, 250, 0, 33}, {UDP, 125, 1, 1000}, {UDP, 0, 1, 1000}));
		fragmented(craft, "first fragment missing", version,
			   PIECES({UDP, 125, 1, 1000}, {UDP, 250, 0, 33}));
		fragmented(craft, "last fragment missing", version,
			   PIECES({UDP, 0, 1, 1000}, {UDP, 125, 1, 1000}));
		fragmented(craft, "first fragment in the middle", version,
			   PIECES({UDP, 125, 1, 1000}, {UDP, 0, 1, 1000}, {UDP, 250, 0, 33}));
		fragmented(craft, "fragmented tcp", version,
			   PIECES({TCP, 0, 1, 80}, {TCP, 10, 0, 999}));
		fragmented(craft, "fragmented ping", version,
			   PIECES({icmp, 0, 1, 64}, {icmp, 8, 0, 77}));
		fragmented(craft, "fragments of ports only", version,
			   PIECES({UDP, 0, 1, 8}, {UDP, 1, 0, 8}));
		interleaved(craft, "fragments of two datagrams", version, UDP);
	}
	interleaved(craft, "fragments with one identification", 4, TCP);

	/* Only the first fragment tells what is behind its options. */
	struct frame *frame = craft_begin(craft, "options in the first fragment");
	size_t bytes;

	craft->id++;
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, FRAGMENT);
	frame_ipv6_fragment(frame, DESTINATION, craft->id, 0, 1);
	frame_extension(frame, UDP, 0);
	frame_udp(frame, 56);
	frame_end(frame, 0);
	craft_send_frame(craft);
	bytes = frame->length;
	frame = craft_again(craft);
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, FRAGMENT);
	frame_ipv6_fragment(frame, DESTINATION, craft->id, 9, 0);
	frame_fill(frame, FRAME_JUNK, 100);
	frame_end(frame, 0);
	craft_send_frame(craft);
	bytes += frame->length;
	frame->number = UDP;
	frame->port[0] = craft->names.port[0];
	frame->port[1] = craft->names.port[1];
	craft_tell(craft, "flow", 2, bytes);

	/* RFC 1858's tiny fragment: the ports are there, the flags are not. */
	frame = craft_begin(craft, "tiny fragments of tcp");
	craft->id++;
	frame_ethernet(frame, IPV4);
	frame_ipv4_fragment(frame, TCP, 5, craft->id, 0x2000);
	frame_ports(frame);
	frame_add32(frame, 1);
	frame_end(frame, 18);
	craft_send_flow(craft);
}

int main(int count, char **words)
{
	static const struct craft_group groups[] = {
		{"fragments", fragments},
		{0},
	};

	return craft_main(count, words, groups);
}
