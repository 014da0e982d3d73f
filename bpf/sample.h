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

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, __u8); /* whether it is in the sample */
} sample_exceptions SEC(".maps");

/* Whether there has been one: without translations nobody looks for them. */
__u32 sample_has_exceptions = 0;

static __always_inline int hash_samples(const struct flow_key *key)
{
	return flow_hash_samples(flow_hash(key, &filter.sample_seed), filter.sample_limit);
}

/* Whether a tuple is in the sample. Its key has no namespace, here and below. */
static __always_inline int is_sampled(const struct flow_key *key)
{
	__u8 *exception =
		sample_has_exceptions ? bpf_map_lookup_elem(&sample_exceptions, key) : NULL;

	return exception ? *exception : hash_samples(key);
}

/*
 * A tuple belongs to a connection that is in the sample, or is not. Returns whether it would be
 * on its own.
 */
static __always_inline int sample_as(const struct flow_key *key, __u8 sampled)
{
	int alone = hash_samples(key);

	if (alone == sampled)
		bpf_map_delete_elem(&sample_exceptions, key);
	else {
		sample_has_exceptions = 1;
		bpf_map_update_elem(&sample_exceptions, key, &sampled, BPF_ANY);
	}
	return alone;
}

#endif
