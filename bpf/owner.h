/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whose socket: the process that a socket belongs to.
 *
 * A socket gets its owner when it is created (but for TCP's, below), is bound, connects or
 * listens, at its first send or receive, and by a walk over all open files at the start. An
 * accepted socket inherits its listener's, until the process that accepted it sends or
 * receives: of a server with workers, that is the worker.
 *
 * It is kept with the socket itself, by the kernel, which allocates that and frees it again. Of
 * what recording takes from a connection of some packets that was a fifth, so TCP's are kept in
 * a table by the socket's address instead, where we are told of all that happens to them: from
 * when they connect, listen or are first used until they are closed.
 */
#ifndef BPF_OWNER_H
#define BPF_OWNER_H

#include "bpf/kernel.h"
#include "bpf/rule.h"
#include "schema/event.h"

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct flow_owner);
} owners SEC(".maps");

/*
 * Those of TCP, in the bucket of the socket's address; where that is full, the others have
 * room. A free slot's owner is all zero.
 */
#define OWNER_SLOTS	  4
#define OWNER_BUCKET_BITS 13

struct owner_bucket {
	struct owner_slot {
		__u64 socket; /* 0: free */
		struct flow_owner owner;
	} slot[OWNER_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << OWNER_BUCKET_BITS);
	__type(key, __u32);
	__type(value, struct owner_bucket);
} tcp_owners SEC(".maps");

/* Whether all hooks are there that this table needs. Set once they are attached. */
__u8 tcp_has_table = 0;

/* Who receives at a port, for flows whose socket never sends. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct port_key);
	__type(value, struct flow_owner);
} port_owners SEC(".maps");

static __always_inline void owner_is(struct flow_owner *owner, struct task_struct *task,
				     __u64 socket_cookie)
{
	owner->pid = task->tgid;
	owner->socket_cookie = socket_cookie;
	owner->start_ns = task->group_leader->start_boottime;
	if (filter.kinds & RULES_PROCESS)
		owner->rules = process_bits(task);
}

/* Its address, as a number that the verifier lets us count with: how far it is from here. */
static __always_inline __u64 number_of(const struct sock *socket)
{
	__u64 number = (const char *)socket - (const char *)&tcp_has_table;

	barrier_var(number);
	return number;
}

static __always_inline struct owner_bucket *tcp_bucket(__u64 socket)
{
	__u32 number = socket * 0x9e3779b97f4a7c15ULL >> (64 - OWNER_BUCKET_BITS);

	return tcp_has_table ? bpf_map_lookup_elem(&tcp_owners, &number) : NULL;
}

static __always_inline struct flow_owner *tcp_owner(__u64 socket)
{
	struct owner_bucket *bucket = tcp_bucket(socket);

	if (!bucket)
		return NULL;
	for (int i = 0; i < OWNER_SLOTS; i++)
		if (bucket->slot[i].socket == socket)
			return &bucket->slot[i].owner;
	return NULL;
}

/* The same, or room for it where the table has none; NULL where the bucket is full. */
static __always_inline struct flow_owner *take_tcp_owner(__u64 socket)
{
	struct owner_bucket *bucket = tcp_bucket(socket);
	struct flow_owner *known = tcp_owner(socket);

	if (known || !bucket)
		return known;
	for (int i = 0; i < OWNER_SLOTS; i++)
		if (!bucket->slot[i].socket &&
		    !__sync_val_compare_and_swap(&bucket->slot[i].socket, 0, socket))
			return &bucket->slot[i].owner;
	return NULL;
}

/* Two CPUs may have taken a slot each. */
static __always_inline void drop_tcp_owner(__u64 socket)
{
	struct owner_bucket *bucket = tcp_bucket(socket);

	if (!bucket)
		return;
	for (int i = 0; i < OWNER_SLOTS; i++) {
		if (bucket->slot[i].socket != socket)
			continue;
		bucket->slot[i].owner = (struct flow_owner){};
		__sync_val_compare_and_swap(&bucket->slot[i].socket, socket, 0);
	}
}

