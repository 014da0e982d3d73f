/* SPDX-License-Identifier: Apache-2.0 OR (GPL-2.0 OR BSD-2-Clause) */
/*
 * The hash of a connection's tuple, the same in the kernel and in user space.
 *
 *     w[0..3] = the four halves of the two addresses
 *     w[4]    = port[0] | port[1] << 16 | protocol << 32 | icmp_type << 40 | icmp_code << 48
 *     sum     = seed[0] + the sum over i of (low(w[i]) + seed[2i+1]) * (high(w[i]) +
 * seed[2i+2])
 *
 * modulo 2^64, low and high being 32-bit halves; then a mixing of all bits that can be undone.
 * The sum is MULTILINEAR-HM of Lemire and Kaser, "Strongly universal string hashing is fast"
 * (2013): whoever does not know the seed cannot choose tuples that collide. The namespace is
 * left out, so that every namespace which sees a tuple says the same of it.
 */
#ifndef SCHEMA_FLOW_HASH_H
#define SCHEMA_FLOW_HASH_H

#include "schema/event.h"

#define FLOW_HASH_SEEDS 11

struct flow_hash_seed {
	__u64 word[FLOW_HASH_SEEDS];
};

/* All bits of a word on all bits of it, one to one. */
static inline __attribute__((always_inline)) __u64 flow_hash_mix(__u64 word)
{
	word ^= word >> 32;
	word *= 0xd6e8feb86659fd93ULL;
	word ^= word >> 32;
	word *= 0xd6e8feb86659fd93ULL;
	return word ^ word >> 32;
}

/* Make the seed's words of one number: the running sums of a constant, each mixed. */
static inline void flow_hash_plant(__u64 number, struct flow_hash_seed *seed)
{
	for (int i = 0; i < FLOW_HASH_SEEDS; i++) {
		number += 0x9e3779b97f4a7c15ULL;
		seed->word[i] = flow_hash_mix(number);
	}
}

/* The seed is volatile for the kernel side, where it is set when the program is loaded. */
static inline __attribute__((always_inline)) __u64
flow_hash(const struct flow_key *key, const volatile struct flow_hash_seed *seed)
{
	const __u64 word[5] = {
		key->address[0].half[0],
		key->address[0].half[1],
		key->address[1].half[0],
		key->address[1].half[1],
		(__u64)key->icmp_code << 48 | (__u64)key->icmp_type << 40 |
			(__u64)key->protocol << 32 | (__u64)key->port[1] << 16 | key->port[0],
	};
	__u64 sum = seed->word[0];

	for (int i = 0; i < 5; i++)
		sum += ((__u32)word[i] + seed->word[2 * i + 1]) *
		       ((word[i] >> 32) + seed->word[2 * i + 2]);
	return flow_hash_mix(sum);
}

/*
 * Whether a tuple is in a sample of one in N: whether its hash is no greater than this limit,
 * UINT64_MAX / N. A sample of one in N holds every sample of one in a multiple of N.
 */
static inline __attribute__((always_inline)) int flow_hash_samples(__u64 hash, __u64 limit)
{
	return hash <= limit;
}

#endif
