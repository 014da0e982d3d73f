/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What functions over the designs are told: their names, and options.
 */
#ifndef ANALYZER_MODELS_DEDUP_ARGUMENTS_H
#define ANALYZER_MODELS_DEDUP_ARGUMENTS_H

#include "analyzer/models/dedup.h"

/*
 * The designs whose names stand in arguments[0], with commas between (NULL or "all": all of
 * them), and the defaults with what arguments[1] changes. models has room for DEDUP_MODELS.
 * Returns 0, -EINVAL with *problem in one line that the caller frees, -ENOMEM.
 */
int dedup_arguments(const char *const *arguments, const struct dedup_model **models,
		    size_t *count, struct dedup_options *out, char **problem);

#endif
