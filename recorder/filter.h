/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter: which packets, translations and processes are recorded, as the user's rules say.
 *
 * A rule is KIND=VALUE[,VALUE...]. For each kind, what a value of a "not" rule matches is left
 * out; where there are "only" rules, so is what none of their values matches. What no kind
 * leaves out is recorded.
 *
 *     net        address or network: of either end
 *     within     the same for both ends: each of them lies in one of the values
 *     port       number or range of numbers, TCP, UDP or SCTP: of either end
 *     proto      name or number of the protocol
 *     interface  name, begin of a name (veth*) or index; NETNS/NAME: in that namespace only
 *     netns      name for ip netns, path or inode number of a network namespace
 *     cgroup     path: what processes in it, or below it, send and receive
 *     exe        name of a process, or its begin (java*): what it sends and receives
 *
 * A packet is matched as each hop sees it; a translation by both of its tuples; the events of a
 * process by netns, cgroup and exe. bpf/filter.h says how packets find their processes.
 */
#ifndef RECORDER_FILTER_H
#define RECORDER_FILTER_H

#include "schema/rule.h"

#include <stddef.h>
#include <stdint.h>

#define FILTER_VALUES_MOST 4096U /* of one kind */
#define FILTER_SAMPLE_MOST 1000000000U

/* What a capture file tells of its packets. */
#define FILTER_OF_CAPTURES \
	(RULES_NET | RULES_WITHIN | RULES_PORT | RULES_PROTOCOL | RULES_SAMPLE)

struct filter_value {
	union {
		struct net_key net;
		struct name_key name; /* of an interface or executable */
	};
	char *text;	/* path of a namespace (of an interface's too) or cgroup; NULL: none */
	uint32_t inode; /* of the namespace or cgroup; 0: it is not there */
	uint8_t bits;	/* as in the kernel's maps, of this value alone */
};

struct filter_values {
	struct filter_value *list;
	size_t count;
};

struct filter {
	struct filter_settings settings;
	struct port_rules ports[PORT_RULES];
	struct filter_values nets, interfaces, namespaces, cgroups, executables;
	uint32_t sampling_rate; /* N of one in N */
	uint64_t sample_seed;
	int has_seed; /* that the user chose */
};

/* Admits everything. NULL when memory is short. */
struct filter *filter_new(void);
void filter_free(struct filter *filter);

/* Which word is wrong, and what was expected. */
struct filter_problem {
	const char *what;
	char word[128];
};

/*
 * Add a rule, "only" (RULE_ALLOW) or "not" (RULE_DENY). Returns 0; -EINVAL when a word is
 * wrong, -E2BIG when there are too many values: the problem says which and why, and the filter
 * is to be thrown away; -ENOMEM.
 */
int filter_add(struct filter *filter, unsigned int meaning, const char *rule,
	       struct filter_problem *problem);

/* Record one connection in N, given as N or 1/N. Returns as filter_add. */
int filter_sample(struct filter *filter, const char *share, struct filter_problem *problem);

/* Hosts with the same seed sample the same connections. Without, the seed is 0. */
void filter_seed(struct filter *filter, uint64_t seed);

/* Look up again which namespaces there are. Returns whether one has come, gone or changed. */
int filter_resolve(struct filter *filter);

/* Whether a tuple is in the sample. */
int filter_samples(const struct filter *filter, const struct flow_key *key);

/* The kind (RULES_*) that leaves a tuple out, RULES_SAMPLE included, or 0. */
uint32_t filter_excludes(const struct filter *filter, const struct flow_key *key);

/* The same of a translation, but for the sample. */
uint32_t filter_excludes_translation(const struct filter *filter,
				     const struct nat_event *translation);

/* What the rules say of a namespace. */
uint8_t filter_namespace_bits(const struct filter *filter, uint32_t inode);

/* The stage in whose account stands what a kind leaves out: "filter: net". */
const char *filter_stage(uint32_t kind);

/*
 * What a map that finds the longest match alone has to say of a value: its own bits and those
 * of all that match whatever it matches. Keys are struct net_key or struct name_key.
 */
uint8_t filter_bits(const struct filter_values *values, const void *key, size_t key_size);

/* ::ffff:0:0/96, what is behind it being IPv4: IPv6 networks say nothing of it. */
extern const struct net_key filter_ipv4;

#endif
