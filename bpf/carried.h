/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which packet carried a range of TCP's bytes, or the fragments of a datagram: so segments,
 * merged packets, fragments and what is sent again find what they came from.
 */
#ifndef BPF_CARRIED_H
#define BPF_CARRIED_H

#include "bpf/kernel.h"
#include "bpf/sighted.h"

#define CARRIED_PLACES 16384U
/* Bits: a super packet is entered for each 8 KiB that it carries. */
#define CARRIED_BLOCK	   13
#define CARRIED_BLOCKS	   10
#define CARRIED_BLOCK_MOST ((1U << (32 - CARRIED_BLOCK)) - 1)
#define CARRIED_GROUPS	   8192U
#define CARRIED_GROUP	   8U		   /* blocks */
#define CARRIED_NS	   300000000000ULL /* TCP gives up after longer, but rarely */

/* What TCP bytes, or which datagram's fragments, a packet carries. */
struct carried {
	__u64 digest;
	__u64 packet_id, time_ns;
	__u32 sequence, length;
};

/* A cache line: a digest has a place, and there may be either of two. */
struct carried_pair {
	struct carried one, other;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* begins at a page */
	__uint(max_entries, CARRIED_PLACES);
	__type(key, __u32);
	__type(value, struct carried_pair);
} carried_by SEC(".maps");

/*
 * Blocks of a connection that follow each other, in a cache line: for each the number, in
 * carried_by, of the super packet whose bytes begin there, and of the one whose bytes reach
 * into it. The end of one and the begin of the next are often in one block. What has that
 * number by now may be another packet, so it is looked at.
 */
struct carried_group {
	__u64 digest;
	__u16 begins[CARRIED_GROUP], reaches[CARRIED_GROUP]; /* 0: none */
	__u64 zero[3];
};

_Static_assert(sizeof(struct carried_pair) == 64 && sizeof(struct carried_group) == 64,
	       "cache lines");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CARRIED_GROUPS);
	__type(key, __u32);
	__type(value, struct carried_group);
} carried_groups SEC(".maps");

/* Instead of what has that digest already, else of the older. Returns its number. */
__noinline __u32 enter_carried(const struct sighted *it, __u64 digest)
{
	__u32 place = place_in(digest, CARRIED_PLACES), number = place * 2 + 1;
	struct carried_pair *pair = bpf_map_lookup_elem(&carried_by, &place);
	struct carried *carried;

	if (!it || !pair)
		return 0;
	carried = &pair->one;
	if (pair->other.digest == digest ||
	    (carried->digest != digest && pair->other.time_ns < carried->time_ns)) {
		carried = &pair->other;
		number++;
	}
	/* In this order, so that nobody takes a half of it for the whole. */
	*(volatile __u64 *)&carried->digest = 0;
	carried->packet_id = it->event.packet_id;
	carried->time_ns = it->event.header.time_ns;
	carried->sequence = it->sequence;
	carried->length = it->length;
	*(volatile __u64 *)&carried->digest = digest;
	return number;
}

/* A copy, if it is of that digest; else its packet_id is 0. */
static __always_inline void copy_carried(const struct carried *carried, __u64 digest, __u64 now,
					 struct carried *copy)
{
	copy->packet_id = 0;
	if (*(const volatile __u64 *)&carried->digest != digest)
		return;
	copy->time_ns = carried->time_ns;
	copy->sequence = carried->sequence;
	copy->length = carried->length;
	copy->packet_id = carried->packet_id;
	if (*(const volatile __u64 *)&carried->digest != digest ||
	    now - copy->time_ns > CARRIED_NS)
		copy->packet_id = 0;
}

