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

/*
 * Let a thread (the kernel's number of it; 0: the caller) give way to what else wants to run on
 * this machine, or give way no more. Then it still has its share, but waits for it. Where the
 * process may not take back what it gave (no CAP_SYS_NICE), nothing is given.
 */
void thread_give_way(pid_t thread, int gives);

#endif
