/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread tells another to be on or off, and waits until it is.
 */
#ifndef RECORDER_TURNING_H
#define RECORDER_TURNING_H

#include <pthread.h>
#include <stdatomic.h>

struct turning {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	atomic_int is_told;
	int wanted, is_on, has_ended, error; /* under the mutex */
};

/* It is on then. */
void turning_open(struct turning *turning);
void turning_close(struct turning *turning);

/*
 * Tell, and wait. One thread may do so at a time. Returns what the other one was done with, at
 * once where it was so already, or -ESRCH where that has ended.
 */
int turning_tell(struct turning *turning, int on);

/*
 * For the thread that is told: whether to turn now, to *on, which it then has done with 0 or a
 * negative errno. It is on or off in either case.
 */
int turning_is_told(struct turning *turning, int *on);
void turning_done(struct turning *turning, int error);

/* Nobody waits for it any more. */
void turning_end(struct turning *turning);

#endif
