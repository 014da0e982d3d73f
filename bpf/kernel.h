/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The kernel types and fields that we read, and each kernel difference as a named accessor: the
 * list of what Flowtape depends on.
 *
 * Offsets are relocated when the object is loaded (preserve_access_index), so only names and types
 * matter here, not the order or what lies between.
 */
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	int ifindex;
	unsigned short type;
	possible_net_t nd_net;
};

struct sock_common {
	__u16 skc_num; /* the bound port, host order */
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol; /* a bit field of 8 bits before 5.6 */
};

struct socket {
	struct sock *sk;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned long _nfct; /* conntrack entry | enum ip_conntrack_info */
	unsigned int len;
	unsigned int data_len; /* of len, in fragments beyond the linear part */
	__be16 protocol;
	__u8 encapsulation : 1;	      /* the inner headers are set */
	__u16 inner_transport_header; /* from head */
	__u16 network_header;	      /* from head */
	unsigned int end;	      /* from head; skb_shared_info is there */
	unsigned char *head;
	unsigned char *data;
};

struct skb_shared_info {
	unsigned short gso_size;
	unsigned short gso_segs;
	unsigned int gso_type;
};

/* --- conntrack: in vmlinux or in the module nf_conntrack --- */

union nf_inet_addr {
	__u32 all[4];
};

union nf_conntrack_man_proto {
	__be16 all;
};

struct nf_conntrack_man {
	union nf_inet_addr u3;
	union nf_conntrack_man_proto u; /* for ICMP: the identifier */
	__u16 l3num;
};

struct nf_conntrack_tuple {
	struct nf_conntrack_man src;
	struct {
		union nf_inet_addr u3;
		union {
			__be16 all;
			struct {
				__u8 type;
				__u8 code;
			} icmp;
		} u;
		__u8 protonum;
	} dst;
};

struct nf_conntrack_tuple_hash {
	struct nf_conntrack_tuple tuple;
};

struct nf_conntrack_zone {
	__u16 id;
};

struct nf_conn {
	struct nf_conntrack_zone zone;
	struct nf_conntrack_tuple_hash tuplehash[2]; /* original, reply */
	possible_net_t ct_net;
	__u32 mark;
};

/* --- processes --- */

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[12];
	struct cgroup *dfl_cgrp;
};

enum cgroup_subsys_id {
	memory_cgrp_id = 4, /* relocated: the number depends on the configuration */
};

struct nsproxy {
	struct net *net_ns;
};

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

struct cred {
	kuid_t uid;
	kgid_t gid;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live; /* threads that have not begun to exit */
};

struct mm_struct {
	unsigned long arg_start, arg_end;
};

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 start_boottime; /* real_start_time before 5.5 */
	const struct cred *cred;
	char comm[16];
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
	struct signal_struct *signal;
	struct mm_struct *mm;
	int exit_code;
};

struct linux_binprm {
	const char *filename;
};

/* --- iterators --- */

struct file;
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct file *file;
};

#pragma clang attribute pop

/* enum ip_conntrack_info: below this, the packet goes in the original direction. */
#define CONNTRACK_RELATED     1
#define CONNTRACK_NEW	      2
#define CONNTRACK_FIRST_REPLY 3

/* ARPHRD_ETHER among the types of a device. */
#define DEVICE_ETHERNET 1

/* Bits of gso_type: SKB_GSO_TCPV4 and SKB_GSO_TCPV6. */
#define GSO_TCP (1 << 0 | 1 << 4)

/* States of a struct sock that is not a full socket. */
#define STATE_TIME_WAIT	   6
#define STATE_NEW_SYN_RECV 12
#define STATE_SYN_SENT	   2
#define STATE_LISTEN	   10

#define FAMILY_INET  2
#define FAMILY_INET6 10

#define PROTOCOL_ICMP	1
#define PROTOCOL_TCP	6
#define PROTOCOL_UDP	17
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_SCTP	132

/*
 * Tracing programs may read what lies in a packet's fragments since Linux 6.12; before, the
 * call is refused, so that it must not be reached.
 */
extern int bpf_dynptr_from_skb(struct __sk_buff *packet, __u64 flags,
			       struct bpf_dynptr *to) __ksym __weak;
extern int LINUX_KERNEL_VERSION __kconfig;

static __always_inline int paged_bytes_are_readable(void)
{
	return LINUX_KERNEL_VERSION >= (6 << 16 | 12 << 8);
}

/* The inode number of a device's namespace. */
static __always_inline __u32 device_namespace(const struct net_device *device)
{
	return device->nd_net.net->ns.inum;
}

static __always_inline __u32 socket_namespace(const struct sock *socket)
{
	return socket->__sk_common.skc_net.net->ns.inum;
}

/* The conntrack entry of a packet, or NULL; the low bits of _nfct are its ip_conntrack_info. */
static __always_inline const struct nf_conn *packet_conntrack(const struct sk_buff *packet,
							      unsigned int *info)
{
	unsigned long value = packet->_nfct;

	*info = value & 7;
	return (const struct nf_conn *)(value & ~7UL);
}

#endif
