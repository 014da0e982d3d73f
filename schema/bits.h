/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bits in bytes: the first in the lowest bit of the first byte.
 */
#ifndef SCHEMA_BITS_H
#define SCHEMA_BITS_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BITS_PADDING 16U /* bytes to be there after bits, so that whole words can be used */
#define MOST_LOADED  56U /* bits that one word at any bit offset surely has */

static inline unsigned int bit_length(uint64_t number)
{
	return number ? 64 - (unsigned int)__builtin_clzll(number) : 0;
}

static inline uint64_t load_word(const uint8_t *from)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
	return le64toh(word);
}

static inline void store_word(uint8_t *to, uint64_t word)
{
	word = htole64(word);
	memcpy(to, &word, sizeof(word));
}

static inline uint64_t low_bits(uint64_t word, unsigned int bits)
{
	return word & ((1ULL << bits) - 1);
}

/* Bits are appended to the low end of a word whose full bytes are stored. */
struct bit_writer {
	uint8_t *to;
	uint64_t word;
	unsigned int used;
};

static inline void put_bits(struct bit_writer *writer, uint64_t value, unsigned int bits)
{
	writer->word |= value << writer->used;
	writer->used += bits;
	store_word(writer->to, writer->word);
	writer->to += writer->used >> 3;
	writer->word >>= writer->used & ~7U;
	writer->used &= 7;
}

/* More than MOST_LOADED bits go in two steps. */
static inline void put_many_bits(struct bit_writer *writer, uint64_t value, unsigned int bits)
{
	put_bits(writer, low_bits(value, 32), 32);
	put_bits(writer, value >> 32, bits - 32);
}

static inline uint8_t *end_bits(struct bit_writer *writer)
{
	return writer->to + (writer->used > 0);
}

#endif
