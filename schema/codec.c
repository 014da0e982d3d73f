/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec of one column of a chunk.
 *
 *     values ── statistics ── constant | plain | delta | dictionary ── byte planes ── zstd
 *
 * The choice comes from one pass over the values: a constant costs nothing; else the narrower
 * of (value - minimum) and zigzag(value - previous); and where even that needs four bytes or
 * more, a dictionary, if the values repeat enough.
 */
#include "schema/codec.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#define HEADER_SIZE	  16U
#define MOST_VALUES	  65536U
#define DICTIONARY_SLOTS  (4 * MOST_VALUES)
#define DICTIONARY_SAMPLE 1024U

enum encoding { CONSTANT = 1, PLAIN = 2, DELTA = 3, DICTIONARY = 4 };

/* A value of 8 or 16 bytes as two words. */
struct words {
	uint64_t low, high;
};

struct codec {
	ZSTD_CCtx *compressor;
	ZSTD_DCtx *expander;
	int level;
	uint8_t *body; /* before compression */
	uint8_t *part; /* header and body as stored */
	size_t part_capacity;
	uint64_t *numbers;
	uint32_t *slots;       /* of the dictionary under construction: index of entry + 1 */
	struct words *entries; /* in order of first sight */
};

struct header {
	enum encoding encoding;
	unsigned int width;
	unsigned int value_size;
	uint64_t base;
};

static const size_t most_body = MOST_VALUES * 16 + MOST_VALUES * 4;

struct codec *codec_new(int level)
{
	struct codec *codec = calloc(1, sizeof(*codec));

	if (!codec)
		return NULL;
	codec->level = level;
	codec->part_capacity = HEADER_SIZE + ZSTD_compressBound(most_body);
	codec->compressor = ZSTD_createCCtx();
	codec->expander = ZSTD_createDCtx();
	codec->body = malloc(most_body);
	codec->part = malloc(codec->part_capacity);
	codec->numbers = malloc(MOST_VALUES * sizeof(*codec->numbers));
	codec->slots = malloc(DICTIONARY_SLOTS * sizeof(*codec->slots));
	codec->entries = malloc(MOST_VALUES * sizeof(*codec->entries));
	if (!codec->compressor || !codec->expander || !codec->body || !codec->part ||
	    !codec->numbers || !codec->slots || !codec->entries) {
		codec_free(codec);
		return NULL;
	}
	return codec;
}

void codec_free(struct codec *codec)
{
	if (!codec)
		return;
	ZSTD_freeCCtx(codec->compressor);
	ZSTD_freeDCtx(codec->expander);
	free(codec->body);
	free(codec->part);
	free(codec->numbers);
	free(codec->slots);
	free(codec->entries);
	free(codec);
}

uint64_t codec_checksum(const void *data, size_t size)
{
	return XXH3_64bits(data, size);
}

/* --- numbers as byte planes --- */

