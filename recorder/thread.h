/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts threads that have a name and take no signals: those are for the thread that decides.
 */
#ifndef RECORDER_THREAD_H
#define RECORDER_THREAD_H

#include <pthread.h>
#include <sys/types.h>

/*
 * The name is what its CPU time is recorded under; the kernel keeps 15 characters. Returns 0 or
 * a negative errno.
 */
int thread_start(pthread_t *thread, const char *name, void *(*work)(void *), void *argument);

/* What a thread gives to what else wants to run on this machine, see sched(7). */
enum giving {
	GIVES_NOTHING, /* it runs as the process began */
	GIVES_MOST,    /* nice 19: it comes on, but slowly */
	/*
	 * SCHED_IDLE: who wakes up where it runs goes first and at once, and its processor
	 * counts as an idle one. On a machine that is never idle it hardly comes on, so
	 * somebody has to look after it.
	 */
	GIVES_WAY,
};

/*
 * Let a thread (the kernel's number of it; 0: the caller) give that much. Where the process may
 * not take back what it gave (no CAP_SYS_NICE), or was begun under another policy than
 * SCHED_OTHER, nothing is given.
 */
void thread_give_way(pid_t thread, enum giving giving);

#endif
