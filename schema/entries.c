/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dictionaries of columns: found by hash, ordered for size.
 */
#include "schema/entries.h"

#include <endian.h>
#include <sys/random.h>

#define FIRST_SLOTS    2048U
#define MOST_SLOTS     (2 * MOST_NUMBERS)
#define EXACT_RANKS    256U  /* codes below are in the order of frequency, others about */
#define COUNTED	       1024U /* times; entries that are more frequent are few */
#define NEWEST_PERCENT 70U

struct entries_finder {
	uint32_t *slots; /* code + 1, 0: free */
	uint32_t mask;
	uint64_t *high, *low;		  /* in the order of first sight */
	uint64_t *final_high, *final_low; /* as they are given */
	uint32_t *counts;
	uint16_t *memory, *order, *spare, *ranks;
	uint32_t entry_count, newest_count;
	uint64_t factors[2]; /* of the hash, secret: values are chosen by strangers */
};

struct entries_finder *entries_finder_new(void)
{
	struct entries_finder *finder = calloc(1, sizeof(*finder));

	if (!finder)
		return NULL;
	finder->slots = malloc(MOST_SLOTS * sizeof(*finder->slots));
	finder->high = malloc(4 * MOST_NUMBERS * sizeof(*finder->high));
	finder->counts = malloc(MOST_NUMBERS * sizeof(*finder->counts));
	finder->memory = malloc(3 * MOST_NUMBERS * sizeof(*finder->memory));
	if (!finder->slots || !finder->high || !finder->counts || !finder->memory ||
	    getrandom(finder->factors, sizeof(finder->factors), 0) < 0) {
		entries_finder_free(finder);
		return NULL;
	}
	finder->factors[0] |= 1;
	finder->factors[1] |= 1;
	finder->low = finder->high + MOST_NUMBERS;
	finder->final_high = finder->low + MOST_NUMBERS;
	finder->final_low = finder->final_high + MOST_NUMBERS;
	finder->order = finder->memory;
	finder->spare = finder->order + MOST_NUMBERS;
	finder->ranks = finder->spare + MOST_NUMBERS;
	return finder;
}

void entries_finder_free(struct entries_finder *finder)
{
	if (!finder)
		return;
	free(finder->slots);
	free(finder->high);
	free(finder->counts);
	free(finder->memory);
	free(finder);
}

struct address address_from_numbers(uint64_t high, uint64_t low)
{
	return (struct address){{htobe64(high), htobe64(low)}};
}

uint64_t address_high(const struct address *address)
{
	return be64toh(address->half[0]);
}

uint64_t address_low(const struct address *address)
{
	return be64toh(address->half[1]);
}

/* --- finding --- */

static inline uint32_t hash(const struct entries_finder *finder, uint64_t high, uint64_t low)
{
	return (uint32_t)((low * finder->factors[0] + high * finder->factors[1]) >> 32);
}

static void rehash(struct entries_finder *finder, uint32_t slot_count)
{
	finder->mask = slot_count - 1;
	memset(finder->slots, 0, slot_count * sizeof(*finder->slots));
	for (uint32_t code = 0; code < finder->entry_count; code++) {
		uint32_t slot =
			hash(finder, finder->high[code], finder->low[code]) & finder->mask;

		while (finder->slots[slot])
			slot = (slot + 1) & finder->mask;
		finder->slots[slot] = code + 1;
	}
}

static inline uint32_t find(struct entries_finder *finder, uint64_t high, uint64_t low)
{
	uint32_t slot = hash(finder, high, low) & finder->mask, code;

	for (; finder->slots[slot]; slot = (slot + 1) & finder->mask) {
		code = finder->slots[slot] - 1;
		if (finder->low[code] == low && finder->high[code] == high)
			return code;
	}
	code = finder->entry_count++;
	finder->high[code] = high;
	finder->low[code] = low;
	finder->counts[code] = 0;
	finder->slots[slot] = code + 1;
	if (2 * finder->entry_count > finder->mask && finder->mask + 1 < MOST_SLOTS)
		rehash(finder, 4 * (finder->mask + 1));
	return code;
}

static inline int find_all(struct entries_finder *finder, const void *values, int is_address,
			   uint32_t count, uint32_t most, uint16_t *codes)
{
	const struct address *addresses = values;
	const uint64_t *integers = values;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t high = is_address ? address_high(&addresses[i]) : 0;
		uint64_t low = is_address ? address_low(&addresses[i]) : integers[i];
		uint32_t code = find(finder, high, low);

		if (finder->entry_count > most)
			return 0;
		codes[i] = (uint16_t)code;
		finder->counts[code]++;
		finder->newest_count += code + 1 == finder->entry_count;
	}
	return 1;
}

/* --- ordering --- */

