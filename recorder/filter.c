/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter in user space: what it says of tuples and translations, and of namespaces by name.
 */
#include "recorder/filter.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const struct net_key filter_ipv4 = {.prefix_bits = 96, .address = {[10] = 0xff, [11] = 0xff}};

struct filter *filter_new(void)
{
	struct filter *filter = calloc(1, sizeof(*filter));

	if (filter)
		filter->sampling_rate = 1;
	return filter;
}

static void free_values(struct filter_values *values)
{
	for (size_t i = 0; i < values->count; i++)
		free(values->list[i].text);
	free(values->list);
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	free_values(&filter->nets);
	free_values(&filter->interfaces);
	free_values(&filter->namespaces);
	free_values(&filter->cgroups);
	free_values(&filter->executables);
	free(filter);
}

void filter_seed(struct filter *filter, uint64_t seed)
{
	filter->sample_seed = seed;
	flow_hash_plant(seed, &filter->settings.sample_seed);
}

static int resolve(struct filter_values *values)
{
	struct stat status;
	int has_changed = 0;

	for (size_t i = 0; i < values->count; i++) {
		struct filter_value *value = &values->list[i];
		uint32_t inode;

		if (!value->text)
			continue;
		inode = stat(value->text, &status) ? 0 : (uint32_t)status.st_ino;
		has_changed |= inode != value->inode;
		value->inode = inode;
	}
	return has_changed;
}

int filter_resolve(struct filter *filter)
{
	return resolve(&filter->interfaces) | resolve(&filter->namespaces);
}

/* --- longest matches --- */

static int covers(const uint8_t *prefix, uint32_t prefix_bits, const uint8_t *bytes)
{
	uint32_t whole = prefix_bits / 8, rest = prefix_bits % 8;

	return !memcmp(prefix, bytes, whole) &&
	       (!rest || !((prefix[whole] ^ bytes[whole]) >> (8 - rest)));
}

static uint32_t prefix_bits(const void *key)
{
	uint32_t bits;

	memcpy(&bits, key, sizeof(bits));
	return bits;
}

static const uint8_t *prefix_of(const void *key)
{
	return (const uint8_t *)key + sizeof(uint32_t);
}

static int is_ipv4(const void *key)
{
	return prefix_bits(key) >= 96 && covers(filter_ipv4.address, 96, prefix_of(key));
}

/* Whether all that matches the longer key matches the shorter one, too. */
static int is_part_of(const void *longer, const void *shorter, size_t key_size)
{
	if (prefix_bits(shorter) > prefix_bits(longer) ||
	    !covers(prefix_of(shorter), prefix_bits(shorter), prefix_of(longer)))
		return 0;
	return key_size != sizeof(struct net_key) || is_ipv4(shorter) || !is_ipv4(longer);
}

uint8_t filter_bits(const struct filter_values *values, const void *key, size_t key_size)
{
	uint8_t bits = 0;

	for (size_t i = 0; i < values->count; i++)
		if (is_part_of(key, &values->list[i].net, key_size))
			bits |= values->list[i].bits;
	return bits;
}

/* --- what tuples are --- */

static uint32_t address_bits(const struct filter *filter, const struct address *address)
{
	struct net_key key = {.prefix_bits = 128};

	memcpy(key.address, address, sizeof(key.address));
	return filter_bits(&filter->nets, &key, sizeof(key));
}

/* As pair_bits() in bpf/rule.h. */
static uint32_t pair_bits(const struct filter *filter, const struct address *one,
			  const struct address *other)
{
	uint32_t a = address_bits(filter, one), b = address_bits(filter, other);

	return ((a | b) & (RULE_ALLOW | RULE_DENY)) |
	       ((a & b) & (RULE_ALLOW | RULE_DENY) << RULE_SECOND);
}

