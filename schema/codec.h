/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One part of a chunk as bytes: its header, which says what it refers to, and its values as
 * numbers or as codes of its dictionary. FORMAT.md has the bytes.
 *
 * Values are in the order that the reference makes: what to group and what follows what is
 * schema/chunk.h's affair.
 */
#ifndef SCHEMA_CODEC_H
#define SCHEMA_CODEC_H

#include "schema/entries.h"

#define MOST_REFERENCES 2U /* that a part makes at once */
#define MOST_DEPTH	3U /* of references of references */

enum reference_kind {
	REFERENCE_NONE = 0,
	REFERENCE_SINCE = 1,   /* value less the other column's value in the same row */
	REFERENCE_FOLLOW = 2,  /* one value for each group of rows, but for exceptions */
	REFERENCE_GROUPED = 3, /* rows in the order of groups */
};

struct part_header {
	enum reference_kind kind;
	unsigned int reference_count;
	unsigned int references[MOST_REFERENCES]; /* columns */
	int has_entries;
	int is_address;
	int has_exceptions; /* rows that do not have the value of their group */
};

/* Append a header. Returns 0 or -ENOMEM. */
int part_put_header(const struct part_header *header, struct bytes *out);

/* Read one of the part of that column; references are to earlier columns. 0 or -EBADMSG. */
int part_get_header(struct reader *reader, unsigned int column, struct part_header *out);

/* Read count codes of a dictionary of entry_count. `wide` has room for as many numbers. */
int part_get_codes(struct numbers_coder *coder, struct reader *reader, uint32_t entry_count,
		   uint32_t count, uint64_t *wide, uint16_t *codes);

#endif
