/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One page of a guarded file, and where its pages lie.
 */
#ifndef SCHEMA_GUARDED_PAGE_H
#define SCHEMA_GUARDED_PAGE_H

#include <stddef.h>
#include <stdint.h>

#define GUARDED_PAGE_MOST 65536U

/* What the file header at the begin of page 1 says, see "Database File Format" of SQLite, 1.3.
 */
struct guarded_layout {
	uint32_t page_size;
	uint32_t reserve; /* bytes at the end of each page that SQLite leaves alone */
	uint64_t page_count;
};

/* Returns 0, -EBADMSG when it is no header of an SQLite database, or another negative errno. */
int guarded_layout_read(int file, struct guarded_layout *out);

/* Whether a page carries the sum of its bytes; put it there. */
int guarded_page_checks(const uint8_t *page, uint32_t page_size, uint64_t number);
void guarded_page_sign(uint8_t *page, uint32_t page_size, uint64_t number);

/* Read all of size bytes. Returns 0, -EBADMSG when the file ends before, or a negative errno.
 */
int guarded_read(int file, void *bytes, size_t size, uint64_t offset);

#endif
