/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which packet a sighting is of.
 *
 * The address of an sk_buff stays the same along a packet's way, and is another packet's soon
 * after. So an address is believed only where all else agrees: the content, the connection (as
 * conntrack translates it), a hop where the packet has not been, a TTL that does not rise, and
 * no socket that just sends. Whatever disagrees makes a new packet: taking one for two is an
 * honest miss, taking two for one would be an error.
 *
 * A place in the tables is claimed while it is read and written; who finds it claimed says that
 * he does not know.
 */
#ifndef BPF_IDENTITY_H
#define BPF_IDENTITY_H

#include "bpf/carried.h"
#include "bpf/content.h"
#include "bpf/headers.h"
#include "bpf/kernel.h"
#include "bpf/sighted.h"
#include "schema/event.h"

#define KNOWN_PLACES 16384U
#define KNOWN_HOPS   12 /* the first, and the latest others */

#define SAME_PACKET_NS 10000000000ULL
#define JUST_BEFORE_NS 50000000ULL
#define TUNNEL_LEAST   20

/* A packet, by the address of its sk_buff. */
struct known_packet {
	__u32 busy;
	__u32 sequence;
	__u64 skb, head, digest, tuple, conntrack, packet_id, time_ns, socket;
	__u64 inner_digest,
		inner_id; /* of what a tunnel's packet carries; 0: it carries none */
	__u32 hop[KNOWN_HOPS];
	__u32 hop_count;
	__u32 length, end;
	__u32 network;
	__u8 ttl, io, is_sampled;
	__u8 is_segment; /* its bytes are found as its super packet's */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KNOWN_PLACES);
	__type(key, __u32);
	__type(value, struct known_packet);
} known_packets SEC(".maps");

/* The sk_buff last seen with a head. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KNOWN_PLACES);
	__type(key, __u32);
	__type(value, __u64);
} known_heads SEC(".maps");

static __always_inline struct known_packet *known_at(__u32 place)
{
	return bpf_map_lookup_elem(&known_packets, &place);
}

/* Where it is, or else where the older of two is. */
static __always_inline __u32 known_place(__u64 skb)
{
	__u32 place = place_in(skb, KNOWN_PLACES), beside = place ^ 1;
	const struct known_packet *known = known_at(place), *other;

	if (!known || known->skb == skb)
		return place;
	other = known_at(beside);
	if (other && (other->skb == skb || other->time_ns < known->time_ns))
		return beside;
	return place;
}

static __always_inline int has_been_at(const struct known_packet *known, __u32 hop)
{
	int was = 0;

	for (int i = 0; i < KNOWN_HOPS; i++)
		was |= known->hop[i] == hop;
	return was;
}

/* Whether what is known can be the packet that is seen, as far as more than content tells. */
static __always_inline int may_be(const struct known_packet *known, const struct sighted *it)
{
	if (it->event.header.time_ns - known->time_ns > SAME_PACKET_NS ||
	    it->ttl > known->ttl || has_been_at(known, it->hop))
		return 0;
	return it->tuple == known->tuple ||
	       (it->event.conntrack &&
		(it->event.conntrack == known->tuple || it->reply == known->tuple ||
		 it->event.conntrack == known->conntrack));
}

/* A socket's packet that goes down from one device to the next, not the socket's next one. */
static __always_inline int may_go_down(const struct known_packet *known,
				       const struct sighted *it)
{
	return !it->is_birth ||
	       (it->socket && known->io == IO_TRANSMIT && known->socket == it->socket);
}

static __always_inline void take_over(const struct known_packet *known, struct sighted *it,
				      enum packet_identity identity)
{
	it->event.packet_id = known->packet_id;
	it->event.identity = identity;
	it->is_sampled = known->is_sampled;
}

static __always_inline void relate(struct sighted *it, enum packet_relation relation,
				   __u64 parent)
{
	it->event.relation = relation;
	it->event.parent_id = parent;
}

/*
 * The same sk_buff, but another content: it may have got or lost a tunnel's header, or taken in
 * others. Returns whether the hops where it was count on.
 */
static __always_inline int relate_known(struct known_packet *known, struct sighted *it)
{
	__u64 age_ns = it->event.header.time_ns - known->time_ns;
	int io = it->event.io_direction;

	if (age_ns > SAME_PACKET_NS)
		return 0;
	if (known->inner_id && known->inner_digest == it->digest &&
	    !has_been_at(known, it->hop)) {
		relate(it, RELATION_INSIDE, known->packet_id);
		known->packet_id = known->inner_id;
		known->inner_id = 0;
		take_over(known, it, IDENTITY_EXACT);
		return 1;
	}
	if (it->inner && it->inner == known->digest && known->io == IO_TRANSMIT &&
	    age_ns < JUST_BEFORE_NS) {
		relate(it, RELATION_AROUND, known->packet_id);
		known->inner_digest = known->digest;
		known->inner_id = known->packet_id;
		return 1;
	}
	if (io == IO_RECEIVE && known->io == IO_RECEIVE && known->head == it->event.skb_head &&
	    known->end == it->end && it->network >= known->network + TUNNEL_LEAST &&
	    age_ns < JUST_BEFORE_NS) {
		relate(it, RELATION_INSIDE, known->packet_id);
		known->inner_id = 0;
		return 1;
	}
	return 0;
}