/*
 * The owner of a packet's socket; NULL when that has none, or is none that can have one. A
 * program of TC gives its context, where alone the kernel trusts in the socket; is_tc tells the
 * verifier.
 */
static __always_inline struct flow_owner *owner_of(struct sock *socket,
						   struct __sk_buff *context, int is_tc)
{
	struct flow_owner *owner = tcp_owner(number_of(socket));
	struct bpf_sock *full;
	unsigned char state;

	if (owner)
		return owner;
	if (is_tc) {
		full = context->sk;
		full = full ? bpf_sk_fullsock(full) : NULL;
		return full ? bpf_sk_storage_get(&owners, full, NULL, 0) : NULL;
	}
	state = socket->__sk_common.skc_state;
	if (state == STATE_TIME_WAIT || state == STATE_NEW_SYN_RECV)
		return NULL;
	return bpf_sk_storage_get(&owners, socket, NULL, 0);
}

static __always_inline int is_internet(const struct sock *socket)
{
	unsigned short family = socket->__sk_common.skc_family;

	return family == FAMILY_INET || family == FAMILY_INET6;
}

static __always_inline void port_of_namespace_belongs_to(__u32 network_namespace, __u16 port,
							 __u8 protocol,
							 const struct flow_owner *owner)
{
	struct port_key key = {
		.network_namespace = network_namespace,
		.port = port,
		.protocol = protocol,
	};
	struct flow_owner *known = bpf_map_lookup_elem(&port_owners, &key);

	if (!known || known->pid != owner->pid || known->start_ns != owner->start_ns)
		bpf_map_update_elem(&port_owners, &key, owner, BPF_ANY);
}

static __always_inline void port_belongs_to(const struct sock *socket, __u8 protocol,
					    const struct flow_owner *owner)
{
	port_of_namespace_belongs_to(socket_namespace(socket), socket->__sk_common.skc_num,
				     protocol, owner);
}

/*
 * Room for the owner of a socket, with the one that it has already; NULL when there is none, or
 * none is needed any more: nobody would take out of the table again who is closed.
 */
static __always_inline struct flow_owner *keep_owner(struct sock *socket, int state)
{
	struct flow_owner *owner;

	if (tcp_has_table && socket->sk_protocol == PROTOCOL_TCP) {
		if (state == STATE_CLOSE)
			return NULL;
		owner = take_tcp_owner(number_of(socket));
		if (owner)
			return owner;
	}
	return bpf_sk_storage_get(&owners, socket, NULL, BPF_SK_STORAGE_GET_F_CREATE);
}