static uint32_t port_bits(const struct filter *filter, uint16_t port)
{
	const struct port_rules *rules = &filter->ports[port / 64];

	return (uint32_t)(rules->allow >> port % 64 & 1) * RULE_ALLOW |
	       (uint32_t)(rules->deny >> port % 64 & 1) * RULE_DENY;
}

static uint32_t protocol_bits(const struct filter *filter, uint8_t protocol)
{
	const struct filter_settings *settings = &filter->settings;

	return (uint32_t)(settings->protocol_allow[protocol / 64] >> protocol % 64 & 1) *
		       RULE_ALLOW |
	       (uint32_t)(settings->protocol_deny[protocol / 64] >> protocol % 64 & 1) *
		       RULE_DENY;
}

/* The kind that leaves out what has these bits, or 0. */
static uint32_t judge(const struct filter *filter, uint32_t protocol, uint32_t port,
		      uint32_t pair)
{
	uint32_t allows = filter->settings.allows;

	if (rules_reject(allows, RULES_PROTOCOL, protocol))
		return RULES_PROTOCOL;
	if (rules_reject(allows, RULES_PORT, port))
		return RULES_PORT;
	if (rules_reject(allows, RULES_NET, pair & (RULE_ALLOW | RULE_DENY)))
		return RULES_NET;
	return rules_reject(allows, RULES_WITHIN, pair >> RULE_SECOND) ? RULES_WITHIN : 0;
}

int filter_samples(const struct filter *filter, const struct flow_key *key)
{
	const struct filter_settings *settings = &filter->settings;

	return !(settings->kinds & RULES_SAMPLE) ||
	       flow_hash_samples(flow_hash(key, &settings->sample_seed),
				 settings->sample_limit);
}

uint32_t filter_excludes(const struct filter *filter, const struct flow_key *key)
{
	uint32_t kind;

	if (!filter->settings.kinds)
		return 0;
	kind = judge(filter, protocol_bits(filter, key->protocol),
		     rules_has_ports(key->protocol)
			     ? port_bits(filter, key->port[0]) | port_bits(filter, key->port[1])
			     : 0,
		     pair_bits(filter, &key->address[0], &key->address[1]));
	return kind ? kind : filter_samples(filter, key) ? 0 : RULES_SAMPLE;
}

uint8_t filter_namespace_bits(const struct filter *filter, uint32_t inode)
{
	uint8_t bits = 0;

	for (size_t i = 0; i < filter->namespaces.count; i++)
		if (filter->namespaces.list[i].inode == inode)
			bits |= filter->namespaces.list[i].bits;
	return bits;
}

uint32_t filter_excludes_translation(const struct filter *filter,
				     const struct nat_event *translation)
{
	const struct tuple *original = &translation->original, *reply = &translation->reply;

	if (!filter->settings.kinds)
		return 0;
	if (rules_reject(filter->settings.allows, RULES_NETNS,
			 filter_namespace_bits(filter, translation->network_namespace)))
		return RULES_NETNS;
	return judge(filter, protocol_bits(filter, original->protocol),
		     rules_has_ports(original->protocol)
			     ? port_bits(filter, original->source_port) |
				       port_bits(filter, original->destination_port) |
				       port_bits(filter, reply->source_port) |
				       port_bits(filter, reply->destination_port)
			     : 0,
		     pair_bits(filter, &original->source, &original->destination) |
			     pair_bits(filter, &reply->source, &reply->destination));
}

const char *filter_stage(uint32_t kind)
{
	switch (kind) {
	case RULES_NETNS:
		return "filter: netns";
	case RULES_CGROUP:
		return "filter: cgroup";
	case RULES_EXECUTABLE:
		return "filter: exe";
	case RULES_INTERFACE:
		return "filter: interface";
	case RULES_PROTOCOL:
		return "filter: proto";
	case RULES_PORT:
		return "filter: port";
	case RULES_SAMPLE:
		return "filter: sample";
	default:
		return "filter: net";
	}
}
