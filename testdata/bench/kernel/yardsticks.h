/* SPDX-License-Identifier: Apache-2.0 OR (GPL-2.0 OR BSD-2-Clause) */
/*
 * Keys and values of the yardsticks' maps, the same for the programs and for who reads the
 * maps.
 *
 * Addresses are 16 bytes in network order, IPv4 as ::ffff:a.b.c.d; ports are in host order;
 * times are nanoseconds of CLOCK_MONOTONIC.
 */
#ifndef TESTDATA_BENCH_KERNEL_YARDSTICKS_H
#define TESTDATA_BENCH_KERNEL_YARDSTICKS_H

#include <linux/bpf.h>
#include <linux/types.h>

#define YARDSTICK_INTERFACES 6 /* that are noted besides the first */

enum yardstick_direction {
	YARDSTICK_INGRESS = 0,
	YARDSTICK_EGRESS = 1,
	YARDSTICK_BOTH = 3, /* in a list of interfaces only */
};

/* TCP flags as on the wire, and these for packets that have both of a pair. */
#define YARDSTICK_SYN_ACK 0x100
#define YARDSTICK_FIN_ACK 0x200
#define YARDSTICK_RST_ACK 0x400

struct seven_tuple {
	__u8 source[16];
	__u8 destination[16];
	__u16 source_port;
	__u16 destination_port;
	__u8 protocol;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 zero;
};

struct seven_tuple_flow {
	__u64 start_ns;
	__u64 end_ns;
	__u64 bytes; /* of whole frames, at the first interface */
	__u32 packets;
	__u16 ethertype;
	__u16 flags;
	__u8 source_mac[6];
	__u8 destination_mac[6];
	__u32 first_interface;
	struct bpf_spin_lock lock;
	__u32 sampling;
	__u8 first_direction;
	__u8 error;
	__u8 dscp;
	__u8 interface_count;
	__u8 directions[YARDSTICK_INTERFACES];
	__u8 zero[2];
	__u32 interfaces[YARDSTICK_INTERFACES];
	__u32 reserved[3]; /* what the design keeps of TLS */
};

struct twelve_tuple {
	__u16 ethertype;
	__u8 direction;
	__u8 source_mac[6];
	__u8 destination_mac[6];
	__u8 source[16];
	__u8 destination[16];
	__u16 source_port;
	__u16 destination_port;
	__u8 protocol;
	__u8 icmp_type;
	__u8 icmp_code;
	__u32 interface;
} __attribute__((packed));

/* One for each CPU. */
struct twelve_tuple_flow {
	__u32 packets;
	__u64 bytes;
	__u64 start_ns;
	__u64 end_ns;
	__u16 flags;
	__u8 error;
	__u8 dscp;
	__u8 reserved[73]; /* what the design keeps of drops, DNS, round trips and network
			      events */
} __attribute__((packed));

/* What did not fit, for each CPU. */
struct yardstick_losses {
	__u64 flows;	  /* packets without an entry: the map was full or busy */
	__u64 interfaces; /* sightings when the list of further interfaces was full */
};

_Static_assert(sizeof(struct seven_tuple) == 40, "layout of struct seven_tuple");
_Static_assert(sizeof(struct seven_tuple_flow) == 104, "layout of struct seven_tuple_flow");
_Static_assert(sizeof(struct twelve_tuple) == 58, "layout of struct twelve_tuple");
_Static_assert(sizeof(struct twelve_tuple_flow) == 105, "layout of struct twelve_tuple_flow");

#endif
