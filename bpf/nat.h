/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Translations, read from the conntrack entry that a packet carries.
 *
 * At net_dev_queue the tuples are final. An entry is looked at when it is new and once in each
 * generation of the flow table; an LRU of entries told already keeps each to one event. What counts
 * as translated is decided by comparing the tuples: the meaning of status bits differs between
 * kernels.
 */
#ifndef BPF_NAT_H
#define BPF_NAT_H

#include "bpf/counters.h"
#include "bpf/headers.h"
#include "bpf/kernel.h"
#include "bpf/translation.h"
#include "schema/event.h"

/* Whether packets are asked for their entries. */
const volatile __u8 nat_from_packets = 1;

struct told_key {
	__u64 entry; /* address of the nf_conn */
	struct tuple original;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct told_key);
	__type(value, __u8);
} told SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct rate_key);
	__type(value, struct rate_value);
} rates SEC(".maps");

static __always_inline void address_from_conntrack(struct address *to,
						   const union nf_inet_addr *from, int ipv4)
{
	if (ipv4)
		address_from_ipv4(to, (const __u8 *)from->all);
	else
		__builtin_memcpy(to, from->all, 16);
}

static __always_inline int read_tuple(struct tuple *to, const struct nf_conn *entry, int which)
{
	struct nf_conntrack_tuple tuple;
	long failed;
	int ipv4;

	/* Constant indexes: only those are relocated to the kernel's size of an element. */
	if (which)
		failed = BPF_CORE_READ_INTO(&tuple, entry, tuplehash[1].tuple);
	else
		failed = BPF_CORE_READ_INTO(&tuple, entry, tuplehash[0].tuple);
	if (failed)
		return -1;
	ipv4 = tuple.src.l3num == FAMILY_INET;
	__builtin_memset(to, 0, sizeof(*to));
	address_from_conntrack(&to->source, &tuple.src.u3, ipv4);
	address_from_conntrack(&to->destination, &tuple.dst.u3, ipv4);
	to->protocol = tuple.dst.protonum;
	to->source_port = bpf_ntohs(tuple.src.u.all);
	to->destination_port = bpf_ntohs(tuple.dst.u.all);
	if (to->protocol == PROTOCOL_ICMP || to->protocol == PROTOCOL_ICMPV6) {
		to->destination_port = to->source_port;
		to->icmp_type = tuple.dst.u.icmp.type;
		to->icmp_code = tuple.dst.u.icmp.code;
	}
	return 0;
}

static __always_inline int is_translated(const struct tuple *original, const struct tuple *reply)
{
	return !same_address(&original->source, &reply->destination) ||
	       !same_address(&original->destination, &reply->source) ||
	       original->source_port != reply->destination_port ||
	       original->destination_port != reply->source_port;
}

static __always_inline void count_insert(__u32 network_namespace, int translated)
{
	struct rate_key key = {
		.bucket = bpf_ktime_get_boot_ns() / RATE_BUCKET_NS,
		.network_namespace = network_namespace,
	};
	struct rate_value none = {}, *value = bpf_map_lookup_elem(&rates, &key);

	count(COUNT_RATE_ATTEMPTED, 1);
	if (!value) {
		bpf_map_update_elem(&rates, &key, &none, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&rates, &key);
	}
	if (!value) {
		count(COUNT_RATE_MAP_FULL, 1);
		return;
	}
	__sync_fetch_and_add(&value->inserts, 1);
	if (translated)
		__sync_fetch_and_add(&value->nat_inserts, 1);
}

/* Returns 0, or -1 when the ring buffer is full. */
static __always_inline int emit_nat(const struct nf_conn *entry, const struct tuple *original,
				    const struct tuple *reply, __u32 network_namespace, int is_new)
{
	int excluded = admit_translation(original, reply, network_namespace);
	struct nat_event *event;

	if (excluded) {
		count(COUNT_NAT_ATTEMPTED, 1);
		count(excluded, 1);
		return 0;
	}
	event = reserve(sizeof(*event), COUNT_NAT_ATTEMPTED, COUNT_NAT_RING_FULL);
	if (!event)
		return -1;
	__builtin_memset(event, 0, sizeof(*event));
	event->header.kind = EVENT_NAT;
	event->header.cpu = bpf_get_smp_processor_id();
	event->header.time_ns = bpf_ktime_get_boot_ns();
	event->original = *original;
	event->reply = *reply;
	event->network_namespace = network_namespace;
	event->zone = BPF_CORE_READ(entry, zone.id);
	event->mark = BPF_CORE_READ(entry, mark);
	event->is_new = is_new;
	submit(event, 0);
	return 0;
}

/* A function of its own: it is verified once, and its stack is not its callers'. */
__noinline int look_at_conntrack(__u64 address, __u32 info, __u32 network_namespace)
{
	const struct nf_conn *entry = (const struct nf_conn *)address;
	struct told_key key = {.entry = address};
	struct tuple reply;
	int is_new = info == CONNTRACK_NEW || info == CONNTRACK_RELATED;
	int translated;
	__u8 yes = 1;

	/* Where nf_conntrack is not there, neither are its types. */
	if (!bpf_core_type_exists(struct nf_conn))
		return 0;
	if (read_tuple(&key.original, entry, 0) || bpf_map_lookup_elem(&told, &key) ||
	    read_tuple(&reply, entry, 1))
		return 0;
	translated = is_translated(&key.original, &reply);
	if (translated && emit_nat(entry, &key.original, &reply, network_namespace, is_new))
		return 0;
	if (is_new)
		count_insert(network_namespace, translated);
	bpf_map_update_elem(&told, &key, &yes, BPF_ANY);
	return 0;
}

#endif