/* A copy of what is there of that digest; its packet_id is 0 where there is nothing. */
static __always_inline void find_carried(__u64 digest, __u64 now, struct carried *copy)
{
	__u32 place = place_in(digest, CARRIED_PLACES);
	const struct carried_pair *pair = bpf_map_lookup_elem(&carried_by, &place);

	copy->packet_id = 0;
	if (!pair)
		return;
	if (*(const volatile __u64 *)&pair->one.digest == digest)
		copy_carried(&pair->one, digest, now, copy);
	else
		copy_carried(&pair->other, digest, now, copy);
}

static __always_inline __u64 carried_digest(const struct sighted *it, __u32 sequence)
{
	return mix(mix(it->tuple, it->direction), sequence);
}

/* Of a super packet: its first segment soon has the place of the same sequence number. */
static __always_inline __u64 super_digest(const struct sighted *it, __u32 sequence)
{
	return mix(mix(it->tuple, it->direction + 4), sequence);
}

static __always_inline __u64 group_digest(const struct sighted *it, __u32 block)
{
	return mix(mix(it->tuple, it->direction + 2), block / CARRIED_GROUP);
}

static __always_inline struct carried_group *group_of(__u64 digest)
{
	__u32 place = place_in(digest, CARRIED_GROUPS);

	return bpf_map_lookup_elem(&carried_groups, &place);
}

static __always_inline void enter_block(const struct sighted *it, __u32 block, __u32 number,
					int begins)
{
	__u64 digest = group_digest(it, block);
	struct carried_group *group = group_of(digest);

	if (!group)
		return;
	if (group->digest != digest) {
		__builtin_memset(group, 0, sizeof(*group));
		group->digest = digest;
	}
	if (begins)
		group->begins[block & (CARRIED_GROUP - 1)] = number;
	else
		group->reaches[block & (CARRIED_GROUP - 1)] = number;
}

/* The super packet of that number, if it carries the sequence number. */
static __always_inline int find_number(const struct sighted *it, __u32 number,
				       struct carried *copy)
{
	__u32 place = (number - 1) / 2;
	const struct carried_pair *pair = bpf_map_lookup_elem(&carried_by, &place);
	const struct carried *carried;

	copy->packet_id = 0;
	if (!number || !pair)
		return 0;
	carried = number & 1 ? &pair->one : &pair->other;
	copy_carried(carried, super_digest(it, *(const volatile __u32 *)&carried->sequence),
		     it->event.header.time_ns, copy);
	return copy->packet_id && it->sequence - copy->sequence < copy->length;
}

static __always_inline __u64 fragment_digest(__u64 tuple, const struct sighted *it)
{
	return mix(tuple, it->fragment);
}

/* So that segments, merged packets and what is sent again find who carried the same bytes. */
__noinline int enter_range(const struct sighted *it)
{
	__u32 block, number;

	if (!it)
		return 0;
	enter_carried(it, carried_digest(it, it->sequence));
	if (it->event.packets < 2)
		return 0;
	number = enter_carried(it, super_digest(it, it->sequence));
	block = it->sequence >> CARRIED_BLOCK;
	for (int i = 0; i < CARRIED_BLOCKS; i++) {
		enter_block(it, block, number, i == 0);
		block = (block + 1) & CARRIED_BLOCK_MOST;
		if ((block << CARRIED_BLOCK) - it->sequence >= it->length)
			break;
	}
	return 0;
}

/* Who carried the bytes from the sequence number on. */
static __always_inline void find_range(const struct sighted *it, struct carried *copy)
{
	__u32 block = it->sequence >> CARRIED_BLOCK, at = block & (CARRIED_GROUP - 1);
	__u64 digest = group_digest(it, block);
	const struct carried_group *group;

	find_carried(carried_digest(it, it->sequence), it->event.header.time_ns, copy);
	if (copy->packet_id && copy->sequence == it->sequence)
		return;
	group = group_of(digest);
	if (group && group->digest == digest &&
	    (find_number(it, group->reaches[at], copy) ||
	     find_number(it, group->begins[at], copy)))
		return;
	copy->packet_id = 0;
}

#endif
