/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Sightings: every packet at every hop, told singly, with what a fingerprint could be made of.
 *
 * Only where they are asked for; else the verifier takes all of this out. A sighting is made in
 * memory of its own and handed over as a whole, so that a full ring costs a sighting and never
 * the knowledge which packet the next one is of.
 */
#ifndef BPF_SIGHTING_H
#define BPF_SIGHTING_H

#include "bpf/counters.h"
#include "bpf/cursor.h"
#include "bpf/headers.h"
#include "bpf/identity.h"
#include "bpf/kernel.h"
#include "schema/event.h"
#include "schema/flow_hash.h"

/* All set before loading. */
const volatile __u8 tell_sightings = 0;
const volatile __u32 sighting_cpus = 1;	      /* that there can be */
const volatile __u64 sighting_limit = ~0ULL;  /* of the hash of sampled packets' tuples */
const volatile __u64 sighting_budget = ~0ULL; /* bytes of events */
const volatile struct flow_hash_seed sighting_seed = {};

__u64 sighting_bytes = 0; /* told of so far, where there is a budget */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 20);
} sightings SEC(".maps");

/* One for each of the two programs that may be at work on a CPU, and what one of them carries.
 */
#define INSIDE 2

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, struct sighted);
} sighted SEC(".maps");

/* --- bytes --- */

#define COPY_WORDS(to, from, count)                                                         \
	_Pragma("unroll") for (int word = 0; word < (count); word++)((__u64 *)(to))[word] = \
		(from)[word]

/* Bytes at an address; what lies behind the linear part is copied, too, and not looked at. */
static __always_inline void read_words(__u64 from, void *to, const __u32 size)
{
	if (kernel_has_casts) {
		const __u64 *words = packet_words((const void *)from);

		COPY_WORDS(to, words, (int)(size / 8));
	} else
		bpf_probe_read_kernel(to, size, (const void *)from);
}

/*
 * Bytes that reach into pages, from an offset that counts from skb->data. Returns how many
 * there are now. The dynptr needs a frame of its own, as in cursor.h.
 */
static __noinline __u32 read_pages(const struct sk_buff *packet, __u32 offset, void *to,
				   __u32 size)
{
	struct bpf_dynptr bytes;

	barrier_var(size);
	if (!paged_bytes_are_readable() || !size || size > SIGHTING_HEADER ||
	    bpf_dynptr_from_skb((struct __sk_buff *)packet, 0, &bytes) ||
	    bpf_dynptr_read(to, size, &bytes, offset, 0))
		return 0;
	return size;
}

/* The same where the most is a payload's bytes. */
static __noinline __u32 read_payload_pages(const struct sk_buff *packet, __u32 offset, void *to,
					   __u32 size)
{
	struct bpf_dynptr bytes;

	barrier_var(size);
	if (!paged_bytes_are_readable() || !size || size > SIGHTING_PAYLOAD ||
	    bpf_dynptr_from_skb((struct __sk_buff *)packet, 0, &bytes) ||
	    bpf_dynptr_read(to, size, &bytes, offset, 0))
		return 0;
	return size;
}

/* The network header's bytes, if it is followed by no extension header. */
static __always_inline __u32 network_size(const __u8 *bytes)
{
	return bytes[0] >> 4 == 4 ? (bytes[0] & 15) * 4 : IPV6_HEADER;
}

static __always_inline __u8 next_protocol(const __u8 *bytes)
{
	return bytes[0] >> 4 == 4 ? bytes[9] : bytes[6];
}

static __always_inline int is_later_fragment(const __u8 *bytes)
{
	return bytes[0] >> 4 == 4 && load16(bytes + 6) & 0x1fff;
}

/* Of network and transport header; 0: extension headers lie between. */
static __always_inline __u32 header_size(const __u8 *bytes)
{
	__u32 network = network_size(bytes), transport = 0;

	if (is_later_fragment(bytes))
		return network;
	switch (next_protocol(bytes)) {
	case PROTOCOL_TCP:
		transport = (bytes[(network + 12) & 127] >> 4) * 4;
		break;
	case PROTOCOL_UDP:
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		transport = 8;
		break;
	case PROTOCOL_SCTP:
		transport = 12;
		break;
	default:
		if (bytes[0] >> 4 == 6 && is_extension(bytes[6]))
			return 0;
	}
	return network + transport;
}