/* Sort finder->order by the values, least byte first, without the bytes that are all alike. */
static void sort_by_number(struct entries_finder *finder, const uint64_t *numbers)
{
	uint64_t differing = 0;

	for (uint32_t i = 0; i < finder->entry_count; i++)
		differing |= numbers[i] ^ numbers[0];
	for (unsigned int shift = 0; shift < 64; shift += 8) {
		uint32_t starts[257] = {0};
		uint16_t *sorted = finder->spare;

		if (!(differing >> shift & 0xff))
			continue;
		for (uint32_t i = 0; i < finder->entry_count; i++)
			starts[(numbers[i] >> shift & 0xff) + 1]++;
		for (unsigned int byte = 1; byte < 256; byte++)
			starts[byte] += starts[byte - 1];
		for (uint32_t i = 0; i < finder->entry_count; i++) {
			uint16_t entry = finder->order[i];

			sorted[starts[numbers[entry] >> shift & 0xff]++] = entry;
		}
		finder->spare = finder->order;
		finder->order = sorted;
	}
}

/* Frequency ranks, the most frequent being 0; equals stand in the order that they had. */
static void rank_by_frequency(struct entries_finder *finder)
{
	uint32_t starts[COUNTED + 1] = {0}, sum = 0;
	uint16_t *sorted = finder->spare;

	for (uint32_t i = 0; i < finder->entry_count; i++)
		starts[finder->counts[i] < COUNTED ? finder->counts[i] : COUNTED]++;
	for (unsigned int count = COUNTED + 1; count-- > 0;) {
		uint32_t here = starts[count];

		starts[count] = sum;
		sum += here;
	}
	for (uint32_t i = 0; i < finder->entry_count; i++) {
		uint32_t count = finder->counts[finder->order[i]];

		sorted[starts[count < COUNTED ? count : COUNTED]++] = finder->order[i];
	}
	/* The few that were counted no further. */
	for (uint32_t i = 1; i < starts[COUNTED]; i++) {
		uint16_t entry = sorted[i];
		uint32_t at = i;

		for (; at && finder->counts[sorted[at - 1]] < finder->counts[entry]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = entry;
	}
	for (uint32_t i = 0; i < finder->entry_count; i++)
		finder->ranks[sorted[i]] = (uint16_t)i;
}

/* From frequency ranks to codes: beyond the exact ones, each octave in the order of values. */
static void order_octaves(struct entries_finder *finder)
{
	uint32_t next[17];

	for (unsigned int octave = 0; octave < 17; octave++)
		next[octave] = 1U << octave;
	for (uint32_t i = 0; i < finder->entry_count; i++) {
		uint16_t entry = finder->order[i];
		uint32_t rank = finder->ranks[entry];

		if (rank >= EXACT_RANKS)
			finder->ranks[entry] =
				(uint16_t)next[31 - (unsigned int)__builtin_clz(rank)]++;
	}
}

struct entries entries_find(struct entries_finder *finder, const void *values,
			    size_t value_size, uint32_t count, uint32_t most, uint16_t *codes)
{
	struct entries entries = {0, value_size == 16 ? finder->high : NULL, finder->low};
	int is_address = value_size == 16;

	finder->entry_count = 0;
	finder->newest_count = 0;
	rehash(finder, FIRST_SLOTS);
	if (is_address ? !find_all(finder, values, 1, count, most, codes)
		       : !find_all(finder, values, 0, count, most, codes))
		return entries;
	entries.count = finder->entry_count;
	if (finder->newest_count > (uint64_t)count * NEWEST_PERCENT / 100)
		return entries;
	for (uint32_t i = 0; i < entries.count; i++)
		finder->order[i] = (uint16_t)i;
	sort_by_number(finder, finder->low);
	if (is_address)
		sort_by_number(finder, finder->high);
	rank_by_frequency(finder);
	order_octaves(finder);
	for (uint32_t i = 0; i < entries.count; i++) {
		finder->final_high[finder->ranks[i]] = finder->high[i];
		finder->final_low[finder->ranks[i]] = finder->low[i];
	}
	for (uint32_t i = 0; i < count; i++)
		codes[i] = finder->ranks[codes[i]];
	entries.low = finder->final_low;
	entries.high = is_address ? finder->final_high : NULL;
	return entries;
}

/* --- bytes --- */

int entries_put(struct numbers_coder *coder, const struct entries *entries, struct bytes *out)
{
	int error = bytes_put_varint(out, entries->count);

	if (!error && entries->high)
		error = numbers_put(coder, entries->high, entries->count, out);
	return error ? error : numbers_put(coder, entries->low, entries->count, out);
}

int entries_get(struct numbers_coder *coder, const uint8_t *bytes, size_t size,
		struct entries *out)
{
	struct reader reader = {bytes, size};
	uint64_t count;

	if (reader_varint(&reader, &count) || !count || count > MOST_NUMBERS)
		return -EBADMSG;
	if (out->high && numbers_get(coder, &reader, out->high, (uint32_t)count))
		return -EBADMSG;
	if (numbers_get(coder, &reader, out->low, (uint32_t)count) || reader.left)
		return -EBADMSG;
	out->count = (uint32_t)count;
	return 0;
}
