/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests of sightings.
 *
 * For XXH3 the fields of a row are packed into words, column by column for a strip of rows that
 * fits into the first-level cache. The other functions are defined over bytes: for them the
 * fields are laid one after the other, the highest byte first, addresses of IPv4 as 4 bytes.
 */
#define XXH_INLINE_ALL
#include "analyzer/models/digest.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zlib.h>

#define STRIP	   128
#define WIRE_BYTES (DIGEST_FIELDS * 16)

const char *const digest_function_names[DIGEST_FUNCTIONS + 1] = {"xxh3", "crc32", "bob",
								 "ipsx"};

/* --- the functions --- */

uint64_t digest_xxh3(const void *bytes, size_t size)
{
	return XXH3_64bits(bytes, size);
}

uint32_t digest_crc32(const unsigned char *bytes, size_t size)
{
	return (uint32_t)crc32(0, bytes, (uInt)size);
}

static uint32_t little_word(const unsigned char *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return le32toh(word);
}

static inline void bob_mix(uint32_t word[3])
{
	uint32_t a = word[0], b = word[1], c = word[2];

	a = (a - b - c) ^ c >> 13;
	b = (b - c - a) ^ a << 8;
	c = (c - a - b) ^ b >> 13;
	a = (a - b - c) ^ c >> 12;
	b = (b - c - a) ^ a << 16;
	c = (c - a - b) ^ b >> 5;
	a = (a - b - c) ^ c >> 3;
	b = (b - c - a) ^ a << 10;
	c = (c - a - b) ^ b >> 15;
	word[0] = a;
	word[1] = b;
	word[2] = c;
}

static inline void bob_add(uint32_t word[3], const unsigned char *bytes)
{
	for (size_t i = 0; i < 3; i++)
		word[i] += little_word(bytes + 4 * i);
	bob_mix(word);
}

uint32_t digest_bob(const unsigned char *bytes, size_t size)
{
	uint32_t word[3] = {0x9e3779b9, 0x9e3779b9, 0};
	unsigned char last[12] = {0};
	size_t left = size;

	for (; left >= 12; left -= 12, bytes += 12)
		bob_add(word, bytes);
	/* The lowest byte of the last word is for the length. */
	memcpy(last, bytes, left < 8 ? left : 8);
	if (left > 8)
		memcpy(last + 9, bytes + 8, left - 8);
	word[2] += (uint32_t)size;
	bob_add(word, last);
	return word[2];
}

