/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The flow table, as the programs write it; schema/event.h has its layout.
 *
 * Everything lies in array maps, so a lookup is address arithmetic and an insert allocates
 * nothing. A new flow is written where nobody can see it and then published by one
 * compare-and-swap of its slot, so no program ever sees half a key. Counters are atomic: no
 * lock is held. When its endpoints are used for another connection, the slot is given to a new
 * flow the same way; the old one stays, found by user space alone.
 */
#ifndef BPF_FLOW_TABLE_H
#define BPF_FLOW_TABLE_H

#include "bpf/counters.h"
#include "bpf/kernel.h"
#include "schema/event.h"
#include "schema/flow_hash.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 262144);
	__type(key, __u32);
	__type(value, struct flow_records);
} flow_units SEC(".maps");

/* Two indexes of flow_buckets buckets, for even and odd generations. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * 16384);
	__type(key, __u32);
	__type(value, struct flow_bucket);
} flow_index SEC(".maps");

/*
 * The flows that each CPU met lately: a slot by the hash of its key, the generation in the
 * upper half. The index is far larger than a processor's nearest caches, a hundred connections
 * that are busy at one time are not.
 */
#define FLOWS_RECENT 256

struct recent_flows {
	__u64 slot[FLOWS_RECENT];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct recent_flows);
} recent_flows SEC(".maps");

/* Set before loading. */
const volatile struct flow_hash_seed flow_seed = {};
const volatile __u32 flow_unit_count = 262144;
const volatile __u32 flow_unit_limit = 262144; /* room is left for all programs at once */
const volatile __u32 flow_unit_bits = 19;      /* of a slot; the rest is the tag */
const volatile __u32 flow_buckets = 16384;     /* a power of two */

struct flow_taken flow_taken[2] __attribute__((aligned(64))) = {};

__u32 generation = 0;

#define NO_UNIT 0xffffffffU

static __always_inline struct flow_records *unit_at(__u32 number)
{
	return bpf_map_lookup_elem(&flow_units, &number);
}

/* The number of the first of some new units, or NO_UNIT. */
static __always_inline __u32 take_units(__u32 turn, __u32 count)
{
	__u32 taken;

	if (flow_taken[0].units + flow_taken[1].units > flow_unit_limit)
		return NO_UNIT;
	if (!(turn & 1))
		return __sync_fetch_and_add(&flow_taken[0].units, count);
	taken = __sync_fetch_and_add(&flow_taken[1].units, count);
	return flow_unit_count - taken - count;
}

/* A flow at hand. */
struct flow {
	struct flow_entry *entry;
	struct flow_records *records; /* the first ones */
	__u32 generation;
};

static __always_inline void write_entry(struct flow_entry *entry, const struct flow_key *key)
{
	__u64 now = bpf_ktime_get_boot_ns();

	entry->facts = UNIT_MARK(UNIT_ENTRY);
	entry->network_namespace = key->network_namespace;
	entry->port[0] = key->port[0];
	entry->port[1] = key->port[1];
	entry->protocol = key->protocol;
	entry->icmp_type = key->icmp_type;
	entry->icmp_code = key->icmp_code;
	entry->is_left = 0;
	entry->address[0] = key->address[0];
	entry->address[1] = key->address[1];
	entry->start_ns = now;
	entry->end_ns = now;
}

static __always_inline void write_records(struct flow_records *records, __u32 notes)
{
	records->notes = notes;
	records->next = 0;
	records->owner = 0;
	for (int i = 0; i < FLOW_RECORDS; i++) {
		records->record[i].what = 0;
		records->record[i].count = 0;
	}
}

/* The ports, the protocol, the ICMP type and code, and of an entry is_left, as one word. */
static __always_inline __u64 key_word(const __u16 *port)
{
	return *(const __u64 *)port;
}

/* Never of one that has been left. */
static __always_inline int is_flow(const struct flow_entry *entry, const struct flow_key *key)
{
	return !((entry->address[0].half[0] ^ key->address[0].half[0]) |
		 (entry->address[0].half[1] ^ key->address[0].half[1]) |
		 (entry->address[1].half[0] ^ key->address[1].half[0]) |
		 (entry->address[1].half[1] ^ key->address[1].half[1]) |
		 (key_word(entry->port) ^ key_word(key->port)) |
		 (entry->network_namespace ^ key->network_namespace));
}

/*
 * Where a key is in the index: its unit number, or SLOT_FREE and the position of the first free
 * slot (number of the bucket * FLOW_SLOTS + slot), or -1 when all slots are taken by others.
 */
#define SLOT_FREE (1LL << 32)

