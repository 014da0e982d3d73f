/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Sockets that connect elsewhere than they were asked to: programs at cgroup hooks (a
 * socket-level load balancer) rewrite the address of connect and sendmsg before anything is
 * sent, and conntrack knows nothing of it.
 *
 * What was asked for is kept with the socket, before such programs run; the first packet of a
 * flow shows what became of it. User space attaches this only where other programs are at those
 * hooks.
 */
#ifndef BPF_SOCKET_H
#define BPF_SOCKET_H

#include "bpf/counters.h"
#include "bpf/headers.h"
#include "bpf/kernel.h"
#include "bpf/nat.h"
#include "schema/event.h"

struct asked {
	struct address destination;
	__u16 port;
	__u8 is_settled; /* its first packet was seen since */
	__u8 zero[5];
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct asked);
} asked SEC(".maps");

/* Whether what was asked for is being kept. */
__u8 sockets_are_asked = 0;

static __always_inline void keep(void *socket, const struct address *destination, __u16 port)
{
	struct asked *kept =
		bpf_sk_storage_get(&asked, socket, NULL, BPF_SK_STORAGE_GET_F_CREATE);

	if (!kept)
		return;
	kept->destination = *destination;
	kept->port = port;
	kept->is_settled = 0;
}

/* --- before other programs: at the root of the hierarchy, from its top (6.15) --- */

static __always_inline void keep_ipv4(struct bpf_sock_addr *context)
{
	__u32 bytes = context->user_ip4;
	struct address destination;

	address_from_ipv4(&destination, (const __u8 *)&bytes);
	keep(context->sk, &destination, bpf_ntohs(context->user_port));
}

static __always_inline void keep_ipv6(struct bpf_sock_addr *context)
{
	__u32 words[4] = {context->user_ip6[0], context->user_ip6[1], context->user_ip6[2],
			  context->user_ip6[3]};
	struct address destination;

	__builtin_memcpy(&destination, words, sizeof(destination));
	keep(context->sk, &destination, bpf_ntohs(context->user_port));
}

SEC("cgroup/connect4")
int on_connect4(struct bpf_sock_addr *context)
{
	if (context->sk)
		keep_ipv4(context);
	return 1;
}

SEC("cgroup/connect6")
int on_connect6(struct bpf_sock_addr *context)
{
	if (context->sk)
		keep_ipv6(context);
	return 1;
}

/*
 * What a connected socket sends is sent to where it got by connect: an IPv6 socket's IPv4
 * datagrams pass here even so.
 */
SEC("cgroup/sendmsg4")
int on_sendmsg4(struct bpf_sock_addr *context)
{
	struct bpf_sock *socket = context->sk;

	if (socket && (socket->dst_ip4 != context->user_ip4 ||
		       socket->dst_port != (__u16)context->user_port))
		keep_ipv4(context);
	return 1;
}

SEC("cgroup/sendmsg6")
int on_sendmsg6(struct bpf_sock_addr *context)
{
	struct bpf_sock *socket = context->sk;

	if (socket && (socket->dst_ip6[0] != context->user_ip6[0] ||
		       socket->dst_ip6[1] != context->user_ip6[1] ||
		       socket->dst_ip6[2] != context->user_ip6[2] ||
		       socket->dst_ip6[3] != context->user_ip6[3] ||
		       socket->dst_port != (__u16)context->user_port))
		keep_ipv6(context);
	return 1;
}

/* --- the same on the way to those hooks --- */

/* Returns whether there is an address of the internet. */
static __always_inline int read_name(const void *name, struct address *destination, __u16 *port)
{
	struct sockaddr_in6 to = {};
	struct sockaddr_in *ipv4 = (void *)&to;

	if (!name || bpf_probe_read_kernel(&to, sizeof(*ipv4), name))
		return 0;
	*port = bpf_ntohs(to.sin6_port);
	if (to.sin6_family == FAMILY_INET) {
		address_from_ipv4(destination, (const __u8 *)&ipv4->sin_addr);
		return 1;
	}
	if (to.sin6_family != FAMILY_INET6 || bpf_probe_read_kernel(&to, sizeof(to), name))
		return 0;
	__builtin_memcpy(destination, &to.sin6_addr, sizeof(*destination));
	return 1;
}

