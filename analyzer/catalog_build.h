/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the database of a catalog from sealed segments, and its file.
 */
#ifndef ANALYZER_CATALOG_BUILD_H
#define ANALYZER_CATALOG_BUILD_H

#include "analyzer/listing.h"

#include <sqlite3.h>
#include <stdint.h>

/* In the header of the database. The version stands for all that a catalog is made by. */
#define CATALOG_APPLICATION_ID 0x466c6f63 /* "Floc" */
int32_t catalog_version(void);

/* Times as one number. */
int64_t catalog_time_ns(const struct timespec *time);

/* An empty catalog in memory. Returns an SQLite result code. */
int catalog_create(sqlite3 **out);

/*
 * Make the entry of a file. Returns 0, -ENODATA when it can have none (not sealed, or there is
 * a problem with it), -ENOMEM, -EIO; then the catalog is as it was.
 */
int catalog_add(sqlite3 *catalog, const struct listing_file *file);

/*
 * Write it as the catalog of a directory, whole or not at all. Returns 0, -EAGAIN when somebody
 * else is about to, or another negative errno.
 */
int catalog_write(sqlite3 *catalog, const char *directory);

#endif
