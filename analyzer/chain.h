/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks that the segments of recordings follow each other: no number is missing, and each
 * sealed segment names the digest of the sealed one before it.
 */
#ifndef ANALYZER_CHAIN_H
#define ANALYZER_CHAIN_H

#include "schema/verify.h"

struct chain_link {
	const char *segment;   /* its name, for people */
	const char *directory; /* that was given with all in it; NULL: the file by itself */
	uint32_t number;       /* as the segment says; without that, as its file's name says */
	struct verify_summary summary;
};

/* What is wrong before a link, in words. Other than 0 ends the check. */
typedef int (*chain_report)(void *context, const struct chain_link *link, const char *words);

/*
 * Sorts the links by recording and number. What was not given is not missed: only between two
 * segments of one directory is a number missing. Returns 0, or what report returned.
 */
int chain_check(struct chain_link *links, size_t count, chain_report report, void *context);

/* The number that a file's name begins with, 0 when there is none. */
uint32_t chain_number(const char *name);

#endif
