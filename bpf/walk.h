/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A walk through the kernel's conntrack table: for kernels that let nobody watch how entries
 * are made and removed.
 *
 *     chain 0     1 | 0 << 1                             a chain without entries
 *     chain 1     entry -> entry -> 1 | 1 << 1           each chain ends in its own number
 *     chain 2     entry -> 1 | 2 << 1
 *
 * A walk finds what no packet at an interface told of (a connection translated to this host,
 * never answered), and marks every translation that it comes by: what a whole walk has not
 * marked is over. It takes no lock and touches nothing. Under RCU an entry's memory always
 * holds some entry, though it may become another one under our eyes, as it may for the kernel's
 * own readers; who comes out at another chain's end has been led away, and begins the chain
 * again.
 *
 * User space runs `walk_conntrack` for a span of chains at a time; interrupts stay on,
 * preemption is off for as long as one run takes.
 */
#ifndef BPF_WALK_H
#define BPF_WALK_H

#include "bpf/kernel.h"
#include "bpf/nat.h"

#define WALK_HEADS    32   /* heads of chains that are read at once */
#define WALK_STEPS    1024 /* of one run: a step is an entry, or the end of its chain */
#define WALK_LED_AWAY 8	   /* times that a chain is begun again */
#define WALK_SAMPLES                                                                       \
	16	      /* chains that must be what they should be in a table that was found \
		       */
#define CHAIN_MOST 64 /* entries of a chain, where the table is looked for */
#define PAGE_MASK  4095UL
#define GONE_MOST  512

/* The kernel's table; 0: not known. User space says how many chains there are. */
__u64 walk_table = 0;
__u32 walk_chains = 0;

/* When the walk before this one began; 0: this is the first one. */
__u64 walk_since_ns = 0;

/* Entries that a walk has not come by, for end_gone: written by user space. */
__u64 gone[GONE_MOST] = {};

struct step {
	__u64 node;  /* 0: the head of the chain comes next */
	__u32 chain; /* where we are, or the first of the next run */
	__u32 end;
	__u32 heads_of; /* the chain whose head is the first in heads */
	__u32 led_away;
	__u64 heads[WALK_HEADS];
};

static __always_inline int is_end(__u64 node)
{
	return node & 1;
}

static __always_inline __u64 end_of(__u32 chain)
{
	return (__u64)chain << 1 | 1;
}

static __always_inline void come_by(__u64 node, const struct nf_conntrack_tuple *original)
{
	const struct meeting meeting = {
		.probe = NAT_BY_WALK, .is_new = walk_since_ns != 0, .since_ns = walk_since_ns};
	__u64 entry = node - bpf_core_field_offset(struct nf_conn, tuplehash);
	struct living_nat met = {}, *known;

	convert_tuple(&met.original, original);
	if (read_reply(&met.reply, (void *)entry) || !is_translated(&met.original, &met.reply))
		return;
	known = find_translation(&entry, &met.original);
	if (known) {
		known->walk = walk_number;
		return;
	}
	met.network_namespace =
		BPF_CORE_READ((const struct nf_conn *)entry, ct_net.net, ns.inum);
	begin_translation(&entry, &met, &meeting);
}

/* The next head that is no end, of those that have been read; 0: there is none. */
__noinline __u64 next_head(struct step *step)
{
	if (!step)
		return 0;
	for (__u32 i = 0; i < WALK_HEADS; i++) {
		__u32 at = step->chain - step->heads_of;

		if (at >= WALK_HEADS || step->chain >= step->end)
			return 0;
		/* Else the compiler finds another bound than the verifier. */
		barrier_var(at);
		if (step->heads[at & (WALK_HEADS - 1)] != end_of(step->chain))
			return step->heads[at & (WALK_HEADS - 1)];
		step->chain++;
	}
	return 0;
}

