/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Translations: what a conntrack entry says, told once for each entry.
 *
 * Whoever meets an entry (a packet that carries it, the function that makes it known, a walk
 * through the kernel's table) comes here. Translations that live are kept in a table by the
 * address of their entry, so each is told once when it begins and once when it ends, whoever
 * comes first. What counts as translated is decided by comparing the tuples: the meaning of
 * status bits differs between kernels.
 */
#ifndef BPF_NAT_H
#define BPF_NAT_H

#include "bpf/counters.h"
#include "bpf/headers.h"
#include "bpf/kernel.h"
#include "bpf/translation.h"
#include "schema/event.h"

/* Whether packets are asked for their entries. */
const volatile __u8 nat_from_packets = 1;

/* Told again after so long, for a recorder that forgets idle connections. */
#define TOLD_AGAIN_NS 60000000000ULL

/* Those that live, by the address of their entry. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144); /* or nf_conntrack_max, where that is more */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct living_nat);
} translations SEC(".maps");

/* Entries that do not translate, counted already: a digest of the tuple by their address. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u64);
} untranslated SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct rate_key);
	__type(value, struct rate_value);
} rates SEC(".maps");

/* The walk that is under way, or the last one; see bpf/walk.h. */
__u32 walk_number = 0;

/* The last entry that anybody met: where a walk finds the kernel's table from. */
__u64 entry_seen = 0;

/* Some translations found no room, and are known only as counted already. */
__u8 some_are_unkept = 0;

/* New entries are counted where they are made, and not when a packet carries them. */
__u8 inserts_are_seen = 0;

/* What was there at the start has been told: what is met now is new, in whatever direction. */
__u8 start_is_told = 0;

static __always_inline void address_from_conntrack(struct address *to,
						   const union nf_inet_addr *from, int ipv4)
{
	if (ipv4)
		address_from_ipv4(to, (const __u8 *)from->all);
	else
		__builtin_memcpy(to, from->all, 16);
}

static __always_inline void convert_tuple(struct tuple *to,
					  const struct nf_conntrack_tuple *from)
{
	int ipv4 = from->src.l3num == FAMILY_INET;

	__builtin_memset(to, 0, sizeof(*to));
	address_from_conntrack(&to->source, &from->src.u3, ipv4);
	address_from_conntrack(&to->destination, &from->dst.u3, ipv4);
	to->protocol = from->dst.protonum;
	to->source_port = bpf_ntohs(from->src.u.all);
	to->destination_port = bpf_ntohs(from->dst.u.all);
	if (to->protocol == PROTOCOL_ICMP || to->protocol == PROTOCOL_ICMPV6) {
		to->destination_port = to->source_port;
		to->icmp_type = from->dst.u.icmp.type;
		to->icmp_code = from->dst.u.icmp.code;
	}
}

/* Not inlined: so it is verified once, and its copy lies in no other frame. Returns 0 or -1. */
__noinline int read_tuple(struct tuple *to, __u64 entry, int is_reply)
{
	const struct nf_conn *from = (void *)entry;
	struct nf_conntrack_tuple tuple;
	long failed;

	if (!to || !bpf_core_type_exists(struct nf_conn))
		return -1;
	/* Constant indexes: only those are relocated to the kernel's size of an element. */
	if (is_reply)
		failed = BPF_CORE_READ_INTO(&tuple, from, tuplehash[1].tuple);
	else
		failed = BPF_CORE_READ_INTO(&tuple, from, tuplehash[0].tuple);
	if (failed)
		return -1;
	convert_tuple(to, &tuple);
	return 0;
}

static __always_inline int read_original(struct tuple *to, const struct nf_conn *entry)
{
	return read_tuple(to, (__u64)entry, 0);
}

static __always_inline int read_reply(struct tuple *to, const struct nf_conn *entry)
{
	return read_tuple(to, (__u64)entry, 1);
}

static __always_inline int same_tuple(const struct tuple *a, const struct tuple *b)
{
	return same_address(&a->source, &b->source) &&
	       same_address(&a->destination, &b->destination) &&
	       a->source_port == b->source_port && a->destination_port == b->destination_port &&
	       a->protocol == b->protocol && a->icmp_type == b->icmp_type;
}

