/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which packet had a content a moment ago, and whether another one had the same.
 */
#ifndef BPF_CONTENT_H
#define BPF_CONTENT_H

#include "bpf/kernel.h"
#include "bpf/sighted.h"

#define CONTENT_PLACES	131072U
#define SAME_CONTENT_NS 5000000ULL

struct known_content {
	__u32 busy, zero;
	__u64 digest, packet_id, skb, time_ns;
	__u64 twins_ns; /* when there were last two packets of this content, as far as we know
			 */
	/* The one that had this place before, if it was recent then. */
	__u64 left_ns, left_digest, left_packet_id, left_twins_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CONTENT_PLACES);
	__type(key, __u32);
	__type(value, struct known_content);
} known_contents SEC(".maps");

/* When a content could not be entered last: for a while none tells anything. */
__u64 content_missed_ns = 0;

static __always_inline struct known_content *content_of_digest(__u64 digest)
{
	__u32 place = place_in(digest, CONTENT_PLACES);

	return bpf_map_lookup_elem(&known_contents, &place);
}

static __always_inline int is_recent(__u64 then, __u64 now)
{
	return now - then < SAME_CONTENT_NS;
}

/*
 * Two packets of one content at the same time cannot be told apart by it, so that is noticed;
 * also where another content had the place in between.
 */
static __always_inline void note_content(const struct sighted *it)
{
	struct known_content *content = content_of_digest(it->digest);
	__u64 now = it->event.header.time_ns;

	if (!content)
		return;
	if (!claim(&content->busy)) {
		content_missed_ns = now;
		return;
	}
	if (content->digest != it->digest) {
		int was_recent = is_recent(content->time_ns, now);
		__u64 twins_ns = 0;

		if (is_recent(content->left_ns, now)) {
			if (content->left_digest != it->digest)
				twins_ns = was_recent ? now : 0;
			else if (content->left_packet_id == it->event.packet_id)
				twins_ns = content->left_twins_ns;
			else
				twins_ns = now;
		}
		if (was_recent) {
			content->left_digest = content->digest;
			content->left_packet_id = content->packet_id;
			content->left_twins_ns = content->twins_ns;
			content->left_ns = now;
		}
		content->twins_ns = twins_ns;
		content->digest = it->digest;
	} else if (content->packet_id != it->event.packet_id &&
		   is_recent(content->time_ns, now))
		content->twins_ns = now;
	content->packet_id = it->event.packet_id;
	content->skb = it->event.skb_address;
	content->time_ns = now;
	release(&content->busy);
}

/*
 * The sk_buff that was seen with this content a moment ago, or 0; and whether, as far as we
 * know, no other had it.
 */
static __always_inline __u64 skb_of_content(const struct sighted *it, int *is_alone)
{
	struct known_content *content = content_of_digest(it->digest);
	__u64 now = it->event.header.time_ns, skb = 0, twins_ns;

	*is_alone = 0;
	if (!content)
		return 0;
	if (!claim(&content->busy))
		return 1; /* somebody's */
	twins_ns = content->twins_ns;
	if (content->digest == it->digest && is_recent(content->time_ns, now))
		skb = content->skb;
	else if (content->left_digest == it->digest && is_recent(content->left_ns, now)) {
		skb = 1;
		twins_ns = content->left_twins_ns;
	}
	release(&content->busy);
	*is_alone = skb && now - twins_ns >= 2 * SAME_CONTENT_NS &&
		    now - content_missed_ns >= 2 * SAME_CONTENT_NS;
	return skb;
}

#endif