__noinline __s64 find_slot(const struct flow_key *key, __u64 hash, __u32 turn)
{
	__u32 half = (turn & 1) * flow_buckets;
	__u32 tag = (__u32)(hash >> 32) << flow_unit_bits;

	if (!key)
		return -1;
	for (__u32 i = 0; i < FLOW_PROBES * FLOW_SLOTS; i++) {
		__u32 number = half + ((hash + i / FLOW_SLOTS) & (flow_buckets - 1));
		__u32 at = ((hash >> 28) + i) % FLOW_SLOTS, slot;
		struct flow_bucket *bucket = bpf_map_lookup_elem(&flow_index, &number);
		struct flow_entry *entry;

		if (!bucket)
			return -1;
		slot = bucket->slot[at];
		if (!slot)
			return SLOT_FREE | (number * FLOW_SLOTS + at);
		if ((slot ^ tag) >> flow_unit_bits)
			continue;
		slot = (slot & ((1U << flow_unit_bits) - 1)) - 1;
		entry = (struct flow_entry *)unit_at(slot);
		if (entry && is_flow(entry, key))
			return slot;
	}
	return -1;
}

/* Put a unit into a free slot; returns whether no other CPU was first. */
static __always_inline int publish(__u32 position, __u32 slot)
{
	__u32 number = position / FLOW_SLOTS;
	struct flow_bucket *bucket = bpf_map_lookup_elem(&flow_index, &number);

	return bucket &&
	       !__sync_val_compare_and_swap(&bucket->slot[position % FLOW_SLOTS], 0, slot);
}

/* Two units for a new flow; the number of the first, or NO_UNIT. */
static __always_inline __u32 write_flow(const struct flow_key *key, __u32 turn)
{
	__u32 mine = take_units(turn, 2);
	struct flow_records *records;
	struct flow_entry *entry;

	if (mine == NO_UNIT)
		return NO_UNIT;
	entry = (struct flow_entry *)unit_at(mine);
	records = unit_at(mine + 1);
	if (!entry || !records)
		return NO_UNIT;
	write_entry(entry, key);
	write_records(records, UNIT_MARK(UNIT_RECORDS) | NOTE_TICK(bpf_jiffies64()));
	return mine;
}

/* Take back a flow that nobody could see yet. */
static __always_inline void unwrite_flow(__u32 unit)
{
	struct flow_entry *entry = (struct flow_entry *)unit_at(unit);

	if (entry)
		entry->facts = UNIT_MARK(UNIT_UNUSED);
}

/*
 * Make the flow of a key that is not in the index. Returns its unit number, which may be
 * another CPU's that made it at the same moment, or -1 when there is no room.
 */
__noinline __s64 make_flow(const struct flow_key *key, __u64 hash, __u32 turn)
{
	__u32 tag = (__u32)(hash >> 32) << flow_unit_bits, mine;
	__s64 found = -1;

	if (!key)
		return -1;
	mine = write_flow(key, turn);
	if (mine == NO_UNIT)
		return -1;
	for (int tries = 0; tries < FLOW_SLOTS; tries++) {
		found = find_slot(key, hash, turn);
		if (!(found & SLOT_FREE) || found < 0)
			break;
		if (publish((__u32)found, tag | (mine + 1)))
			return mine;
		found = -1;
	}
	unwrite_flow(mine);
	return found;
}

/*
 * Give the slot of a flow to a new flow of the same key. Returns its unit number, or -1 when
 * there is no room or another CPU was first.
 */
__noinline __s64 replace_flow(const struct flow_key *key, __u64 hash, __u32 turn)
{
	__u32 half = (turn & 1) * flow_buckets, mask = (1U << flow_unit_bits) - 1, mine;
	struct flow_entry *left;
	__s64 old;

	if (!key)
		return -1;
	old = find_slot(key, hash, turn);
	if (old < 0 || old >= SLOT_FREE)
		return -1;
	left = (struct flow_entry *)unit_at((__u32)old);
	mine = left ? write_flow(key, turn) : NO_UNIT;
	if (mine == NO_UNIT)
		return -1;
	for (__u32 i = 0; i < FLOW_PROBES * FLOW_SLOTS; i++) {
		__u32 number = half + ((hash + i / FLOW_SLOTS) & (flow_buckets - 1));
		__u32 at = ((hash >> 28) + i) % FLOW_SLOTS, slot;
		struct flow_bucket *bucket = bpf_map_lookup_elem(&flow_index, &number);

		if (!bucket)
			break;
		slot = bucket->slot[at];
		if ((slot & mask) != old + 1)
			continue;
		if (__sync_val_compare_and_swap(&bucket->slot[at], slot,
						(slot & ~mask) | (mine + 1)) == slot) {
			left->is_left = 1;
			return mine;
		}
		break;
	}
	unwrite_flow(mine);
	return -1;
}

