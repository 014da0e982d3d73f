/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer thread: takes deliveries from a bounded queue and puts them into segments, one
 * commit for each delivery; begins a new segment when one is full, and has that one sealed
 * meanwhile.
 */
#ifndef RECORDER_WRITER_H
#define RECORDER_WRITER_H

#include "recorder/delivery.h"
#include "recorder/inventory.h"
#include "recorder/ledger.h"
#include "recorder/sealer.h"

struct writer;

struct writer_options {
	const char *directory; /* made when it is missing, mode 0700 */
	int append;	       /* allow a directory that holds a recording already */
	uint64_t
		segment_bytes; /* begin a new segment past this size; 0: the default, 256 MiB */
	uint64_t segment_ns;   /* and past this age of recording time; 0: the default, 1 h */
	struct inventory *inventory; /* borrowed */
	struct ledger *ledger;	     /* borrowed */
	int gentle;		     /* give way while on time; seal at low priority */
	/*
	 * Called by writer_close, see sealer_close: not 0 leaves the rest unsealed. May be
	 * NULL.
	 */
	int (*is_enough)(void *context, uint32_t left);
	void *is_enough_context;
};

struct writer_status {
	uint64_t rows[STREAM_COUNT];
	uint64_t written_bytes; /* the size of the segments, as they stand on disk now */
	uint64_t queued_rows;
	int error;		   /* the last failure, 0 after a success */
	char problem[256];	   /* its words: what, where */
	struct sealer_status seal; /* nothing is lost where that has trouble */
};

/*
 * Open the directory and start the thread. -EEXIST: there is a recording and append is not set.
 * On failure *problem is one line that the caller frees.
 */
int writer_open(const struct writer_options *options, struct writer **out, char **problem);

/*
 * Hand over a delivery. With wait, waits for room. Returns 0 (the writer owns it now), or
 * -EAGAIN when the queue is full (the caller still owns it).
 */
int writer_deliver(struct writer *writer, struct delivery *delivery, int wait);

/* The writer is to give way no more until it has nothing left to do. */
void writer_hurry(struct writer *writer);

/* Whether writer_deliver would take a delivery now, of so many rows and whatever is added. */
int writer_has_room(struct writer *writer, uint64_t rows);

void writer_status(struct writer *writer, struct writer_status *status);

/*
 * Write what is queued, finish the segment, seal what is not sealed, end the threads. Frees the
 * writer. Returns 0, or a negative errno when something handed over is not on disk (the ledger
 * has the count); segments that are left unsealed are no such failure, status->seal tells of
 * them.
 */
int writer_close(struct writer *writer, struct writer_status *status);

#endif
