/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The datagrams of which a first fragment has been seen: a table of fixed size, each set of it
 * forgetting its oldest datagram.
 */
#include "recorder/fragments.h"

#include <stdlib.h>
#include <string.h>

#define SETS 1024U
#define WAYS 4U

struct entry {
	struct fragment_key key;
	struct transport transport;
	uint32_t age; /* number of the put that made it; 0: free */
};

struct fragments {
	uint32_t puts;
	struct entry entries[SETS][WAYS];
};

struct fragments *fragments_new(void)
{
	return calloc(1, sizeof(struct fragments));
}

void fragments_free(struct fragments *fragments)
{
	free(fragments);
}

static uint32_t set_of(const struct fragment_key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)];
	uint64_t hash = 0;

	_Static_assert(sizeof(words) == sizeof(*key), "no bytes of the key are left out");
	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash % SETS;
}

void fragments_put(struct fragments *fragments, const struct fragment_key *key,
		   const struct transport *transport)
{
	struct entry *set = fragments->entries[set_of(key)];
	struct entry *chosen = &set[0];

	for (unsigned int way = 0; way < WAYS; way++) {
		if (set[way].age && memcmp(&set[way].key, key, sizeof(*key)) == 0) {
			chosen = &set[way];
			break;
		}
		if (set[way].age < chosen->age)
			chosen = &set[way];
	}
	chosen->key = *key;
	chosen->transport = *transport;
	if (++fragments->puts == 0)
		fragments->puts = 1;
	chosen->age = fragments->puts;
}

const struct transport *fragments_find(const struct fragments *fragments,
				       const struct fragment_key *key)
{
	const struct entry *set = fragments->entries[set_of(key)];

	for (unsigned int way = 0; way < WAYS; way++)
		if (set[way].age && memcmp(&set[way].key, key, sizeof(*key)) == 0)
			return &set[way].transport;
	return NULL;
}