static uint32_t big_word(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

uint16_t digest_ipsx(const unsigned char *bytes, size_t size)
{
	unsigned char words[16] = {0};
	uint32_t v1, v2;

	memcpy(words, bytes, size < sizeof(words) ? size : sizeof(words));
	v1 = big_word(words) ^ big_word(words + 4);
	v2 = big_word(words + 8) ^ big_word(words + 12);
	return (uint16_t)(v1 << 8 ^ v1 >> 4 ^ v1 >> 12 ^ v1 >> 16 ^ v2 << 6 ^ v2 << 10 ^
			  v2 << 14 ^ v2 >> 7);
}

/* --- fields --- */

static int refuse(char **problem, const char *what, const char *text, size_t size)
{
	if (asprintf(problem, "%s '%.*s'", what, (int)size, text) >= 0)
		return -EINVAL;
	*problem = NULL;
	return -ENOMEM;
}

static int is_field(const struct column *column)
{
	static const char *const others[] = {
		"packet_id",	   "parent_packet_id", "network_namespace",
		"interface_index", "payload_stamp",    "sampling_rate",
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(column->name, others[i]))
			return 0;
	return column->type == COLUMN_INTEGER || column->type == COLUMN_ADDRESS;
}

static int parse_field(struct digest *digest, const char *text, size_t size, int is_alternative,
		       char **problem)
{
	const struct stream *stream = stream_get(STREAM_PACKET);
	size_t name_size = strcspn(text, ":,|");
	struct digest_field *field = &digest->fields[digest->field_count];
	const struct column *column;

	if (digest->field_count == DIGEST_FIELDS)
		return refuse(problem, "one field too many:", text, size);
	for (unsigned int i = 0;; i++) {
		if (i == stream->column_count)
			return refuse(problem, "there is no field", text, size);
		column = &stream->columns[i];
		if (strlen(column->name) == name_size &&
		    !memcmp(column->name, text, name_size)) {
			field->column = i;
			break;
		}
	}
	if (!is_field(column))
		return refuse(problem, "no field of a fingerprint:", text, size);
	field->bits = (unsigned int)column->size * 8;
	if (name_size < size) {
		unsigned long bits = strtoul(text + name_size + 1, NULL, 10);

		if (column->type == COLUMN_ADDRESS || !bits || bits % 8 || bits > field->bits)
			return refuse(problem,
				      "bits must be a multiple of 8 within the field:", text,
				      size);
		field->bits = (unsigned int)bits;
	}
	field->is_alternative = is_alternative;
	if (is_alternative && (field->bits == 128 || field[-1].bits == 128))
		return refuse(problem, "an address has no alternative:", text, size);
	digest->field_count++;
	return 0;
}

/* Give each field its place in a row of words. */
static void place_fields(struct digest *digest)
{
	unsigned int word = 0, used = 0;

	for (size_t i = 0; i < digest->field_count; i++) {
		struct digest_field *field = &digest->fields[i];

		if (used && used + field->bits > 64) {
			word++;
			used = 0;
		}
		field->word = word;
		field->shift = used;
		word += field->bits == 128 ? 2 : 0;
		used = field->bits == 128 ? 0 : used + field->bits;
	}
	digest->word_count = word + (used != 0);
}

int digest_parse(struct digest *digest, const char *fields, char **problem)
{
	int is_alternative = 0;

	digest->field_count = 0;
	while (*fields) {
		size_t size = strcspn(fields, ",|");
		int error = parse_field(digest, fields, size, is_alternative, problem);

		if (error)
			return error;
		fields += size;
		is_alternative = *fields == '|';
		fields += *fields != 0;
	}
	if (!digest->field_count)
		return refuse(problem, "a fingerprint has at least one field, not", "", 0);
	place_fields(digest);
	return 0;
}

/* --- rows --- */

static uint64_t low_bits(unsigned int bits)
{
	return bits < 64 ? (1ULL << bits) - 1 : UINT64_MAX;
}

/* Whether a field before it, whose alternative it is, is there. */
static int is_left_out(const struct digest *digest, const union column_values *const *values,
		       size_t i, uint32_t row)
{
	for (; digest->fields[i].is_alternative; i--)
		if (values[i - 1]->integers[row] & low_bits(digest->fields[i - 1].bits))
			return 1;
	return 0;
}

static void pack_alternative(const struct digest *digest,
			     const union column_values *const *values, size_t i, uint32_t first,
			     uint32_t count, uint64_t *words)
{
	const struct digest_field *field = &digest->fields[i];
	uint64_t *out = words + field->word;

	for (uint32_t row = 0; row < count; row++)
		if (!is_left_out(digest, values, i, first + row))
			out[row * digest->word_count] |=
				(values[i]->integers[first + row] & low_bits(field->bits))
				<< field->shift;
}

static void pack_strip(const struct digest *digest, const union column_values *const *values,
		       uint32_t first, uint32_t count, uint64_t *words)
{
	size_t stride = digest->word_count;

	memset(words, 0, count * stride * sizeof(*words));
	for (size_t i = 0; i < digest->field_count; i++) {
		const struct digest_field *field = &digest->fields[i];
		uint64_t *out = words + field->word;

		if (field->is_alternative) {
			pack_alternative(digest, values, i, first, count, words);
		} else if (field->bits == 128) {
			const struct address *in = values[i]->addresses + first;

			for (uint32_t row = 0; row < count; row++) {
				out[row * stride] = in[row].half[0];
				out[row * stride + 1] = in[row].half[1];
			}
		} else {
			const uint64_t *in = values[i]->integers + first;
			uint64_t mask = low_bits(field->bits);

			for (uint32_t row = 0; row < count; row++)
				out[row * stride] |= (in[row] & mask) << field->shift;
		}
	}
}

static size_t lay_address(const struct address *address, unsigned char *out)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	memcpy(out, address, sizeof(*address));
	if (memcmp(out, mapped, sizeof(mapped)))
		return sizeof(*address);
	memmove(out, out + sizeof(mapped), 4);
	return 4;
}

