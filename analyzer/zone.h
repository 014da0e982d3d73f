/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows that a file holds of a stream are within, as the catalog has it.
 */
#ifndef ANALYZER_ZONE_H
#define ANALYZER_ZONE_H

#include "analyzer/listing.h"

#include "schema/stream.h"

#include <sqlite3.h>

/* Of one column: an integer, a time or an address. */
struct zone {
	int is_known;
	uint64_t row_count; /* 0: the rest means nothing */
	int64_t low, high;
	struct address least, greatest; /* of an address column, bytewise */
};

/*
 * Read the zones of a column of all files of the listing: zones has one for each. Returns 0 or
 * -EBADMSG when the catalog cannot be read.
 */
int zone_load(sqlite3 *catalog, const struct listing *listing, const struct stream *stream,
	      const struct column *column, struct zone *zones);

/* Whether a value in a row is one of a column's type that can be in a zone. */
int zone_is_value(sqlite3_stmt *row, int i, enum column_type type);

#endif
