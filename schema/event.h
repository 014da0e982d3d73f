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
	__u8 protocol, icmp_type, icmp_code, zero;
	__u32 network_namespace;
	__u32 zero_too;
};

/* Direction of a packet at an interface. */
enum io_direction {
	IO_RECEIVE = 0,
	IO_TRANSMIT = 1,
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
	__u32 rules;	     /* what the filter's process rules say of it, see schema/rule.h */
	__u32 zero;
};

/*
 * The flow table: units of one cache line, and an index into them.
 *
 *     index: buckets of 16 slots          units
 *     slot = (tag, unit number + 1) ────> flow_entry, flow_records ─ next ─> flow_records ...
 *
 *     units    | even generations >          < odd generations |
 *
 * A flow takes two neighbouring units, its flow_entry and its first flow_records, and one more
 * for each three further records. Units are taken one after the other, by even generations from
 * the lower end and by odd ones from the upper, and never given back singly: user space turns
 * the generation, takes what the old one counted, and with it all of its units.
 */
#define FLOW_RECORDS 3	/* in a unit */
#define FLOW_CHAIN   10 /* units of records that a flow may have */
#define FLOW_OPEN    8	/* of them those whose records are for anything */
#define FLOW_SLOTS   16
#define FLOW_PROBES  4 /* buckets that are looked at before the index counts as full */

enum flow_unit_kind {
	UNIT_ENTRY = 1,	  /* a flow_entry; its first flow_records is the next unit */
	UNIT_RECORDS = 2, /* a flow_records */
	UNIT_UNUSED = 3,  /* taken, and then another CPU was first */
};

/* The upper 2 bits of the first word of a unit. */
#define UNIT_MARK(kind) ((__u32)(kind) << 30)
#define UNIT_MARK_BITS	UNIT_MARK(3)

/* What was seen: each fact has one bit for each direction, shifted by the direction. */
#define SEEN_SYN      (1U << 0) /* a SYN without ACK: this end opened the connection */
#define SEEN_SYN_ACK  (1U << 2) /* a SYN with ACK: this end was connected to */
#define SEEN_BORN     (1U << 4) /* a socket of this namespace sent a packet in this direction */
#define SEEN_ORIGINAL (1U << 6) /* conntrack calls this the original direction */
#define SEEN_FIRST    (1U << 8) /* the first packet of the entry went in this direction */

struct flow_entry {
	__u32 facts; /* mark; SEEN_* from bit 16; TCP flags, 8 bits for each direction */
	__u32 network_namespace;
	__u16 port[2];
	__u8 protocol, icmp_type, icmp_code;
	__u8 is_left; /* another flow has its slot */
	struct address address[2];
	__u64 start_ns, end_ns; /* first and last packet; see NOTE_TICK */
};

#define FACT_SEEN(seen)		     ((__u32)(seen) << 16)
#define FACT_FLAGS(flags, direction) ((__u32)(flags) << 8 * (direction))
#define FACT_DSCP(dscp)		     ((__u32)(dscp) << 26) /* of one packet, in a packet_event */

/*
 * A record counts what happened in one direction of the flow. `what` is taken by
 * compare-and-swap from 0 and says what it counts:
 *     bit 0        direction of the key
 *     bits 1..27   hop: io_direction, interface index (26 bits)
 *     bits 28..30  enum flow_record_kind
 *     bit 31       hop: RECORD_BEGINS
 *     bits 32..63  detail
 */
struct flow_record {
	__u64 what;
	__u64 count;
};

enum flow_record_kind {
	/*
	 * detail: first sight, nanoseconds since the entry's start (at most 2^32 - 1); count:
	 * wire segments in the upper 26 bits, network-layer bytes of those segments in the
	 * lower
	 * 38. A record that is half full is left for another of the same hop. Interface 0,
	 * which always transmits: any hop beyond those that there are records for, or whose
	 * index is beyond 26 bits.
	 */
	RECORD_HOP = 0,
	RECORD_ANSWER = 1, /* count: time of the handshake's last packet */
	/* count: TCP segments sent again by a socket here; detail: 1 for SYN and SYN-ACK */
	RECORD_RETRANSMIT = 2,
	RECORD_DROP = 3, /* detail: enum skb_drop_reason; count: wire segments */
};

