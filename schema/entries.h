/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a column's dictionary: its different values, each once, and the codes that
 * stand for them.
 *
 * Entries are numbered so that both they and the codes come out small: frequent values have low
 * codes, and those that are about as frequent (codes 256 to 511, 512 to 1023, ...) stand in the
 * order of their values, whose steps are small. Where most values are new or repeat the newest
 * one, codes follow first sight instead.
 */
#ifndef SCHEMA_ENTRIES_H
#define SCHEMA_ENTRIES_H

#include "schema/event.h"
#include "schema/numbers.h"

struct entries {
	uint32_t count;
	uint64_t *high; /* addresses only: bytes 0 to 7 as a number, the first being its highest
			 */
	uint64_t *low;	/* integers, or bytes 8 to 15 of addresses */
};

struct entries_finder; /* memory, used again and again */

/* NULL when memory is short. */
struct entries_finder *entries_finder_new(void);
void entries_finder_free(struct entries_finder *finder);

/*
 * The different ones among count values of value_size 8 (uint64_t) or 16 (struct address), and
 * the code of each. Gives up, with 0 entries, at more than `most`. The entries are the
 * finder's until its next call.
 */
struct entries entries_find(struct entries_finder *finder, const void *values,
			    size_t value_size, uint32_t count, uint32_t most, uint16_t *codes);

/* Append entries. Returns 0 or -ENOMEM. */
int entries_put(struct numbers_coder *coder, const struct entries *entries, struct bytes *out);

/*
 * Read entries, which are all of the bytes, into the arrays of `out`, MOST_NUMBERS each; high
 * is NULL for integers. Returns 0 or -EBADMSG.
 */
int entries_get(struct numbers_coder *coder, const uint8_t *bytes, size_t size,
		struct entries *out);

/* Addresses as two numbers that compare as their bytes do, and back. */
struct address address_from_numbers(uint64_t high, uint64_t low);
uint64_t address_high(const struct address *address);
uint64_t address_low(const struct address *address);

#endif