/*
 * The same sk_buff with the same content. Where its bytes have moved, it may have been freed
 * and be another packet's, unless there is no other of that content.
 */
static __always_inline int is_still(const struct known_packet *known, struct sighted *it)
{
	struct content_found found = {};

	if (!may_be(known, it))
		return 0;
	if (known->head != it->event.skb_head) {
		find_content(it, &found);
		if (!found.is_alone) {
			it->event.identity = IDENTITY_UNKNOWN;
			return 0;
		}
	}
	take_over(known, it, IDENTITY_EXACT);
	return 1;
}

/* Who is looked for: by its sk_buff, which has the same head, or by its number. */
struct wanted {
	__u64 skb;
	__u32 packet_id;
	enum packet_identity identity; /* that it gives */
};

static __always_inline int is_wanted(const struct known_packet *other,
				     const struct wanted *wanted, const struct sighted *it)
{
	if (other->skb == it->event.skb_address || other->digest != it->digest)
		return 0;
	if (wanted->identity == IDENTITY_SAME_HEAD)
		return other->skb == wanted->skb && other->head == it->event.skb_head;
	return (__u32)other->packet_id == wanted->packet_id &&
	       other->io != it->event.io_direction;
}

/* Another sk_buff that may hold the packet; it must not be the one that is claimed already. */
static __always_inline int take_from(struct known_packet *own, __u32 place,
				     const struct wanted *wanted, struct sighted *it)
{
	struct known_packet *other = known_at(place);
	int is_same = 0;

	if (!other)
		return 0;
	if (other != own && !claim(&other->busy)) {
		it->event.identity = IDENTITY_UNKNOWN;
		return 0;
	}
	if (is_wanted(other, wanted, it) && may_be(other, it)) {
		is_same = 1;
		take_over(other, it, wanted->identity);
		if (other != own) {
			for (int i = 0; i < KNOWN_HOPS; i++)
				own->hop[i] = other->hop[i];
			own->hop_count = other->hop_count;
			own->inner_id = other->inner_id;
			own->inner_digest = other->inner_digest;
			own->is_segment = other->is_segment;
		}
	}
	if (other != own)
		release(&other->busy);
	return is_same;
}

/* A segment of a super packet, or a super packet made of segments, by the bytes it carries. */
static __always_inline void relate_range(struct sighted *it)
{
	__u64 now = it->event.header.time_ns;
	struct carried other;
	__u32 left;

	find_range(it, &other);
	if (!other.packet_id || now - other.time_ns > JUST_BEFORE_NS)
		return;
	left = other.length - (it->sequence - other.sequence);
	if (left < it->length)
		relate(it, RELATION_MERGE, other.packet_id);
	else if (other.length > it->length)
		relate(it, RELATION_SEGMENT, other.packet_id);
}

/* What a socket sends again; one that is not connected does not say so. */
static __always_inline void relate_again(struct sighted *it)
{
	struct carried before;

	if (it->is_connected && !it->is_sent_again)
		return;
	find_range(it, &before);
	if (it->is_connected || (before.packet_id && before.length == it->length))
		relate(it, RELATION_AGAIN, before.packet_id);
}

static __always_inline void relate_fragment(const struct known_packet *own, struct sighted *it)
{
	__u64 digest = fragment_digest(it->tuple, it), own_id = it->event.packet_id;
	struct carried whole;

	find_carried(digest, it->event.header.time_ns, &whole);
	if (whole.packet_id && it->event.header.time_ns - whole.time_ns > JUST_BEFORE_NS)
		whole.packet_id = 0;
	if (it->is_first_fragment && own->skb == it->event.skb_address &&
	    own->sequence == it->fragment &&
	    it->event.header.time_ns - own->time_ns < JUST_BEFORE_NS)
		whole.packet_id = own->packet_id;
	relate(it, RELATION_FRAGMENT, whole.packet_id);
	if (!it->is_first_fragment)
		return;
	if (whole.packet_id)
		it->event.packet_id = whole.packet_id;
	enter_carried(it, digest);
	it->event.packet_id = own_id;
}

