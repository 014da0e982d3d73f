/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Reads a packet's network and transport headers and makes its flow key.
 *
 * One read of 64 bytes covers IPv4 without options and IPv6 without extension headers up to the
 * TCP flags; anything else costs one more read for each header.
 */
#ifndef BPF_HEADERS_H
#define BPF_HEADERS_H

#include "bpf/kernel.h"
#include "schema/event.h"

#define ETHERTYPE_IPV4	  0x0800
#define ETHERTYPE_IPV6	  0x86dd
#define ETHERTYPE_VLAN	  0x8100
#define ETHERTYPE_QINQ	  0x88a8
#define IPV6_HEADERS_MOST 6

struct headers {
	struct flow_key key;
	__u32 direction;
	__u32 bytes;	    /* network-layer bytes of all segments */
	__u32 packets;	    /* wire segments */
	__u32 header_bytes; /* of one segment, network and transport */
	__u32 seen;	    /* SEEN_SYN and SEEN_SYN_ACK, for direction 0 */
	__u8 tcp_flags;
	__u8 dscp;
	__u8 is_reply; /* to an ICMP query: tells the direction where both ends are one address */
};

/* Where the bytes are while the headers are read. */
struct cursor {
	const unsigned char *at; /* the network header */
	__u32 left;		 /* linear bytes from there */
	__u8 protocol;
	__u8 traffic_class;
	__u8 later_fragment;
	__u8 first_fragment;
	__u32 transport; /* offset of the transport header */
	__u32 identification;
	__u32 length; /* network-layer bytes of the (super) packet */
	__u8 bytes[64];
};

/* The ports of a datagram's first fragment, for its later ones. */
struct fragment_key {
	struct address source, destination;
	__u32 network_namespace;
	__u32 identification;
	__u8 protocol;
	__u8 zero[7];
};

struct fragment_value {
	__u16 source_port, destination_port;
	__u8 icmp_type, icmp_code;
	__u8 zero[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct fragment_key);
	__type(value, struct fragment_value);
} fragments SEC(".maps");

static __always_inline __u16 load16(const __u8 *bytes)
{
	return (__u16)bytes[0] << 8 | bytes[1];
}

static __always_inline int same_address(const struct address *a, const struct address *b)
{
	return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}

static __always_inline void address_from_ipv4(struct address *to, const __u8 *from)
{
	__u32 word;

	__builtin_memcpy(&word, from, 4);
	to->half[0] = 0;
	to->half[1] = (__u64)word << 32 | bpf_htonl(0xffffU);
}

static __always_inline int read_ipv4(struct cursor *cursor, struct address *source,
				     struct address *destination)
{
	const __u8 *ip = cursor->bytes;
	__u32 header = (ip[0] & 15) * 4;
	__u16 offset = load16(ip + 6);

	if (cursor->left < 20)
		return COUNT_PACKET_TRUNCATED;
	if (header < 20)
		return COUNT_PACKET_MALFORMED;
	cursor->length = load16(ip + 2);
	cursor->traffic_class = ip[1];
	cursor->protocol = ip[9];
	cursor->transport = header;
	cursor->later_fragment = (offset & 0x1fff) != 0;
	cursor->first_fragment = !cursor->later_fragment && (offset & 0x2000);
	cursor->identification = load16(ip + 4);
	address_from_ipv4(source, ip + 12);
	address_from_ipv4(destination, ip + 16);
	return 0;
}

/* The transport header behind up to six extension headers. */
static __always_inline int skip_extensions(struct cursor *cursor)
{
	for (int i = 0; i < IPV6_HEADERS_MOST; i++) {
		__u8 header[8];

		switch (cursor->protocol) {
		case 0:	  /* hop-by-hop options */
		case 43:  /* routing */
		case 44:  /* fragment */
		case 51:  /* authentication */
		case 60:  /* destination options */
		case 135: /* mobility */
			break;
		default:
			return 0;
		}
		if (cursor->left < cursor->transport + 8)
			return COUNT_PACKET_TRUNCATED;
		if (bpf_probe_read_kernel(header, 8, cursor->at + cursor->transport))
			return COUNT_PACKET_UNREADABLE;
		if (cursor->protocol == 44) {
			__u16 offset = load16(header + 2);

			cursor->later_fragment = (offset & 0xfff8) != 0;
			cursor->first_fragment = !cursor->later_fragment && (offset & 1);
			cursor->identification =
				(__u32)load16(header + 4) << 16 | load16(header + 6);
			cursor->transport += 8;
		} else if (cursor->protocol == 51)
			cursor->transport += (header[1] + 2) * 4;
		else
			cursor->transport += (header[1] + 1) * 8;
		cursor->protocol = header[0];
		if (cursor->later_fragment)
			return 0;
	}
	return 0;
}

