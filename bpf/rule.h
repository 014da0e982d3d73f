/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The rules of the filter: what each kind says of an address, a port, a name, a process.
 *
 * The settings are constant when the program is loaded, so the verifier takes out what looks at
 * a kind without rules, and the maps of such a kind are not made.
 */
#ifndef BPF_RULE_H
#define BPF_RULE_H

#include "bpf/counters.h"
#include "bpf/kernel.h"
#include "schema/rule.h"

#define CGROUP_LEVELS_MOST 24

const volatile struct filter_settings filter = {};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct net_key);
	__type(value, __u8);
} net_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PORT_RULES);
	__type(key, __u32);
	__type(value, struct port_rules);
} port_rules SEC(".maps");

struct name_rules {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct name_key);
	__type(value, __u8);
} interface_rules SEC(".maps"), executable_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8);
} netns_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct cgroup_path);
	__type(value, __u8);
} cgroup_path_rules SEC(".maps");

/* Those of the paths that are there now, or were. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct cgroup_key);
	__type(value, __u8);
} cgroup_rules SEC(".maps");

static __always_inline int rejects(__u32 kind, __u32 bits)
{
	return rules_reject(filter.allows, kind, bits);
}

static __always_inline __u32 bits_of(const __u8 *value)
{
	return value ? *value : 0;
}

static __always_inline __u32 netns_bits(__u32 network_namespace)
{
	return bits_of(bpf_map_lookup_elem(&netns_rules, &network_namespace));
}

static __always_inline __u32 net_bits(const struct address *address)
{
	struct net_key key = {.prefix_bits = 128};

	__builtin_memcpy(key.address, address, sizeof(key.address));
	return bits_of(bpf_map_lookup_elem(&net_rules, &key));
}

/* Of a pair of ends: RULES_NET, and shifted RULES_WITHIN. */
static __always_inline __u32 pair_bits(const struct address *one, const struct address *other)
{
	__u32 a = net_bits(one), b = net_bits(other);

	return ((a | b) & (RULE_ALLOW | RULE_DENY)) |
	       ((a & b) & (RULE_ALLOW | RULE_DENY) << RULE_SECOND);
}

static __always_inline int pair_rejected(__u32 bits)
{
	return rejects(RULES_NET, bits & (RULE_ALLOW | RULE_DENY)) ||
	       rejects(RULES_WITHIN, bits >> RULE_SECOND);
}

static __always_inline __u32 port_bits(__u16 port)
{
	__u32 index = port >> 6;
	struct port_rules *rules = bpf_map_lookup_elem(&port_rules, &index);

	if (!rules)
		return 0;
	return (rules->allow >> (port & 63) & 1) * RULE_ALLOW |
	       (rules->deny >> (port & 63) & 1) * RULE_DENY;
}

static __always_inline __u32 protocol_bits(__u8 protocol)
{
	return (filter.protocol_allow[protocol >> 6] >> (protocol & 63) & 1) * RULE_ALLOW |
	       (filter.protocol_deny[protocol >> 6] >> (protocol & 63) & 1) * RULE_DENY;
}

static __always_inline __u32 find_name(void *rules, __u32 network_namespace, const char *name,
				       __u32 size)
{
	struct name_key key = {.prefix_bits = 160, .network_namespace = network_namespace};

	if (bpf_probe_read_kernel(key.name, size, name))
		return 0;
	return bits_of(bpf_map_lookup_elem(rules, &key));
}

static __always_inline __u32 find_index(__u32 network_namespace, __u32 index)
{
	struct name_key key = {.prefix_bits = 160, .network_namespace = network_namespace};

	__builtin_memcpy(key.name + 1, &index, sizeof(index));
	return bits_of(bpf_map_lookup_elem(&interface_rules, &key));
}

