/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of a recording that is being written.
 *
 *     000001.segment               sealed, see schema/seal.h
 *     000002.live.segment          full, waits to be sealed
 *     000002.segment.sealing       what becomes of it; a leftover after a crash
 *     000003.live.segment + -wal   being written
 */
#ifndef RECORDER_DIRECTORY_H
#define RECORDER_DIRECTORY_H

#include "schema/seal.h"
#include "schema/segment_writer.h"

#include <limits.h>

struct directory;

/*
 * Open it; make it, mode 0700, when it is missing. Without append, -EEXIST when there is a
 * segment in it already. With append, the recording id is that of the newest readable segment,
 * and what a recorder that was killed while it sealed left over is removed: a *.sealing file
 * that nobody holds, a live segment that stands sealed beside it.
 * On failure problem is one line.
 */
int directory_open(const char *path, int append, struct directory **out, char *problem,
		   size_t problem_size);
void directory_free(struct directory *directory);

/*
 * Make the next live segment; recording_id and sequence of the identity are filled in. On
 * failure problem is one line.
 */
int directory_create_segment(struct directory *directory, struct segment_identity *identity,
			     struct segment_writer **out, char *problem, size_t problem_size);

/* The file of a segment, while it is live and once it is sealed. */
void directory_live_path(const struct directory *directory, uint32_t sequence,
			 char path[PATH_MAX]);
void directory_sealed_path(const struct directory *directory, uint32_t sequence,
			   char path[PATH_MAX]);

/*
 * As they were found when it was opened: the digest of the newest sealed segment (NULL: there
 * is none), and the live ones after it that are finished, but whose recorder was stopped or
 * failed before it sealed them, in ascending order.
 */
const char *directory_newest_digest(const struct directory *directory);
const uint32_t *directory_unsealed(const struct directory *directory, size_t *count);

/*
 * Take so many bytes of the disk without giving them a name. Returns a file whose closing sets
 * them free, or a negative errno.
 */
int directory_reserve(const struct directory *directory, uint64_t size_bytes);

#endif