static __always_inline int is_translated(const struct tuple *original,
					 const struct tuple *reply)
{
	return !same_address(&original->source, &reply->destination) ||
	       !same_address(&original->destination, &reply->source) ||
	       original->source_port != reply->destination_port ||
	       original->destination_port != reply->source_port;
}

static __always_inline __u64 digest_tuple(const struct tuple *tuple)
{
	const __u64 *words = (const __u64 *)tuple;
	__u64 digest = 0;

	for (int i = 0; i < (int)(sizeof(*tuple) / sizeof(*words)); i++)
		digest = (digest ^ words[i]) * 0x9e3779b97f4a7c15ULL;
	return digest;
}

static __noinline void count_insert(__u32 network_namespace, int translated)
{
	struct rate_key key = {
		.bucket = bpf_ktime_get_boot_ns() / RATE_BUCKET_NS,
		.network_namespace = network_namespace,
	};
	struct rate_value none = {}, *value = bpf_map_lookup_elem(&rates, &key);

	count(COUNT_RATE_ATTEMPTED, 1);
	if (!value) {
		bpf_map_update_elem(&rates, &key, &none, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&rates, &key);
	}
	if (!value) {
		count(COUNT_RATE_MAP_FULL, 1);
		return;
	}
	__sync_fetch_and_add(&value->inserts, 1);
	if (translated)
		__sync_fetch_and_add(&value->nat_inserts, 1);
}

/* How an entry was met. */
struct meeting {
	enum nat_probe probe;
	int is_new;
	__u64 since_ns; /* as in struct nat_event */
};

/* What to tell, in one word: the kind of event, and how its entry was met. */
#define TELL_PROBE(probe) ((__u32)(probe) << 8)
#define TELL_NEW	  (1U << 16)
#define TELL_UNKEPT	  (1U << 17)

/* Not inlined, as above. */
__noinline int tell(__u32 what, __u64 entry, const struct living_nat *translation,
		    __u64 since_ns)
{
	struct nat_event *event;
	int excluded;

	if (!translation)
		return 0;
	excluded = admit_translation(&translation->original, &translation->reply,
				     translation->network_namespace);
	if (excluded) {
		count(COUNT_NAT_ATTEMPTED, 1);
		count(excluded, 1);
		return 0;
	}
	event = reserve(sizeof(*event), COUNT_NAT_ATTEMPTED, COUNT_NAT_RING_FULL);
	if (!event)
		return -1;
	__builtin_memset(event, 0, sizeof(*event));
	event->header.kind = what & 0xff;
	event->header.cpu = bpf_get_smp_processor_id();
	event->header.time_ns = bpf_ktime_get_boot_ns();
	event->original = translation->original;
	event->reply = translation->reply;
	event->since_ns = since_ns;
	event->entry = entry;
	event->network_namespace = translation->network_namespace;
	event->mark = translation->mark;
	event->zone = translation->zone;
	event->told_by = what >> 8;
	event->is_new = (what & TELL_NEW) != 0;
	event->is_unkept = (what & TELL_UNKEPT) != 0;
	submit(event, 0);
	return 0;
}

/* Returns 0, or -1 when the ring buffer is full. */
static __always_inline int tell_nat(enum event_kind kind, __u64 entry,
				    const struct living_nat *translation,
				    const struct meeting *meeting, int is_unkept)
{
	return tell(kind | TELL_PROBE(meeting->probe) | (meeting->is_new ? TELL_NEW : 0) |
			    (is_unkept ? TELL_UNKEPT : 0),
		    entry, translation, meeting->since_ns);
}

static __always_inline void end_translation(const __u64 *key,
					    const struct living_nat *translation,
					    const struct meeting *meeting)
{
	tell_nat(EVENT_NAT_END, *key, translation, meeting, 0);
	bpf_map_delete_elem(&translations, key);
}

