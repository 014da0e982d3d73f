/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of a recording that is being written: NNNNNN.segment files, numbered from 1.
 */
#ifndef RECORDER_DIRECTORY_H
#define RECORDER_DIRECTORY_H

#include "schema/segment_writer.h"

struct directory;

/*
 * Open it; make it, mode 0700, when it is missing. Without append, -EEXIST when there is a
 * segment in it already; with append, the recording id is that of the newest readable segment.
 * On failure problem is one line.
 */
int directory_open(const char *path, int append, struct directory **out, char *problem,
		   size_t problem_size);
void directory_free(struct directory *directory);

/*
 * Make the next segment; recording_id and sequence of the identity are filled in. On failure
 * problem is one line.
 */
int directory_create_segment(struct directory *directory, struct segment_identity *identity,
			     struct segment_writer **out, char *problem, size_t problem_size);

/*
 * Take so many bytes of the disk without giving them a name. Returns a file whose closing sets
 * them free, or a negative errno.
 */
int directory_reserve(const struct directory *directory, uint64_t size_bytes);

#endif