static void put_little_endian(uint8_t *to, uint64_t value, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_little_endian(const uint8_t *from, unsigned int size)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

static unsigned int width_of(uint64_t most)
{
	unsigned int width = 0;

	for (; most; most >>= 8)
		width++;
	return width;
}

static void put_planes(uint8_t *to, const uint64_t *numbers, uint32_t count, unsigned int width)
{
	for (unsigned int plane = 0; plane < width; plane++, to += count)
		for (uint32_t i = 0; i < count; i++)
			to[i] = (uint8_t)(numbers[i] >> (8 * plane));
}

static void get_planes(const uint8_t *from, uint64_t *numbers, uint32_t count,
		       unsigned int width)
{
	memset(numbers, 0, count * sizeof(*numbers));
	for (unsigned int plane = 0; plane < width; plane++, from += count)
		for (uint32_t i = 0; i < count; i++)
			numbers[i] |= (uint64_t)from[i] << (8 * plane);
}

static uint64_t zigzag(uint64_t difference)
{
	return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static uint64_t unzigzag(uint64_t number)
{
	return number >> 1 ^ -(number & 1);
}

/* --- encoding --- */

static int finish_part(struct codec *codec, const struct header *header, size_t body_size,
		       struct part *out)
{
	size_t stored = 0;

	if (body_size > HEADER_SIZE)
		stored = ZSTD_compressCCtx(codec->compressor, codec->part + HEADER_SIZE,
					   codec->part_capacity - HEADER_SIZE, codec->body,
					   body_size, codec->level);
	if (ZSTD_isError(stored))
		return -ENOMEM;
	codec->part[0] = (uint8_t)header->encoding;
	codec->part[1] = (uint8_t)header->width;
	codec->part[2] = stored && stored < body_size;
	codec->part[3] = (uint8_t)header->value_size;
	put_little_endian(codec->part + 4, body_size, 4);
	put_little_endian(codec->part + 8, header->base, 8);
	if (!codec->part[2]) {
		memcpy(codec->part + HEADER_SIZE, codec->body, body_size);
		stored = body_size;
	}
	out->data = codec->part;
	out->size = HEADER_SIZE + stored;
	out->checksum = codec_checksum(out->data, out->size);
	return 0;
}

static struct words load(const uint8_t *values, unsigned int value_size, uint32_t row)
{
	struct words words = {0, 0};

	memcpy(&words, values + (size_t)row * value_size, value_size);
	return words;
}

/*
 * Try to build a dictionary: codes into codec->numbers, entries into codec->entries. Returns
 * the number of entries, or 0 when the values repeat too little.
 */
static inline uint32_t build_dictionary(struct codec *codec, const void *values,
					unsigned int value_size, uint32_t count)
{
	uint32_t most = count / 4, entry_count = 0, mask = 1;

	while (mask < 4 * most && mask < DICTIONARY_SLOTS)
		mask *= 2;
	mask--;
	memset(codec->slots, 0, ((size_t)mask + 1) * sizeof(*codec->slots));
	for (uint32_t row = 0; row < count; row++) {
		struct words value = load(values, value_size, row);
		uint64_t mixed = (value.low ^ value.high * 0x9e3779b97f4a7c15ULL) *
				 0xd6e8feb86659fd93ULL;
		uint32_t slot = (uint32_t)(mixed >> 32) & mask;

		for (; codec->slots[slot]; slot = (slot + 1) & mask) {
			struct words *entry = &codec->entries[codec->slots[slot] - 1];

			if (entry->low == value.low && entry->high == value.high)
				break;
		}
		if (!codec->slots[slot]) {
			if (entry_count == most || (row < DICTIONARY_SAMPLE &&
						    entry_count > DICTIONARY_SAMPLE * 3 / 4))
				return 0;
			codec->entries[entry_count++] = value;
			codec->slots[slot] = entry_count;
		}
		codec->numbers[row] = codec->slots[slot] - 1;
	}
	return entry_count;
}

static int encode_dictionary(struct codec *codec, unsigned int value_size, uint32_t count,
			     uint32_t entry_count, struct part *out)
{
	struct header header = {DICTIONARY, width_of(entry_count - 1), value_size, entry_count};
	uint8_t *body = codec->body;

	for (uint32_t i = 0; i < entry_count; i++, body += value_size) {
		if (value_size == 8)
			put_little_endian(body, codec->entries[i].low, 8);
		else
			memcpy(body, &codec->entries[i], 16);
	}
	put_planes(body, codec->numbers, count, header.width);
	return finish_part(codec, &header,
			   (size_t)entry_count * value_size + (size_t)count * header.width,
			   out);
}

int codec_encode_integers(struct codec *codec, const uint64_t *values, uint32_t count,
			  struct part *out)
{
	struct header header = {.value_size = 8};
	int64_t minimum = (int64_t)values[0], maximum = minimum;
	uint64_t steps = 0;
	unsigned int plain, delta;
	uint32_t entry_count;

	for (uint32_t i = 1; i < count; i++) {
		int64_t value = (int64_t)values[i];

		minimum = value < minimum ? value : minimum;
		maximum = value > maximum ? value : maximum;
		steps |= zigzag(values[i] - values[i - 1]);
	}
	*out = (struct part){.minimum = minimum, .maximum = maximum};
	out->all_zero = !minimum && !maximum;
	if (minimum == maximum) {
		header.encoding = CONSTANT;
		header.base = (uint64_t)minimum;
		return finish_part(codec, &header, 0, out);
	}
	plain = width_of((uint64_t)maximum - (uint64_t)minimum);
	delta = width_of(steps);
	if (plain >= 4 && delta >= 4) {
		entry_count = build_dictionary(codec, values, 8, count);
		if (entry_count)
			return encode_dictionary(codec, 8, count, entry_count, out);
	}
	if (delta < plain) {
		header.encoding = DELTA;
		header.width = delta;
		header.base = values[0];
		for (uint32_t i = 1; i < count; i++)
			codec->numbers[i - 1] = zigzag(values[i] - values[i - 1]);
		count--;
	} else {
		header.encoding = PLAIN;
		header.width = plain;
		header.base = (uint64_t)minimum;
		for (uint32_t i = 0; i < count; i++)
			codec->numbers[i] = values[i] - (uint64_t)minimum;
	}
	put_planes(codec->body, codec->numbers, count, header.width);
	return finish_part(codec, &header, (size_t)count * header.width, out);
}

/* The bytes of an address as one number that compares as they do. */
static unsigned __int128 ordered(const struct address *address)
{
	return (unsigned __int128)be64toh(address->half[0]) << 64 | be64toh(address->half[1]);
}

int codec_encode_addresses(struct codec *codec, const struct address *values, uint32_t count,
			   struct part *out)
{
	struct header header = {.value_size = 16};
	unsigned __int128 lowest = ordered(values), highest = lowest;
	uint32_t entry_count;

	*out = (struct part){.lowest = values[0], .highest = values[0]};
	for (uint32_t i = 1; i < count; i++) {
		unsigned __int128 value = ordered(&values[i]);

		if (value < lowest) {
			lowest = value;
			out->lowest = values[i];
		} else if (value > highest) {
			highest = value;
			out->highest = values[i];
		}
	}
	out->all_zero = !highest;
	if (lowest == highest) {
		header.encoding = CONSTANT;
		memcpy(codec->body, values, 16);
		return finish_part(codec, &header, 16, out);
	}
	entry_count = build_dictionary(codec, values, 16, count);
	if (entry_count)
		return encode_dictionary(codec, 16, count, entry_count, out);
	header.encoding = PLAIN;
	header.width = 16;
	for (unsigned int plane = 0; plane < 16; plane++)
		for (uint32_t i = 0; i < count; i++)
			codec->body[(size_t)plane * count + i] =
				((const uint8_t *)&values[i])[plane];
	return finish_part(codec, &header, (size_t)count * 16, out);
}

/* --- decoding: nothing in the bytes is believed before it was checked --- */

static int decode_integers(struct codec *codec, const struct header *header,
			   const uint8_t *body, size_t body_size, uint32_t count,
			   uint64_t *values)
{
	uint32_t stored = header->encoding == DELTA ? count - 1 : count;

	if (header->encoding == CONSTANT) {
		if (body_size || header->width)
			return -EBADMSG;
		for (uint32_t i = 0; i < count; i++)
			values[i] = header->base;
		return 0;
	}
	if (header->width > 8 || body_size != (size_t)stored * header->width)
		return -EBADMSG;
	if (header->encoding == PLAIN) {
		get_planes(body, values, count, header->width);
		for (uint32_t i = 0; i < count; i++)
			values[i] += header->base;
		return 0;
	}
	get_planes(body, codec->numbers, stored, header->width);
	values[0] = header->base;
	for (uint32_t i = 1; i < count; i++)
		values[i] = values[i - 1] + unzigzag(codec->numbers[i - 1]);
	return 0;
}

static int decode_addresses(const struct header *header, const uint8_t *body, size_t body_size,
			    uint32_t count, struct address *values)
{
	if (header->encoding == CONSTANT) {
		if (body_size != 16)
			return -EBADMSG;
		for (uint32_t i = 0; i < count; i++)
			memcpy(&values[i], body, 16);
		return 0;
	}
	if (header->encoding != PLAIN || header->width != 16 || body_size != (size_t)count * 16)
		return -EBADMSG;
	for (unsigned int plane = 0; plane < 16; plane++)
		for (uint32_t i = 0; i < count; i++)
			((uint8_t *)&values[i])[plane] = body[(size_t)plane * count + i];
	return 0;
}

static int decode_dictionary(struct codec *codec, const struct header *header,
			     const uint8_t *body, size_t body_size, uint32_t count,
			     void *values)
{
	size_t entries_size;

	if (header->base < 1 || header->base > MOST_VALUES || header->width > 4)
		return -EBADMSG;
	entries_size = header->base * header->value_size;
	if (body_size != entries_size + (size_t)count * header->width)
		return -EBADMSG;
	get_planes(body + entries_size, codec->numbers, count, header->width);
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *entry;

		if (codec->numbers[i] >= header->base)
			return -EBADMSG;
		entry = body + codec->numbers[i] * header->value_size;
		if (header->value_size == 8)
			((uint64_t *)values)[i] = get_little_endian(entry, 8);
		else
			memcpy((struct address *)values + i, entry, 16);
	}
	return 0;
}

int codec_decode(struct codec *codec, const uint8_t *data, size_t size, size_t value_size,
		 uint32_t count, void *values)
{
	struct header header;
	const uint8_t *body = data + HEADER_SIZE;
	size_t body_size;

	if (size < HEADER_SIZE || data[2] > 1 || data[3] != value_size || !count ||
	    count > MOST_VALUES)
		return -EBADMSG;
	header = (struct header){data[0], data[1], data[3], get_little_endian(data + 8, 8)};
	body_size = get_little_endian(data + 4, 4);
	if (body_size > most_body)
		return -EBADMSG;
	if (data[2]) {
		if (ZSTD_decompressDCtx(codec->expander, codec->body, most_body, body,
					size - HEADER_SIZE) != body_size)
			return -EBADMSG;
		body = codec->body;
	} else if (body_size != size - HEADER_SIZE)
		return -EBADMSG;
	if (header.encoding == DICTIONARY)
		return decode_dictionary(codec, &header, body, body_size, count, values);
	if (header.encoding < CONSTANT || header.encoding > DELTA)
		return -EBADMSG;
	if (value_size == 16)
		return decode_addresses(&header, body, body_size, count, values);
	return decode_integers(codec, &header, body, body_size, count, values);
}