/* A translation that was told before was met again. */
static __always_inline void meet_again(const __u64 *key, struct living_nat *known)
{
	const struct meeting again = {.probe = NAT_BY_PACKET};
	__u64 now = bpf_ktime_get_boot_ns();

	known->walk = walk_number;
	if (now - known->alive_ns > TOLD_AGAIN_NS &&
	    !tell_nat(EVENT_NAT_AGAIN, *key, known, &again, 0))
		known->alive_ns = now;
}

/*
 * Keep and tell a translation whose tuples have been read; one that cannot be told is not kept,
 * so that the next meeting tells it.
 */
static __always_inline void begin_translation(const __u64 *key, struct living_nat *translation,
					      const struct meeting *meeting)
{
	const struct nf_conn *entry = (void *)*key;
	struct living_nat *other;
	__u64 digest;
	long failed;

	translation->alive_ns = bpf_ktime_get_boot_ns();
	translation->walk = walk_number;
	translation->zone = BPF_CORE_READ(entry, zone.id);
	translation->mark = BPF_CORE_READ(entry, mark);
	failed = bpf_map_update_elem(&translations, key, translation, BPF_NOEXIST);
	if (failed == -EEXIST) {
		/* Another processor was faster, but a walk may have begun since. */
		other = bpf_map_lookup_elem(&translations, key);
		if (other)
			other->walk = translation->walk;
		return;
	}
	count(COUNT_NAT_KEEP_ATTEMPTED, 1);
	if (failed) {
		count(COUNT_NAT_UNKEPT, 1);
		some_are_unkept = 1;
		digest = digest_tuple(&translation->original);
		bpf_map_update_elem(&untranslated, key, &digest, BPF_ANY);
	}
	if (tell_nat(EVENT_NAT, *key, translation, meeting, failed != 0))
		bpf_map_delete_elem(&translations, key);
}

/* The memory of its entry holds another one: it is over. */
static __always_inline void replace_translation(const __u64 *key, const struct living_nat *past)
{
	const struct meeting meeting = {.probe = NAT_BY_REUSE, .since_ns = past->alive_ns};

	end_translation(key, past, &meeting);
}

static __always_inline struct living_nat *find_translation(const __u64 *key,
							   const struct tuple *original)
{
	struct living_nat *known = bpf_map_lookup_elem(&translations, key);

	if (!known || same_tuple(&known->original, original))
		return known;
	replace_translation(key, known);
	return NULL;
}

/*
 * A packet at an interface carries the entry. Not inlined: so it is verified once, and not for
 * each way that leads here. Returns 0, or -1 while the entry may still change.
 */
__noinline int look_at_conntrack(__u64 entry, __u32 info, __u32 network_namespace)
{
	struct living_nat met = {.network_namespace = network_namespace}, *known;
	int is_first = info == CONNTRACK_NEW || info == CONNTRACK_RELATED;
	struct meeting meeting = {.probe = NAT_BY_PACKET};
	__u64 digest, *counted;
	int translated;

	/* Where nf_conntrack is not there, neither are its types. */
	if (!bpf_core_type_exists(struct nf_conn))
		return 0;
	/* A bridge may send a packet before its rules have seen all of it. */
	if (!(BPF_CORE_READ((const struct nf_conn *)entry, status) & CONNTRACK_CONFIRMED))
		return -1;
	if (read_original(&met.original, (void *)entry))
		return 0;
	known = find_translation(&entry, &met.original);
	if (known) {
		meet_again(&entry, known);
		return 0;
	}
	if (read_reply(&met.reply, (void *)entry))
		return 0;
	translated = is_translated(&met.original, &met.reply);
	digest = digest_tuple(&met.original);
	if (!translated || some_are_unkept) {
		counted = bpf_map_lookup_elem(&untranslated, &entry);
		if (counted && *counted == digest)
			return 0;
	}
	entry_seen = entry;
	meeting.is_new = is_first || start_is_told;
	if (translated)
		begin_translation(&entry, &met, &meeting);
	else
		bpf_map_update_elem(&untranslated, &entry, &digest, BPF_ANY);
	if (is_first && !inserts_are_seen)
		count_insert(met.network_namespace, translated);
	return 0;
}

#endif