static __always_inline int keep_connect(struct socket *socket, const void *name)
{
	struct sock *inner = socket->sk;
	struct address destination;
	__u16 port;

	if (inner && read_name(name, &destination, &port))
		keep(inner, &destination, port);
	return 0;
}

static __always_inline int keep_send(struct sock *socket, const struct msghdr *message)
{
	struct address destination;
	__u32 ipv4;
	__u16 port;

	if (!read_name(message->msg_name, &destination, &port))
		return 0;
	ipv4 = destination.half[1] >> 32; /* where it is one */
	if (socket->__sk_common.skc_daddr != ipv4 ||
	    bpf_ntohs(socket->__sk_common.skc_dport) != port)
		keep(socket, &destination, port);
	return 0;
}

SEC("fentry/__inet_stream_connect")
int BPF_PROG(on_stream_connect, struct socket *socket, struct sockaddr *name)
{
	return keep_connect(socket, name);
}

SEC("fentry/inet_dgram_connect")
int BPF_PROG(on_dgram_connect, struct socket *socket, struct sockaddr *name)
{
	return keep_connect(socket, name);
}

SEC("fentry/udp_sendmsg")
int BPF_PROG(on_udp_sendmsg, struct sock *socket, struct msghdr *message)
{
	return keep_send(socket, message);
}

SEC("fentry/udpv6_sendmsg")
int BPF_PROG(on_udpv6_sendmsg, struct sock *socket, struct msghdr *message)
{
	return keep_send(socket, message);
}

/* --- what became of it --- */

/* The tuple as the socket sent it: of the packet, or before conntrack's own translation. */
static __always_inline int sent_tuple(struct tuple *to, const struct headers *headers,
				      __u64 entry)
{
	__u32 source = headers->direction & 1;

	if (entry)
		return read_original(to, (void *)entry);
	__builtin_memset(to, 0, sizeof(*to));
	to->source = headers->key.address[source];
	to->destination = headers->key.address[!source];
	to->source_port = headers->key.port[source];
	to->destination_port = headers->key.port[!source];
	to->protocol = headers->key.protocol;
	return 0;
}

/* The first packet of a flow, sent by a socket that something was asked of. Not inlined, as
 * above. */
__noinline int settle(struct asked *kept, const struct headers *headers, __u64 entry)
{
	const struct meeting meeting = {.probe = NAT_BY_SOCKET, .is_new = 1};
	struct living_nat met = {};

	if (!kept || !headers || sent_tuple(&met.original, headers, entry))
		return 0;
	kept->is_settled = 1;
	if (same_address(&kept->destination, &met.original.destination) &&
	    kept->port == met.original.destination_port)
		return 0;
	met.reply.source = met.original.destination;
	met.reply.source_port = met.original.destination_port;
	met.reply.destination = met.original.source;
	met.reply.destination_port = met.original.source_port;
	met.reply.protocol = met.original.protocol;
	met.original.destination = kept->destination;
	met.original.destination_port = kept->port;
	met.network_namespace = headers->key.network_namespace;
	/* Nobody will tell when it is over. */
	tell_nat(EVENT_NAT, 0, &met, &meeting, 1);
	return 0;
}

static __always_inline void look_at_socket(struct sock *socket, const struct headers *headers,
					   const struct sk_buff *packet)
{
	const struct nf_conn *entry;
	struct asked *kept;
	unsigned int info;

	if (!sockets_are_asked)
		return;
	kept = bpf_sk_storage_get(&asked, socket, NULL, 0);
	if (!kept || kept->is_settled)
		return;
	entry = packet_conntrack(packet, &info);
	/* An answer asks for nothing. */
	if (entry && info >= CONNTRACK_FIRST_REPLY)
		kept->is_settled = 1;
	else
		settle(kept, headers, (__u64)entry);
}

#endif