static __always_inline __u32 interface_bits(const struct net_device *device,
					    __u32 network_namespace)
{
	__u32 bits = 0;

	if (filter.interface_lookups & INTERFACE_NAME)
		bits |= find_name(&interface_rules, 0, device->name, sizeof(device->name));
	if (filter.interface_lookups & INTERFACE_NAME_HERE)
		bits |= find_name(&interface_rules, network_namespace, device->name,
				  sizeof(device->name));
	if (filter.interface_lookups & INTERFACE_INDEX)
		bits |= find_index(0, device->ifindex);
	if (filter.interface_lookups & INTERFACE_INDEX_HERE)
		bits |= find_index(network_namespace, device->ifindex);
	return bits;
}

/* What the rules say of a cgroup and of all above it. */
static __always_inline __u32 cgroup_bits(const struct cgroup *cgroup, __u32 hierarchy)
{
	struct cgroup_subsys_state *parent;
	__u32 bits = 0;

	for (int level = 0; level < CGROUP_LEVELS_MOST && cgroup; level++) {
		struct cgroup_key key = {
			.id = BPF_CORE_READ(cgroup, kn, id),
			.hierarchy = hierarchy,
		};

		bits |= bits_of(bpf_map_lookup_elem(&cgroup_rules, &key));
		parent = BPF_CORE_READ(cgroup, self.parent);
		cgroup = parent ? BPF_CORE_READ(parent, cgroup) : NULL;
	}
	return bits;
}

/* What the rules say of a process: RULES_CGROUP, and shifted RULES_EXECUTABLE. */
static __always_inline __u32 process_bits(struct task_struct *task)
{
	int memory = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	__u32 bits = 0;

	if (filter.kinds & RULES_CGROUP) {
		bits |= cgroup_bits(task->cgroups->dfl_cgrp, 0);
		if (filter.memory_hierarchy)
			bits |= cgroup_bits(BPF_CORE_READ(task, cgroups, subsys[memory & 15],
							  cgroup),
					    filter.memory_hierarchy);
	}
	if (filter.kinds & RULES_EXECUTABLE)
		bits |= find_name(&executable_rules, 0, task->group_leader->comm,
				  sizeof(task->comm))
			<< RULE_SECOND;
	return bits;
}

/* A cgroup that rules name is made: it is known before a process can be in it. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_cgroup_make, struct cgroup *cgroup, const char *path)
{
	struct cgroup_key key = {.id = cgroup->kn->id, .hierarchy = cgroup->root->hierarchy_id};
	struct cgroup_path name = {};
	__u8 *bits;

	if (key.hierarchy && key.hierarchy != filter.memory_hierarchy)
		return 0;
	if (bpf_probe_read_kernel_str(name.text, sizeof(name.text), path) < 0)
		return 0;
	bits = bpf_map_lookup_elem(&cgroup_path_rules, &name);
	if (bits)
		bpf_map_update_elem(&cgroup_rules, &key, bits, BPF_ANY);
	return 0;
}

/*
 * Whether a process's own events are admitted: returns 0, or the stage counter that says why
 * not, which has been counted.
 */
static __always_inline int process_excluded(struct task_struct *task)
{
	struct nsproxy *namespaces = task->nsproxy;
	int reason = 0;
	__u32 bits;

	if (!(filter.kinds & (RULES_NETNS | RULES_PROCESS)))
		return 0;
	bits = process_bits(task);
	if (filter.kinds & RULES_NETNS &&
	    rejects(RULES_NETNS, namespaces ? netns_bits(namespaces->net_ns->ns.inum) : 0))
		reason = COUNT_PROCESS_NETNS_RULE;
	else if (rejects(RULES_CGROUP, bits & (RULE_ALLOW | RULE_DENY)))
		reason = COUNT_PROCESS_CGROUP_RULE;
	else if (rejects(RULES_EXECUTABLE, bits >> RULE_SECOND))
		reason = COUNT_PROCESS_EXECUTABLE_RULE;
	if (reason) {
		count(COUNT_PROCESS_ATTEMPTED, 1);
		count(reason, 1);
	}
	return reason;
}

#endif
