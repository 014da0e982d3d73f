/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Reads a packet's network and transport headers and makes its flow key.
 *
 * One read of 64 bytes covers IPv4 without options and IPv6 without extension headers up to the
 * TCP flags; anything else costs one more read for each header. Nothing is read beyond the
 * length that the network header tells, and that length must fit into the packet: what follows
 * is padding.
 */
#ifndef BPF_HEADERS_H
#define BPF_HEADERS_H

#include "bpf/cursor.h"
#include "bpf/kernel.h"
#include "schema/event.h"

#define IPV6_HEADERS_MOST 16
#define JUMBO_HEADER	  8 /* hop-by-hop options with nothing but a jumbo payload length */

static __always_inline int same_address(const struct address *a, const struct address *b)
{
	return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}

struct headers {
	struct flow_key key;
	__u32 direction;
	__u32 bytes;	    /* network-layer bytes of all segments */
	__u32 packets;	    /* wire segments */
	__u32 header_bytes; /* of one segment, network and transport */
	__u32 seen;	    /* SEEN_SYN and SEEN_SYN_ACK, for direction 0 */
	__u8 tcp_flags;
	__u8 dscp;
	__u8 is_reply; /* to an ICMP query: tells the direction between equal addresses */
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
	__u8 protocol; /* behind all extension headers, which only the first fragment has */
	__u8 zero;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct fragment_key);
	__type(value, struct fragment_value);
} fragments SEC(".maps");

static __always_inline void address_from_ipv4(struct address *to, const __u8 *from)
{
	__u32 word;

	__builtin_memcpy(&word, from, 4);
	to->half[0] = 0;
	to->half[1] = (__u64)word << 32 | bpf_htonl(0xffffU);
}

/* The key's ends are the source and the destination until put_in_order. */
static __always_inline int read_ipv4(struct cursor *cursor, const __u8 *ip,
				     struct flow_key *key)
{
	__u32 header = (ip[0] & 15) * 4;
	__u16 offset = load16(ip + 6);

	if (cursor->left < 20)
		return COUNT_PACKET_TRUNCATED;
	if (cursor->chain.linear < 20)
		return COUNT_PACKET_UNREADABLE;
	cursor->chain.length = load16(ip + 2);
	/* Beyond 64 KiB (BIG TCP) the length field cannot say it. */
	if (!cursor->chain.length && segment_size(cursor))
		cursor->chain.length = cursor->left;
	if (ip[0] >> 4 != 4 || header < 20 || cursor->chain.length < header ||
	    cursor->chain.length > cursor->left)
		return COUNT_PACKET_MALFORMED;
	cursor->chain.protocol = cursor->fragment_protocol = ip[9];
	cursor->chain.transport = header;
	cursor->chain.later_fragment = (offset & 0x1fff) != 0;
	cursor->chain.first_fragment = !cursor->chain.later_fragment && (offset & 0x2000);
	cursor->chain.identification = load16(ip + 4);
	address_from_ipv4(&key->address[0], ip + 12);
	address_from_ipv4(&key->address[1], ip + 16);
	return 0;
}

/*
 * The transport header behind the extension headers. This and what else is rare are functions
 * of their own: the verifier goes through each once, and the usual path stays short.
 */
__noinline int skip_extensions(struct chain *chain)
{
	if (!chain)
		return COUNT_PACKET_UNREADABLE;
	for (int i = 0; i < IPV6_HEADERS_MOST; i++) {
		__u8 header[8];
		int reason;

		if (!is_extension(chain->protocol))
			return 0;
		if (chain->length < chain->transport + 8)
			return COUNT_PACKET_TRUNCATED;
		reason = read_bytes(chain, chain->transport, header, 8);
		if (reason)
			return reason;
		if (chain->protocol == 44) {
			__u16 offset = load16(header + 2);

			chain->later_fragment = (offset & 0xfff8) != 0;
			chain->first_fragment = !chain->later_fragment && (offset & 1);
			chain->identification =
				(__u32)load16(header + 4) << 16 | load16(header + 6);
			chain->transport += 8;
		} else if (chain->protocol == 51)
			chain->transport += (header[1] + 2) * 4;
		else
			chain->transport += (header[1] + 1) * 8;
		if (chain->length < chain->transport)
			return COUNT_PACKET_TRUNCATED;
		chain->protocol = header[0];
		if (chain->later_fragment)
			return 0;
	}
	return COUNT_PACKET_MALFORMED;
}

/* The length of a packet whose own length field is 0. */
static __always_inline int read_jumbo_length(struct cursor *cursor, const __u8 *ip)
{
	const __u8 *options = ip + IPV6_HEADER;
	int is_super = segment_size(cursor) != 0;

	if (is_super)
		cursor->chain.length = cursor->left;
	if (ip[6])
		return 0;
	/* The only or the first of the hop-by-hop options (RFC 2675). */
	if (cursor->left >= IPV6_HEADER + JUMBO_HEADER &&
	    cursor->chain.linear < IPV6_HEADER + JUMBO_HEADER)
		return COUNT_PACKET_UNREADABLE;
	if (cursor->left < IPV6_HEADER + JUMBO_HEADER || options[2] != 0xc2 || options[3] != 4)
		return COUNT_PACKET_MALFORMED;
	if (is_super)
		cursor->jumbo = JUMBO_HEADER;
	else
		cursor->chain.length =
			IPV6_HEADER + ((__u32)load16(options + 4) << 16 | load16(options + 6));
	return 0;
}

