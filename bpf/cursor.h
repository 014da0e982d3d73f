/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Finds the bytes of a packet's headers, wherever they lie.
 *
 * Mostly that is in the linear part, at an address where they are read as they are. Network
 * cards and raw senders leave them in pages, too: then the first bytes are copied, and read
 * there.
 */
#ifndef BPF_CURSOR_H
#define BPF_CURSOR_H

#include "bpf/kernel.h"
#include "schema/event.h"

#define ETHERTYPE_IPV4	   0x0800
#define ETHERTYPE_IPV6	   0x86dd
#define ETHERTYPE_VLAN	   0x8100
#define ETHERTYPE_QINQ	   0x88a8
#define ETHERTYPE_OLD_QINQ 0x9100
#define ETHERNET_HEADER	   14
#define TAGS_MOST	   4
#define IPV6_HEADER	   40

/* The way along the headers of a packet. */
struct chain {
	__u64 at;	 /* address of the network header; of a copy where it lies in pages */
	__u32 linear;	 /* bytes that can be read from there */
	__u32 length;	 /* network-layer bytes of the (super) packet */
	__u32 transport; /* from the network header to the next header */
	__u32 identification;
	__u8 protocol; /* of the next header */
	__u8 later_fragment;
	__u8 first_fragment;
	__u8 zero[5];
};

struct cursor {
	__u64 packet; /* the sk_buff */
	__u64 shared; /* its skb_shared_info */
	__u32 left;   /* bytes from the network header to the end, in pages and padding too */
	__u32 data;   /* from skb->head to skb->data */
	__u32 before; /* from skb->head to the network header */
	__u16 ethertype;
	__u8 is_tunnelled;
	__u8 fragment_protocol; /* that tells datagrams of one identification apart */
	__u8 jumbo;		/* bytes of the header that only a super packet has */
	struct chain chain;
};

static __always_inline __u16 load16(const __u8 *bytes)
{
	return (__u16)bytes[0] << 8 | bytes[1];
}

static __always_inline int read_bytes(const struct chain *chain, __u32 from, void *to,
				      __u32 size)
{
	if (from + size > chain->linear ||
	    bpf_probe_read_kernel(to, size, (void *)(chain->at + from)))
		return COUNT_PACKET_UNREADABLE;
	return 0;
}

/* Of the segments that a super packet stands for; 0: it is a packet. */
static __always_inline __u32 segment_size(const struct cursor *cursor)
{
	const struct skb_shared_info *shared = (void *)cursor->shared;

	return BPF_CORE_READ(shared, gso_size);
}

static __always_inline int is_extension(__u8 protocol)
{
	switch (protocol) {
	case 0:	 /* hop-by-hop options */
	case 43: /* routing */
	case 44: /* fragment */
	case 51: /* authentication */
	case 60: /* destination options */
		return 1;
	default:
		return 0;
	}
}

/* Of a transport header, as many as anything is told by. */
static __always_inline __u32 transport_bytes(__u8 protocol)
{
	return protocol == PROTOCOL_TCP ? 14 : 8;
}

static __always_inline int is_tag(__u16 ethertype)
{
	return ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ ||
	       ethertype == ETHERTYPE_OLD_QINQ;
}

static __always_inline int skip_tags(struct cursor *cursor)
{
	for (int tags = 0; tags < TAGS_MOST && is_tag(cursor->ethertype); tags++) {
		__u8 tag[4];
		int reason = cursor->left < 4 ? COUNT_PACKET_TRUNCATED
					      : read_bytes(&cursor->chain, 0, tag, 4);

		if (reason)
			return reason;
		cursor->ethertype = load16(tag + 2);
		cursor->chain.at += 4;
		cursor->before += 4;
		cursor->left -= 4;
		cursor->chain.linear -= 4;
	}
	return 0;
}

/*
 * The first bytes of a packet whose headers lie in pages, for each CPU and each of the two
 * programs that may be at work there.
 */
struct copy {
	__u8 bytes[512];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct copy);
} copies SEC(".maps");

/*
 * The address of a copy of what begins at this offset from skb->data, or 0. The dynptr must not
 * share its place on the stack with anything: hence a frame of its own.
 */
