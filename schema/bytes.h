/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to be written, which grow, and bytes to be read, which are never left.
 */
#ifndef SCHEMA_BYTES_H
#define SCHEMA_BYTES_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
	uint8_t *data;
	size_t size, capacity;
};

/* Room for that many more bytes, to be added to size when used. NULL when memory is short. */
static inline uint8_t *bytes_room(struct bytes *bytes, size_t more)
{
	if (bytes->capacity - bytes->size < more) {
		size_t capacity = bytes->size + more + bytes->capacity / 2;
		uint8_t *data = realloc(bytes->data, capacity);

		if (!data)
			return NULL;
		bytes->data = data;
		bytes->capacity = capacity;
	}
	return bytes->data + bytes->size;
}

static inline int bytes_put(struct bytes *bytes, uint8_t value)
{
	uint8_t *to = bytes_room(bytes, 1);

	if (!to)
		return -ENOMEM;
	*to = value;
	bytes->size++;
	return 0;
}

/* LEB128: seven bits a byte, low ones first, the top bit says that more follow. */
static inline int bytes_put_varint(struct bytes *bytes, uint64_t value)
{
	uint8_t *to = bytes_room(bytes, 10), *begin = to;

	if (!to)
		return -ENOMEM;
	for (; value >= 0x80; value >>= 7)
		*to++ = (uint8_t)(value | 0x80);
	*to++ = (uint8_t)value;
	bytes->size += (size_t)(to - begin);
	return 0;
}

struct reader {
	const uint8_t *at;
	size_t left;
};

/* The next size bytes, or NULL when there are fewer. */
static inline const uint8_t *reader_take(struct reader *reader, size_t size)
{
	const uint8_t *taken = reader->at;

	if (reader->left < size)
		return NULL;
	reader->at += size;
	reader->left -= size;
	return taken;
}

/* 0 or -EBADMSG. */
static inline int reader_byte(struct reader *reader, uint8_t *out)
{
	const uint8_t *byte = reader_take(reader, 1);

	if (!byte)
		return -EBADMSG;
	*out = *byte;
	return 0;
}

static inline int reader_varint(struct reader *reader, uint64_t *out)
{
	uint64_t value = 0;
	uint8_t byte;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		if (reader_byte(reader, &byte) || (shift == 63 && byte > 1))
			return -EBADMSG;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*out = value;
			return 0;
		}
	}
	return -EBADMSG;
}

#endif
