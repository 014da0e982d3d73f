/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dictionary of strings in memory: open addressing over one arena that holds all the bytes.
 */
#include "schema/dictionary.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define FIRST_SLOTS 64U

struct entry {
	size_t offset; /* in the arena */
	uint32_t size;
	uint32_t hash;
};

struct dictionary {
	char *arena;
	size_t used, arena_size;
	struct entry *entries; /* entry of code c at c - 1 */
	uint32_t count, entry_capacity;
	uint32_t *slots; /* codes, 0: free */
	uint32_t slot_count;
};

struct dictionary *dictionary_new(void)
{
	struct dictionary *dictionary = calloc(1, sizeof(*dictionary));

	if (!dictionary)
		return NULL;
	dictionary->slot_count = FIRST_SLOTS;
	dictionary->slots = calloc(FIRST_SLOTS, sizeof(*dictionary->slots));
	if (!dictionary->slots) {
		free(dictionary);
		return NULL;
	}
	return dictionary;
}

void dictionary_free(struct dictionary *dictionary)
{
	if (!dictionary)
		return;
	free(dictionary->arena);
	free(dictionary->entries);
	free(dictionary->slots);
	free(dictionary);
}

void dictionary_clear(struct dictionary *dictionary)
{
	if (!dictionary->count)
		return;
	memset(dictionary->slots, 0, dictionary->slot_count * sizeof(*dictionary->slots));
	dictionary->count = 0;
	dictionary->used = 0;
}

static int grow_slots(struct dictionary *dictionary)
{
	uint32_t slot_count = dictionary->slot_count * 2;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));

	if (!slots)
		return 0;
	for (uint32_t code = 1; code <= dictionary->count; code++) {
		uint32_t i = dictionary->entries[code - 1].hash & (slot_count - 1);

		while (slots[i])
			i = (i + 1) & (slot_count - 1);
		slots[i] = code;
	}
	free(dictionary->slots);
	dictionary->slots = slots;
	dictionary->slot_count = slot_count;
	return 1;
}

static int make_room(struct dictionary *dictionary, size_t size)
{
	if (dictionary->count == dictionary->entry_capacity) {
		uint32_t capacity =
			dictionary->entry_capacity ? dictionary->entry_capacity * 2 : 64;
		void *entries = realloc(dictionary->entries, capacity * sizeof(struct entry));

		if (!entries)
			return 0;
		dictionary->entries = entries;
		dictionary->entry_capacity = capacity;
	}
	if (dictionary->arena_size - dictionary->used <= size) {
		size_t arena_size = dictionary->arena_size * 2 + size + 1024;
		char *arena = realloc(dictionary->arena, arena_size);

		if (!arena)
			return 0;
		dictionary->arena = arena;
		dictionary->arena_size = arena_size;
	}
	return dictionary->count * 2 < dictionary->slot_count || grow_slots(dictionary);
}

uint32_t dictionary_intern(struct dictionary *dictionary, const char *text, size_t size)
{
	uint32_t hash, i;
	struct entry *entry;

	if (size > UINT32_MAX || !make_room(dictionary, size))
		return 0;
	hash = (uint32_t)XXH3_64bits(text, size);
	for (i = hash & (dictionary->slot_count - 1); dictionary->slots[i];
	     i = (i + 1) & (dictionary->slot_count - 1)) {
		entry = &dictionary->entries[dictionary->slots[i] - 1];
		if (entry->hash == hash && entry->size == size &&
		    !memcmp(dictionary->arena + entry->offset, text, size))
			return dictionary->slots[i];
	}
	entry = &dictionary->entries[dictionary->count++];
	*entry = (struct entry){dictionary->used, (uint32_t)size, hash};
	memcpy(dictionary->arena + dictionary->used, text, size);
	dictionary->arena[dictionary->used + size] = 0;
	dictionary->used += size + 1;
	dictionary->slots[i] = dictionary->count;
	return dictionary->count;
}

const char *dictionary_text(const struct dictionary *dictionary, uint32_t code, size_t *size)
{
	const struct entry *entry;

	if (!code || code > dictionary->count)
		return NULL;
	entry = &dictionary->entries[code - 1];
	if (size)
		*size = entry->size;
	return dictionary->arena + entry->offset;
}

uint32_t dictionary_count(const struct dictionary *dictionary)
{
	return dictionary->count;
}