/* Whether there is an alternative to a field that is zero. */
static int is_replaced(const struct digest *digest, const union column_values *const *values,
		       size_t i, uint32_t row)
{
	return i + 1 < digest->field_count && digest->fields[i + 1].is_alternative &&
	       !(values[i]->integers[row] & low_bits(digest->fields[i].bits));
}

/* One row as it would lie on the wire. Returns its bytes. */
static size_t lay_row(const struct digest *digest, const union column_values *const *values,
		      uint32_t row, unsigned char *bytes)
{
	size_t size = 0;

	for (size_t i = 0; i < digest->field_count; i++) {
		unsigned int bits = digest->fields[i].bits;

		if (is_replaced(digest, values, i, row) || is_left_out(digest, values, i, row))
			continue;
		if (bits == 128)
			size += lay_address(&values[i]->addresses[row], bytes + size);
		else
			for (unsigned int left = bits; left; left -= 8)
				bytes[size++] =
					(unsigned char)(values[i]->integers[row] >> (left - 8));
	}
	return size;
}

static uint64_t digest_row(const struct digest *digest,
			   const union column_values *const *values, uint32_t row)
{
	unsigned char bytes[WIRE_BYTES];
	size_t size = lay_row(digest, values, row, bytes);

	if (digest->function == DIGEST_CRC32)
		return digest_crc32(bytes, size);
	return digest->function == DIGEST_BOB ? digest_bob(bytes, size)
					      : digest_ipsx(bytes, size);
}

void digest_rows(const struct digest *digest, const union column_values *const *values,
		 uint32_t count, uint64_t *out)
{
	uint64_t words[STRIP * (DIGEST_FIELDS * 2)], mask = low_bits(digest->width);
	size_t stride = digest->word_count;

	if (digest->function != DIGEST_XXH3) {
		for (uint32_t row = 0; row < count; row++)
			out[row] = digest_row(digest, values, row) & mask;
		return;
	}
	for (uint32_t first = 0; first < count; first += STRIP) {
		uint32_t size = count - first < STRIP ? count - first : STRIP;

		pack_strip(digest, values, first, size, words);
		for (uint32_t row = 0; row < size; row++)
			out[first + row] =
				XXH3_64bits(words + row * stride, stride * sizeof(uint64_t)) &
				mask;
	}
}

/* --- what it costs --- */

const struct digest_cost digest_costs[DIGEST_FUNCTIONS] = {
	[DIGEST_XXH3] = {2.1, 0.03},
	[DIGEST_CRC32] = {2, 1},
	[DIGEST_BOB] = {4.6, 0.5},
	[DIGEST_IPSX] = {3.7, 0},
};

unsigned int digest_bytes(const struct digest *digest)
{
	unsigned int bytes = 0, group = 0; /* of a field and its alternatives, the largest */

	if (digest->function == DIGEST_XXH3)
		return (unsigned int)(digest->word_count * sizeof(uint64_t));
	for (size_t i = 0; i < digest->field_count; i++) {
		const struct digest_field *field = &digest->fields[i];
		unsigned int size = field->bits == 128 ? 4 : field->bits / 8;

		if (!field->is_alternative) {
			bytes += group;
			group = 0;
		}
		if (size > group)
			group = size;
	}
	return bytes + group;
}

double digest_ns(const struct digest *digest)
{
	const struct digest_cost *cost = &digest_costs[digest->function];

	return cost->ns + cost->ns_per_byte * digest_bytes(digest);
}
