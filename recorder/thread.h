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

/* Levels of nice. At 10 a thread gets a tenth of what another gets on the same processor. */
#define GIVES_NOTHING	 0
#define GIVES_WAY	 10
#define GIVES_EVERYTHING 19

/*
 * Let a thread (the kernel's number of it; 0: the caller) give way to what else wants to run on
 * this machine, or with GIVES_NOTHING be again as the process began. Where the process may not
 * take back what it gave (no CAP_SYS_NICE), nothing is given.
 */
void thread_give_way(pid_t thread, int level);

#endif
