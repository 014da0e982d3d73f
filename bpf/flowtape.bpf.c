// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The kernel side: counts every packet of every namespace in its connection's entry.
 *
 * netif_receive_skb and net_dev_queue see each packet at each interface, and cannot touch it. The
 * flow table exists twice. User space turns `generation`, waits until no program can still be in
 * the old table, and drains it at leisure: nothing is lost between reading an entry and deleting it,
 * because nobody writes there any more.
 */
#include "bpf/conntrack.h"
#include "bpf/counters.h"
#include "bpf/headers.h"
#include "bpf/kernel.h"
#include "bpf/nat.h"
#include "bpf/walk.h"
#include "bpf/owner.h"
#include "bpf/process.h"
#include "bpf/socket.h"
#include "schema/event.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct flow_table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, struct flow_value);
} flows_0 SEC(".maps"), flows_1 SEC(".maps");

__u32 generation = 0;

/* Entries made since user space last turned; it turns early when the table fills. */
__u32 flows_made = 0;

static const struct flow_value empty_flow = {};

/* The slot of a hop; slots are taken in order of first sight. */
static __always_inline struct flow_hop *find_hop(struct flow_value *flow, __u64 id)
{
	for (int i = 0; i < FLOW_HOPS; i++) {
		struct flow_hop *hop = &flow->hop[i];

		if (hop->id == id)
			return hop;
		if (!hop->id) {
			__u64 found = __sync_val_compare_and_swap(&hop->id, 0, id);

			if (!found || found == id)
				return hop;
		}
	}
	return NULL;
}

static __always_inline void set_bits(__u32 *word, __u32 bits)
{
	if ((*word & bits) != bits)
		__sync_fetch_and_or(word, bits);
}

static __always_inline void note_owner(struct flow_owner *to, struct sock *socket)
{
	unsigned char state = socket->__sk_common.skc_state;
	struct flow_owner *owner;

	if (state == STATE_TIME_WAIT || state == STATE_NEW_SYN_RECV)
		return;
	owner = bpf_sk_storage_get(&owners, socket, NULL, 0);
	/* The latest counts: an accepted socket may have passed from its listener to a worker. */
	if (owner && owner->pid && owner->pid != to->pid) {
		to->start_ns = owner->start_ns;
		to->pid = owner->pid;
	}
}

static __always_inline void add(struct flow_value *flow, const struct headers *headers, __u64 hop_id,
				__u64 now)
{
	__u32 direction = headers->direction & 1;
	struct flow_hop *hop;
	__u64 since;

	/* The first packet of an entry sets its start; others may come at the same instant. */
	if (!flow->start_ns && !__sync_val_compare_and_swap(&flow->start_ns, 0, now))
		set_bits(&flow->seen, SEEN_FIRST << direction);
	if (flow->end_ns < now)
		flow->end_ns = now;
	set_bits(&flow->tcp_flags[direction], headers->tcp_flags);
	if (headers->seen)
		set_bits(&flow->seen, headers->seen << direction);
	hop = find_hop(flow, hop_id);
	if (!hop) {
		__sync_fetch_and_add(&flow->lost_packets, headers->packets);
		count(COUNT_PACKET_HOPS_FULL, 1);
		return;
	}
	if (!hop->first_ns[direction]) {
		since = now > flow->start_ns ? now - flow->start_ns : 0;
		__sync_val_compare_and_swap(&hop->first_ns[direction], 0,
					    since < 0xfffffffe ? (__u32)since + 1 : 0xffffffff);
	}
	__sync_fetch_and_add(&hop->packets[direction], headers->packets);
	__sync_fetch_and_add(&hop->bytes[direction], headers->bytes);
	count(COUNT_PACKET_STORED, 1);
}

/* The entry of a key in one of the two tables, made when it is missing. */
static __always_inline struct flow_value *find_flow(void *table, const struct flow_key *key)
{
	struct flow_value *flow = bpf_map_lookup_elem(table, key);

	if (flow)
		return flow;
	if (!bpf_map_update_elem(table, key, &empty_flow, BPF_NOEXIST))
		__sync_fetch_and_add(&flows_made, 1);
	return bpf_map_lookup_elem(table, key);
}

static __always_inline int sight(struct sk_buff *packet, __u32 offset, enum io_direction io)
{
	struct net_device *device = packet->dev;
	struct headers headers = {};
	struct flow_value *flow;
	__u64 now = bpf_ktime_get_boot_ns(), hop_id;
	__u32 network_namespace = device_namespace(device);
	const struct nf_conn *entry;
	unsigned int info;
	struct sock *socket;
	int reason;

	count(io == IO_RECEIVE ? COUNT_RECEIVE_ATTEMPTED : COUNT_TRANSMIT_ATTEMPTED, 1);
	headers.key.network_namespace = network_namespace;
	reason = read_headers(packet, offset, &headers);
	if (reason) {
		count(reason, 1);
		return 0;
	}
	flow = generation & 1 ? find_flow(&flows_1, &headers.key) :
				find_flow(&flows_0, &headers.key);
	if (!flow) {
		count(COUNT_PACKET_MAP_FULL, 1);
		return 0;
	}
	hop_id = (__u64)device->ifindex << 2 | io << 1 | 1;
	add(flow, &headers, hop_id, now);
	if (io == IO_RECEIVE)
		return 0;
	socket = packet->sk;
	if (socket && socket_namespace(socket) == network_namespace) {
		if (!(flow->seen & (SEEN_BORN << (headers.direction & 1))))
			look_at_socket(socket, &headers, packet);
		set_bits(&flow->seen, SEEN_BORN << (headers.direction & 1));
		note_owner(&flow->owner[headers.direction & 1], socket);
	}
	/* Where nf_conntrack is not there, neither are its types. */
	if (!nat_from_packets || !bpf_core_type_exists(struct nf_conn))
		return 0;
	entry = packet_conntrack(packet, &info);
	if (!entry)
		return 0;
	if (info == CONNTRACK_NEW || !(flow->seen & (SEEN_ORIGINAL * 3)))
		look_at_conntrack((__u64)entry, info, network_namespace);
	set_bits(&flow->seen, info < CONNTRACK_FIRST_REPLY ?
				      SEEN_ORIGINAL << (headers.direction & 1) :
				      SEEN_ORIGINAL << (~headers.direction & 1));
	return 0;
}

/* Here data is at the network header (or at a VLAN tag before it). */
SEC("tp_btf/netif_receive_skb")
int BPF_PROG(on_receive, struct sk_buff *packet)
{
	return sight(packet, packet->data - packet->head, IO_RECEIVE);
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(on_transmit, struct sk_buff *packet)
{
	return sight(packet, packet->network_header, IO_TRANSMIT);
}