/* Network-layer bytes as the header tells; a super packet's may not be told there. */
static __always_inline __u32 network_length(const __u8 *bytes, __u32 left)
{
	__u32 told = bytes[0] >> 4 == 4 ? load16(bytes + 2) : load16(bytes + 4);

	if (!told)
		return left;
	return bytes[0] >> 4 == 4 ? told : told + IPV6_HEADER;
}

/* Words of which no more than so many bytes count: the others become 0. */
static __always_inline void keep_bytes(__u64 *words, __u32 size)
{
	_Pragma("unroll") for (int i = 0; i < SIGHTING_PAYLOAD / 8; i++)
	{
		if (size <= 8 * (__u32)i)
			words[i] = 0;
		else if (size < 8 * (__u32)i + 8)
			words[i] &= (1ULL << 8 * (size & 7)) - 1;
	}
}

/*
 * The sizes of what the bytes begin with, and the payload as far as it is linear. The hint is
 * the size of the headers where extension headers lie between.
 */
__noinline int measure(struct sighted *it, __u32 hint)
{
	__u32 header, size;

	if (!it)
		return 0;
	header = header_size(it->event.bytes);
	if (!header)
		header = hint;
	it->header = header;
	it->event.header_size = header < SIGHTING_HEADER ? header : SIGHTING_HEADER;
	it->event.network_bytes = network_length(it->event.bytes, it->left);
	size = it->event.network_bytes > header ? it->event.network_bytes - header : 0;
	if (size > SIGHTING_PAYLOAD)
		size = SIGHTING_PAYLOAD;
	it->in_pages = 0;
	if (it->linear < header + size) {
		it->in_pages = size;
		size = it->linear > header ? it->linear - header : 0;
	}
	it->event.payload_size = size;
	read_words(it->event.skb_head + it->network + header, it->event.payload,
		   SIGHTING_PAYLOAD);
	if (size < SIGHTING_PAYLOAD)
		keep_bytes((__u64 *)it->event.payload, size);
	return 0;
}

/* --- digests --- */

static __always_inline __u64 digest_of_content(const __u8 *bytes, const __u64 *payload)
{
	const __u64 *words = (const __u64 *)bytes;
	__u32 network = network_size(bytes);
	__u64 digest;

	/* Length, identification and fragment; protocol. */
	if (bytes[0] >> 4 == 4)
		digest = mix(words[0] & ~0xffffULL, bytes[9]);
	else
		digest = mix(words[0] >> 32 & 0xffffff, 6);
	if (!is_later_fragment(bytes) && network <= IPV6_HEADER + 20) {
		const __u64 *transport = (const __u64 *)(bytes + network);

		/* Sequence, acknowledgement, flags and window; of ICMP no identifier. */
		switch (next_protocol(bytes)) {
		case PROTOCOL_TCP:
			digest = mix(digest, transport[0] >> 32 | transport[1] << 32);
			digest = mix(digest, transport[1] >> 32);
			break;
		case PROTOCOL_ICMP:
		case PROTOCOL_ICMPV6:
			digest =
				mix(digest, (transport[0] & 0xffff) | transport[0] >> 48 << 16);
			break;
		}
	}
	/* Not the last 8 bytes: those tell of test traffic how right this is. */
	_Pragma("unroll") for (int i = 0; i < SIGHTING_PAYLOAD / 8 - 1; i++) digest =
		mix(digest, payload[i]);
	return flow_hash_mix(digest);
}

