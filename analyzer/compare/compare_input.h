/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one side of a comparison is read from: recordings, result files, or directories of
 * result files. Says what is wrong on standard error, as a command does.
 */
#ifndef ANALYZER_COMPARE_COMPARE_INPUT_H
#define ANALYZER_COMPARE_COMPARE_INPUT_H

#include "analyzer/compare/metric.h"

struct compare_input {
	struct metrics metrics;
	const char *sql; /* of the metrics of recordings */
	const char *sql_name;
	const char *recipe;		/* NULL: the default */
	const char *arms[METRIC_SIDES]; /* NULL: all */
	int is_partial;			/* some recording is */
};

/* Returns -1 to go on, or the exit status. */
int compare_input_read(struct compare_input *input, enum metric_side side, const char *path);

/* A whole file; the caller frees it. NULL: what is wrong has been said. */
char *compare_input_file(const char *path, size_t *size);

#endif
