/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The short way to read headers: a whole TCP or UDP packet, IPv4 without options or IPv6
 * without extension headers, as almost all packets are.
 *
 * Its bytes are taken as 64-bit words and every field is cut from a word in a register. What is
 * not plain is not judged here: it goes the long way of headers.h.
 */
#ifndef BPF_PLAIN_H
#define BPF_PLAIN_H

#include "bpf/headers.h"
#include "bpf/kernel.h"

#define PLAIN_IPV4  20 /* bytes of the network header */
#define PLAIN_IPV6  40
#define PLAIN_UDP   8
#define PLAIN_TCP   14		  /* of which its flags are the last */
#define MAPPED_IPV4 0xffff0000ULL /* the lower half of an IPv4 address's second word */

static __always_inline __u32 byte_of(__u64 word, int number)
{
	return word >> 8 * number & 0xff;
}

/* A field of two bytes in network order. */
static __always_inline __u32 field_of(__u64 word, int number)
{
	return bpf_ntohs((__u16)(word >> 8 * number));
}

/* A packet's words, cut up: what does not go to the headers as it is. */
struct plain {
	__u64 source[2], destination[2];
	__u32 source_port, destination_port;
	__u32 network;	/* bytes of that header */
	__u32 tcp_word; /* its data offset in byte 0, its flags in byte 1 */
};

static __always_inline int cut_ipv4(const __u64 *word, struct plain *plain,
				    struct headers *headers)
{
	__u64 first = word[0], second = word[1], third = word[2];

	/* Version 4, five words of header; neither a fragment's offset nor more fragments. */
	if (byte_of(first, 0) != 0x45 || first >> 48 & 0xff3f)
		return 0;
	headers->dscp = byte_of(first, 1) >> 2;
	headers->bytes = field_of(first, 2);
	plain->network = PLAIN_IPV4;
	headers->key.protocol = byte_of(second, 1);
	plain->source[0] = plain->destination[0] = 0;
	plain->source[1] = (second & ~0xffffffffULL) | MAPPED_IPV4;
	plain->destination[1] = third << 32 | MAPPED_IPV4;
	plain->source_port = field_of(third, 4);
	plain->destination_port = field_of(third, 6);
	plain->tcp_word = headers->key.protocol == PROTOCOL_TCP ? word[4] : 0;
	return 1;
}

static __always_inline int cut_ipv6(const __u64 *word, struct plain *plain,
				    struct headers *headers)
{
	__u64 first = word[0], ports = word[5];

	if (byte_of(first, 0) >> 4 != 6)
		return 0;
	headers->dscp = field_of(first, 0) >> 6 & 63;
	headers->bytes = PLAIN_IPV6 + field_of(first, 4);
	plain->network = PLAIN_IPV6;
	headers->key.protocol = byte_of(first, 6);
	plain->source[0] = word[1];
	plain->source[1] = word[2];
	plain->destination[0] = word[3];
	plain->destination[1] = word[4];
	plain->source_port = field_of(ports, 0);
	plain->destination_port = field_of(ports, 2);
	plain->tcp_word = word[6] >> 32;
	return 1;
}

/* End 0 of a key is the lower (address, port), as in headers.h. */
static __always_inline int plain_direction(const struct plain *plain)
{
	if (plain->source[0] != plain->destination[0])
		return plain->source[0] > plain->destination[0];
	if (plain->source[1] != plain->destination[1])
		return plain->source[1] > plain->destination[1];
	return plain->source_port > plain->destination_port;
}

/* Its wire segments and their bytes. Returns 0 where the headers of each are not these alone.
 */
static __always_inline int count_plain(const struct sk_buff *packet, struct headers *headers)
{
	__u32 size = packet_gso_size(packet), payload;

	headers->packets = 1;
	if (!size)
		return 1;
	if (BPF_CORE_READ_BITFIELD(packet, encapsulation))
		return 0;
	payload = headers->bytes - headers->header_bytes;
	headers->packets = packet_gso_segments(packet);
	if (!headers->packets)
		headers->packets = (payload + size - 1) / size;
	headers->bytes += (headers->packets - 1) * headers->header_bytes;
	return 1;
}

/*
 * Read a packet whose network header begins at the given offset from skb->head. Returns 1, or 0
 * when it is not plain; headers must be empty but for the namespace, and are then to be emptied
 * again.
 */
static __always_inline int read_plain(const struct sk_buff *packet, __u32 offset,
				      struct headers *headers)
{
	const unsigned char *head = packet->head;
	__u32 data = packet->data - head, length, linear, need;
	struct flow_key *key = &headers->key;
	const __u64 *word;
	struct plain plain;
	__u32 flags = 0;

	if (!kernel_has_casts)
		return 0;
	/* Behind an Ethernet header, whatever a raw sender has let be said of it. */
	if (offset != data && packet->dev->type == DEVICE_ETHERNET)
		offset = data + ETHERNET_HEADER;
	length = packet->len - (offset - data);
	linear = length - packet->data_len;
	word = packet_words(head + offset);
	if (packet->protocol == bpf_htons(ETHERTYPE_IPV4)) {
		if (!cut_ipv4(word, &plain, headers))
			return 0;
	} else if (packet->protocol != bpf_htons(ETHERTYPE_IPV6) ||
		   !cut_ipv6(word, &plain, headers))
		return 0;
	if (key->protocol == PROTOCOL_UDP) {
		need = plain.network + PLAIN_UDP;
		headers->header_bytes = need;
	} else if (key->protocol == PROTOCOL_TCP) {
		need = plain.network + PLAIN_TCP;
		flags = plain.tcp_word >> 8 & 0xff;
		headers->header_bytes = plain.network + (plain.tcp_word >> 2 & 0x3c);
	} else
		return 0;
	if (headers->bytes < need || headers->bytes > length || linear < need ||
	    linear > length || headers->bytes < headers->header_bytes)
		return 0;
	if (!count_plain(packet, headers))
		return 0;
	headers->tcp_flags = flags;
	headers->seen = (flags & 0x12) == 0x02	 ? SEEN_SYN
			: (flags & 0x12) == 0x12 ? SEEN_SYN_ACK
						 : 0;
	headers->direction = plain_direction(&plain);
	if (headers->direction) {
		key->address[0].half[0] = plain.destination[0];
		key->address[0].half[1] = plain.destination[1];
		key->address[1].half[0] = plain.source[0];
		key->address[1].half[1] = plain.source[1];
		key->port[0] = plain.destination_port;
		key->port[1] = plain.source_port;
	} else {
		key->address[0].half[0] = plain.source[0];
		key->address[0].half[1] = plain.source[1];
		key->address[1].half[0] = plain.destination[0];
		key->address[1].half[1] = plain.destination[1];
		key->port[0] = plain.source_port;
		key->port[1] = plain.destination_port;
	}
	return 1;
}

#endif
