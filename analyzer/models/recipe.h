/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fingerprints that others have published, and ours.
 */
#ifndef ANALYZER_MODELS_RECIPE_H
#define ANALYZER_MODELS_RECIPE_H

#include "analyzer/models/fingerprint.h"

struct recipe {
	const char *name;
	const char *publication; /* NULL: nobody has published it by itself */
	const char *fields;
	enum digest_function function;
	unsigned int width;
	uint64_t window_ns;
	uint32_t entries;     /* of its table; 0: as many as the window needs */
	uint32_t entry_bytes; /* of its table; 0: the digest and its time */
};

/* In the order in which they are listed; NULL after the last. */
const struct recipe *recipe_get(size_t i);
const struct recipe *recipe_find(const char *name); /* or NULL */

/* It as a fingerprint, in its own window. Returns as digest_parse does. */
int recipe_take(const struct recipe *recipe, struct fingerprint *fingerprint, char **problem);

#endif
