/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The kernel types and fields that we read, and each kernel difference as a named accessor: the
 * list of what Flowtape depends on.
 *
 * Offsets are relocated when the object is loaded (preserve_access_index), so only names and
 * types matter here, not the order or what lies between.
 */
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ptrace.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "schema/event.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net_device;

struct net {
	struct ns_common ns;
	struct net_device *loopback_dev;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct device {
	struct device *parent;
};

struct net_device {
	char name[16];
	int ifindex;
	unsigned short type;
	possible_net_t nd_net;
	struct device dev; /* has a parent where the interface is hardware */
};

typedef struct {
	__s64 counter;
} atomic64_t;

struct sock_common {
	__be32 skc_daddr, skc_rcv_saddr; /* of IPv4 */
	__be16 skc_dport;
	__u16 skc_num; /* the bound port, host order */
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
	atomic64_t skc_cookie; /* 0 until somebody asks for it */
};

/* A connection that is being accepted. */
struct request_sock {
	struct sock_common __req_common;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol; /* a bit field of 8 bits before 5.6 */
};

struct tcp_sock {
	__u32 snd_nxt;	     /* what is behind it has been sent */
	__u32 total_retrans; /* counted before a segment is sent again */
};

struct socket {
	struct sock *sk;
};

struct msghdr {
	void *msg_name; /* a sockaddr in the kernel, or NULL */
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	int skb_iif;	     /* where it was received last; 0: nowhere yet */
	unsigned long _nfct; /* conntrack entry | enum ip_conntrack_info */
	unsigned int len;
	unsigned int data_len; /* of len, in fragments beyond the linear part */
	__be16 protocol;
	__u8 encapsulation : 1;	      /* the inner headers are set */
	__u16 inner_transport_header; /* from head */
	__u16 inner_network_header;   /* from head */
	__u16 network_header;	      /* from head */
	__u16 mac_header;	      /* from head, where the packet is received */
	__u32 hash, mark;
	__s64 tstamp;
	unsigned int end; /* from head; skb_shared_info is there */
	unsigned char *head;
	unsigned char *data;
	char cb[48]; /* of TCP's own packets: a tcp_skb_cb */
};

struct skb_shared_info {
	unsigned short gso_size;
	unsigned short gso_segs;
	unsigned int gso_type;
};

struct tcp_skb_cb {
	__u16 tcp_gso_segs;
};

/* Since 5.17; relocated: each kernel has its own numbers. */
enum skb_drop_reason {
	SKB_DROP_REASON_NOT_SPECIFIED = 2,
	SKB_DROP_REASON_PACKET_SOCK_ERROR = 106, /* since 6.12 */
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

/* Copied as a whole: laid out as the kernel has it since 2.6.29. */
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
		__u8 dir; /* lowest bit: 0 original, 1 reply */
	} dst;
};

/* The last of a chain is no address but 1 | chain number << 1 (include/linux/list_nulls.h). */
struct hlist_nulls_node {
	struct hlist_nulls_node *next, **pprev;
};

struct nf_conntrack_tuple_hash {
	struct hlist_nulls_node hnnode;
	struct nf_conntrack_tuple tuple;
};

struct nf_conntrack_zone {
	__u16 id;
};

struct nf_conn {
	unsigned long status; /* enum ip_conntrack_status */
	struct nf_conntrack_zone zone;
	struct nf_conntrack_tuple_hash tuplehash[2]; /* original, reply */
	possible_net_t ct_net;
	__u32 mark;
};

/* --- processes --- */

struct kernfs_node {
	__u64 id;
};

struct cgroup_root {
	unsigned int subsys_mask;
	int hierarchy_id; /* as in /proc/cgroups; 0: v2 */
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup_subsys_state *subsys[12];
	struct cgroup *dfl_cgrp;
};

enum cgroup_subsys_id {
	memory_cgrp_id = 4, /* relocated: the number depends on the configuration */
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
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
	int group_exit_code;
	unsigned int flags;
};

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

struct super_block {
	__u32 s_dev;
};

struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
	__s64 i_ctime_sec; /* since 6.11 */
	__u32 i_ctime_nsec;
};

struct inode___before_6_11 {
	struct timespec64 __i_ctime;
};

struct inode___before_6_6 {
	struct timespec64 i_ctime;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
	struct file *exe_file;
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

/* As a type of bpf_rdonly_cast: nothing but 64-bit words. */
struct rtnl_link_stats64 {
	__u64 rx_packets;
};

#pragma clang attribute pop

/* From 6.2 on: memory as a type, read without a call (0 where nothing is), and TC's context. */
extern void *bpf_rdonly_cast(const void *pointer, __u32 type) __ksym __weak;
extern void *bpf_cast_to_kern_ctx(void *context) __ksym __weak;

/* Whether this kernel has them; set before loading, so that the verifier drops the other way.
 */
const volatile __u8 kernel_has_casts = 0;

/* Whether kfree_skb tells the socket that a packet had come to (6.11); set before loading. */
const volatile __u8 drop_tells_receiver = 0;

/* enum ip_conntrack_info: below this, the packet goes in the original direction. */
#define CONNTRACK_RELATED     1
#define CONNTRACK_NEW	      2
#define CONNTRACK_FIRST_REPLY 3

#define NETFILTER_ACCEPT 1

/* enum ip_conntrack_status: the entry is in the table; somebody removes it already. */
#define CONNTRACK_CONFIRMED (1UL << 3)
#define CONNTRACK_DYING	    (1UL << 9)
/* ARPHRD_ETHER among the types of a device. */
#define DEVICE_ETHERNET 1

/* Bits of gso_type: SKB_GSO_TCPV4 and SKB_GSO_TCPV6. */
#define GSO_TCP (1 << 0 | 1 << 4)

/* States of a struct sock that is not a full socket. */
#define STATE_TIME_WAIT	   6
#define STATE_NEW_SYN_RECV 12
#define STATE_ESTABLISHED  1
#define STATE_SYN_SENT	   2
#define STATE_SYN_RECV	   3
#define STATE_CLOSE	   7
#define STATE_LISTEN	   10

/* A bit of signal_struct.flags: the process ends as a whole, with group_exit_code. */
#define SIGNAL_GROUP_EXIT 4

/* A TC program's verdict: not mine, ask the next. */
#define TC_NEXT -1

#define FAMILY_INET  2
#define FAMILY_INET6 10

#define TCP_SYN_FIN_RST 0x07
#define TCP_FIN_RST	0x05
#define TCP_ACK		0x10

#define PROTOCOL_ICMP	1
#define PROTOCOL_TCP	6
#define PROTOCOL_UDP	17
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_SCTP	132

#define EEXIST 17
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

/*
 * The same where the pointer may be something else: the kernel uses the fields of a packet that
 * waits in a queue again. 0: it is no namespace.
 */
static __always_inline __u32 namespace_number(const struct net *net)
{
	struct net_device *loopback = net->loopback_dev;

	return loopback && loopback->nd_net.net == net ? net->ns.inum : 0;
}

/* Whether the kernel drops a packet for this reason, and does not just say no more of it. */
static __always_inline int reason_is_loss(__u32 reason)
{
	if (reason <=
	    (__u32)bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NOT_SPECIFIED))
		return 0;
	/* A packet socket had no room for its copy. */
	return !bpf_core_enum_value_exists(enum skb_drop_reason,
					   SKB_DROP_REASON_PACKET_SOCK_ERROR) ||
	       reason != (__u32)bpf_core_enum_value(enum skb_drop_reason,
						    SKB_DROP_REASON_PACKET_SOCK_ERROR);
}

/* The segments of one of TCP's own packets. */
static __always_inline __u32 tcp_segments(const struct sk_buff *packet)
{
	const struct tcp_skb_cb *control = (const void *)packet->cb;
	__u16 segments = 0;

	bpf_core_read(&segments, sizeof(segments), &control->tcp_gso_segs);
	return segments ? segments : 1;
}

