/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers and codes of parts.
 */
#include "schema/codec.h"

#define KIND_BITS	0x03
#define HAS_ENTRIES	0x04
#define IS_ADDRESS	0x08
#define TWO_REFERENCES	0x10
#define HAS_EXCEPTIONS	0x20
#define ALL_HEADER_BITS 0x3f

int part_put_header(const struct part_header *header, struct bytes *out)
{
	int error = bytes_put(out,
			      (uint8_t)(header->kind | (header->has_entries ? HAS_ENTRIES : 0) |
					(header->is_address ? IS_ADDRESS : 0) |
					(header->has_exceptions ? HAS_EXCEPTIONS : 0) |
					(header->reference_count > 1 ? TWO_REFERENCES : 0)));

	for (unsigned int i = 0; i < header->reference_count && !error; i++)
		error = bytes_put_varint(out, header->references[i]);
	return error;
}

int part_get_header(struct reader *reader, unsigned int column, struct part_header *out)
{
	uint8_t byte;

	if (reader_byte(reader, &byte) || byte & ~ALL_HEADER_BITS)
		return -EBADMSG;
	*out = (struct part_header){
		.kind = byte & KIND_BITS,
		.has_entries = (byte & HAS_ENTRIES) != 0,
		.is_address = (byte & IS_ADDRESS) != 0,
		.has_exceptions = (byte & HAS_EXCEPTIONS) != 0,
	};
	if (out->kind != REFERENCE_NONE)
		out->reference_count = byte & TWO_REFERENCES ? 2 : 1;
	else if (byte & TWO_REFERENCES)
		return -EBADMSG;
	if (out->has_exceptions && out->kind != REFERENCE_FOLLOW)
		return -EBADMSG;
	/* A difference is no value to be looked up in, and has one address to begin at. */
	if (out->kind == REFERENCE_SINCE &&
	    (out->reference_count != 1 || out->has_entries || out->is_address))
		return -EBADMSG;
	for (unsigned int i = 0; i < out->reference_count; i++) {
		uint64_t reference;

		if (reader_varint(reader, &reference) || reference >= column)
			return -EBADMSG;
		out->references[i] = (unsigned int)reference;
	}
	return 0;
}

/* The codes as such; returns bits that no code has. Simple enough for whole vectors at once. */
__attribute__((optimize("O3"))) static uint64_t narrow(const uint64_t *wide, uint16_t *codes,
						       uint32_t count)
{
	uint64_t beyond = 0;

	for (uint32_t i = 0; i < count; i++) {
		beyond |= wide[i] >> 16;
		codes[i] = (uint16_t)wide[i];
	}
	return beyond;
}

__attribute__((optimize("O3"))) static uint16_t greatest(const uint16_t *codes, uint32_t count)
{
	uint16_t most = 0;

	for (uint32_t i = 0; i < count; i++)
		most = codes[i] > most ? codes[i] : most;
	return most;
}

int part_get_codes(struct numbers_coder *coder, struct reader *reader, uint32_t entry_count,
		   uint32_t count, uint64_t *wide, uint16_t *codes)
{
	if (numbers_get(coder, reader, wide, count) || narrow(wide, codes, count) ||
	    greatest(codes, count) >= entry_count)
		return -EBADMSG;
	return 0;
}
