/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks everything that a segment file holds: every page, every chunk, every column, every
 * plain table, the digest of the whole.
 */
#ifndef SCHEMA_VERIFY_H
#define SCHEMA_VERIFY_H

#include "schema/seal.h"

#include <stdint.h>

/* One place where the bytes do not check. */
struct damage {
	const char *stream; /* NULL: not in a stream */
	int64_t chunk_id;   /* 0: not in a chunk */
	const char *column; /* NULL: not in one column */
	int64_t offset;	    /* of the damaged page, or where the file ends; -1: not known */
	uint64_t rows_lost; /* rows of which something is lost */
	uint64_t first_ns, last_ns; /* their span; 0: not known */
	const char *what;	    /* in words, what was found and what was expected */
};

typedef int (*verify_report)(void *context, const struct damage *damage);

struct verify_summary {
	uint64_t damages;
	uint64_t size_bytes;	      /* of the file, with its journal */
	uint64_t chunks, parts, rows; /* that are sound */
	int is_sealed;
	/* Of a sealed one: as its last line has it, and of the one before as it says itself; ""
	 * where that is not known. */
	char sha256[SEAL_DIGEST_SIZE], previous_sha256[SEAL_DIGEST_SIZE];
	char recording_id[64];
	uint32_t sequence;
};

/*
 * Call report for each damage of the segment at path; what it returns other than 0 ends the
 * check. Returns 0 when everything could be looked at, damaged or not, what report returned, or
 * a negative errno when the file cannot be read at all: -ENOENT, -EACCES, -EPROTONOSUPPORT,
 * -ENOMEM (*problem is a line that the caller frees). A file that is no segment any more is one
 * damage.
 */
int segment_verify(const char *path, verify_report report, void *context,
		   struct verify_summary *summary, char **problem);

#endif
