/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fingerprints that others have published, and ours.
 */
#ifndef ANALYZER_MODELS_RECIPE_H
#define ANALYZER_MODELS_RECIPE_H

#include "analyzer/models/digest.h"

#define RECIPE_FOREVER 3600000000000ULL /* a window that only the table's size ends */

struct recipe {
	const char *name;
	const char *source; /* where it was published */
	const char *fields;
	enum digest_function function;
	unsigned int width;
	uint64_t window_ns;
	uint32_t entries; /* of its table; 0: as many as the window needs */
};

/* In the order in which they are listed; NULL after the last. */
const struct recipe *recipe_get(size_t i);
const struct recipe *recipe_find(const char *name); /* or NULL */

#endif
