/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The self-test: known traffic and processes, through the whole recorder into a temporary
 * recording, and what that says of them.
 */
#ifndef RECORDER_SELF_CHECK_H
#define RECORDER_SELF_CHECK_H

#include "recorder/probes.h"

struct self_check;

enum self_check_state {
	SELF_CHECK_PASSED,
	SELF_CHECK_FAILED,
	SELF_CHECK_MISSING, /* not as it should be, for want of a feature */
	SELF_CHECK_NOT_TRIED,
};

struct self_check_line {
	const char *name;
	enum self_check_state state;
	char words[256]; /* what was expected and seen, or why it was not tried */
};

#define SELF_CHECK_LINES 16

/*
 * Make ready, before the caller has threads and before the probes are attached. On failure
 * *problem is one line that the caller frees.
 */
int self_check_begin(struct self_check **out, char **problem);

/*
 * Record what is made for it with the probes, which are detached then. Fills lines and their
 * count.
 */
int self_check_run(struct self_check *test, struct probes *probes,
		   struct self_check_line *lines, size_t *count, char **problem);

/* Removes the temporary recording. */
void self_check_free(struct self_check *test);

#endif
