// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Yardsticks: flow tables of published designs, at TC ingress and egress, and programs that do
 * nothing.
 *
 * seven_tuple_lock follows NetObserv 1.8: one entry for each direction of a connection,
 * whatever the interface. The interface that saw it first counts packets and bytes; the others
 * are only listed. Once the list is full, each sighting at another interface than the first
 * counts as one that did not fit, at a listed interface too. A spin lock guards the entry,
 * which is allocated when it is made. seven_tuple_lock_prealloc is the same with its entries
 * allocated before.
 *
 * percpu_twelve_tuple follows NetObserv 1.7: an entry for each MAC addresses, interface and
 * direction as well, counted by each CPU in a value of its own. Summing and deduplication are
 * user space's.
 *
 * They read what is needed to tell flows apart correctly: IPv4 options and IPv6 extension
 * headers are passed over, a fragment that is not the first has ports 0.
 */
#include "testdata/bench/kernel/yardsticks.h"

#include <linux/errno.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define EXTENSIONS_MOST 6

struct seven_tuple_table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, struct seven_tuple);
	__type(value, struct seven_tuple_flow);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} seven_lock SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, struct seven_tuple);
	__type(value, struct seven_tuple_flow);
} seven_prealloc SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 131072);
	__type(key, struct twelve_tuple);
	__type(value, struct twelve_tuple_flow);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} twelve_percpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct yardstick_losses);
} losses SEC(".maps");

struct packet {
	struct seven_tuple tuple;
	__u16 ethertype;
	__u16 flags;
	__u8 dscp;
};

static __always_inline struct yardstick_losses *my_losses(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&losses, &zero);
}

static __always_inline void lose_flow(void)
{
	struct yardstick_losses *mine = my_losses();

	if (mine)
		mine->flows++;
}

static __always_inline __u16 tcp_flags(__u8 wire)
{
	__u16 flags = wire;

	if ((wire & 0x12) == 0x12)
		flags |= YARDSTICK_SYN_ACK;
	if ((wire & 0x11) == 0x11)
		flags |= YARDSTICK_FIN_ACK;
	if ((wire & 0x14) == 0x14)
		flags |= YARDSTICK_RST_ACK;
	return flags;
}

/* The transport header; a packet that ends before it has ports 0. */
static __always_inline void read_transport(struct __sk_buff *skb, __u32 offset, __u8 protocol,
					   struct packet *packet)
{
	void *at = (void *)(long)skb->data + offset, *end = (void *)(long)skb->data_end;
	struct seven_tuple *tuple = &packet->tuple;

	tuple->protocol = protocol;
	switch (protocol) {
	case IPPROTO_TCP: {
		struct tcphdr *tcp = at;

		if ((void *)(tcp + 1) > end)
			return;
		tuple->source_port = bpf_ntohs(tcp->source);
		tuple->destination_port = bpf_ntohs(tcp->dest);
		packet->flags = tcp_flags(((__u8 *)tcp)[13]);
		return;
	}
	case IPPROTO_UDP:
	case IPPROTO_SCTP: {
		struct udphdr *udp = at;

		if ((void *)(udp + 1) > end)
			return;
		tuple->source_port = bpf_ntohs(udp->source);
		tuple->destination_port = bpf_ntohs(udp->dest);
		return;
	}
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6: {
		__u8 *icmp = at;

		if ((void *)(icmp + 2) > end)
			return;
		tuple->icmp_type = icmp[0];
		tuple->icmp_code = icmp[1];
		return;
	}
	}
}

static __always_inline int read_ipv4(struct __sk_buff *skb, struct packet *packet)
{
	struct iphdr *ip = (void *)(long)skb->data + sizeof(struct ethhdr);
	struct seven_tuple *tuple = &packet->tuple;
	__u32 transport;

	if ((void *)(ip + 1) > (void *)(long)skb->data_end)
		return -1;
	tuple->source[10] = tuple->source[11] = 0xff;
	tuple->destination[10] = tuple->destination[11] = 0xff;
	__builtin_memcpy(tuple->source + 12, &ip->saddr, 4);
	__builtin_memcpy(tuple->destination + 12, &ip->daddr, 4);
	packet->dscp = ip->tos >> 2;
	transport = sizeof(struct ethhdr) + ip->ihl * 4;
	if (ip->frag_off & bpf_htons(0x1fff))
		tuple->protocol = ip->protocol;
	else
		read_transport(skb, transport, ip->protocol, packet);
	return 0;
}