/* The bytes of the packet in a packet, as far as they are linear; 0: there is none. */
__noinline int look_inside(const struct sighted *it, struct sighted *inside, __u32 network)
{
	if (!it || !inside || network < it->data || network - it->data > it->data_length)
		return 0;
	inside->event.skb_head = it->event.skb_head;
	inside->network = network;
	inside->left = it->data_length - (network - it->data);
	inside->linear = inside->left > it->paged ? inside->left - it->paged : 0;
	read_words(it->event.skb_head + network, inside->event.bytes, SIGHTING_HEADER);
	measure(inside, 0);
	return 1;
}

__noinline __u64 digest_of(const struct sighted *it)
{
	return it ? digest_of_content(it->event.bytes, (const __u64 *)it->event.payload) : 0;
}

static __always_inline __u64 digest_of_end(__u64 high, __u64 low, __u32 port)
{
	return flow_hash_mix((high * MULTIPLIER ^ low) + port * 0x100000001b3ULL);
}

static __always_inline __u64 digest_of_key(const struct flow_key *key)
{
	return digest_of_end(key->address[0].half[0], key->address[0].half[1], key->port[0]) +
	       digest_of_end(key->address[1].half[0], key->address[1].half[1], key->port[1]) +
	       key->protocol;
}

/* The same of a tuple as conntrack has it, see struct nf_conntrack_tuple: five words. */
static __always_inline __u64 digest_of_conntrack(const __u64 *words)
{
	__u64 source[2] = {words[0], words[1]};
	__u64 destination[2] = {words[2] >> 32 | words[3] << 32,
				words[3] >> 32 | words[4] << 32};
	__u32 protocol = words[4] >> 48 & 255, source_port = bpf_ntohs((__u16)words[2]);
	__u32 destination_port = protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6
					 ? source_port
					 : bpf_ntohs((__u16)(words[4] >> 32));

	if ((words[2] >> 16 & 0xffff) == FAMILY_INET) {
		source[1] = source[0] << 32 | 0xffff0000ULL;
		destination[1] = destination[0] << 32 | 0xffff0000ULL;
		source[0] = destination[0] = 0;
	}
	return digest_of_end(source[0], source[1], source_port) +
	       digest_of_end(destination[0], destination[1], destination_port) + protocol;
}

static __always_inline __u64 digest_of_entry(const struct nf_conn *entry, __u32 offset)
{
	const void *from = (const void *)entry + offset;
	__u64 copy[5];

	if (kernel_has_casts)
		return digest_of_conntrack(packet_words(from));
	if (bpf_probe_read_kernel(copy, sizeof(copy), from))
		return 0;
	return digest_of_conntrack(copy);
}

static __always_inline void read_conntrack(const struct sk_buff *packet, struct sighted *it)
{
	const struct nf_conn *entry;
	unsigned int info;

	it->event.conntrack = it->reply = 0;
	if (!bpf_core_type_exists(struct nf_conn))
		return;
	entry = packet_conntrack(packet, &info);
	if (!entry)
		return;
	/* Constant indexes: only those are relocated to the kernel's size of an element. */
	it->event.conntrack = digest_of_entry(entry, bpf_core_field_offset(struct nf_conn,
									   tuplehash[0].tuple));
	it->reply = digest_of_entry(entry,
				    bpf_core_field_offset(struct nf_conn, tuplehash[1].tuple));
}

/* --- the sighting --- */

static __always_inline void find_place(const struct sk_buff *packet, __u32 offset,
				       struct sighted *it)
{
	__u32 data = packet->data - packet->head;
	__u16 ethertype = packet->protocol;

	/* As in cursor.h. */
	if (offset > data && packet->dev->type == DEVICE_ETHERNET)
		offset = data + ETHERNET_HEADER;
	for (int tags = 0; tags < TAGS_MOST && is_tag(bpf_ntohs(ethertype)); tags++) {
		__u64 tag;

		read_words((__u64)packet->head + offset, &tag, 8);
		ethertype = tag >> 16;
		offset += 4;
	}
	it->network = offset;
	it->data = data;
	it->data_length = packet->len;
	it->paged = packet->data_len;
	it->left = packet->len + data - offset;
	it->linear = it->left > it->paged ? it->left - it->paged : 0;
}