static long walk_on(__u32 index, struct step *step)
{
	struct nf_conntrack_tuple_hash hash;

	if (!step->node) {
		if (step->chain >= step->end)
			return 1;
		step->heads_of = step->chain & ~(WALK_HEADS - 1U);
		if (bpf_probe_read_kernel(step->heads, sizeof(step->heads),
					  (void *)(walk_table + step->heads_of * 8ULL)))
			return 1;
		step->node = next_head(step);
		return 0;
	}
	if (is_end(step->node)) {
		int led_away = step->node != end_of(step->chain);

		step->led_away = led_away ? step->led_away + 1 : 0;
		if (step->led_away > WALK_LED_AWAY)
			return 1;
		step->chain += !led_away;
		step->node = led_away ? 0 : next_head(step);
		return 0;
	}
	if (bpf_probe_read_kernel(&hash, sizeof(hash), (void *)step->node))
		return 1;
	if (!(hash.tuple.dst.dir & 1))
		come_by(step->node, &hash.tuple);
	step->node = (__u64)hash.hnnode.next;
	return 0;
}

/*
 * Walk through some chains: from the first argument to the second. Returns where it got to: the
 * first chain that was not walked to its end.
 */
SEC("raw_tp")
int walk_conntrack(struct bpf_raw_tracepoint_args *arguments)
{
	struct step step = {.chain = arguments->args[0], .end = arguments->args[1]};

	if (!bpf_core_type_exists(struct nf_conn) || !walk_table)
		return step.chain;
	bpf_loop(WALK_STEPS, walk_on, &step, 0);
	return step.chain;
}

/* --- where the table is; functions that are not inlined are verified once --- */

/* The end of the chain that a node is in, or 0. */
__noinline __u64 chain_end(__u64 node)
{
	for (int i = 0; i < CHAIN_MOST && !is_end(node); i++)
		if (!node || bpf_probe_read_kernel(&node, sizeof(node), (void *)node))
			return 0;
	return is_end(node) ? node : 0;
}

/* Whether chains all over the table end in their own numbers. */
__noinline int is_table(__u64 table)
{
	for (__u32 i = 0; i < WALK_SAMPLES; i++) {
		__u32 chain = (__u64)(walk_chains - 1) * i / (WALK_SAMPLES - 1);
		__u64 node = 0;

		if (bpf_probe_read_kernel(&node, sizeof(node),
					  (void *)(table + chain * 8ULL)) ||
		    chain_end(node) != end_of(chain))
			return 0;
	}
	return 1;
}

/*
 * Find the table, if it is not where it was, from an entry that was seen: from it, back through
 * its chain to where the head must be. Returns 1 when it was found.
 */
SEC("raw_tp")
int find_conntrack_table(void *context)
{
	__u64 node, at = 0, chain, table;

	if (!bpf_core_type_exists(struct nf_conn) || !entry_seen)
		return 0;
	if (walk_table && is_table(walk_table))
		return 1;
	walk_table = 0;
	node = entry_seen + bpf_core_field_offset(struct nf_conn, tuplehash);
	chain = chain_end(node) >> 1;
	for (int i = 0; i < CHAIN_MOST && chain < walk_chains; i++) {
		/* `next` is what a node begins with, so this leads to the one before, or the
		 * head. */
		if (bpf_probe_read_kernel(
			    &at, sizeof(at),
			    (void *)(node +
				     bpf_core_field_offset(struct hlist_nulls_node, pprev))))
			return 0;
		table = at - chain * 8;
		if (!(table & PAGE_MASK) && is_table(table)) {
			walk_table = table;
			return 1;
		}
		node = at;
	}
	return 0;
}

/* --- what the walk has not come by --- */

static long end_one(__u32 index, void *context)
{
	struct meeting meeting = {.probe = NAT_BY_WALK, .since_ns = walk_since_ns};
	__u64 key = gone[index & (GONE_MOST - 1)];
	struct living_nat *translation = bpf_map_lookup_elem(&translations, &key);

	/* It may have been met since. */
	if (!translation || translation->walk == walk_number)
		return 0;
	if (translation->alive_ns > meeting.since_ns)
		meeting.since_ns = translation->alive_ns;
	/* One that cannot be told is told by the next walk. */
	if (!tell_nat(EVENT_NAT_END, key, translation, &meeting, 0))
		bpf_map_delete_elem(&translations, &key);
	return 0;
}

/* The first so many of `gone` are over. */
SEC("raw_tp")
int end_gone(struct bpf_raw_tracepoint_args *arguments)
{
	__u32 count = arguments->args[0];

	bpf_loop(count < GONE_MOST ? count : GONE_MOST, end_one, NULL, 0);
	return 0;
}

#endif
