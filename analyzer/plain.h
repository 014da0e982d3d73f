/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain tables: those of a segment that are no stream, and what follows from its chunks, as
 * tables of one database in which each row names the segment that it is from.
 *
 *     segment host clock interface probe stage loss capture   as in schema/segment.sql
 *     stream_size, column_size                                 rows and bytes of each
 */
#ifndef ANALYZER_PLAIN_H
#define ANALYZER_PLAIN_H

#include "schema/segment_reader.h"

#include <sqlite3.h>

struct plain {
	const char *name;
	const char *columns; /* "name TYPE, ..." after the segment; NULL: as in segment.sql */
	const char *query;   /* that gives them; NULL: the segment's table of the same name */
	const char *index;   /* a key beside the segment; NULL: none */
	int is_small;	     /* fit for a catalog */
};

/* How the rows of a segment are entered. */
struct plain_target {
	const char *name; /* of the segment */
	int64_t rowid;	  /* of the next row; 0: SQLite's choice */
};

#define PLAIN_COUNT 10

const struct plain *plain_get(size_t i);
const struct plain *plain_find(const char *name); /* or NULL */

/*
 * Create the table, empty, with its index. Return an SQLite result code, as all that follows
 * does.
 */
int plain_create(sqlite3 *database, const struct plain *plain);

/*
 * Copy a segment's rows. What cannot be read is told in *problem, a line that the caller frees
 * (NULL: all was read); rows before it are kept.
 */
int plain_copy(sqlite3 *to, const struct plain *plain, struct plain_target *target,
	       struct segment_reader *from, char **problem);

/*
 * A statement that inserts the columns (as plain_columns gives them); plain_insert runs it with
 * the columns of the row from number first on.
 */
int plain_prepare_insert(sqlite3 *to, const struct plain *plain, const char *columns,
			 sqlite3_stmt **out);
int plain_insert(sqlite3_stmt *insert, struct plain_target *target, sqlite3_stmt *row,
		 int first);

/*
 * ", name, name" of the table's columns beside the segment; of those that table has in other,
 * too, when that is not NULL. *out is freed with sqlite3_free.
 */
int plain_columns(sqlite3 *database, const struct plain *plain, sqlite3 *other, char **out);

#endif