#define RECORD_ID(kind, ifindex, io, direction) \
	((__u32)(kind) << 28 | (__u32)(ifindex) << 2 | (__u32)(io) << 1 | (direction))
#define RECORD_KIND(what)     ((__u32)(what) >> 28 & 7)
#define RECORD_BEGINS	      (1U << 31) /* no interface here received its packets before */
#define RECORD_HOP_MASK	      (~RECORD_BEGINS) /* what tells hops apart */
#define RECORD_INTERFACE_MOST ((1U << 26) - 1)
#define RECORD_SEGMENT	      (1ULL << 38)
#define RECORD_BYTES_MASK     (RECORD_SEGMENT - 1)
#define RECORD_HALF_FULL      (1ULL << 63 | RECORD_SEGMENT >> 1)

struct flow_records {
	__u32 notes; /* mark; in the first of a flow: NOTE_* */
	__u32 next;  /* unit number + 1; 0: none */
	__u64 owner; /* OWNER_OF, of the socket that sends in that direction; 0: none */
	struct flow_record record[FLOW_RECORDS];
};

#define NOTE_DSCP(dscp, direction) ((__u32)(dscp) << 6 * (direction)) /* the latest */
#define NOTE_DSCP_MASK(direction)  NOTE_DSCP(63, direction)
#define NOTE_OWNED		   (1U << 12) /* by direction: the owner will not change */
#define NOTE_TOLD		   (1U << 14) /* its conntrack entry has been looked at */
#define NOTE_ANSWERED		   (1U << 15) /* it has a RECORD_ANSWER */
/*
 * The kernel's tick (jiffies, 12 bits) in which the clock was read last. It is read for the
 * first packet of a flow in each direction at each hop, for the first SYN, FIN and RST in each
 * direction, and for the first packet in each tick; so end_ns may be a tick (1 to 10 ms) early,
 * in a burst.
 */
#define NOTE_TICK(jiffies) (((__u32)(jiffies)&0xfff) << 16)
#define NOTE_TICK_MASK	   NOTE_TICK(0xfff)

/*
 * An owner in one word: pid (22 bits, the most that Linux has), start time in units of 1024 ns
 * (41 bits, 26 days), direction.
 */
#define OWNER_START(start_ns) ((start_ns) >> 10 & ((1ULL << 41) - 1))
#define OWNER_TO_START(owner) (((owner) >> 1 & ((1ULL << 41) - 1)) << 10)
#define OWNER_OF(pid, start_ns, direction) \
	((__u64)(pid) << 42 | OWNER_START(start_ns) << 1 | (direction))

struct flow_bucket {
	__u32 slot[FLOW_SLOTS];
};

/* How many units the generations of one parity have taken, in a line of its own. */
struct flow_taken {
	__u32 units;
	__u32 zero[15];
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
	EVENT_NAT = 5,		  /* a translation begins, or is there */
	EVENT_PROCESS_CGROUP = 6, /* a process has been moved to another cgroup */
	EVENT_CGROUP_MADE = 7,
	EVENT_NAT_END = 8,   /* it is over */
	EVENT_NAT_AGAIN = 9, /* it joins, and neither begins nor ends: it was told before, or
			      * the packet that began it was dropped */
	EVENT_PACKET = 12,
	EVENT_SIGHTING = 13, /* one packet at one hop */
};

struct event_header {
	__u32 kind;
	__u32 cpu;
	__u64 time_ns;
};

/* The file that a process executes. All zero: it has none, or it was not asked for. */
struct file_identity {
	__u64 inode;
	__u64 changed_ns; /* its ctime: epoch time */
	__u32 major;	  /* of the device */
	__u32 minor;
};

struct process_event {
	struct event_header header;
	__u64 start_ns;
	__u64 parent_start_ns;
	__u64 cgroup_id;	/* in the cgroup v2 hierarchy */
	__u64 memory_cgroup_id; /* in the v1 memory hierarchy; 0: memory is not in v1 */
	struct file_identity executable;
	__u32 pid;
	__u32 parent_pid;
	__u32 user_id;
	__u32 group_id;
	__u32 exit_code; /* as wait(2) gives it */
	__u32 network_namespace;
	__u32 mount_namespace;
	__u32 zero;
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
	__u32 file_size; /* bytes used at the end of file, its 0 byte included; 0: not known */
	char path[EXEC_PATH_SIZE]; /* as the caller gave it: may be relative, or a script's */
	char file[EXEC_PATH_SIZE]; /* of the executable, from the root of its mount namespace */
	char arguments[EXEC_ARGUMENTS_SIZE];
};

