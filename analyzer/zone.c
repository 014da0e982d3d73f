/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows that a file holds of a stream are within.
 */
#include "analyzer/zone.h"

#include <errno.h>
#include <string.h>

int zone_is_value(sqlite3_stmt *row, int i, enum column_type type)
{
	if (type == COLUMN_ADDRESS)
		return sqlite3_column_type(row, i) == SQLITE_BLOB &&
		       sqlite3_column_bytes(row, i) == sizeof(struct address);
	return sqlite3_column_type(row, i) == SQLITE_INTEGER;
}

static void take_rows(struct zone *zone, sqlite3_stmt *row, enum column_type type)
{
	zone->row_count += (uint64_t)sqlite3_column_int64(row, 1);
	zone->is_known = 0; /* until its values are */
}

static void take_values(struct zone *zone, sqlite3_stmt *row, enum column_type type)
{
	if (!zone_is_value(row, 1, type) || !zone_is_value(row, 2, type))
		return;
	if (type == COLUMN_ADDRESS) {
		memcpy(&zone->least, sqlite3_column_blob(row, 1), sizeof(zone->least));
		memcpy(&zone->greatest, sqlite3_column_blob(row, 2), sizeof(zone->greatest));
	} else {
		zone->low = sqlite3_column_int64(row, 1);
		zone->high = sqlite3_column_int64(row, 2);
	}
	zone->is_known = 1;
}

/* Run a query "segment, ..." with the names of a stream and perhaps a column. */
static int each_file(sqlite3 *catalog, const char *sql, const struct listing *listing,
		     const struct stream *stream, const struct column *column,
		     void (*take)(struct zone *, sqlite3_stmt *, enum column_type),
		     struct zone *zones)
{
	sqlite3_stmt *rows;
	int result;

	if (sqlite3_prepare_v2(catalog, sql, -1, &rows, NULL))
		return -EBADMSG;
	sqlite3_bind_text(rows, 1, stream->name, -1, SQLITE_STATIC);
	if (sqlite3_bind_parameter_count(rows) > 1)
		sqlite3_bind_text(rows, 2, column->name, -1, SQLITE_STATIC);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(rows, 0);
		long number = name ? listing_find(listing, name) : -1;

		if (number >= 0)
			take(&zones[number], rows, column->type);
	}
	sqlite3_finalize(rows);
	return result == SQLITE_DONE ? 0 : -EBADMSG;
}

int zone_load(sqlite3 *catalog, const struct listing *listing, const struct stream *stream,
	      const struct column *column, struct zone *zones)
{
	int error;

	/* Known to be empty, until there are rows. */
	for (size_t i = 0; i < listing->count; i++)
		zones[i] = (struct zone){.is_known = 1};
	error = each_file(catalog, "SELECT segment, rows FROM stream_size WHERE stream = ?",
			  listing, stream, column, take_rows, zones);
	if (!error)
		error = each_file(catalog,
				  "SELECT segment, minimum, maximum FROM zone WHERE stream = ?"
				  " AND \"column\" = ?",
				  listing, stream, column, take_values, zones);
	return error;
}
