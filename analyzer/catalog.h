/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalog of a recording: a file of that name beside its segments, with what info,
 * completeness and pruning need of every sealed segment, so that a segment is opened only for
 * its rows.
 *
 *     file    an entry: name, size, times, inode and digest of the segment's file
 *     zone    the least and greatest value of each numeric, time and address column
 *     ...     the small plain tables, see analyzer/plain.h
 *
 * It is never trusted over the files: an entry is used only while its file is the same, every
 * page has a checksum, and what cannot be used is made anew from the segments. Where the
 * directory cannot be written it is kept in memory. Segments with any problem have no entry.
 */
#ifndef ANALYZER_CATALOG_H
#define ANALYZER_CATALOG_H

#include "analyzer/listing.h"
#include "analyzer/plain.h"
#include "analyzer/zone.h"

#define CATALOG_NAME "catalog"

struct catalog;

/*
 * Open the catalog of a directory, or make it. The listing is borrowed until catalog_close;
 * entries have the numbers of its files. NULL when memory is short.
 */
struct catalog *catalog_open(const struct listing *listing);
void catalog_close(struct catalog *catalog);

/* What a segment says of itself. */
struct catalog_entry {
	char *recording_id;
	uint32_t sequence;
	uint64_t created_ns, covered_ns;
	int is_finished;
};

/* NULL when the file has no entry. Valid until another function of the catalog is called. */
const struct catalog_entry *catalog_entry(const struct catalog *catalog, size_t file);

/*
 * Copy the rows of a small plain table. targets has one for each file; one without a name
 * leaves the file out. Files without an entry give no row. Returns an SQLite result code.
 */
int catalog_copy(struct catalog *catalog, const struct plain *plain, sqlite3 *to,
		 struct plain_target *targets);

/*
 * What the rows of a file are within. NULL when it is not known. The column must not be a text.
 * Valid until another function of the catalog is called.
 */
const struct zone *catalog_zone(struct catalog *catalog, size_t file, enum stream_id stream,
				unsigned int column);

#endif
