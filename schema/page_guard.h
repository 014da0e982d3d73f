/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guards a closed SQLite file: a checksum in every page, and a last line with the SHA-256 of
 * all bytes before it. Read through here, a page whose bytes do not check is an error of the
 * query that needs it, and a file that was cut still gives the pages that are there.
 *
 *     page 1 | sum | page 2 | sum | ... | page n | sum | last line
 *
 * A sum is the last PAGE_GUARD_RESERVE bytes of its page, which SQLite leaves alone: XXH3-64 of
 * the bytes before it with the page's number as seed, little endian.
 */
#ifndef SCHEMA_PAGE_GUARD_H
#define SCHEMA_PAGE_GUARD_H

#include <sqlite3.h>
#include <stdint.h>

#define PAGE_GUARD_RESERVE     8
#define PAGE_GUARD_DIGEST_SIZE 65 /* SHA-256 in hexadecimal, ended by 0 */

/*
 * Make a connection keep room for the sums; before anything is written to the new database, and
 * after PRAGMA page_size. Returns SQLite's result.
 */
int page_guard_reserve(sqlite3 *database);

/*
 * Guard the closed database in file: write the sums and the last line, and sync. Returns 0,
 * -EINVAL when its pages have no room for sums, or a negative errno; then the file is of no
 * use.
 */
int page_guard_finish(int file, char digest[PAGE_GUARD_DIGEST_SIZE]);

/*
 * Whether a file is guarded, by any of the signs: a damaged one still is. Returns 1, 0, or a
 * negative errno.
 */
int page_guard_detect(int file);

/*
 * The digest that the last line names. Returns 0, -ENODATA without such a line, -EBADMSG when
 * it is damaged, or another negative errno.
 */
int page_guard_digest(int file, char digest[PAGE_GUARD_DIGEST_SIZE]);

/* Open a guarded file, read only; nobody writes it. Returns SQLite's result, as sqlite3_open.
 */
int page_guard_open(const char *path, sqlite3 **out);

/* The last page that did not check, since it was asked for. */
struct page_damage {
	uint64_t offset; /* of the page */
	uint64_t page;	 /* its number, from 1 */
	uint64_t end;	 /* where the file ends too early; 0: the page is there and damaged */
};

/* Returns 1 and fills in *out when there was one; then it is forgotten. */
int page_guard_damage(sqlite3 *database, struct page_damage *out);

/*
 * Read a whole guarded file and call report for each page that does not check, or once for a
 * missing end; what it returns other than 0 ends the check. *is_whole says whether the last
 * line is there and names the digest of the bytes before it. Returns 0, what report returned,
 * -EBADMSG when not even the first page tells where pages begin, or another negative errno.
 */
int page_guard_check(int file, int (*report)(void *context, const struct page_damage *damage),
		     void *context, int *is_whole);

#endif
