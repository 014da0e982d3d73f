/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The translations that live: open addressing with linear probing, 24 bytes each.
 */
#include "recorder/nat_table.h"

#include <errno.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FIRST_SLOTS 256U

struct living {
	uint64_t digest; /* of what the event says; 0: the slot is free */
	uint64_t entry;
	uint64_t flow_id;
};

struct nat_table {
	struct living *slots;
	size_t slot_count, count;
};

struct nat_table *nat_table_new(void)
{
	struct nat_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->slot_count = FIRST_SLOTS;
	table->slots = calloc(FIRST_SLOTS, sizeof(*table->slots));
	if (!table->slots) {
		free(table);
		return NULL;
	}
	return table;
}

void nat_table_free(struct nat_table *table)
{
	if (!table)
		return;
	free(table->slots);
	free(table);
}

size_t nat_table_count(const struct nat_table *table)
{
	return table->count;
}

static uint64_t digest_of(const struct nat_event *event)
{
	struct {
		struct tuple original;
		uint32_t network_namespace;
		uint32_t zone;
	} said = {event->original, event->network_namespace, event->zone};
	uint64_t digest = XXH3_64bits(&said, sizeof(said));

	return digest ? digest : 1;
}

static size_t next_slot(const struct nat_table *table, size_t slot)
{
	return (slot + 1) & (table->slot_count - 1);
}

/* Entry 0: whichever entry it is. */
static struct living *find(const struct nat_table *table, uint64_t digest, uint64_t entry)
{
	for (size_t i = digest & (table->slot_count - 1); table->slots[i].digest;
	     i = next_slot(table, i))
		if (table->slots[i].digest == digest &&
		    (!entry || table->slots[i].entry == entry))
			return &table->slots[i];
	return NULL;
}

/* The translation of this entry, or the one of a dump that did not know its entry. */
static struct living *find_either(const struct nat_table *table, uint64_t digest,
				  uint64_t entry)
{
	struct living *known = find(table, digest, entry);

	for (size_t i = digest & (table->slot_count - 1); !known && table->slots[i].digest;
	     i = next_slot(table, i))
		if (table->slots[i].digest == digest && !table->slots[i].entry)
			known = &table->slots[i];
	return known;
}

static void put(struct nat_table *table, const struct living *living)
{
	size_t i = living->digest & (table->slot_count - 1);

	while (table->slots[i].digest)
		i = next_slot(table, i);
	table->slots[i] = *living;
}

static int grow(struct nat_table *table)
{
	struct nat_table larger = {.slot_count = table->slot_count * 2, .count = table->count};

	larger.slots = calloc(larger.slot_count, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->slot_count; i++)
		if (table->slots[i].digest)
			put(&larger, &table->slots[i]);
	free(table->slots);
	*table = larger;
	return 0;
}

/* Take a slot out; what follows may have stood behind it, and is put again. */
static void take_out(struct nat_table *table, struct living *living)
{
	size_t i = (size_t)(living - table->slots);

	living->digest = 0;
	table->count--;
	for (i = next_slot(table, i); table->slots[i].digest; i = next_slot(table, i)) {
		struct living moved = table->slots[i];

		table->slots[i].digest = 0;
		put(table, &moved);
	}
}

int nat_table_begin(struct nat_table *table, const struct nat_event *event, uint64_t flow_id)
{
	const struct living one = {digest_of(event), event->entry, flow_id};
	struct living *known = find_either(table, one.digest, one.entry);

	if (known) {
		if (one.entry)
			known->entry = one.entry;
		return 1;
	}
	if ((table->count + 1) * 3 > table->slot_count * 2 && grow(table))
		return -ENOMEM;
	put(table, &one);
	table->count++;
	return 0;
}

int nat_table_end(struct nat_table *table, const struct nat_event *event, uint64_t *flow_id)
{
	struct living *known = find_either(table, digest_of(event), event->entry);

	if (!known)
		return -ENOENT;
	*flow_id = known->flow_id;
	take_out(table, known);
	return 0;
}
