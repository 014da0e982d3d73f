/* SPDX-License-Identifier: Apache-2.0 OR (GPL-2.0 OR BSD-2-Clause) */
/*
 * What the recorder tells the kernel side: the rules of a filter, as settings, map keys and map
 * values.
 *
 * Each kind of rule has values that allow and values that deny. Of a kind, something is
 * rejected when a value that denies matches it, or when there are values that allow and none of
 * them matches. It is admitted when no kind rejects it.
 *
 * The value of every map is what a match means, as RULE_ALLOW and RULE_DENY. Where the longest
 * match alone is found (networks, names), it says what the shorter ones say, too.
 */
#ifndef SCHEMA_RULE_H
#define SCHEMA_RULE_H

#include "schema/flow_hash.h"

#define RULE_ALLOW 1U
#define RULE_DENY  2U

/* Two kinds in one value: the second one's bits are shifted. */
#define RULE_SECOND 2

/* Kinds of rules; what each looks at. */
#define RULES_NETNS	 (1U << 0) /* network namespace of a device or a process */
#define RULES_CGROUP	 (1U << 1) /* cgroups of the process, and all above them */
#define RULES_EXECUTABLE (1U << 2) /* name of the process, its leader's comm */
#define RULES_INTERFACE	 (1U << 3) /* name or index of the interface */
#define RULES_PROTOCOL	 (1U << 4)
#define RULES_PORT	 (1U << 5) /* of either end */
#define RULES_NET	 (1U << 6) /* address of either end */
#define RULES_WITHIN	 (1U << 7) /* addresses of both ends */
#define RULES_SAMPLE	 (1U << 8) /* hash of the tuple */
#define RULES_KINDS	 9

/* What is asked of one process, together: the second is its name. */
#define RULES_PROCESS (RULES_CGROUP | RULES_EXECUTABLE)

/* How interface rules are to be looked up: by name or index, in any or in this namespace. */
#define INTERFACE_NAME	     (1U << 0)
#define INTERFACE_NAME_HERE  (1U << 1)
#define INTERFACE_INDEX	     (1U << 2)
#define INTERFACE_INDEX_HERE (1U << 3)

struct filter_settings {
	__u32 kinds;		 /* RULES_*; 0: all is admitted */
	__u32 allows;		 /* those of them that have values which allow */
	__u64 protocol_allow[4]; /* a bit for each number */
	__u64 protocol_deny[4];
	__u32 interface_lookups;
	__u32 memory_hierarchy; /* number of the v1 memory hierarchy; 0: there is none */
	__u64 sample_limit;	/* see flow_hash_samples() */
	struct flow_hash_seed sample_seed;
};

/* In a trie, IPv4 as ::ffff:a.b.c.d: for RULES_NET, and as the second kind for RULES_WITHIN. */
struct net_key {
	__u32 prefix_bits;
	__u8 address[16];
};

/*
 * In a trie: the name of an interface or of an executable. A whole name's prefix reaches to the
 * 0 that ends it. An interface's index is a 0 and its four bytes.
 */
struct name_key {
	__u32 prefix_bits;
	__u32 network_namespace; /* 0: any */
	char name[16];
};

/* 64 ports, a bit for each. */
struct port_rules {
	__u64 allow;
	__u64 deny;
};

#define PORT_RULES 1024

struct cgroup_key {
	__u64 id;
	__u32 hierarchy; /* number; 0: v2 */
	__u32 zero;
};

#define CGROUP_PATH_SIZE 256

struct cgroup_path {
	char text[CGROUP_PATH_SIZE]; /* ended and filled up with 0 */
};

/* Whether values of a kind that say these bits reject. */
static inline __attribute__((always_inline)) int rules_reject(__u32 allows, __u32 kind,
							      __u32 bits)
{
	return (bits & RULE_DENY) || ((allows & kind) && !(bits & RULE_ALLOW));
}

/* Only these have ports that are recorded as such: TCP, UDP, SCTP. */
static inline __attribute__((always_inline)) int rules_has_ports(__u8 protocol)
{
	return protocol == 6 || protocol == 17 || protocol == 132;
}

EVENT_LAYOUT(struct filter_settings, 8 + 64 + 16 + 8 * FLOW_HASH_SEEDS);
EVENT_LAYOUT(struct net_key, 20);
EVENT_LAYOUT(struct name_key, 24);
EVENT_LAYOUT(struct port_rules, 16);
EVENT_LAYOUT(struct cgroup_key, 16);

#endif