static __always_inline int read_ipv6(struct cursor *cursor, struct address *source,
				     struct address *destination)
{
	const __u8 *ip = cursor->bytes;

	if (cursor->left < 40)
		return COUNT_PACKET_TRUNCATED;
	cursor->length = load16(ip + 4);
	if (cursor->length)
		cursor->length += 40;
	cursor->traffic_class = load16(ip) >> 4;
	cursor->protocol = ip[6];
	cursor->transport = 40;
	__builtin_memcpy(source, ip + 8, 16);
	__builtin_memcpy(destination, ip + 24, 16);
	return skip_extensions(cursor);
}

/* The type of the query that this ICMP message is or answers, or -1 when it is neither. */
static __always_inline int query_type(__u8 protocol, __u8 type)
{
	if (protocol == PROTOCOL_ICMPV6)
		return type == 128 || type == 129 ? 128 : -1;
	switch (type) {
	case 8:
	case 0:
		return 8;
	case 13:
	case 14:
		return 13;
	case 15:
	case 16:
		return 15;
	case 17:
	case 18:
		return 17;
	default:
		return -1;
	}
}

static __always_inline int read_transport(struct cursor *cursor, struct headers *headers,
					  __u16 *source_port, __u16 *destination_port)
{
	struct flow_key *key = &headers->key;
	__u8 transport[16] = {};
	__u32 left = cursor->left - cursor->transport;
	__u32 want = 4;
	int query;

	headers->header_bytes = cursor->transport;
	switch (cursor->protocol) {
	case PROTOCOL_TCP:
		want = 14;
		break;
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		want = 8;
		break;
	case PROTOCOL_UDP:
	case PROTOCOL_SCTP:
		break;
	default:
		return 0;
	}
	if (cursor->left < cursor->transport || left < want)
		return COUNT_PACKET_TRUNCATED;
	if (cursor->transport == 20)
		__builtin_memcpy(transport, cursor->bytes + 20, 16);
	else if (cursor->transport == 40)
		__builtin_memcpy(transport, cursor->bytes + 40, 16);
	else if (bpf_probe_read_kernel(transport, want, cursor->at + cursor->transport))
		return COUNT_PACKET_UNREADABLE;
	if (want == 8) {
		query = query_type(cursor->protocol, transport[0]);
		key->icmp_type = query < 0 ? transport[0] : query;
		key->icmp_code = transport[1];
		if (query >= 0) {
			*source_port = *destination_port = load16(transport + 4);
			headers->is_reply = query != transport[0];
		}
		return 0;
	}
	*source_port = load16(transport);
	*destination_port = load16(transport + 2);
	if (want == 14) {
		headers->tcp_flags = transport[13];
		headers->header_bytes += (transport[12] >> 4) * 4;
		if ((transport[13] & 0x12) == 0x02)
			headers->seen = SEEN_SYN;
		else if ((transport[13] & 0x12) == 0x12)
			headers->seen = SEEN_SYN_ACK;
	} else
		headers->header_bytes += 8;
	return 0;
}

/* Ports that only the first fragment has: remember them, or recall them. */
static __always_inline void follow_fragment(const struct cursor *cursor, struct headers *headers,
					    const struct address *source,
					    const struct address *destination,
					    __u16 *source_port, __u16 *destination_port)
{
	struct flow_key *flow = &headers->key;
	struct fragment_key key = {
		.source = *source,
		.destination = *destination,
		.network_namespace = flow->network_namespace,
		.identification = cursor->identification,
		.protocol = cursor->protocol,
	};
	struct fragment_value *known;

	if (cursor->first_fragment) {
		struct fragment_value value = {
			.source_port = *source_port,
			.destination_port = *destination_port,
			.icmp_type = flow->icmp_type,
			.icmp_code = flow->icmp_code,
		};

		bpf_map_update_elem(&fragments, &key, &value, BPF_ANY);
		return;
	}
	known = bpf_map_lookup_elem(&fragments, &key);
	if (!known)
		return;
	*source_port = known->source_port;
	*destination_port = known->destination_port;
	flow->icmp_type = known->icmp_type;
	flow->icmp_code = known->icmp_code;
}

