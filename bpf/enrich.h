/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What happens to few packets and explains much: a drop with its reason, a TCP segment sent
 * again.
 *
 * Each is a record in its flow's entry, so it belongs to the same generation as the packets
 * around it, and a flow of which nothing else is seen has an entry too.
 */
#ifndef BPF_ENRICH_H
#define BPF_ENRICH_H

#include "bpf/counters.h"
#include "bpf/filter.h"
#include "bpf/flow_table.h"
#include "bpf/headers.h"
#include "bpf/kernel.h"
#include "bpf/nat.h"
#include "bpf/owner.h"
#include "schema/event.h"

/* One record to be. */
struct happening {
	struct flow_key key;
	__u64 what, count; /* as in struct flow_record */
	__u64 owner;	   /* OWNER_OF a socket at hand, or 0 */
	__u32 owner_rules; /* what the filter's rules say of it */
	__u32 facts;
};

/*
 * Whether the filter admits the flow. There is no interface here: where rules ask for one, it
 * is flows that have been admitted already.
 */
static __always_inline int happening_is_admitted(const struct happening *it)
{
	const struct flow_key *key = &it->key;
	__u32 bits;
	__s64 unit;

	if (filter.kinds & RULES_NETNS &&
	    rejects(RULES_NETNS, netns_bits(key->network_namespace)))
		return 0;
	if (filter.kinds & RULES_PROCESS) {
		bits = bits_of(bpf_map_lookup_elem(&process_flows, key)) | it->owner_rules;
		if (rejects(RULES_CGROUP, bits & (RULE_ALLOW | RULE_DENY)) ||
		    rejects(RULES_EXECUTABLE, bits >> RULE_SECOND & (RULE_ALLOW | RULE_DENY)))
			return 0;
	}
	if (filter.kinds & RULES_INTERFACE) {
		unit = find_slot(key, place_of(key), generation);
		if (unit < 0 || unit >= SLOT_FREE)
			return 0;
	}
	if (filter.kinds & RULES_PROTOCOL &&
	    rejects(RULES_PROTOCOL, protocol_bits(key->protocol)))
		return 0;
	if (filter.kinds & RULES_PORT &&
	    rejects(RULES_PORT, rules_has_ports(key->protocol)
					? port_bits(key->port[0]) | port_bits(key->port[1])
					: 0))
		return 0;
	if (filter.kinds & (RULES_NET | RULES_WITHIN) &&
	    pair_rejected(pair_bits(&key->address[0], &key->address[1])))
		return 0;
	return !(filter.kinds & RULES_SAMPLE) || is_sampled(sample_hash(key));
}

enum happening_result {
	HAPPENING_RECORDED,
	HAPPENING_BEGUN, /* recorded, and the first of its kind */
	HAPPENING_EXCLUDED,
	HAPPENING_NO_ROOM,
};

static __noinline int record_happening(const struct happening *it)
{
	struct flow flow = {.generation = generation};
	__u32 facts = it->facts;
	int is_new;
	__u64 now;

	if (filter.kinds && !happening_is_admitted(it))
		return HAPPENING_EXCLUDED;
	is_new = get_flow(&it->key, &flow);
	if (is_new < 0)
		return HAPPENING_NO_ROOM;
	if (is_new)
		facts |= FACT_SEEN(SEEN_FIRST << (it->what & 1));
	if ((flow.entry->facts & facts) != facts)
		__sync_fetch_and_or(&flow.entry->facts, facts);
	if (it->owner && !(flow.records->notes & NOTE_OWNED << (it->owner & 1)))
		set_owner(&flow, it->owner);
	now = bpf_ktime_get_boot_ns();
	if (flow.entry->end_ns < now)
		flow.entry->end_ns = now;
	is_new = !find_record(flow.records, it->what, ~0ULL);
	if (count_record(&flow, it->what, ~0ULL, it->count))
		return HAPPENING_NO_ROOM;
	return is_new ? HAPPENING_BEGUN : HAPPENING_RECORDED;
}

