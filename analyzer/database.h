/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQL side of a recording: a database in memory with all its tables and our functions, in
 * which statements can only read (and make temporary tables and views).
 */
#ifndef ANALYZER_DATABASE_H
#define ANALYZER_DATABASE_H

#include "analyzer/recording.h"

#include <sqlite3.h>

/*
 * The recording is borrowed until the database is closed with sqlite3_close. Returns 0,
 * -ENOMEM, or -EIO with *problem in one line, which the caller frees.
 */
int database_open(struct recording *recording, sqlite3 **out, char **problem);

/*
 * Attach a file to write to, under a name. From then on statements may do everything: none that
 * came from outside may be run before it is detached. Return SQLite's result.
 */
int database_attach(sqlite3 *database, const char *path, const char *name);
int database_detach(sqlite3 *database, const char *name);

#endif
