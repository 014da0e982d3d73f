/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where the kernel lets functions be watched: the one that makes a conntrack entry known, by
 * when its tuples are final, and the one that removes it.
 *
 * Entries of locally delivered packets, of ctnetlink and of every other source pass here too.
 */
#ifndef BPF_CONNTRACK_H
#define BPF_CONNTRACK_H

#include "bpf/kernel.h"
#include "bpf/nat.h"

static __always_inline int read_translation(struct living_nat *to, const struct nf_conn *entry)
{
	to->network_namespace = BPF_CORE_READ(entry, ct_net.net, ns.inum);
	return read_original(&to->original, entry) || read_reply(&to->reply, entry);
}

static __always_inline int insert(const struct nf_conn *entry)
{
	const struct meeting meeting = {.probe = NAT_BY_INSERT, .is_new = 1};
	__u64 key = (__u64)entry;
	struct living_nat met = {}, *past;
	int translated;

	if (!bpf_core_type_exists(struct nf_conn) || read_translation(&met, entry))
		return 0;
	translated = is_translated(&met.original, &met.reply);
	past = bpf_map_lookup_elem(&translations, &key);
	if (past)
		replace_translation(&key, past);
	if (translated)
		begin_translation(&key, &met, &meeting);
	count_insert(met.network_namespace, translated);
	return 0;
}

static __always_inline int remove(const struct nf_conn *entry)
{
	const struct meeting meeting = {.probe = NAT_BY_DELETE};
	__u64 key = (__u64)entry;
	struct living_nat met = {};

	if (!bpf_core_type_exists(struct nf_conn) ||
	    (BPF_CORE_READ(entry, status) & CONNTRACK_DYING) || read_translation(&met, entry) ||
	    !is_translated(&met.original, &met.reply))
		return 0;
	met.zone = BPF_CORE_READ(entry, zone.id);
	met.mark = BPF_CORE_READ(entry, mark);
	end_translation(&key, &met, &meeting);
	return 0;
}

/*
 * To fentry an entry is a pointer whose type the verifier knows; 6.1 does not let that be a
 * number for functions that are verified on their own. What is read from memory has no type.
 */
static __always_inline const struct nf_conn *untyped(const struct nf_conn *entry)
{
	const struct nf_conn *address = NULL;

	bpf_probe_read_kernel(&address, sizeof(address), &entry);
	return address;
}

SEC("fentry/__nf_conntrack_hash_insert")
int BPF_PROG(on_conntrack_insert, struct nf_conn *entry)
{
	return insert(untyped(entry));
}

SEC("kprobe/__nf_conntrack_hash_insert")
int BPF_KPROBE(on_conntrack_insert_kprobe, struct nf_conn *entry)
{
	return insert(entry);
}

/* Of the first packet; where two first ones met, it may have got the other's entry. */
SEC("fexit/__nf_conntrack_confirm")
int BPF_PROG(on_conntrack_confirm, struct sk_buff *packet, int verdict)
{
	unsigned int info;
	const struct nf_conn *entry = packet_conntrack(packet, &info);
	__u64 key = (__u64)entry;

	if (verdict != NETFILTER_ACCEPT || !entry || info >= CONNTRACK_FIRST_REPLY ||
	    bpf_map_lookup_elem(&translations, &key))
		return 0;
	return insert(entry);
}

SEC("fentry/nf_ct_delete")
int BPF_PROG(on_conntrack_delete, struct nf_conn *entry)
{
	return remove(untyped(entry));
}

SEC("kprobe/nf_ct_delete")
int BPF_KPROBE(on_conntrack_delete_kprobe, struct nf_conn *entry)
{
	return remove(entry);
}

#endif