/* Whether a slot's flow is the one of the key; then it is at hand. */
static __always_inline int is_in_slot(const struct flow_key *key, __u64 hash, __u32 slot,
				      struct flow *flow)
{
	if (!slot || (slot ^ (__u32)(hash >> 32) << flow_unit_bits) >> flow_unit_bits)
		return 0;
	slot = (slot & ((1U << flow_unit_bits) - 1)) - 1;
	flow->entry = (struct flow_entry *)unit_at(slot);
	if (!flow->entry || !is_flow(flow->entry, key))
		return 0;
	flow->records = unit_at(slot + 1);
	return flow->records != NULL;
}

/* Where this CPU remembers the slot of a hash. */
static __always_inline __u64 *recent_slot(__u64 hash)
{
	__u32 zero = 0;
	struct recent_flows *recent = bpf_map_lookup_elem(&recent_flows, &zero);

	return recent ? &recent->slot[(hash >> 20) % FLOWS_RECENT] : NULL;
}

/* Whether the flow is where it is first looked for in the index, as most are. */
static __always_inline int is_at_home(const struct flow_key *key, __u64 hash, struct flow *flow,
				      __u64 *recent)
{
	__u32 number = (flow->generation & 1) * flow_buckets + (hash & (flow_buckets - 1)),
	      slot;
	struct flow_bucket *bucket = bpf_map_lookup_elem(&flow_index, &number);

	if (!bucket)
		return 0;
	slot = bucket->slot[(hash >> 28) % FLOW_SLOTS];
	if (!is_in_slot(key, hash, slot, flow))
		return 0;
	if (recent)
		*recent = (__u64)flow->generation << 32 | slot;
	return 1;
}

/* The namespace is no part of the hash, but of the place. */
static __always_inline __u64 place_of(const struct flow_key *key)
{
	return flow_hash(key, &flow_seed) + key->network_namespace * 0x9e3779b97f4a7c15ULL;
}

/*
 * Find the flow of a key in its generation, or make it. Returns 0, 1 when it is new, or -1 when
 * there is no room.
 */
static __always_inline int get_flow(const struct flow_key *key, struct flow *flow)
{
	__u64 hash = place_of(key), *recent = recent_slot(hash);
	__s64 unit;
	int is_new = 0;

	if (recent && *recent >> 32 == flow->generation &&
	    is_in_slot(key, hash, (__u32)*recent, flow))
		return 0;
	if (is_at_home(key, hash, flow, recent))
		return 0;
	unit = find_slot(key, hash, flow->generation);
	if (unit >= SLOT_FREE) {
		unit = make_flow(key, hash, flow->generation);
		is_new = 1;
	}
	if (unit < 0)
		return -1;
	flow->entry = (struct flow_entry *)unit_at((__u32)unit);
	flow->records = unit_at((__u32)unit + 1);
	return flow->entry && flow->records ? is_new : -1;
}

/*
 * Whether a SYN in this direction cannot belong to the connection that was counted so far: that
 * has been ending, or this end has answered already. Where it does belong there, user space
 * joins the two again.
 */
static __always_inline int begins_another(__u32 facts, __u32 direction)
{
	return facts & (FACT_FLAGS(TCP_FIN_RST, 0) | FACT_FLAGS(TCP_FIN_RST, 1) |
			FACT_FLAGS(TCP_ACK, direction));
}

/* Leave the flow at hand as it is, and go on with a new one of its key: then returns 1, else 0.
 */
static __always_inline int renew_flow(const struct flow_key *key, struct flow *flow)
{
	__s64 unit = replace_flow(key, place_of(key), flow->generation);
	struct flow_records *records;
	struct flow_entry *entry;

	if (unit < 0)
		return 0;
	entry = (struct flow_entry *)unit_at((__u32)unit);
	records = unit_at((__u32)unit + 1);
	if (!entry || !records)
		return 0;
	flow->entry = entry;
	flow->records = records;
	return 1;
}

/*
 * A hop that has no interface of its own to be told by has 0, and then it always transmits: a
 * received 0 in direction 0 would look like a free record.
 */
static __always_inline __u32 hop_id(__u32 interface_index, __u32 io, __u32 direction)
{
	if (!interface_index || interface_index > RECORD_INTERFACE_MOST)
		return RECORD_ID(RECORD_HOP, 0, IO_TRANSMIT, direction);
	return RECORD_ID(RECORD_HOP, interface_index, io, direction);
}

/* Take a free record, or find that another CPU took it for the same. */
static __always_inline int take_record(struct flow_record *record, __u64 what, __u64 mask)
{
	__u64 found = __sync_val_compare_and_swap(&record->what, 0, what);

	return !found || !((found ^ what) & mask);
}

/* The mask says which bits of what must agree. */
static __always_inline int is_record(const struct flow_record *record, __u64 what, __u64 mask)
{
	return !((record->what ^ what) & mask) && !(record->count & RECORD_HALF_FULL);
}

