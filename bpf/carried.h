/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which packet carried a range of TCP's bytes, or the fragments of a datagram: so segments,
 * merged packets, fragments and what is sent again find what they came from.
 */
#ifndef BPF_CARRIED_H
#define BPF_CARRIED_H

#include "bpf/kernel.h"
#include "bpf/sighted.h"

#define CARRIED_PLACES 32768U
/* Bits: a super packet is entered once for each 8 KiB that it carries. */
#define CARRIED_BLOCK  13
#define CARRIED_BLOCKS 10
#define CARRIED_NS     300000000000ULL /* TCP gives up after longer, but rarely */

/* What TCP bytes, or which datagram's fragments, a packet carries. */
struct carried {
	__u64 digest;
	__u64 packet_id, time_ns;
	__u32 sequence, length;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CARRIED_PLACES);
	__type(key, __u32);
	__type(value, struct carried);
} carried_by SEC(".maps");

/* One of the two places, side by side, that a digest may be at. */
static __always_inline struct carried *carried_of(__u64 digest, __u32 which)
{
	__u32 place = place_in(digest, CARRIED_PLACES) ^ which;

	return bpf_map_lookup_elem(&carried_by, &place);
}

/* In its own place, else in that of the older. */
__noinline int enter_carried(const struct sighted *it, __u64 digest)
{
	struct carried *carried = carried_of(digest, 0), *other = carried_of(digest, 1);

	if (!it || !carried || !other)
		return 0;
	if (other->digest == digest ||
	    (carried->digest != digest && other->time_ns < carried->time_ns))
		carried = other;
	/* In this order, so that nobody takes a half of it for the whole. */
	*(volatile __u64 *)&carried->digest = 0;
	carried->packet_id = it->event.packet_id;
	carried->time_ns = it->event.header.time_ns;
	carried->sequence = it->sequence;
	carried->length = it->length;
	*(volatile __u64 *)&carried->digest = digest;
	return 0;
}

/* A copy of what is there of that digest; its packet_id is 0 where there is nothing. */
static __always_inline void find_carried(__u64 digest, __u64 now, struct carried *copy)
{
	const struct carried *carried = carried_of(digest, 0);

	copy->packet_id = 0;
	if (carried && *(const volatile __u64 *)&carried->digest != digest)
		carried = carried_of(digest, 1);
	if (!carried || *(const volatile __u64 *)&carried->digest != digest)
		return;
	copy->time_ns = carried->time_ns;
	copy->sequence = carried->sequence;
	copy->length = carried->length;
	copy->packet_id = carried->packet_id;
	if (*(const volatile __u64 *)&carried->digest != digest ||
	    now - copy->time_ns > CARRIED_NS)
		copy->packet_id = 0;
}

static __always_inline __u64 carried_digest(const struct sighted *it, __u32 sequence)
{
	return mix(mix(it->tuple, it->direction), sequence);
}

/*
 * Of a block, where the bytes that a packet carries begin, or which they reach into: the end of
 * one super packet and the begin of the next are often in one block.
 */
static __always_inline __u64 block_digest(const struct sighted *it, __u32 sequence, int begins)
{
	return mix(mix(it->tuple, it->direction + (begins ? 2 : 4)), sequence >> CARRIED_BLOCK);
}

static __always_inline __u64 fragment_digest(__u64 tuple, const struct sighted *it)
{
	return mix(tuple, it->fragment);
}

/* So that segments, merged packets and what is sent again find who carried the same bytes. */
__noinline int enter_range(const struct sighted *it)
{
	__u32 block;

	if (!it)
		return 0;
	block = it->sequence;
	enter_carried(it, carried_digest(it, it->sequence));
	if (it->event.packets < 2)
		return 0;
	for (int i = 0; i < CARRIED_BLOCKS; i++) {
		enter_carried(it, block_digest(it, block, i == 0));
		block = ((block >> CARRIED_BLOCK) + 1) << CARRIED_BLOCK;
		if (block - it->sequence >= it->length)
			break;
	}
	return 0;
}

/* Who carried the bytes from the sequence number on. */
static __always_inline void find_range(const struct sighted *it, struct carried *copy)
{
	__u64 now = it->event.header.time_ns;

	find_carried(carried_digest(it, it->sequence), now, copy);
	if (copy->packet_id && copy->sequence == it->sequence)
		return;
	for (int begins = 0; begins < 2; begins++) {
		find_carried(block_digest(it, it->sequence, begins), now, copy);
		if (copy->packet_id && it->sequence - copy->sequence < copy->length)
			return;
	}
	copy->packet_id = 0;
}

#endif
