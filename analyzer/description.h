/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables that need no segment to be read:
 *
 *     stream_column    what each column means, once
 *     segment_file     path and size of each segment
 */
#ifndef ANALYZER_DESCRIPTION_H
#define ANALYZER_DESCRIPTION_H

#include "analyzer/recording.h"

#include <sqlite3.h>

/* Create them with their rows. Returns an SQLite result code. */
int description_create(sqlite3 *database, const struct recording *recording);

#endif