static __always_inline int read_ipv6(struct cursor *cursor, const __u8 *ip,
				     struct flow_key *key)
{
	int reason = 0;

	if (cursor->left < IPV6_HEADER)
		return COUNT_PACKET_TRUNCATED;
	if (cursor->chain.linear < IPV6_HEADER)
		return COUNT_PACKET_UNREADABLE;
	if (ip[0] >> 4 != 6)
		return COUNT_PACKET_MALFORMED;
	cursor->chain.length = IPV6_HEADER + load16(ip + 4);
	if (cursor->chain.length == IPV6_HEADER)
		reason = read_jumbo_length(cursor, ip);
	if (!reason && cursor->chain.length > cursor->left)
		reason = COUNT_PACKET_MALFORMED;
	if (reason)
		return reason;
	cursor->chain.protocol = ip[6];
	cursor->chain.transport = IPV6_HEADER;
	__builtin_memcpy(&key->address[0], ip + 8, 16);
	__builtin_memcpy(&key->address[1], ip + 24, 16);
	if (is_extension(cursor->chain.protocol)) {
		struct chain chain = cursor->chain;

		reason = skip_extensions(&chain);
		cursor->chain = chain;
	}
	return reason;
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

static __always_inline int read_icmp(const struct cursor *cursor, struct headers *headers,
				     const __u8 *message, __u32 size)
{
	struct flow_key *key = &headers->key;
	int query = query_type(cursor->chain.protocol, message[0]);

	if (query >= 0 && size < 6)
		return COUNT_PACKET_TRUNCATED;
	key->icmp_type = query < 0 ? message[0] : query;
	key->icmp_code = message[1];
	if (query >= 0) {
		key->port[0] = key->port[1] = load16(message + 4);
		headers->is_reply = query != message[0];
	}
	return 0;
}

/* The bytes of the transport header that anything is told by. */
static __always_inline int read_transport_bytes(const struct cursor *cursor, const __u8 *ip,
						__u8 *bytes, __u32 size)
{
	__u32 want = transport_bytes(cursor->chain.protocol);

	if (cursor->chain.linear < cursor->chain.transport + (size < want ? size : want))
		return COUNT_PACKET_UNREADABLE;
	if (cursor->chain.transport == 20)
		__builtin_memcpy(bytes, ip + 20, 16);
	else if (cursor->chain.transport == 40)
		__builtin_memcpy(bytes, ip + 40, 16);
	/* All 16 are there, for a shorter header in what lies behind it. */
	else if (bpf_probe_read_kernel(bytes, 16,
				       (void *)(cursor->chain.at + cursor->chain.transport)))
		return COUNT_PACKET_UNREADABLE;
	return 0;
}

static __always_inline int read_transport(const struct cursor *cursor, const __u8 *ip,
					  struct headers *headers)
{
	__u32 size = cursor->chain.length - cursor->chain.transport;
	__u8 transport[16] = {};
	int reason;

