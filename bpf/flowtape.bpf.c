// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The kernel side: counts every packet of every namespace in its connection's entry.
 *
 * netif_receive_skb and net_dev_queue see each packet at each interface, and cannot touch it.
 * User space turns `generation`, waits until no program can still be in the old one, and takes
 * it at leisure: nothing is lost between reading an entry and deleting it, because nobody
 * writes there any more.
 */
#include "bpf/conntrack.h"
#include "bpf/counters.h"
#include "bpf/enrich.h"
#include "bpf/filter.h"
#include "bpf/flow_table.h"
#include "bpf/headers.h"
#include "bpf/kernel.h"
#include "bpf/nat.h"
#include "bpf/owner.h"
#include "bpf/plain.h"
#include "bpf/process.h"
#include "bpf/sighting.h"
#include "bpf/socket.h"
#include "bpf/walk.h"
#include "schema/event.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* What is done with a packet that the table has no room for: told singly, or only counted. */
const volatile __u8 tell_packets = 1;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} packets SEC(".maps");

static __always_inline void tell_packet(const struct headers *headers, __u32 id, __u32 facts)
{
	struct packet_event *event = NULL;

	if (tell_packets)
		event = bpf_ringbuf_reserve(&packets, sizeof(*event), 0);
	if (!event) {
		count(COUNT_PACKET_MAP_FULL, 1);
		return;
	}
	event->header.kind = EVENT_PACKET;
	event->header.cpu = bpf_get_smp_processor_id();
	event->header.time_ns = bpf_ktime_get_boot_ns();
	event->key = headers->key;
	event->id = id;
	event->facts = facts | FACT_DSCP(headers->dscp);
	event->packets = headers->packets;
	event->bytes = headers->bytes;
	/* The next drain takes it: a wakeup for each packet would only add to the load. */
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	count(COUNT_PACKET_RING, 1);
}

static __always_inline void note_owner(const struct flow *flow, struct sock *socket,
				       struct __sk_buff *context, int is_tc, __u32 direction)
{
	struct flow_owner *owner = owner_of(socket, context, is_tc);

	if (!owner || !owner->pid)
		return;
	set_owner(flow, OWNER_OF(owner->pid, owner->start_ns, direction));
	/* An accepted socket may pass from its listener to a worker: until then, ask again. */
	if (owner->socket_cookie == (__u32)socket->__sk_common.skc_cookie.counter)
		__sync_fetch_and_or(&flow->records->notes, NOTE_OWNED << direction);
}

/*
 * The time of the packet, as exactly as NOTE_TICK says, and its DSCP. known: the flow's facts
 * before it. now: the clock, where it has been read already, else 0.
 */
static __always_inline void note_packet(const struct flow *flow, const struct headers *headers,
					__u32 direction, __u32 known, __u64 now)
{
	__u32 notes = flow->records->notes, changed;

	changed = (notes & ~(NOTE_DSCP_MASK(direction) | NOTE_TICK_MASK)) |
		  NOTE_DSCP(headers->dscp, direction) | NOTE_TICK(bpf_jiffies64());
	if (notes != changed)
		__sync_val_compare_and_swap(&flow->records->notes, notes, changed);
	else if (!now &&
		 !(FACT_FLAGS(headers->tcp_flags & TCP_SYN_FIN_RST, direction) & ~known))
		return;
	if (!now)
		now = bpf_ktime_get_boot_ns();
	if (flow->entry->end_ns < now)
		flow->entry->end_ns = now;
}

/* The last packet of a TCP handshake, seen once its first two were. */
static __always_inline void note_answer(const struct flow *flow, __u32 facts, __u8 tcp_flags,
					__u32 direction)
{
	__u32 other = !direction;

	if ((tcp_flags & 0x16) != 0x10 || flow->records->notes & NOTE_ANSWERED ||
	    !(facts & FACT_SEEN(SEEN_SYN << direction)) ||
	    !(facts & FACT_SEEN(SEEN_SYN_ACK << other)))
		return;
	if (__sync_fetch_and_or(&flow->records->notes, NOTE_ANSWERED) & NOTE_ANSWERED)
		return;
	count_record(flow, RECORD_ID(RECORD_ANSWER, 0, 0, direction), ~0ULL,
		     bpf_ktime_get_boot_ns());
}

static __always_inline void note_conntrack(const struct flow *flow, struct sk_buff *packet,
					   const struct headers *headers)
{
	const struct nf_conn *entry;
	unsigned int info;
	__u32 original;

	/* Where nf_conntrack is not there, neither are its types. */
	if (!nat_from_packets || !bpf_core_type_exists(struct nf_conn))
		return;
	entry = packet_conntrack(packet, &info);
	if (!entry)
		return;
	/* A SYN may begin another entry with the same tuple. */
	if ((!(flow->records->notes & NOTE_TOLD) || headers->seen & SEEN_SYN) &&
	    !look_at_conntrack((__u64)entry, info, headers->key.network_namespace))
		__sync_fetch_and_or(&flow->records->notes, NOTE_TOLD);
	original = FACT_SEEN(SEEN_ORIGINAL
			     << ((info < CONNTRACK_FIRST_REPLY ? headers->direction
							       : ~headers->direction) &
				 1));
	if (!(flow->entry->facts & original))
		__sync_fetch_and_or(&flow->entry->facts, original);
}