static __always_inline int is_extension(__u8 header)
{
	return header == IPPROTO_HOPOPTS || header == IPPROTO_ROUTING ||
	       header == IPPROTO_FRAGMENT || header == IPPROTO_DSTOPTS ||
	       header == IPPROTO_AH || header == IPPROTO_MH;
}

/* A function of its own: the verifier follows the headers once. */
static __noinline int skip_extensions(struct __sk_buff *skb, __u32 header)
{
	__u32 offset = sizeof(struct ethhdr) + sizeof(struct ipv6hdr);

	for (int i = 0; i < EXTENSIONS_MOST && is_extension(header); i++) {
		__u8 bytes[4];

		if (bpf_skb_load_bytes(skb, offset, bytes, sizeof(bytes)))
			break;
		if (header == IPPROTO_FRAGMENT) {
			if (bytes[2] || bytes[3] & 0xf8)
				return bytes[0];
			offset += 8;
		} else if (header == IPPROTO_AH)
			offset += (bytes[1] + 2) * 4;
		else
			offset += (bytes[1] + 1) * 8;
		header = bytes[0];
	}
	return (int)(offset << 8 | (header & 0xff));
}

static __always_inline int read_ipv6(struct __sk_buff *skb, struct packet *packet)
{
	struct ipv6hdr *ip = (void *)(long)skb->data + sizeof(struct ethhdr);
	struct seven_tuple *tuple = &packet->tuple;
	__u32 transport = sizeof(struct ethhdr) + sizeof(struct ipv6hdr);
	__u8 header;

	if ((void *)(ip + 1) > (void *)(long)skb->data_end)
		return -1;
	__builtin_memcpy(tuple->source, &ip->saddr, 16);
	__builtin_memcpy(tuple->destination, &ip->daddr, 16);
	packet->dscp = (bpf_ntohs(*(__be16 *)ip) >> 6) & 0x3f;
	header = ip->nexthdr;
	if (is_extension(header)) {
		__u32 found = (__u32)skip_extensions(skb, header);

		transport = found >> 8;
		header = found;
		/* A later fragment has no transport header. */
		if (!transport) {
			tuple->protocol = header;
			return 0;
		}
	}
	read_transport(skb, transport & 0xfff, header, packet);
	return 0;
}

/* Returns 0, or -1 for what is not IP. */
static __always_inline int read_packet(struct __sk_buff *skb, struct packet *packet)
{
	struct ethhdr *ethernet = (void *)(long)skb->data;

	if ((void *)(ethernet + 1) > (void *)(long)skb->data_end)
		return -1;
	packet->ethertype = bpf_ntohs(ethernet->h_proto);
	switch (packet->ethertype) {
	case ETH_P_IP:
		return read_ipv4(skb, packet);
	case ETH_P_IPV6:
		return read_ipv6(skb, packet);
	}
	return -1;
}

/* The MAC addresses, when the frame is long enough to have been read at all. */
static __always_inline void read_macs(struct __sk_buff *skb, __u8 *source, __u8 *destination)
{
	struct ethhdr *ethernet = (void *)(long)skb->data;

	if ((void *)(ethernet + 1) > (void *)(long)skb->data_end)
		return;
	__builtin_memcpy(source, ethernet->h_source, 6);
	__builtin_memcpy(destination, ethernet->h_dest, 6);
}

/* --- seven_tuple_lock --- */

/* Note an interface besides the first; returns whether the list was full. */
static __always_inline int note_interface(struct seven_tuple_flow *flow, __u32 interface,
					  __u8 direction)
{
	if (flow->interface_count >= YARDSTICK_INTERFACES)
		return 1;
	for (int i = 0; i < YARDSTICK_INTERFACES; i++) {
		if (i >= flow->interface_count) {
			flow->interfaces[i] = interface;
			flow->directions[i] = direction;
			flow->interface_count = i + 1;
			return 0;
		}
		if (flow->interfaces[i] == interface) {
			if (flow->directions[i] != direction)
				flow->directions[i] = YARDSTICK_BOTH;
			return 0;
		}
	}
	return 0;
}

static __always_inline void seven_tuple_hit(struct __sk_buff *skb,
					    struct seven_tuple_flow *flow,
					    const struct packet *packet, __u8 direction,
					    __u64 now)
{
	__u32 interface = skb->ifindex, bytes = skb->len;
	int is_lost = 0;

	bpf_spin_lock(&flow->lock);
	flow->end_ns = now;
	flow->flags |= packet->flags;
	if (flow->first_interface == interface) {
		flow->packets++;
		flow->bytes += bytes;
		flow->dscp = packet->dscp;
	} else if (interface)
		is_lost = note_interface(flow, interface, direction);
	bpf_spin_unlock(&flow->lock);
	if (is_lost) {
		struct yardstick_losses *mine = my_losses();

		if (mine)
			mine->interfaces++;
	}
}