/*
 * End 0 of a key is the lower (address, port); returns 1 when the source is end 1. A host that pings
 * itself has only the message to tell.
 */
static __always_inline int source_is_end_1(const struct address *source,
					   const struct address *destination, __u16 source_port,
					   __u16 destination_port, int is_reply)
{
	if (source->half[0] != destination->half[0])
		return source->half[0] > destination->half[0];
	if (source->half[1] != destination->half[1])
		return source->half[1] > destination->half[1];
	return source_port == destination_port ? is_reply : source_port > destination_port;
}

/* One packet may stand for many on the wire: count those, and their headers. */
static __always_inline void count_segments(const struct sk_buff *packet, __u32 length,
					   struct headers *headers)
{
	struct skb_shared_info *shared = (void *)(packet->head + packet->end);
	unsigned short size = 0, segments = 0;
	__u32 payload = length - headers->header_bytes;

	headers->packets = 1;
	headers->bytes = length;
	bpf_core_read(&size, sizeof(size), &shared->gso_size);
	if (!size || length <= headers->header_bytes)
		return;
	bpf_core_read(&segments, sizeof(segments), &shared->gso_segs);
	headers->packets = segments ? segments : (payload + size - 1) / size;
	headers->bytes = length + (headers->packets - 1) * headers->header_bytes;
}

/*
 * Read the headers of a packet whose network header begins at the given offset from skb->head.
 * The namespace must be in the key already. Returns 0, or the stage counter that says why not.
 */
static __always_inline int read_headers(const struct sk_buff *packet, __u32 offset,
					struct headers *headers)
{
	struct flow_key *key = &headers->key;
	struct cursor cursor = {};
	struct address source, destination;
	__u16 source_port = 0, destination_port = 0;
	__u16 ethertype = bpf_ntohs(packet->protocol);
	__u32 data_offset = packet->data - packet->head;
	__u32 tail = data_offset + packet->len - packet->data_len;
	int reason;

	for (int tags = 0; tags < 2; tags++) {
		__u8 tag[4];

		if (ethertype != ETHERTYPE_VLAN && ethertype != ETHERTYPE_QINQ)
			break;
		if (bpf_probe_read_kernel(tag, 4, packet->head + offset))
			return COUNT_PACKET_UNREADABLE;
		ethertype = load16(tag + 2);
		offset += 4;
	}
	if (ethertype != ETHERTYPE_IPV4 && ethertype != ETHERTYPE_IPV6)
		return COUNT_PACKET_NOT_IP;
	cursor.at = packet->head + offset;
	cursor.left = tail > offset ? tail - offset : 0;
	if (bpf_probe_read_kernel(cursor.bytes, sizeof(cursor.bytes), cursor.at))
		return COUNT_PACKET_UNREADABLE;
	if (cursor.bytes[0] >> 4 == 4)
		reason = read_ipv4(&cursor, &source, &destination);
	else if (cursor.bytes[0] >> 4 == 6)
		reason = read_ipv6(&cursor, &source, &destination);
	else
		reason = COUNT_PACKET_MALFORMED;
	if (reason)
		return reason;
	/* Packets beyond 64 KiB (BIG TCP) have no length in their header. */
	if (!cursor.length)
		cursor.length = packet->len + data_offset - offset;
	key->protocol = cursor.protocol;
	headers->dscp = cursor.traffic_class >> 2;
	if (!cursor.later_fragment)
		reason = read_transport(&cursor, headers, &source_port, &destination_port);
	else
		headers->header_bytes = cursor.transport;
	if (reason)
		return reason;
	if (cursor.later_fragment || cursor.first_fragment)
		follow_fragment(&cursor, headers, &source, &destination, &source_port,
				&destination_port);
	headers->direction =
		source_is_end_1(&source, &destination, source_port, destination_port,
				headers->is_reply);
	key->address[0] = headers->direction ? destination : source;
	key->address[1] = headers->direction ? source : destination;
	key->port[0] = headers->direction ? destination_port : source_port;
	key->port[1] = headers->direction ? source_port : destination_port;
	count_segments(packet, cursor.length, headers);
	return 0;
}

/* The long way; a function of its own, so that the short one stays short. */
static __noinline int read_any(struct sk_buff *packet, __u32 offset, __u32 network_namespace,
			       struct headers *headers)
{
	__builtin_memset(headers, 0, sizeof(*headers));
	headers->key.network_namespace = network_namespace;
	return read_headers(packet, offset, headers);
}

#endif
