/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sealer thread: makes of each finished segment the file that is kept, see schema/seal.h,
 * one after the other, while the recording goes on.
 *
 * Each sealed segment carries the digest of the sealed one before it. So they are sealed in the
 * order of their numbers, and one that fails for a reason that may pass (no room, an I/O error)
 * holds up those behind it: it is tried again whenever another one is handed over, and at the
 * end. A damaged one, or one where a file has the name already, will never be sealed; the chain
 * leaves it out.
 *
 * Whatever fails, a live segment stays as it was: whole, and as readable as a sealed one.
 */
#ifndef RECORDER_SEALER_H
#define RECORDER_SEALER_H

#include "recorder/directory.h"

struct sealer;

struct sealer_status {
	uint64_t size_bytes; /* of all segments handed over, as they stand on disk now */
	uint32_t left;	     /* of them, those not sealed (yet) */
	int error;	     /* why not, from the last attempt that failed; 0 after a success */
	char problem[512];   /* its words: what, where */
	int was_stopped;     /* is_enough said so */
};

/*
 * Start the thread, at low priority when it is to be gentle. The directory is borrowed.
 * Returns 0 or a negative errno.
 */
int sealer_open(const struct directory *directory, int gentle, struct sealer **out);

/*
 * Hand over a finished segment; never waits for the disk. Numbers ascend. With size_bytes 0 it
 * is not one of this run's and not counted. With -ENOMEM it stays live.
 */
int sealer_add(struct sealer *sealer, uint32_t sequence, uint64_t size_bytes);

void sealer_status(struct sealer *sealer, struct sealer_status *status);

/*
 * Seal what is left, at normal priority, and end the thread; frees the sealer. is_enough (may
 * be NULL) is called a few times a second with how many are left; once it returns other than 0
 * the rest stays live, and the thread is left alone with the one at hand: the program should
 * end then. status may be NULL.
 */
void sealer_close(struct sealer *sealer, int (*is_enough)(void *context, uint32_t left),
		  void *context, struct sealer_status *status);

#endif
