/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain tables of all segments, copied into one database, each row with the name of the
 * segment that it is from:
 *
 *     segment host clock interface probe stage loss capture   as in schema/segment.sql
 *     segment_file                                             path and size of each segment
 *     column_size, stream_size                                 rows and bytes of each
 *     stream_column                                            what each column means, once
 */
#ifndef ANALYZER_PLAIN_H
#define ANALYZER_PLAIN_H

#include "analyzer/recording.h"

#include <sqlite3.h>

/* A table that a segment lacks or that cannot be read is noted. Returns an SQLite result code.
 */
int plain_copy(sqlite3 *database, struct recording *recording);

#endif