static __always_inline int seven_tuple(struct __sk_buff *skb, void *table, __u8 direction)
{
	__u64 now = bpf_ktime_get_ns();
	struct packet packet = {};
	struct seven_tuple_flow *flow;
	long error;

	if (read_packet(skb, &packet))
		return TC_ACT_UNSPEC;
	flow = bpf_map_lookup_elem(table, &packet.tuple);
	if (!flow) {
		struct seven_tuple_flow first = {
			.start_ns = now,
			.end_ns = now,
			.bytes = skb->len,
			.packets = 1,
			.ethertype = packet.ethertype,
			.flags = packet.flags,
			.first_interface = skb->ifindex,
			.first_direction = direction,
			.dscp = packet.dscp,
		};

		read_macs(skb, first.source_mac, first.destination_mac);
		error = bpf_map_update_elem(table, &packet.tuple, &first, BPF_NOEXIST);
		if (!error)
			return TC_ACT_UNSPEC;
		if (error == -EEXIST)
			flow = bpf_map_lookup_elem(table, &packet.tuple);
		if (!flow) {
			lose_flow();
			return TC_ACT_UNSPEC;
		}
	}
	seven_tuple_hit(skb, flow, &packet, direction, now);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int lock_ingress(struct __sk_buff *skb)
{
	return seven_tuple(skb, &seven_lock, YARDSTICK_INGRESS);
}

SEC("tc")
int lock_egress(struct __sk_buff *skb)
{
	return seven_tuple(skb, &seven_lock, YARDSTICK_EGRESS);
}

SEC("tc")
int prealloc_ingress(struct __sk_buff *skb)
{
	return seven_tuple(skb, &seven_prealloc, YARDSTICK_INGRESS);
}

SEC("tc")
int prealloc_egress(struct __sk_buff *skb)
{
	return seven_tuple(skb, &seven_prealloc, YARDSTICK_EGRESS);
}

/* --- percpu_twelve_tuple --- */

static __always_inline int twelve_tuple(struct __sk_buff *skb, __u8 direction)
{
	__u64 now = bpf_ktime_get_ns();
	struct packet packet = {};
	struct twelve_tuple key = {};
	struct twelve_tuple_flow *flow;

	if (read_packet(skb, &packet))
		return TC_ACT_UNSPEC;
	key.ethertype = packet.ethertype;
	key.direction = direction;
	read_macs(skb, key.source_mac, key.destination_mac);
	__builtin_memcpy(key.source, packet.tuple.source, 16);
	__builtin_memcpy(key.destination, packet.tuple.destination, 16);
	key.source_port = packet.tuple.source_port;
	key.destination_port = packet.tuple.destination_port;
	key.protocol = packet.tuple.protocol;
	key.icmp_type = packet.tuple.icmp_type;
	key.icmp_code = packet.tuple.icmp_code;
	key.interface = skb->ifindex;
	flow = bpf_map_lookup_elem(&twelve_percpu, &key);
	if (flow) {
		flow->packets++;
		flow->bytes += skb->len;
		flow->end_ns = now;
		/* Another CPU made the entry. */
		if (!flow->start_ns)
			flow->start_ns = now;
		flow->flags |= packet.flags;
		flow->dscp = packet.dscp;
	} else {
		struct twelve_tuple_flow first = {
			.packets = 1,
			.bytes = skb->len,
			.start_ns = now,
			.end_ns = now,
			.flags = packet.flags,
			.dscp = packet.dscp,
		};

		if (bpf_map_update_elem(&twelve_percpu, &key, &first, BPF_ANY))
			lose_flow();
	}
	return TC_ACT_UNSPEC;
}

SEC("tc")
int percpu_ingress(struct __sk_buff *skb)
{
	return twelve_tuple(skb, YARDSTICK_INGRESS);
}

SEC("tc")
int percpu_egress(struct __sk_buff *skb)
{
	return twelve_tuple(skb, YARDSTICK_EGRESS);
}

/* --- the floor: what a program costs that does nothing --- */

SEC("tc")
int nothing_ingress(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

SEC("tc")
int nothing_egress(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

SEC("tp_btf/netif_receive_skb")
int nothing_receive(__u64 *context)
{
	return 0;
}

SEC("tp_btf/net_dev_queue")
int nothing_transmit(__u64 *context)
{
	return 0;
}
