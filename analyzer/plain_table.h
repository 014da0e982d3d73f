/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain tables of all segments of a recording as SQL tables. Each is read when a statement
 * first asks for it: from the catalogs, and of segments that are in none, from their files.
 * The tables are those of analyzer/plain.h.
 */
#ifndef ANALYZER_PLAIN_TABLE_H
#define ANALYZER_PLAIN_TABLE_H

#include "analyzer/recording.h"

#include <sqlite3.h>

/*
 * Create the tables in the database. What a segment lacks or what cannot be read is noted. The
 * recording is borrowed until the database is closed. Returns an SQLite result code.
 */
int plain_table_register(sqlite3 *database, struct recording *recording);

#endif
