/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a segment, read back as the structs that they were written from.
 */
#ifndef RECORDER_READ_BACK_H
#define RECORDER_READ_BACK_H

#include "schema/segment_reader.h"

/*
 * Call row with every row of the stream; it and its texts are valid during the call. Returns 0,
 * the first result of row that is not 0, or a negative errno; segment_problem says what.
 */
int read_back(struct segment_reader *segment, enum stream_id stream,
	      int (*row)(void *context, const void *row), void *context);

#endif