static __noinline __u64 copy_pages(const struct sk_buff *packet, __u32 offset, __u32 size)
{
	__u32 which = offset != 0;
	struct copy *copy = bpf_map_lookup_elem(&copies, &which);
	struct bpf_dynptr bytes;

	barrier_var(size);
	if (!copy || !paged_bytes_are_readable() || size > sizeof(copy->bytes) ||
	    bpf_dynptr_from_skb((struct __sk_buff *)packet, 0, &bytes) ||
	    bpf_dynptr_read(copy->bytes, size, &bytes, offset, 0))
		return 0;
	return (__u64)copy->bytes;
}

/*
 * The cursor at a copy, where there can be one; else it stays where it is. TC has its own way
 * to the pages of a packet, which is not taken.
 */
static __always_inline void go_to_copy(const struct sk_buff *packet, int is_tc,
				       struct cursor *cursor)
{
	__u32 size = cursor->left < sizeof(struct copy) ? cursor->left : sizeof(struct copy);
	__u64 copy = 0;

	if (!is_tc && cursor->before >= cursor->data)
		copy = copy_pages(packet, cursor->before - cursor->data, size);
	if (!copy)
		return;
	cursor->chain.at = copy;
	cursor->chain.linear = size;
}

/* Whether the headers may go on beyond the linear bytes of a packet that has more in pages. */
static __always_inline int headers_are_cut(const struct cursor *cursor, const __u8 *ip)
{
	__u32 linear = cursor->chain.linear;

	if (cursor->ethertype == ETHERTYPE_IPV4)
		return linear < 20 || linear < (ip[0] & 15) * 4 + transport_bytes(ip[9]);
	return linear < IPV6_HEADER + transport_bytes(ip[6]) || is_extension(ip[6]);
}

/* Where a read goes on into what lies behind a short packet, nobody looks at that. */
static __always_inline int read_first(const struct cursor *cursor, __u8 bytes[64])
{
	return bpf_probe_read_kernel(bytes, 64, (void *)cursor->chain.at)
		       ? COUNT_PACKET_UNREADABLE
		       : 0;
}

/*
 * The cursor at the network header, and 64 bytes from there as far as there are so many, of a
 * packet in which that or tags before it begin at an offset from skb->head. Returns 0, or the
 * stage counter that says why not.
 */
static __always_inline int find_headers(const struct sk_buff *packet, int is_tc, __u32 offset,
					struct cursor *cursor, __u8 bytes[64])
{
	__u32 data = packet->data - packet->head, linear = packet->len - packet->data_len;
	int reason, has_pages = packet->data_len != 0;

	__builtin_memset(cursor, 0, sizeof(*cursor));
	cursor->packet = (__u64)packet;
	cursor->shared = (__u64)packet->head + packet->end;
	cursor->ethertype = bpf_ntohs(packet->protocol);
	cursor->is_tunnelled = BPF_CORE_READ_BITFIELD(packet, encapsulation);
	cursor->data = data;
	/* Behind an Ethernet header, whatever a raw sender has let be said of it. */
	if (offset > data && packet->dev->type == DEVICE_ETHERNET)
		offset = data + ETHERNET_HEADER;
	cursor->before = offset;
	cursor->chain.at = (__u64)packet->head + offset;
	/* A socket's packet has data behind the network header. */
	if (offset <= data) {
		cursor->left = packet->len + (data - offset);
		cursor->chain.linear = linear + (data - offset);
	} else {
		offset -= data;
		if (offset > packet->len)
			return COUNT_PACKET_MALFORMED;
		cursor->left = packet->len - offset;
		cursor->chain.linear = linear > offset ? linear - offset : 0;
	}
	if (is_tag(cursor->ethertype)) {
		if (has_pages)
			go_to_copy(packet, is_tc, cursor);
		has_pages = 0;
		reason = skip_tags(cursor);
		if (reason)
			return reason;
	}
	if (cursor->ethertype != ETHERTYPE_IPV4 && cursor->ethertype != ETHERTYPE_IPV6)
		return COUNT_PACKET_NOT_IP;
	reason = read_first(cursor, bytes);
	if (!reason && has_pages && headers_are_cut(cursor, bytes)) {
		go_to_copy(packet, is_tc, cursor);
		reason = read_first(cursor, bytes);
	}
	return reason;
}

#endif