static __always_inline void happens_to(struct happening *it, struct sock *socket,
				       __u32 direction)
{
	struct flow_owner *owner = owner_of(socket, NULL, 0);

	if (!owner || !owner->pid)
		return;
	it->owner = OWNER_OF(owner->pid, owner->start_ns, direction);
	it->owner_rules = owner->rules;
}

/* --- TCP segments sent again --- */

static __always_inline void read_end(struct address *to, const struct sock_common *socket,
				     int is_remote)
{
	__u32 word;

	if (socket->skc_family == FAMILY_INET6 && bpf_core_field_exists(socket->skc_v6_daddr)) {
		bpf_core_read(to, sizeof(*to),
			      is_remote ? &socket->skc_v6_daddr : &socket->skc_v6_rcv_saddr);
		return;
	}
	word = is_remote ? socket->skc_daddr : socket->skc_rcv_saddr;
	address_from_ipv4(to, (const __u8 *)&word);
}

/* From a socket, or a connection that a listening socket is accepting. */
static __always_inline int sent_again(const struct sock_common *ends, struct sock *socket,
				      __u32 is_handshake, __u32 seen, __u32 segments)
{
	struct happening it = {.count = segments};
	__u16 port = ends->skc_num, remote_port = bpf_ntohs(ends->skc_dport);
	struct address address, remote;
	__u32 direction;
	int result;

	count(COUNT_RETRANSMIT_ATTEMPTED, segments);
	read_end(&address, ends, 0);
	read_end(&remote, ends, 1);
	direction = source_is_end_1(&address, &remote, port, remote_port, 0);
	it.key.protocol = PROTOCOL_TCP;
	it.key.network_namespace = ends->skc_net.net->ns.inum;
	it.key.address[0] = direction ? remote : address;
	it.key.address[1] = direction ? address : remote;
	it.key.port[0] = direction ? remote_port : port;
	it.key.port[1] = direction ? port : remote_port;
	it.what = (__u64)is_handshake << 32 | RECORD_ID(RECORD_RETRANSMIT, 0, 0, direction);
	it.facts = FACT_SEEN(seen << direction);
	happens_to(&it, socket, direction);
	result = record_happening(&it);
	if (result == HAPPENING_EXCLUDED)
		count(COUNT_RETRANSMIT_EXCLUDED, segments);
	else if (result == HAPPENING_NO_ROOM)
		count(COUNT_RETRANSMIT_MAP_FULL, segments);
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(on_retransmit, struct sock *socket, struct sk_buff *packet)
{
	int is_handshake = socket->__sk_common.skc_state == STATE_SYN_SENT;

	return sent_again(&socket->__sk_common, socket, is_handshake,
			  is_handshake ? SEEN_SYN : 0, tcp_segments(packet));
}

SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(on_retransmit_synack, struct sock *socket, struct request_sock *request)
{
	return sent_again(&request->__req_common, socket, 1, SEEN_SYN_ACK, 1);
}

/* --- drops --- */

/* Whose packet it was: the sender's, where the socket's port is the packet's source. */
static __always_inline void dropped_from(struct happening *it, struct sock *socket)
{
	__u32 direction = it->what & 1;
	__u16 port = socket->__sk_common.skc_num;

	if (namespace_number(socket->__sk_common.skc_net.net) != it->key.network_namespace ||
	    !is_internet(socket) || it->key.port[0] == it->key.port[1])
		return;
	if (port == (direction ? it->key.port[1] : it->key.port[0]))
		happens_to(it, socket, direction);
	else if (port == (direction ? it->key.port[0] : it->key.port[1]))
		happens_to(it, socket, !direction);
}

/*
 * A packet that is dropped where it was translated already has been seen as it was before; and
 * nobody may ever hear of the translation. Returns the direction in the key.
 */
static __noinline __u32 untranslate(const struct sk_buff *packet, struct flow_key *key,
				    __u32 direction)
{
	__u32 network_namespace = key->network_namespace;
	const struct nf_conn *entry;
	struct tuple tuple = {};
	unsigned int info;

	if (!nat_from_packets || !bpf_core_type_exists(struct nf_conn))
		return direction;
	entry = packet_conntrack(packet, &info);
	if (!entry || info != CONNTRACK_NEW || read_original(&tuple, entry) ||
	    tuple.protocol != key->protocol)
		return direction;
	key_of_ends(key, &tuple, &tuple.source, tuple.source_port, &tuple.destination,
		    tuple.destination_port);
	key->network_namespace = network_namespace;
	return source_is_end_1(&tuple.source, &tuple.destination, tuple.source_port,
			       tuple.destination_port, 0);
}

/* Whether a hop in this generation saw what the original was translated to so far. */
static __always_inline int is_seen_between(const struct living_nat *translation)
{
	const struct tuple *reply = &translation->reply;
	struct flow_key key;
	__s64 unit;

	key_of_ends(&key, &translation->original, &reply->destination, reply->destination_port,
		    &reply->source, reply->source_port);
	key.network_namespace = translation->network_namespace;
	unit = find_slot(&key, place_of(&key), generation);
	return unit >= 0 && unit < SLOT_FREE;
}

/*
 * Between its translation and its drop it may have been seen at an interface: of a bridge that
 * filters its packets as IP, by what it was translated to. An entry that no packet has
 * confirmed ends with this one, so nobody else tells what belongs together.
 */
static __noinline int join_dropped(const struct sk_buff *packet, __u32 network_namespace)
{
	struct living_nat met = {.network_namespace = network_namespace};
	const struct meeting meeting = {.probe = NAT_BY_PACKET};
	const struct nf_conn *entry;
	unsigned int info;

	if (!nat_from_packets || !bpf_core_type_exists(struct nf_conn))
		return 0;
	entry = packet_conntrack(packet, &info);
	if (!entry || info != CONNTRACK_NEW ||
	    BPF_CORE_READ(entry, status) & CONNTRACK_CONFIRMED ||
	    read_original(&met.original, entry) || read_reply(&met.reply, entry) ||
	    !is_translated(&met.original, &met.reply) || !is_seen_between(&met))
		return 0;
	return tell_nat(EVENT_NAT_AGAIN, (__u64)entry, &met, &meeting, 0);
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(on_drop, struct sk_buff *packet, void *location, __u32 reason)
{
	struct sock *receiver = drop_tells_receiver ? (struct sock *)ctx[3] : NULL, *socket;
	struct happening it = {};
	struct headers headers;
	__u32 inode = 0, offset = packet->network_header, direction;
	int result;

	if (!reason_is_loss(reason))
		return 0;
	count(COUNT_DROP_ATTEMPTED, 1);
	socket = packet->sk;
	if (receiver)
		inode = namespace_number(receiver->__sk_common.skc_net.net);
	if (!inode && packet->dev)
		inode = namespace_number(packet->dev->nd_net.net);
	if (!inode && socket)
		inode = namespace_number(socket->__sk_common.skc_net.net);
	/* Just received, it is where data is. */
	if (!offset)
		offset = packet->data - packet->head;
	result = read_any(packet, 0, offset, inode, &headers);
	if (result || !inode) {
		/* Before 6.11 nothing tells whose the packet was that a socket drops. */
		if (result == COUNT_PACKET_NOT_IP)
			count(COUNT_DROP_NOT_IP, 1);
		else
			count(drop_tells_receiver ? COUNT_DROP_UNREADABLE : COUNT_DROP_EXCLUDED,
			      1);
		return 0;
	}
	it.key = headers.key;
	direction = untranslate(packet, &it.key, headers.direction) & 1;
	it.what = (__u64)reason << 32 | RECORD_ID(RECORD_DROP, 0, 0, direction);
	it.count = headers.packets;
	it.facts =
		FACT_FLAGS(headers.tcp_flags, direction) | FACT_SEEN(headers.seen << direction);
	if (receiver)
		dropped_from(&it, receiver);
	else if (socket)
		dropped_from(&it, socket);
	result = record_happening(&it);
	if (result == HAPPENING_EXCLUDED)
		count(COUNT_DROP_EXCLUDED, 1);
	else if (result == HAPPENING_NO_ROOM)
		count(COUNT_DROP_MAP_FULL, 1);
	else if (result == HAPPENING_BEGUN)
		join_dropped(packet, it.key.network_namespace);
	return 0;
}

#endif
