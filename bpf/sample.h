/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The sample: one in N connections, by the hash of the tuple that the initiator uses.
 *
 * Behind a translation a connection has another tuple, and so another hash. Where the two
 * disagree an exception is kept, from the moment the translation is seen: every hop then says
 * the same.
 */
#ifndef BPF_SAMPLE_H
#define BPF_SAMPLE_H

#include "bpf/headers.h"
#include "bpf/rule.h"

/* By the hash of the tuple: whether it is in the sample. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u8);
} sample_exceptions SEC(".maps");

/* Whether there has been one: without translations nobody looks for them. */
__u32 sample_has_exceptions = 0;

/* What a tuple is known by here: the same in every namespace. */
static __always_inline __u64 sample_hash(const struct flow_key *key)
{
	return flow_hash(key, &filter.sample_seed);
}

/* Whether a tuple is in the sample. */
static __always_inline int is_sampled(__u64 hash)
{
	__u8 *exception =
		sample_has_exceptions ? bpf_map_lookup_elem(&sample_exceptions, &hash) : NULL;

	return exception ? *exception : flow_hash_samples(hash, filter.sample_limit);
}

/*
 * A tuple belongs to a connection that is in the sample, or is not. Returns whether it would be
 * on its own.
 */
static __always_inline int sample_as(__u64 hash, __u8 sampled)
{
	int alone = flow_hash_samples(hash, filter.sample_limit);

	if (alone == sampled)
		bpf_map_delete_elem(&sample_exceptions, &hash);
	else {
		sample_has_exceptions = 1;
		bpf_map_update_elem(&sample_exceptions, &hash, &sampled, BPF_ANY);
	}
	return alone;
}

#endif