static __always_inline __u32 begins(const struct sk_buff *packet, enum io_direction io)
{
	return io == IO_TRANSMIT && !packet->skb_iif ? RECORD_BEGINS : 0;
}

static __always_inline int sight(struct sk_buff *packet, struct __sk_buff *context, int is_tc,
				 __u32 offset, enum io_direction io)
{
	struct stage_counters *counters =
		counters_of(io == IO_RECEIVE ? ROW_RECEIVE : ROW_TRANSMIT);
	struct net_device *device = packet->dev;
	struct headers headers = {};
	struct flow flow = {.generation = generation};
	__u32 direction, seen, known, id;
	struct sock *socket;
	__u64 count, now = 0;
	int reason, is_new;

	if (!counters)
		return 0;
	count_alone(counters,
		    io == IO_RECEIVE ? COUNT_RECEIVE_ATTEMPTED : COUNT_TRANSMIT_ATTEMPTED);
	headers.key.network_namespace = device_namespace(device);
	reason = read_plain(packet, offset, &headers)
			 ? 0
			 : read_any(packet, is_tc, offset, device_namespace(device), &headers);
	if (!reason)
		reason = admit(packet, context, is_tc, &headers, io);
	if (reason) {
		count_alone(counters, reason);
		return 0;
	}
	if (tell_sightings)
		tell_sighting(packet, (__u32)is_tc << 1 | io, offset, &headers, counters);
	direction = headers.direction & 1;
	seen = FACT_FLAGS(headers.tcp_flags, direction) | FACT_SEEN(headers.seen << direction);
	id = hop_id(device->ifindex, io, direction);
	is_new = get_flow(&headers.key, &flow);
	if (is_new < 0)
		goto full;
	if (headers.seen & SEEN_SYN && begins_another(flow.entry->facts, direction))
		is_new = renew_flow(&headers.key, &flow);
	if (is_new)
		seen |= FACT_SEEN(SEEN_FIRST << direction);
	known = flow.entry->facts;
	if ((known & seen) != seen)
		__sync_fetch_and_or(&flow.entry->facts, seen);
	count = headers.packets * RECORD_SEGMENT + headers.bytes;
	if (!count_known_hop(&flow, id, count)) {
		now = is_new ? flow.entry->start_ns : bpf_ktime_get_boot_ns();
		if (count_hop(&flow, id | begins(packet, io), count, now))
			goto full;
	}
	count_alone(counters, COUNT_PACKET_STORED);
	note_packet(&flow, &headers, direction, known, now);
	note_answer(&flow, known, headers.tcp_flags, direction);
	if (io == IO_RECEIVE)
		return 0;
	socket = packet->sk;
	if (socket && !(flow.records->notes & NOTE_OWNED << direction) &&
	    socket_namespace(socket) == headers.key.network_namespace) {
		if (!(known & FACT_SEEN(SEEN_BORN << direction))) {
			__sync_fetch_and_or(&flow.entry->facts,
					    FACT_SEEN(SEEN_BORN << direction));
			/* TC's socket has no such storage. */
			if (!is_tc)
				look_at_socket(socket, &headers, packet);
		}
		note_owner(&flow, socket, context, is_tc, direction);
	}
	note_conntrack(&flow, packet, &headers);
	return 0;
full:
	tell_packet(&headers, id | begins(packet, io), seen);
	return 0;
}

/* Here data is at the network header (or at a VLAN tag before it). */
SEC("tp_btf/netif_receive_skb")
int BPF_PROG(on_receive, struct sk_buff *packet)
{
	return sight(packet, NULL, 0, packet->data - packet->head, IO_RECEIVE);
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(on_transmit, struct sk_buff *packet)
{
	return sight(packet, NULL, 0, packet->network_header, IO_TRANSMIT);
}

/*
 * The same from TC, where tracepoints are not to be had; there the network header is known.
 * They leave the packet to whoever comes after them.
 */
static __always_inline int sight_at_tc(struct __sk_buff *context, enum io_direction io)
{
	struct sk_buff *packet;

	if (!kernel_has_casts)
		return TC_NEXT;
	packet = bpf_cast_to_kern_ctx(context);
	sight(packet, context, 1, packet->network_header, io);
	return TC_NEXT;
}

SEC("tc")
int on_tc_ingress(struct __sk_buff *context)
{
	return sight_at_tc(context, IO_RECEIVE);
}

SEC("tc")
int on_tc_egress(struct __sk_buff *context)
{
	return sight_at_tc(context, IO_TRANSMIT);
}