static __always_inline void read_link(const struct sk_buff *packet, struct sighted *it)
{
	__u32 link = it->event.io_direction == IO_RECEIVE ? packet->mac_header : it->data;

	it->event.link_size = 0;
	if (packet->dev->type != DEVICE_ETHERNET || link + ETHERNET_HEADER > it->network)
		return;
	it->event.link_size = ETHERNET_HEADER;
	read_words(it->event.skb_head + link, it->event.link, 16);
}

/* What a TCP socket knows of what it has sent. */
static __always_inline void read_socket(const struct sock *socket, struct sighted *it)
{
	const struct tcp_sock *tcp = (const void *)socket;
	__u8 state;

	if (!socket)
		return;
	state = socket->__sk_common.skc_state;
	it->is_connected = state != STATE_TIME_WAIT && state != STATE_NEW_SYN_RECV &&
			   state != STATE_LISTEN;
	if (it->is_connected)
		it->is_sent_again = (__s32)(it->sequence - BPF_CORE_READ(tcp, snd_nxt)) < 0 &&
				    BPF_CORE_READ(tcp, total_retrans);
}

/* What tells of the packet's bytes which packet it may be. */
__noinline int derive(struct sighted *it, const struct headers *headers)
{
	const __u8 *bytes;
	__u32 network, length;
	__u16 fragment;
	int is_ipv4;

	if (!it || !headers)
		return 0;
	bytes = it->event.bytes;
	network = network_size(bytes);
	length = it->event.network_bytes;
	fragment = load16(bytes + 6);
	is_ipv4 = bytes[0] >> 4 == 4;
	it->is_tcp = headers->key.protocol == PROTOCOL_TCP &&
		     next_protocol(bytes) == PROTOCOL_TCP && !is_later_fragment(bytes);
	it->length = length > it->header ? length - it->header : 0;
	it->end = it->network + length;
	it->direction = headers->direction;
	it->sequence = 0;
	if (it->is_tcp && network <= SIGHTING_HEADER - 20)
		it->sequence = bpf_ntohl(*(const __u32 *)(bytes + network + 4));
	it->takes_sequence = it->length || headers->tcp_flags & 3;
	it->ttl = is_ipv4 ? bytes[8] : bytes[7];
	it->fragment = 0;
	it->may_fragment = it->is_first_fragment = 0;
	if (is_ipv4 && !(fragment & 0x4000)) {
		it->fragment = (__u32)load16(bytes + 4) << 8 | bytes[9];
		it->may_fragment = !(fragment & 0x3fff);
		it->is_first_fragment = (fragment & 0x3fff) == 0x2000;
	} else if (!is_ipv4 && bytes[6] == 44) {
		it->fragment = bpf_ntohl(*(const __u32 *)(bytes + IPV6_HEADER + 4)) | 1;
		it->is_first_fragment = !(load16(bytes + IPV6_HEADER + 2) & 0xfff8);
	}
	it->digest = digest_of_content(bytes, (const __u64 *)it->event.payload);
	it->tuple = digest_of_key(&headers->key);
	it->event.packets = headers->packets;
	it->is_sampled =
		sighting_limit == ~0ULL ||
		flow_hash_samples(flow_hash(&headers->key, &sighting_seed), sighting_limit);
	return 0;
}

static __always_inline void read_kernel_fields(struct sk_buff *packet, struct sighted *it,
					       __u32 network_namespace, enum io_direction io)
{
	struct sighting_event *event = &it->event;
	struct net_device *device = packet->dev;
	struct sock *socket = packet->sk;

	event->skb_address = (__u64)packet;
	event->skb_head = (__u64)packet->head;
	event->skb_time_ns = packet->tstamp;
	event->skb_hash = packet->hash;
	event->skb_mark = packet->mark;
	event->network_namespace = network_namespace;
	event->interface_index = device->ifindex;
	event->io_direction = io;
	it->hop = network_namespace * 0x9e3779b1U ^
		  ((__u32)event->interface_index << 1 | io) * 0x85ebca6bU;
	it->socket = it->inner = 0;
	it->is_connected = it->is_sent_again = 0;
	if (io == IO_TRANSMIT && socket && socket_namespace(socket) == network_namespace)
		it->socket = (__u64)socket;
	it->is_birth = io == IO_TRANSMIT ? it->socket != 0 : device->dev.parent != NULL;
	read_conntrack(packet, it);
}