enum cgroup_hierarchy {
	CGROUP_V2 = 0,
	CGROUP_V1_MEMORY = 1,
	CGROUP_HIERARCHIES,
};

#define CGROUP_PATH_SIZE 1024

/* EVENT_CGROUP_MADE: before any process can be in it. */
struct cgroup_event {
	struct event_header header;
	__u64 id;
	__u32 hierarchy; /* enum cgroup_hierarchy */
	__u32 path_size; /* bytes used in path, its 0 byte included; 0: could not be read */
	char path[CGROUP_PATH_SIZE];
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

/* A translation that lives, as the kernel side keeps it by the address of its entry. */
struct living_nat {
	struct tuple original;
	struct tuple reply;
	__u64 alive_ns; /* it was there at this time */
	__u32 network_namespace;
	__u32 mark;
	__u16 zone;
	__u16 zero;
	__u32 walk; /* the last walk that came by */
};

/* A packet that the flow table had no room for, counted by itself. */
struct packet_event {
	struct event_header header;
	struct flow_key key;
	__u32 id; /* RECORD_ID of its hop, and RECORD_BEGINS */
	__u32 facts;
	__u32 packets;
	__u32 bytes;
};

/* How it is known which packet a sighting is of. */
enum packet_identity {
	/* It may have been seen before. Where it has a packet_id, that holds from here on. */
	IDENTITY_UNKNOWN = 0,
	IDENTITY_NEW = 1,	/* here it begins: a socket's own, or never seen before */
	IDENTITY_EXACT = 2,	/* the same sk_buff as the sighting before */
	IDENTITY_SAME_HEAD = 3, /* another sk_buff around the same bytes, of the same content */
	IDENTITY_INFERRED = 4,	/* other bytes of the same content, a short time later */
};

/* What a packet has to do with its parent. */
enum packet_relation {
	RELATION_NONE = 0,
	RELATION_SEGMENT = 1, /* cut from it: the parent is a super packet */
	RELATION_MERGE = 2,   /* made from it and others: the parent is the first of them */
	/* An IP fragment of it; of a datagram that was never seen whole, of its first fragment.
	 */
	RELATION_FRAGMENT = 3,
	RELATION_INSIDE = 4, /* what the parent, a tunnel's packet, has carried here */
	RELATION_AGAIN = 5,  /* TCP sends again what the parent carried */
	RELATION_AROUND = 6, /* a tunnel's packet: the parent is what it carries from here on */
};

#define SIGHTING_HEADER	 96
#define SIGHTING_PAYLOAD 40

/*
 * EVENT_SIGHTING: a packet at a hop, with the bytes and the kernel's fields that a fingerprint
 * may be made of, as they were.
 */
struct sighting_event {
	struct event_header header;
	__u64 packet_id; /* a running number of this recording; 0: not known */
	__u64 parent_id; /* 0: it has none */
	__u64 skb_address, skb_head;
	__u64 skb_time_ns; /* its tstamp, whatever that means at this hop */
	__u64 conntrack;   /* digest of the entry's original tuple; 0: it carries none */
	__u32 skb_hash, skb_mark;
	__u32 network_namespace, interface_index;
	__u32 network_bytes; /* of the (super) packet, from the network header */
	__u32 packets;	     /* wire segments that it stands for */
	__u8 io_direction, identity, relation;
	__u8 link_size;	    /* bytes used in link: 14, or 0 where there is no such header */
	__u16 header_size;  /* bytes used in bytes: network and transport header */
	__u16 payload_size; /* bytes used in payload */
	__u8 link[16];
	__u8 bytes[SIGHTING_HEADER];
	__u8 payload[SIGHTING_PAYLOAD]; /* what follows the transport header */
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
	COUNT_PROCESS_ATTEMPTED = 9,
	COUNT_PROCESS_RING_FULL = 10,
	COUNT_NAT_ATTEMPTED = 11,
	COUNT_NAT_RING_FULL = 12,
	COUNT_RATE_ATTEMPTED = 13,
	COUNT_RATE_MAP_FULL = 14,
	COUNT_PACKET_RING = 15, /* of those for which the table was full: told singly */
	/* What the filter excluded, by the kind of rule, in the order in which they are asked.
	 */
	COUNT_PACKET_NETNS_RULE = 16,
	COUNT_PACKET_CGROUP_RULE = 17,
	COUNT_PACKET_EXECUTABLE_RULE = 18,
	COUNT_PACKET_INTERFACE_RULE = 19,
	COUNT_PACKET_PROTOCOL_RULE = 20,
	COUNT_PACKET_PORT_RULE = 21,
	COUNT_PACKET_NET_RULE = 22,
	COUNT_PACKET_NOT_SAMPLED = 23,
	COUNT_PROCESS_NETNS_RULE = 24,
	COUNT_PROCESS_CGROUP_RULE = 25,
	COUNT_PROCESS_EXECUTABLE_RULE = 26,
	COUNT_NAT_NETNS_RULE = 27,
	COUNT_NAT_PROTOCOL_RULE = 28,
	COUNT_NAT_PORT_RULE = 29,
	COUNT_NAT_NET_RULE = 30,
	COUNT_NAT_NOT_SAMPLED = 31,
	COUNT_CGROUP_ATTEMPTED = 32,
	COUNT_CGROUP_RING_FULL = 33,
	COUNT_SIGHTING_ATTEMPTED = 34, /* packets stored or told singly, where all are told */
	COUNT_SIGHTING_NOT_SAMPLED = 35,
	COUNT_SIGHTING_OVER_BUDGET = 36,
	COUNT_SIGHTING_RING_FULL = 37,
	COUNT_NAT_KEEP_ATTEMPTED = 40, /* translations to keep until they end */
	COUNT_NAT_UNKEPT = 41,	       /* for which the table has no room */
	COUNT_DROP_ATTEMPTED = 48,     /* packets dropped for a reason */
	COUNT_DROP_NOT_IP = 49,
	COUNT_DROP_UNREADABLE = 50, /* its headers or its namespace */
	COUNT_DROP_MAP_FULL = 51,
	COUNT_DROP_EXCLUDED = 52, /* by the filter */
	COUNT_RETRANSMIT_ATTEMPTED = 53,
	COUNT_RETRANSMIT_MAP_FULL = 54,
	COUNT_RETRANSMIT_EXCLUDED = 55,
	STAGE_COUNTERS = 64,
};

/* Who counts; each program that counts packets alone has its own, so that none interrupts it.
 */
enum stage_row {
	ROW_RECEIVE = 0,
	ROW_TRANSMIT = 1,
	ROW_OTHERS = 2,
	STAGE_ROWS = 3,
};

#define EVENT_LAYOUT(type, size) _Static_assert(sizeof(type) == (size), "layout of " #type)

EVENT_LAYOUT(struct address, 16);
EVENT_LAYOUT(struct flow_key, 48);
EVENT_LAYOUT(struct flow_owner, 24);
EVENT_LAYOUT(struct flow_entry, 64);
EVENT_LAYOUT(struct flow_records, 64);
EVENT_LAYOUT(struct flow_bucket, 64);
EVENT_LAYOUT(struct flow_taken, 64);
EVENT_LAYOUT(struct port_key, 8);
EVENT_LAYOUT(struct rate_key, 16);
EVENT_LAYOUT(struct rate_value, 16);
EVENT_LAYOUT(struct event_header, 16);
EVENT_LAYOUT(struct file_identity, 24);
EVENT_LAYOUT(struct process_event, 120);
EVENT_LAYOUT(struct exec_event, 120 + 16 + 2 * EXEC_PATH_SIZE + EXEC_ARGUMENTS_SIZE);
EVENT_LAYOUT(struct cgroup_event, 32 + CGROUP_PATH_SIZE);
EVENT_LAYOUT(struct tuple, 40);
EVENT_LAYOUT(struct nat_event, 128);
EVENT_LAYOUT(struct living_nat, 104);
EVENT_LAYOUT(struct packet_event, 80);
EVENT_LAYOUT(struct sighting_event, 248);

#endif