/* Link a new unit of records behind the ones at hand; its number, or NO_UNIT. */
static __always_inline __u32 add_records(struct flow_records *records, __u32 turn)
{
	__u32 number = take_units(turn, 1), found;
	struct flow_records *more;

	if (number == NO_UNIT)
		return NO_UNIT;
	more = unit_at(number);
	if (!more)
		return NO_UNIT;
	write_records(more, UNIT_MARK(UNIT_RECORDS));
	found = __sync_val_compare_and_swap(&records->next, 0, number + 1);
	if (!found)
		return number;
	more->notes = UNIT_MARK(UNIT_UNUSED);
	return found - 1;
}

/* The record of this kind among those at hand, or NULL. */
static __always_inline struct flow_record *find_record(struct flow_records *records, __u64 what,
						       __u64 mask)
{
	for (int i = 0; i < FLOW_RECORDS; i++)
		if (is_record(&records->record[i], what, mask))
			return &records->record[i];
	return NULL;
}

/* Whether a record is a hop's that saw this direction. */
static __always_inline int is_hop_of(const struct flow_record *record, __u32 direction)
{
	return record->what && RECORD_KIND(record->what) == RECORD_HOP &&
	       (record->what & 1) == direction;
}

/*
 * Count in a record that is not among the first, or is not yet. Behind FLOW_OPEN units, records
 * are for what is no hop, for hops where packets begin, and for the first hop that sees a
 * direction: so a flow's totals and its drops are known however many hops it has. The last
 * ones, one for each direction, are for all hops that find no other. Returns 0, or -1 when
 * there is no room.
 */
static __noinline int count_further(struct flow_records *records, __u32 turn, __u64 what,
				    __u64 mask, __u64 count)
{
	__u32 direction = what & 1, is_hop = RECORD_KIND(what) == RECORD_HOP;
	__u32 may_go_on = 1;

	for (int i = 0; i < FLOW_CHAIN; i++) {
		__u32 next;

		for (__u32 j = 0; j < FLOW_RECORDS; j++) {
			struct flow_record *record = &records->record[j];
			__u32 may_take = i < FLOW_OPEN || may_go_on;

			if (i == FLOW_CHAIN - 1 && j) {
				if (j != direction + 1 || !is_hop)
					continue;
				what = what >> 32 << 32 | hop_id(0, IO_TRANSMIT, direction);
				may_take = 1;
			}
			if (is_record(record, what, mask) ||
			    (may_take && !record->what && take_record(record, what, mask))) {
				__sync_fetch_and_add(&record->count, count);
				return 0;
			}
			if (is_hop && is_hop_of(record, direction) && !(what & RECORD_BEGINS))
				may_go_on = 0;
		}
		if (i == FLOW_CHAIN - 1)
			break;
		next = records->next;
		next = next ? next - 1 : add_records(records, turn);
		records = unit_at(next);
		if (!records)
			break;
	}
	return -1;
}

/* Count in the record of this kind, taken when the flow has none. Returns 0 or -1. */
static __always_inline int count_record(const struct flow *flow, __u64 what, __u64 mask,
					__u64 count)
{
	return count_further(flow->records, flow->generation, what, mask, count);
}

/*
 * Nothing more than this for almost every packet: the hop is among the first records, or the
 * next ones. Returns whether that was all.
 */
static __always_inline int count_known_hop(const struct flow *flow, __u32 id, __u64 count)
{
	struct flow_record *record = find_record(flow->records, id, RECORD_HOP_MASK);
	struct flow_records *more;

	if (!record && flow->records->next) {
		more = unit_at(flow->records->next - 1);
		record = more ? find_record(more, id, RECORD_HOP_MASK) : NULL;
	}
	if (record)
		__sync_fetch_and_add(&record->count, count);
	return record != NULL;
}

/* The first sight of a flow at a hop, or a hop beyond the first six. Returns 0 or -1. */
static __always_inline int count_hop(const struct flow *flow, __u32 id, __u64 count, __u64 now)
{
	__u64 since = now - flow->entry->start_ns;

	/* Two CPUs may begin a flow at once: the later clock need not be the later packet's. */
	if ((__s64)since < 0)
		since = 0;
	if (since > 0xffffffffU)
		since = 0xffffffffU;
	return count_record(flow, since << 32 | id, RECORD_HOP_MASK, count);
}

/* Who sends in a direction; the other direction's owner is in the second unit of records. */
static __always_inline void set_owner(const struct flow *flow, __u64 owner)
{
	struct flow_records *records = flow->records;
	__u64 known = records->owner;
	__u32 next;

	if (!known)
		known = __sync_val_compare_and_swap(&records->owner, 0, owner);
	if (!known || known == owner)
		return;
	if ((known ^ owner) & 1) {
		next = records->next;
		next = next ? next - 1 : add_records(records, flow->generation);
		records = unit_at(next);
		if (!records)
			return;
	}
	records->owner = owner;
}

#endif
