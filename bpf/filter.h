/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whether a packet is to be recorded: asked when its headers are known, before anything is
 * looked up or reserved for it.
 *
 * Each packet is judged as its hop sees it, but for the rules on processes. Those follow a
 * connection: what a socket's process is was judged when the socket got its owner (owner.h),
 * its packets mark their connection in this namespace, and what comes back finds the mark, or
 * the process that receives at the port. So the hops of the process's own namespace are
 * recorded, all packets at each of them.
 */
#ifndef BPF_FILTER_H
#define BPF_FILTER_H

#include "bpf/nat.h"
#include "bpf/owner.h"
#include "bpf/rule.h"
#include "bpf/sample.h"

#define LOOPBACK_INDEX 1 /* in every namespace */
#define IS_FORWARDED                                                            \
	(1U << 7) /* goes through this namespace, whatever ports are open in it \
		   */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, __u8); /* as process_bits(), or IS_FORWARDED */
} process_flows SEC(".maps");

static __always_inline __u32 receiver_bits(const struct headers *headers)
{
	struct port_key key = {
		.network_namespace = headers->key.network_namespace,
		.port = headers->direction ? headers->key.port[0] : headers->key.port[1],
		.protocol = headers->key.protocol,
	};
	struct flow_owner *owner = bpf_map_lookup_elem(&port_owners, &key);

	return owner ? owner->rules : 0;
}

/* What the rules say of the processes at both ends of a packet's connection, where they are
 * here. */
static __always_inline __u32 connection_bits(const struct sk_buff *packet,
					     struct __sk_buff *context, int is_tc,
					     const struct headers *headers,
					     enum io_direction io)
{
	__u8 *known = bpf_map_lookup_elem(&process_flows, &headers->key);
	int is_local = packet->dev->ifindex == LOOPBACK_INDEX;
	struct sock *socket = packet->sk;
	__u32 bits = bits_of(known);
	struct flow_owner *owner;
	__u8 value;

	/* The ports may have been another connection's. */
	if (headers->seen & SEEN_SYN && (io == IO_TRANSMIT || !is_local))
		bits = 0;
	if (io == IO_TRANSMIT && !socket && !is_local)
		bits = IS_FORWARDED;
	else if (io == IO_TRANSMIT && socket &&
		 socket_namespace(socket) == headers->key.network_namespace) {
		owner = owner_of(socket, context, is_tc);
		if (owner)
			bits |= owner->rules;
	}
	if (rules_has_ports(headers->key.protocol) && !(bits & IS_FORWARDED) &&
	    (io == IO_RECEIVE || is_local))
		bits |= receiver_bits(headers);
	value = bits;
	if (value != bits_of(known))
		bpf_map_update_elem(&process_flows, &headers->key, &value, BPF_ANY);
	return bits & ~IS_FORWARDED;
}

/* A connection is told of when either of its tuples is admitted, so before this packet is. */
static __always_inline void look_for_translation(const struct sk_buff *packet,
						 __u32 network_namespace)
{
	const struct nf_conn *entry;
	unsigned int info;

	if (!bpf_core_type_exists(struct nf_conn))
		return;
	entry = packet_conntrack(packet, &info);
	if (entry && info == CONNTRACK_NEW)
		look_at_conntrack((__u64)entry, info, network_namespace);
}

/*
 * A bridge that filters its packets as IP translates them before they are received: there the
 * entry tells the original tuple sooner than an exception could.
 */
static __always_inline int packet_is_sampled(const struct sk_buff *packet,
					     const struct flow_key *key, enum io_direction io)
{
	const struct nf_conn *entry = NULL;
	struct tuple tuple = {};
	unsigned int info;

	if (io == IO_RECEIVE && bpf_core_type_exists(struct nf_conn))
		entry = packet_conntrack(packet, &info);
	if (entry && !read_original(&tuple, entry))
		return is_sampled(hash_of_original(&tuple));
	return is_sampled(sample_hash(key));
}

/*
 * The two steps of admission: by where the packet is and whose it is, and by what it is. Each
 * returns 0, or the stage counter that says why not. Context and is_tc: as in owner_of.
 *
 * What is called in between looks far down: nothing but the program's own frame may be above
 * it, since all that are open at a time have 512 bytes, each rounded up to 32.
 */
static __noinline int admit_place(struct sk_buff *packet, struct __sk_buff *context, int is_tc,
				  const struct headers *headers, enum io_direction io)
{
	__u32 bits;

	if (filter.kinds & RULES_NETNS &&
	    rejects(RULES_NETNS, netns_bits(headers->key.network_namespace)))
		return COUNT_PACKET_NETNS_RULE;
	if (!(filter.kinds & RULES_PROCESS))
		return 0;
	bits = connection_bits(packet, context, is_tc, headers, io);
	if (rejects(RULES_CGROUP, bits & (RULE_ALLOW | RULE_DENY)))
		return COUNT_PACKET_CGROUP_RULE;
	if (rejects(RULES_EXECUTABLE, bits >> RULE_SECOND))
		return COUNT_PACKET_EXECUTABLE_RULE;
	return 0;
}

static __noinline int admit_tuple(struct sk_buff *packet, const struct flow_key *key,
				  enum io_direction io)
{
	if (filter.kinds & RULES_INTERFACE &&
	    rejects(RULES_INTERFACE, interface_bits(packet->dev, key->network_namespace)))
		return COUNT_PACKET_INTERFACE_RULE;
	if (filter.kinds & RULES_PROTOCOL &&
	    rejects(RULES_PROTOCOL, protocol_bits(key->protocol)))
		return COUNT_PACKET_PROTOCOL_RULE;
	if (filter.kinds & RULES_PORT &&
	    rejects(RULES_PORT, rules_has_ports(key->protocol)
					? port_bits(key->port[0]) | port_bits(key->port[1])
					: 0))
		return COUNT_PACKET_PORT_RULE;
	if (filter.kinds & (RULES_NET | RULES_WITHIN) &&
	    pair_rejected(pair_bits(&key->address[0], &key->address[1])))
		return COUNT_PACKET_NET_RULE;
	if (filter.kinds & RULES_SAMPLE && !packet_is_sampled(packet, key, io))
		return COUNT_PACKET_NOT_SAMPLED;
	return 0;
}

static __always_inline int admit(struct sk_buff *packet, struct __sk_buff *context, int is_tc,
				 const struct headers *headers, enum io_direction io)
{
	int reason;

	if (!filter.kinds)
		return 0;
	reason = admit_place(packet, context, is_tc, headers, io);
	if (reason)
		return reason;
	if (io == IO_TRANSMIT)
		look_for_translation(packet, headers->key.network_namespace);
	return admit_tuple(packet, &headers->key, io);
}

#endif
