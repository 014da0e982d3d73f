/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which packet had a content a moment ago, and whether another one had the same.
 */
#ifndef BPF_CONTENT_H
#define BPF_CONTENT_H

#include "bpf/kernel.h"
#include "bpf/sighted.h"

#define CONTENT_PLACES	8192U
#define CONTENT_WAYS	4U
#define SAME_CONTENT_NS 5000000ULL
#define CONTENT_TICK	18 /* bits of nanoseconds that a tick leaves out: 0.26 ms */
#define CONTENT_TICKS	((__u32)(SAME_CONTENT_NS >> CONTENT_TICK) + 1)
#define CONTENT_AHEAD	8U /* ticks that another CPU's clock reading may be later */

/*
 * Four contents in a cache line, so that a table which mostly stays in the CPU's cache has room
 * for those of a moment. Ticks come again after 17 s: then a content may count as recent that
 * is not. That can only leave a packet unknown, as what is found here is compared in full.
 */
struct known_content {
	__u32 busy;
	__u16 lost; /* when one that still mattered had to go */
	__u16 zero;
	__u32 tag[CONTENT_WAYS];       /* of the digest */
	__u32 packet_id[CONTENT_WAYS]; /* the lower half */
	__u16 place[CONTENT_WAYS];     /* in known_packets */
	__u16 seen[CONTENT_WAYS];
	__u16 twins[CONTENT_WAYS]; /* when there were last two packets of it, as far as known */
};

_Static_assert(sizeof(struct known_content) == 64, "a cache line");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* begins at a page */
	__uint(max_entries, CONTENT_PLACES);
	__type(key, __u32);
	__type(value, struct known_content);
} known_contents SEC(".maps");

/* Where a packet of a content was seen a moment ago. */
struct content_found {
	__u32 place; /* in known_packets */
	__u32 packet_id;
	__u32 is_alone; /* as far as we know, no other packet had the content */
};

/* When a content could not be entered last: for a while none tells anything. */
__u64 content_missed_ns = 0;

static __always_inline struct known_content *content_of_digest(__u64 digest)
{
	__u32 place = place_in(digest, CONTENT_PLACES);

	return bpf_map_lookup_elem(&known_contents, &place);
}

static __always_inline __u32 content_tag(const struct sighted *it)
{
	return it->digest >> 32;
}

static __always_inline __u16 content_tick(const struct sighted *it)
{
	return it->event.header.time_ns >> CONTENT_TICK;
}

/* In ticks, from the latest that a clock may have read. */
static __always_inline __u16 content_age(__u16 then, __u16 now)
{
	return now + CONTENT_AHEAD - then;
}

static __always_inline int is_recent(__u16 then, __u16 now)
{
	return content_age(then, now) < CONTENT_TICKS + CONTENT_AHEAD;
}

/* For as long as twins count. */
static __always_inline int still_matters(__u16 then, __u16 now)
{
	return content_age(then, now) < 2 * CONTENT_TICKS + CONTENT_AHEAD;
}

/* CONTENT_WAYS: it is not there. */
static __always_inline __u32 way_of(const struct known_content *content, __u32 tag)
{
	_Pragma("unroll") for (__u32 way = 0; way < CONTENT_WAYS;
			       way++) if (content->tag[way] == tag) return way;
	return CONTENT_WAYS;
}

/* The way of the oldest, for a content that may have been there before and had to go. */
static __always_inline __u32 take_way(struct known_content *content, __u32 tag, __u16 now)
{
	__u16 twins = still_matters(content->lost, now) ? now : now - 2 * CONTENT_TICKS;
	__u32 way = 0, oldest = content_age(content->seen[0], now);

	_Pragma("unroll") for (__u32 other = 1; other < CONTENT_WAYS; other++)
	{
		__u32 age = content_age(content->seen[other], now);

		if (age > oldest) {
			oldest = age;
			way = other;
		}
	}
	way &= CONTENT_WAYS - 1;
	if (is_recent(content->seen[way], now) || still_matters(content->twins[way], now))
		content->lost = now;
	content->tag[way] = tag;
	content->twins[way] = twins;
	return way;
}

/*
 * Two packets of one content at the same time cannot be told apart by it, so that is noticed;
 * also where other contents had the place in between.
 */
static __always_inline void note_content(const struct sighted *it)
{
	struct known_content *content = content_of_digest(it->digest);
	__u32 tag = content_tag(it), packet_id = it->event.packet_id, way;
	__u16 now = content_tick(it);

	if (!content)
		return;
	if (!claim(&content->busy)) {
		content_missed_ns = it->event.header.time_ns;
		return;
	}
	way = way_of(content, tag);
	if (way == CONTENT_WAYS)
		way = take_way(content, tag, now);
	else if (content->packet_id[way] != packet_id && is_recent(content->seen[way], now))
		content->twins[way] = now;
	content->packet_id[way] = packet_id;
	content->place[way] = it->place;
	content->seen[way] = now;
	release(&content->busy);
}

/* Returns whether a packet was seen with this content a moment ago. */
static __always_inline int find_content(const struct sighted *it, struct content_found *found)
{
	struct known_content *content = content_of_digest(it->digest);
	__u64 now_ns = it->event.header.time_ns;
	__u16 now = content_tick(it);
	int is_found = 0;
	__u32 way;

	found->is_alone = 0;
	if (!content)
		return 0;
	if (!claim(&content->busy))
		return 1; /* somebody's */
	way = way_of(content, content_tag(it));
	if (way < CONTENT_WAYS && is_recent(content->seen[way], now)) {
		is_found = 1;
		found->place = content->place[way];
		found->packet_id = content->packet_id[way];
		found->is_alone = !still_matters(content->twins[way], now) &&
				  now_ns - content_missed_ns >= 2 * SAME_CONTENT_NS;
	}
	release(&content->busy);
	return is_found;
}

#endif
