/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whether a translation is to be told of.
 */
#ifndef BPF_TRANSLATION_H
#define BPF_TRANSLATION_H

#include "bpf/headers.h"
#include "bpf/rule.h"
#include "bpf/sample.h"

static __always_inline void key_of_ends(struct flow_key *key, const struct tuple *tuple,
					const struct address *source, __u16 source_port,
					const struct address *destination,
					__u16 destination_port)
{
	int turned = source_is_end_1(source, destination, source_port, destination_port, 0);

	__builtin_memset(key, 0, sizeof(*key));
	key->address[0] = turned ? *destination : *source;
	key->address[1] = turned ? *source : *destination;
	key->port[0] = turned ? destination_port : source_port;
	key->port[1] = turned ? source_port : destination_port;
	key->protocol = tuple->protocol;
	key->icmp_type = tuple->icmp_type;
	key->icmp_code = tuple->icmp_code;
}

static __always_inline __u64 hash_of_ends(const struct tuple *tuple,
					  const struct address *source, __u16 source_port,
					  const struct address *destination,
					  __u16 destination_port)
{
	struct flow_key key;

	key_of_ends(&key, tuple, source, source_port, destination, destination_port);
	return sample_hash(&key);
}

static __always_inline __u64 hash_of_original(const struct tuple *original)
{
	return hash_of_ends(original, &original->source, original->source_port,
			    &original->destination, original->destination_port);
}

/*
 * A translated connection's other tuples follow the original one into the sample, or out of it.
 * Returns whether it is to be told of: it is in the sample, or one of its other tuples would
 * be, and may have been seen already; then it is for whoever joins the tuples to leave it out.
 */
static __always_inline int translation_is_sampled(const struct tuple *original,
						  const struct tuple *reply)
{
	int sampled = is_sampled(hash_of_original(original)), is_told = sampled;

	/* Between the two translations, as a bridge that filters its packets as IP shows it. */
	if (!same_address(&original->destination, &reply->source) ||
	    original->destination_port != reply->source_port)
		is_told |= sample_as(hash_of_ends(original, &original->source,
						  original->source_port, &reply->source,
						  reply->source_port),
				     sampled);
	return is_told |
	       sample_as(hash_of_ends(original, &reply->destination, reply->destination_port,
				      &reply->source, reply->source_port),
			 sampled);
}

/*
 * Whether a translation is to be told of: one of its tuples is admitted, and none is denied.
 * Returns 0, or the stage counter that says why not.
 */
static __always_inline int admit_translation(const struct tuple *original,
					     const struct tuple *reply, __u32 network_namespace)
{
	if (!filter.kinds)
		return 0;
	if (filter.kinds & RULES_NETNS && rejects(RULES_NETNS, netns_bits(network_namespace)))
		return COUNT_NAT_NETNS_RULE;
	if (filter.kinds & RULES_PROTOCOL &&
	    rejects(RULES_PROTOCOL, protocol_bits(original->protocol)))
		return COUNT_NAT_PROTOCOL_RULE;
	if (filter.kinds & RULES_PORT &&
	    rejects(RULES_PORT, rules_has_ports(original->protocol)
					? port_bits(original->source_port) |
						  port_bits(original->destination_port) |
						  port_bits(reply->source_port) |
						  port_bits(reply->destination_port)
					: 0))
		return COUNT_NAT_PORT_RULE;
	if (filter.kinds & (RULES_NET | RULES_WITHIN) &&
	    pair_rejected(pair_bits(&original->source, &original->destination) |
			  pair_bits(&reply->source, &reply->destination)))
		return COUNT_NAT_NET_RULE;
	if (filter.kinds & RULES_SAMPLE && !translation_is_sampled(original, reply))
		return COUNT_NAT_NOT_SAMPLED;
	return 0;
}

#endif
