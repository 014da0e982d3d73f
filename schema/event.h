/* SPDX-License-Identifier: Apache-2.0 OR (GPL-2.0 OR BSD-2-Clause) */
/*
 * What the kernel side tells the recorder: map keys, map values and ring-buffer records.
 *
 * Shared as it stands by bpf/ and by user space: <linux/types.h> only, fixed width, no
 * pointers, no hidden padding, numbers never reused.
 *
 * Addresses are 16 bytes in network order, IPv4 as ::ffff:a.b.c.d. Ports are in host order.
 * Times are nanoseconds of CLOCK_BOOTTIME.
 */
#ifndef SCHEMA_EVENT_H
#define SCHEMA_EVENT_H

#include <linux/types.h>

/* An address as two halves, each exactly as its eight bytes lie in memory. */
struct address {
	__u64 half[2];
};

/*
 * The identity of a connection in one namespace, both directions in one key: end 0 is the end
 * whose (address, port) compares lower, as raw memory words.
 *
 * ICMP and ICMPv6 have no ports. A query and its reply share a key: the type is that of the
 * query, both ports are the query's identifier. Every other message has its type and code and
 * ports 0.
 */
struct flow_key {
	struct address address[2];
	__u16 port[2];
	__u32 network_namespace;
	__u8 protocol;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 zero[5];
};

#define FLOW_HOPS 8

/* Direction of a packet at an interface. */
enum io_direction {
	IO_RECEIVE = 0,
	IO_TRANSMIT = 1,
};

/*
 * Counters at one hop. Index 0 of each pair counts packets from end 0 to end 1 of the key,
 * index 1 the other way. Packets are wire segments, bytes are network-layer bytes of those
 * segments.
 */
struct flow_hop {
	__u64 id; /* (interface index << 2) | (io_direction << 1) | 1; 0: the slot is free */
	__u32 packets[2];
	__u32 first_ns[2]; /* first sight, 1 + nanoseconds since flow_value.start_ns; 0: none */
	__u64 bytes[2];
};

/*
 * The process that owns a socket: its leader's pid and start time. All zero: not known. An
 * accepted socket inherits its listener's owner together with the listener's cookie, until it
 * is used.
 */
struct flow_owner {
	__u64 start_ns;
	__u32 pid;
	__u32 socket_cookie; /* low half: of the socket that this was set for */
};

/* Bits of flow_value.seen; each fact has one bit for each direction, shifted by the direction.
 */
#define SEEN_SYN      (1U << 0) /* a SYN without ACK: this end opened the connection */
#define SEEN_SYN_ACK  (1U << 2) /* a SYN with ACK: this end was connected to */
#define SEEN_BORN     (1U << 4) /* a socket of this namespace sent a packet in this direction */
#define SEEN_ORIGINAL (1U << 6) /* conntrack calls this the original direction */
#define SEEN_FIRST    (1U << 8) /* the first packet of the entry went in this direction */

struct flow_value {
	__u64 start_ns;
	__u64 end_ns;
	struct flow_owner owner[2]; /* of the socket that sends in that direction */
	__u32 tcp_flags[2];	    /* OR of all flags sent in that direction */
	__u32 seen;
	__u32 lost_packets; /* of a ninth hop and beyond: seen there, counted nowhere else */
	struct flow_hop hop[FLOW_HOPS];
};

/* Who receives at a port: the answer when a flow's own packets could not tell. */
struct port_key {
	__u32 network_namespace;
	__u16 port;
	__u8 protocol;
	__u8 zero;
};

struct rate_key {
	__u64 bucket; /* boot time / RATE_BUCKET_NS */
	__u32 network_namespace;
	__u32 zero;
};

struct rate_value {
	__u64 inserts;
	__u64 nat_inserts;
};

#define RATE_BUCKET_NS 100000000ULL

/* Kinds of ring-buffer records. */
enum event_kind {
	EVENT_PROCESS_FORK = 1,
	EVENT_PROCESS_EXEC = 2,
	EVENT_PROCESS_EXIT = 3,
	EVENT_PROCESS_EXISTS = 4, /* the state at start */
	EVENT_NAT = 5,	     /* a translation begins, or is there */
	EVENT_NAT_END = 8,   /* it is over */
	EVENT_NAT_AGAIN = 9, /* it was told before and is used again: for who has forgotten it */
};

struct event_header {
	__u32 kind;
	__u32 cpu;
	__u64 time_ns;
};

struct process_event {
	struct event_header header;
	__u64 start_ns;
	__u64 parent_start_ns;
	__u64 cgroup_id;	/* in the cgroup v2 hierarchy */
	__u64 memory_cgroup_id; /* in the v1 memory hierarchy, or the same as cgroup_id */
	__u32 pid;
	__u32 parent_pid;
	__u32 user_id;
	__u32 group_id;
	__u32 exit_code; /* as wait(2) gives it */
	__u32 network_namespace;
	char command[16];
};