#define NANOSECONDS 1000000000ULL

/* From 6.13 on, the highest bit of the nanoseconds says that somebody asked. */
static __always_inline __u64 inode_changed_ns(struct inode *inode)
{
	struct inode___before_6_11 *older = (void *)inode;
	struct inode___before_6_6 *oldest = (void *)inode;

	if (bpf_core_field_exists(inode->i_ctime_sec))
		return inode->i_ctime_sec * NANOSECONDS + (inode->i_ctime_nsec & 0x7fffffff);
	if (bpf_core_field_exists(older->__i_ctime))
		return older->__i_ctime.tv_sec * NANOSECONDS + older->__i_ctime.tv_nsec;
	return oldest->i_ctime.tv_sec * NANOSECONDS + oldest->i_ctime.tv_nsec;
}

/* The numbers of a device, include/linux/kdev_t.h. */
static __always_inline __u32 device_major(const struct super_block *file_system)
{
	return file_system->s_dev >> 20;
}

static __always_inline __u32 device_minor(const struct super_block *file_system)
{
	return file_system->s_dev & 0xfffff;
}

static __always_inline struct mount *mount_of(struct vfsmount *seen)
{
	return (void *)seen - bpf_core_field_offset(struct mount, mnt);
}

/* What wait(2) gives; kernel/exit.c: wait_task_zombie. */
static __always_inline __u32 exit_status(const struct task_struct *leader)
{
	const struct signal_struct *signal = leader->signal;

	return signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : leader->exit_code;
}

/* The number of the cgroup of a task in the v1 memory hierarchy, 0 where there is none. */
static __always_inline __u64 memory_cgroup_number(const struct task_struct *task)
{
	struct cgroup *cgroup;
	int memory;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return 0;
	memory = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	cgroup = BPF_CORE_READ(task, cgroups, subsys[memory & 15], cgroup);
	return BPF_CORE_READ(cgroup, root, hierarchy_id) ? BPF_CORE_READ(cgroup, kn, id) : 0;
}

/* Which of the two hierarchies that we follow a cgroup is in; -1: another one. */
static __always_inline int cgroup_hierarchy(const struct cgroup *cgroup)
{
	int memory;

	if (!cgroup->root->hierarchy_id)
		return CGROUP_V2;
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return -1;
	memory = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	return cgroup->root->subsys_mask >> memory & 1 ? CGROUP_V1_MEMORY : -1;
}

/* The conntrack entry of a packet, or NULL; the low bits of _nfct are its ip_conntrack_info. */
static __always_inline const struct nf_conn *packet_conntrack(const struct sk_buff *packet,
							      unsigned int *info)
{
	unsigned long value = packet->_nfct;

	*info = value & 7;
	return (const struct nf_conn *)(value & ~7UL);
}

/* Bytes of a packet, to be read as 64-bit words where they lie; not without kernel_has_casts.
 */
static __always_inline const __u64 *packet_words(const void *from)
{
	return bpf_rdonly_cast(from, bpf_core_type_id_kernel(struct rtnl_link_stats64));
}

/* Payload bytes of each of the wire's packets that this one stands for; 0: it stands for
 * itself. */
static __always_inline __u32 packet_gso_size(const struct sk_buff *packet)
{
	const struct skb_shared_info *shared = (const void *)(packet->head + packet->end);
	unsigned short size = 0;

	if (kernel_has_casts) {
		shared = bpf_rdonly_cast(shared,
					 bpf_core_type_id_kernel(struct skb_shared_info));
		return shared->gso_size;
	}
	bpf_core_read(&size, sizeof(size), &shared->gso_size);
	return size;
}

/* How many those are, where the kernel has counted them. */
static __always_inline __u32 packet_gso_segments(const struct sk_buff *packet)
{
	const struct skb_shared_info *shared = (const void *)(packet->head + packet->end);
	unsigned short segments = 0;

	bpf_core_read(&segments, sizeof(segments), &shared->gso_segs);
	return segments;
}

#endif