SEC("cgroup/sock_create")
int on_socket_create(struct bpf_sock *socket)
{
	struct flow_owner *owner;

	if (tcp_has_table && socket->protocol == PROTOCOL_TCP)
		return 1;
	owner = bpf_sk_storage_get(&owners, socket, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (owner)
		owner_is(owner, bpf_get_current_task_btf(), bpf_get_socket_cookie(socket));
	return 1;
}

/*
 * A datagram may come as soon as there is a port for it. The context of these programs is the
 * socket itself, which the verifier does not know.
 */
static __always_inline int bound(struct bpf_sock *socket)
{
	const struct sock *inner = (const void *)socket;
	struct flow_owner *owner;

	if (socket->protocol != PROTOCOL_UDP)
		return 1;
	owner = bpf_sk_storage_get(&owners, socket, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!owner)
		return 1;
	if (!owner->pid)
		owner_is(owner, bpf_get_current_task_btf(), bpf_get_socket_cookie(socket));
	port_of_namespace_belongs_to(BPF_CORE_READ(inner, __sk_common.skc_net.net, ns.inum),
				     socket->src_port, PROTOCOL_UDP, owner);
	return 1;
}

SEC("cgroup/post_bind4")
int on_bind4(struct bpf_sock *socket)
{
	return bound(socket);
}

SEC("cgroup/post_bind6")
int on_bind6(struct bpf_sock *socket)
{
	return bound(socket);
}

/*
 * A connection was accepted: it belongs to whoever listens, until somebody uses it. Who asks
 * later finds that by the port (process rules have to know at once).
 */
static __always_inline void inherit_owner(const struct sock *socket)
{
	struct port_key key = {
		.network_namespace = socket_namespace(socket),
		.port = socket->__sk_common.skc_num,
		.protocol = PROTOCOL_TCP,
	};
	struct flow_owner *owner = bpf_map_lookup_elem(&port_owners, &key), *mine;

	mine = owner ? take_tcp_owner(number_of(socket)) : NULL;
	if (mine)
		*mine = *owner;
}

/*
 * In other states than connecting and listening, current need not be the socket's process. Its
 * address may have been another socket's, whose end nobody saw.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_socket_state, struct sock *socket, int old_state, int state)
{
	struct flow_owner *owner;
	__u64 cookie;

	if (state == STATE_CLOSE)
		drop_tcp_owner(number_of(socket));
	if (state == STATE_ESTABLISHED && old_state == STATE_SYN_RECV && tcp_has_table &&
	    filter.kinds & RULES_PROCESS)
		inherit_owner(socket);
	if (state != STATE_SYN_SENT && state != STATE_LISTEN)
		return 0;
	owner = keep_owner(socket, state);
	if (!owner)
		return 0;
	cookie = bpf_get_socket_cookie(socket);
	if (!owner->pid || owner->socket_cookie != (__u32)cookie)
		owner_is(owner, bpf_get_current_task_btf(), cookie);
	if (state == STATE_LISTEN)
		port_belongs_to(socket, PROTOCOL_TCP, owner);
	return 0;
}

/* The socket's number, which the kernel gives when it is first asked. */
static __always_inline __u64 cookie_of(struct sock *socket)
{
	__u64 cookie = socket->__sk_common.skc_cookie.counter;

	return cookie ? cookie : bpf_get_socket_cookie(socket);
}

static __always_inline struct flow_owner *owner_at_use(struct sock *socket)
{
	struct flow_owner *owner;
	__u32 cookie;

	if (!is_internet(socket))
		return NULL;
	owner = keep_owner(socket, socket->__sk_common.skc_state);
	if (!owner)
		return NULL;
	cookie = (__u32)cookie_of(socket);
	if (!owner->pid || owner->socket_cookie != cookie)
		owner_is(owner, bpf_get_current_task_btf(), cookie);
	return owner;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(on_socket_send, struct sock *socket)
{
	owner_at_use(socket);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_socket_receive, struct sock *socket)
{
	struct flow_owner *owner = owner_at_use(socket);

	if (owner && socket->sk_protocol == PROTOCOL_UDP)
		port_belongs_to(socket, PROTOCOL_UDP, owner);
	return 0;
}

/* The walk at the start: every socket that some process holds open. */
SEC("iter/task_file")
int each_file(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	struct flow_owner *owner;
	struct socket *socket;
	struct sock *inner;

	if (!file || !task)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	inner = socket->sk;
	if (!inner || !is_internet(inner))
		return 0;
	owner = keep_owner(inner, inner->__sk_common.skc_state);
	if (!owner)
		return 0;
	if (!owner->pid)
		owner_is(owner, task, bpf_get_socket_cookie(inner));
	if (inner->sk_protocol == PROTOCOL_UDP && inner->__sk_common.skc_num)
		port_belongs_to(inner, PROTOCOL_UDP, owner);
	else if (inner->sk_protocol == PROTOCOL_TCP &&
		 inner->__sk_common.skc_state == STATE_LISTEN)
		port_belongs_to(inner, PROTOCOL_TCP, owner);
	return 0;
}

#endif