#define EXEC_PATH_SIZE	    256
#define EXEC_ARGUMENTS_SIZE 1024

/* EVENT_PROCESS_EXEC: a process_event and what was executed. */
struct exec_event {
	struct process_event process;
	__u32 path_size; /* bytes used in path, its 0 byte included; 0: could not be read */
	__u32 arguments_size;  /* bytes used in arguments, strings each ended by 0 */
	__u32 arguments_total; /* what the process was given; more than arguments_size: cut */
	__u32 zero;
	char path[EXEC_PATH_SIZE];
	char arguments[EXEC_ARGUMENTS_SIZE];
};

/* One end of a conntrack tuple and the other, in the direction its packets go. */
struct tuple {
	struct address source;
	struct address destination;
	__u16 source_port;
	__u16 destination_port;
	__u8 protocol;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 zero;
};

/* What told of a translation. */
enum nat_probe {
	NAT_BY_PACKET = 0, /* a packet at an interface that carried the entry */
	NAT_BY_INSERT = 1, /* the kernel's function that makes entries known */
	NAT_BY_DELETE = 2, /* the kernel's function that removes them */
	NAT_BY_WALK = 3,   /* a walk through the kernel's table of entries */
	NAT_BY_REUSE = 4,  /* its memory holds another entry by now */
	NAT_BY_DUMP = 5,   /* a dump by ctnetlink */
	NAT_BY_NOTICE = 6, /* a notice of ctnetlink */
	NAT_BY_SOCKET = 7, /* a socket connected elsewhere than it was asked to */
};

/* A connection whose reply tuple is not its original tuple turned around. */
struct nat_event {
	struct event_header header;
	struct tuple original;
	struct tuple reply;
	__u64 since_ns; /* it happened after this, and by header.time_ns; 0: at that time */
	__u64 entry;	/* tells two with the same tuples from each other; 0: not known */
	__u32 network_namespace;
	__u32 mark;
	__u16 zone;
	__u8 is_new;	/* 1: the entry is being made; 0: it was there before */
	__u8 told_by;	/* enum nat_probe */
	__u8 is_unkept; /* 1: there was no room to remember it, so it may be told again */
	__u8 zero[3];
};

/*
 * What each kernel stage counts, for each CPU: what came in equals what was stored plus what
 * was excluded plus what was lost.
 */
enum stage_counter {
	COUNT_RECEIVE_ATTEMPTED = 0,  /* packets at netif_receive_skb */
	COUNT_TRANSMIT_ATTEMPTED = 1, /* packets at net_dev_queue */
	COUNT_PACKET_STORED = 2,
	COUNT_PACKET_NOT_IP = 3,
	COUNT_PACKET_TRUNCATED = 4,
	COUNT_PACKET_MALFORMED = 5,
	COUNT_PACKET_UNREADABLE = 6,
	COUNT_PACKET_MAP_FULL = 7,
	COUNT_PACKET_HOPS_FULL = 8,
	COUNT_PROCESS_ATTEMPTED = 9,
	COUNT_PROCESS_RING_FULL = 10,
	COUNT_NAT_ATTEMPTED = 11,
	COUNT_NAT_RING_FULL = 12,
	COUNT_RATE_ATTEMPTED = 13,
	COUNT_RATE_MAP_FULL = 14,
	COUNT_NAT_KEEP_ATTEMPTED = 40, /* translations to keep until they end */
	COUNT_NAT_UNKEPT = 41,	       /* for which the table has no room */
	STAGE_COUNTERS = 64,
};

#define EVENT_LAYOUT(type, size) _Static_assert(sizeof(type) == (size), "layout of " #type)

EVENT_LAYOUT(struct address, 16);
EVENT_LAYOUT(struct flow_key, 48);
EVENT_LAYOUT(struct flow_hop, 40);
EVENT_LAYOUT(struct flow_owner, 16);
EVENT_LAYOUT(struct flow_value, 64 + 40 * FLOW_HOPS);
EVENT_LAYOUT(struct port_key, 8);
EVENT_LAYOUT(struct rate_key, 16);
EVENT_LAYOUT(struct rate_value, 16);
EVENT_LAYOUT(struct event_header, 16);
EVENT_LAYOUT(struct process_event, 88);
EVENT_LAYOUT(struct exec_event, 88 + 16 + EXEC_PATH_SIZE + EXEC_ARGUMENTS_SIZE);
EVENT_LAYOUT(struct tuple, 40);
EVENT_LAYOUT(struct nat_event, 128);

#endif