static __always_inline void relate_reassembled(struct sighted *it)
{
	__u64 now = it->event.header.time_ns;
	struct carried first;

	find_carried(fragment_digest(it->tuple, it), now, &first);
	/* A bridge that filters its packets as IP has translated it by now. */
	if (!first.packet_id && it->event.conntrack)
		find_carried(fragment_digest(it->event.conntrack, it), now, &first);
	if (first.packet_id && now - first.time_ns < JUST_BEFORE_NS &&
	    first.length < it->length)
		relate(it, RELATION_MERGE, first.packet_id);
}

/* Nothing at hand is the same packet: what else may it have to do with? */
static __always_inline void relate_new(struct known_packet *own, struct sighted *it)
{
	if (it->event.relation)
		return;
	if (it->is_tcp && it->takes_sequence) {
		if (it->is_birth && it->event.io_direction == IO_TRANSMIT)
			relate_again(it);
		else if (it->length)
			relate_range(it);
	} else if (it->fragment && !it->may_fragment)
		relate_fragment(own, it);
	else if (it->fragment && it->event.io_direction == IO_RECEIVE)
		relate_reassembled(it);
}

/* Another sk_buff with the packet's head, or else with its content. */
static __always_inline void find_elsewhere(struct known_packet *own, struct sighted *it)
{
	__u32 place = place_in(it->event.skb_head, KNOWN_PLACES);
	const __u64 *by_head = bpf_map_lookup_elem(&known_heads, &place);
	struct wanted wanted = {.identity = IDENTITY_SAME_HEAD};
	struct content_found found = {};

	if (!find_content(it, &found) || !by_head)
		return;
	if (!found.is_alone) {
		it->event.identity = IDENTITY_UNKNOWN;
		return;
	}
	wanted.skb = *by_head;
	if (wanted.skb && wanted.skb != it->event.skb_address &&
	    take_from(own, known_place(wanted.skb), &wanted, it))
		return;
	wanted.packet_id = found.packet_id;
	wanted.identity = IDENTITY_INFERRED;
	take_from(own, found.place, &wanted, it);
}

static __always_inline void remember(struct known_packet *own, const struct sighted *it)
{
	__u32 place = place_in(it->event.skb_head, KNOWN_PLACES), count = own->hop_count;
	__u64 *head = bpf_map_lookup_elem(&known_heads, &place);

	own->skb = it->event.skb_address;
	own->head = it->event.skb_head;
	own->digest = it->digest;
	own->tuple = it->tuple;
	own->conntrack = it->event.conntrack;
	own->packet_id = it->event.packet_id;
	own->time_ns = it->event.header.time_ns;
	own->socket = it->socket;
	own->sequence = it->fragment ? it->fragment : it->sequence;
	own->length = it->length;
	own->end = it->end;
	own->network = it->network;
	own->ttl = it->ttl;
	own->io = it->event.io_direction;
	own->is_sampled = it->is_sampled;
	/* The hop where it began is kept. */
	if (count >= KNOWN_HOPS)
		count = 1;
	own->hop[count] = it->hop;
	own->hop_count = count + 1;
	if (head)
		*head = own->skb;
	note_content(it);
	if (it->is_tcp && it->takes_sequence && it->event.io_direction == IO_TRANSMIT &&
	    !own->is_segment)
		enter_range(it);
	else if (it->fragment && it->may_fragment)
		enter_carried(it, fragment_digest(it->tuple, it));
}

/*
 * The packet's id, which must be a fresh one before, and how it is known. A function that the
 * verifier goes through once, as others here and in sighting.h.
 */
__noinline int identify(struct sighted *it)
{
	struct known_packet *own;
	int goes_on = 0;

	if (!it)
		return 0;
	it->place = known_place(it->event.skb_address);
	own = known_at(it->place);
	it->event.identity = IDENTITY_UNKNOWN;
	it->event.relation = RELATION_NONE;
	it->event.parent_id = 0;
	if (!own || !claim(&own->busy))
		return 0;
	it->event.identity = IDENTITY_NEW;
	if (own->skb == it->event.skb_address && may_go_down(own, it)) {
		if (own->digest == it->digest) {
			goes_on = is_still(own, it);
		} else
			goes_on = relate_known(own, it);
	}
	if (!goes_on && !it->is_birth) {
		find_elsewhere(own, it);
		goes_on = it->event.identity == IDENTITY_SAME_HEAD ||
			  it->event.identity == IDENTITY_INFERRED;
	}
	if (!goes_on) {
		relate_new(own, it);
		/* What nobody here sends has come from somewhere. */
		if (!it->is_birth && !it->event.relation)
			it->event.identity = IDENTITY_UNKNOWN;
		own->hop_count = 0;
		own->inner_id = 0;
		own->is_segment = it->event.relation == RELATION_SEGMENT;
		for (int i = 0; i < KNOWN_HOPS; i++)
			own->hop[i] = 0;
	}
	remember(own, it);
	release(&own->busy);
	return 0;
}

#endif