/* The packet's bytes, wherever they lie. */
static __always_inline void read_bytes_of(const struct sk_buff *packet, int is_tc, __u32 hint,
					  struct sighted *it)
{
	__u32 size = it->left < SIGHTING_HEADER ? it->left : SIGHTING_HEADER;
	int has_pages = it->paged && !is_tc && it->network >= it->data;

	read_words(it->event.skb_head + it->network, it->event.bytes, SIGHTING_HEADER);
	measure(it, hint);
	if (has_pages && it->linear < it->header) {
		read_pages(packet, it->network - it->data, it->event.bytes, size);
		measure(it, hint);
	}
	if (has_pages && it->in_pages)
		it->event.payload_size =
			read_payload_pages(packet, it->network - it->data + it->header,
					   it->event.payload, it->in_pages);
	read_link(packet, it);
}

/*
 * The content of what a tunnel's packet carries, or 0. Of bytes that could not be read when it
 * was seen by itself, either, both digests know nothing.
 */
static __always_inline __u64 read_inside(const struct sk_buff *packet, int is_tc,
					 const struct sighted *it)
{
	__u32 which = INSIDE, network = packet->inner_network_header;
	struct sighted *inside = bpf_map_lookup_elem(&sighted, &which);

	if (!inside || !look_inside(it, inside, network))
		return 0;
	if (inside->in_pages && !is_tc)
		read_payload_pages(packet, network - it->data + inside->header,
				   inside->event.payload, inside->in_pages);
	return digest_of(inside);
}

/*
 * Tell of a packet that is recorded. The offset is the one that its headers were read with,
 * from skb->head; the counters are those of the program.
 */
static __noinline int tell_sighting(struct sk_buff *packet, __u32 is_tc_and_io, __u32 offset,
				    const struct headers *headers,
				    struct stage_counters *counters)
{
	enum io_direction io = is_tc_and_io & 1;
	__u32 which = io;
	struct sighted *it = bpf_map_lookup_elem(&sighted, &which);

	if (!it)
		return 0;
	it->event.header.kind = EVENT_SIGHTING;
	it->event.header.cpu = bpf_get_smp_processor_id();
	it->event.header.time_ns = bpf_ktime_get_boot_ns();
	it->event.packet_id = (counters->count[COUNT_SIGHTING_ATTEMPTED] * sighting_cpus +
			       it->event.header.cpu) *
				      2 +
			      io + 1;
	count_alone(counters, COUNT_SIGHTING_ATTEMPTED);
	read_kernel_fields(packet, it, headers->key.network_namespace, io);
	find_place(packet, offset, it);
	read_bytes_of(packet, is_tc_and_io >> 1, headers->header_bytes, it);
	derive(it, headers);
	if (it->is_tcp && it->socket && it->takes_sequence)
		read_socket(packet->sk, it);
	if (io == IO_TRANSMIT && BPF_CORE_READ_BITFIELD(packet, encapsulation))
		it->inner = read_inside(packet, is_tc_and_io >> 1, it);
	identify(it);
	if (!it->is_sampled)
		count_alone(counters, COUNT_SIGHTING_NOT_SAMPLED);
	else if (sighting_budget != ~0ULL &&
		 __sync_fetch_and_add(&sighting_bytes, sizeof(it->event)) + sizeof(it->event) >
			 sighting_budget)
		count_alone(counters, COUNT_SIGHTING_OVER_BUDGET);
	else if (bpf_ringbuf_output(&sightings, &it->event, sizeof(it->event),
				    BPF_RB_NO_WAKEUP))
		count_alone(counters, COUNT_SIGHTING_RING_FULL);
	return 0;
}

#endif