	switch (cursor->chain.protocol) {
	case PROTOCOL_TCP:
	case PROTOCOL_UDP:
	case PROTOCOL_SCTP:
		break;
	case PROTOCOL_ICMP:
		if (cursor->ethertype != ETHERTYPE_IPV4)
			return 0;
		break;
	case PROTOCOL_ICMPV6:
		if (cursor->ethertype != ETHERTYPE_IPV6)
			return 0;
		break;
	default:
		return 0;
	}
	if (size < 4)
		return COUNT_PACKET_TRUNCATED;
	reason = read_transport_bytes(cursor, ip, transport, size);
	if (reason)
		return reason;
	if (cursor->chain.protocol == PROTOCOL_ICMP ||
	    cursor->chain.protocol == PROTOCOL_ICMPV6)
		return read_icmp(cursor, headers, transport, size);
	headers->key.port[0] = load16(transport);
	headers->key.port[1] = load16(transport + 2);
	if (cursor->chain.protocol != PROTOCOL_TCP)
		headers->header_bytes += cursor->chain.protocol == PROTOCOL_UDP ? 8 : 12;
	else if (size >= 14) {
		headers->tcp_flags = transport[13];
		headers->header_bytes += (transport[12] >> 4) * 4;
		if ((transport[13] & 0x12) == 0x02)
			headers->seen = SEEN_SYN;
		else if ((transport[13] & 0x12) == 0x12)
			headers->seen = SEEN_SYN_ACK;
	}
	return 0;
}

/*
 * End 0 of a key is the lower (address, port); returns 1 when the source is end 1. A host that
 * pings itself has only the message to tell.
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

static __always_inline void put_in_order(struct headers *headers)
{
	struct flow_key *key = &headers->key;
	struct address source = key->address[0];
	__u16 source_port = key->port[0];

	headers->direction = source_is_end_1(&key->address[0], &key->address[1], key->port[0],
					     key->port[1], headers->is_reply);
	if (!headers->direction)
		return;
	key->address[0] = key->address[1];
	key->address[1] = source;
	key->port[0] = key->port[1];
	key->port[1] = source_port;
}

/* Ports that only the first fragment has: remember them, or recall them. */
__noinline int follow_fragment(struct headers *headers, __u32 identification, __u8 protocol,
			       int is_first)
{
	struct fragment_key key = {.identification = identification, .protocol = protocol};
	struct fragment_value *known, value = {};
	struct flow_key *flow;

	if (!headers)
		return 0;
	flow = &headers->key;
	key.source = flow->address[0];
	key.destination = flow->address[1];
	key.network_namespace = flow->network_namespace;
	if (is_first) {
		value.source_port = flow->port[0];
		value.destination_port = flow->port[1];
		value.icmp_type = flow->icmp_type;
		value.icmp_code = flow->icmp_code;
		value.protocol = flow->protocol;
		bpf_map_update_elem(&fragments, &key, &value, BPF_ANY);
		return 0;
	}
	known = bpf_map_lookup_elem(&fragments, &key);
	if (!known)
		return 0;
	flow->port[0] = known->source_port;
	flow->port[1] = known->destination_port;
	flow->icmp_type = known->icmp_type;
	flow->icmp_code = known->icmp_code;
	flow->protocol = known->protocol;
	return 0;
}

/* The headers that each segment gets, those inside a tunnel as well. */
static __always_inline __u32 segment_header_bytes(const struct cursor *cursor,
						  const struct headers *headers)
{
	const struct sk_buff *packet = (void *)cursor->packet;
	const struct skb_shared_info *shared = (void *)cursor->shared;
	__u8 tcp_offset = 0;
	__u32 inner;

	if (!cursor->is_tunnelled)
		return headers->header_bytes - cursor->jumbo;
	inner = BPF_CORE_READ(packet, inner_transport_header);
	if (!(BPF_CORE_READ(shared, gso_type) & GSO_TCP))
		return inner - cursor->before + 8;
	bpf_probe_read_kernel(&tcp_offset, 1, BPF_CORE_READ(packet, head) + inner + 12);
	return inner - cursor->before + (tcp_offset >> 4) * 4;
}

/* One packet may stand for many on the wire: count those, and their headers. */
static __always_inline void count_segments(const struct cursor *cursor, struct headers *headers)
{
	const struct skb_shared_info *shared = (void *)cursor->shared;
	__u32 size = segment_size(cursor), segments, each;

	headers->packets = 1;
	headers->bytes = cursor->chain.length;
	if (!size)
		return;
	each = segment_header_bytes(cursor, headers);
	headers->bytes -= cursor->jumbo;
	if (headers->bytes <= each)
		return;
	segments = BPF_CORE_READ(shared, gso_segs);
	headers->packets = segments ? segments : (headers->bytes - each + size - 1) / size;
	headers->bytes += (headers->packets - 1) * each;
}

/*
 * Read the headers of a packet whose network header begins at the given offset from skb->head.
 * The namespace must be in the key already. Returns 0, or the stage counter that says why not.
 */
static __always_inline int read_headers(const struct sk_buff *packet, int is_tc, __u32 offset,
					struct headers *headers)
{
	struct flow_key *key = &headers->key;
	struct cursor cursor;
	__u8 bytes[64];
	int reason = find_headers(packet, is_tc, offset, &cursor, bytes);

	if (reason)
		return reason;
	reason = cursor.ethertype == ETHERTYPE_IPV4 ? read_ipv4(&cursor, bytes, key)
						    : read_ipv6(&cursor, bytes, key);
	if (reason)
		return reason;
	key->protocol = cursor.chain.protocol;
	headers->header_bytes = cursor.chain.transport;
	headers->dscp =
		(cursor.ethertype == ETHERTYPE_IPV4 ? bytes[1] : load16(bytes) >> 4 & 0xff) >>
		2;
	if (!cursor.chain.later_fragment)
		reason = read_transport(&cursor, bytes, headers);
	if (reason)
		return reason;
	if (cursor.chain.later_fragment || cursor.chain.first_fragment)
		follow_fragment(headers, cursor.chain.identification, cursor.fragment_protocol,
				cursor.chain.first_fragment);
	put_in_order(headers);
	count_segments(&cursor, headers);
	return 0;
}

/* The long way; a function of its own, so that the short one stays short. */
static __noinline int read_any(struct sk_buff *packet, int is_tc, __u32 offset,
			       __u32 network_namespace, struct headers *headers)
{
	int reason;

	__builtin_memset(headers, 0, sizeof(*headers));
	headers->key.network_namespace = network_namespace;
	reason = read_headers(packet, is_tc, offset, headers);
	/* Copied onto itself, so that the verifier does not follow each way that led here. */
	bpf_probe_read_kernel(headers, sizeof(*headers), headers);
	return reason;
}

#endif
