/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every stream as an SQLite table: an eponymous virtual table over a recording, made from the
 * stream's description.
 *
 * Columns: the stored ones, the derived ones, and two hidden ones that tell which segment and
 * which recording a row is from.
 */
#ifndef ANALYZER_TABLE_H
#define ANALYZER_TABLE_H

#include "analyzer/recording.h"

#include <sqlite3.h>

/*
 * Register a table for each stream. The recording is borrowed until the database is closed.
 * Returns an SQLite result code.
 */
int table_register(sqlite3 *database, struct recording *recording);

#endif
