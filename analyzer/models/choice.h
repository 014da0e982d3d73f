/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which fingerprints a model is asked about: one of given fields, a published recipe, or all.
 */
#ifndef ANALYZER_MODELS_CHOICE_H
#define ANALYZER_MODELS_CHOICE_H

#include "analyzer/models/fingerprint.h"
#include "analyzer/models/recipe.h"

struct choice {
	struct fingerprint fingerprints[FINGERPRINTS];
	const struct recipe *recipes[FINGERPRINTS]; /* NULL: of none */
	const char *fields[FINGERPRINTS];
	size_t count;
};

/* What fields become where they are of no recipe. */
struct choice_shape {
	uint64_t function, width, entries;
};

/*
 * The recipe of that name, or else a fingerprint of the fields that it lists, in all windows;
 * without a name, or with "all", every recipe. choice is all zero before, and borrows the name.
 * Returns 0, -EINVAL with *problem in one line that the caller frees, -ENOMEM.
 */
int choice_make(struct choice *choice, const char *name, const struct choice_shape *shape,
		char **problem);

#endif
