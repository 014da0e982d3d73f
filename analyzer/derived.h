/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns that no segment stores because they follow from others. Computed only when asked for.
 */
#ifndef ANALYZER_DERIVED_H
#define ANALYZER_DERIVED_H

#include "analyzer/scan.h"

#include <sqlite3.h>

struct derived_column {
	const char *stream;
	struct column column;	   /* offset and size are not used */
	const char *const *inputs; /* stored columns that it follows from; ends with NULL */
	/* Give the current row's value, or nothing for NULL. inputs are the indexes of the
	 * inputs. */
	void (*compute)(const struct scan *scan, const unsigned int *inputs,
			sqlite3_context *context);
};

#define DERIVED_INPUTS 12

/* The i-th derived column of a stream, or NULL when there is none. */
const struct derived_column *derived_column(const struct stream *stream, size_t i);

#endif
