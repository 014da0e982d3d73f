/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a long command is, on standard error and only on a terminal.
 */
#ifndef ANALYZER_PROGRESS_H
#define ANALYZER_PROGRESS_H

#include <stdint.h>

struct progress {
	const char *what; /* "verify" */
	const char *unit; /* "MB" */
	double scale;	  /* of a unit */
	uint64_t total;
	uint64_t shown_ns; /* when */
	int is_shown;
};

/* Show "verify: 12.3 of 60.0 MB", in place; at most ten times a second. */
void progress_show(struct progress *progress, uint64_t done);

/* Take it away, before anything else is written. */
void progress_clear(struct progress *progress);

#endif
