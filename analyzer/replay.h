/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of one stream of one recording in the order of time, in blocks of columns: what
 * models are fed with.
 *
 * Memory is that of the chunks which overlap in time, and a few words for each chunk; it does
 * not grow with the rows. Damaged chunks are left out, and noted in the recording.
 */
#ifndef ANALYZER_REPLAY_H
#define ANALYZER_REPLAY_H

#include "analyzer/recording.h"

#define REPLAY_ROWS    4096U /* the most in a block */
#define REPLAY_OVERLAP 16    /* chunks that are merged at once, at most */

struct replay;

struct replay_block {
	uint32_t count;
	/* One for each column that was asked for, in that order; never NULL. */
	const union column_values *columns;
};

/*
 * Begin before the first row. Only the columns of those names are read, and the one that says
 * when a row begins, by which rows are ordered (of the same instant: as they were written). The
 * recording is borrowed. Returns 0, -EINVAL when the stream has no column of that name,
 * -ENOMEM.
 */
int replay_new(struct recording *recording, const char *recording_id, enum stream_id stream,
	       const char *const *names, size_t name_count, struct replay **out);
void replay_free(struct replay *replay);

/*
 * The next rows, valid until the next call. Texts are codes of the replay's own, the same in
 * every block. Returns 0, -ENODATA after the last row, -ENOMEM.
 */
int replay_next(struct replay *replay, struct replay_block *out);

/* The code that a text has, or would have, in blocks; 0 when memory is short. */
uint64_t replay_code(struct replay *replay, const char *text);

/* The text of a code; NULL for 0. Valid until the next call of a function of the replay. */
const char *replay_text(const struct replay *replay, uint64_t code);

#endif
