/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts threads that have a name and take no signals: those are for the thread that decides.
 */
#ifndef RECORDER_THREAD_H
#define RECORDER_THREAD_H

#include <pthread.h>

/*
 * The name is what its CPU time is recorded under; the kernel keeps 15 characters. Returns 0 or
 * a negative errno.
 */
int thread_start(pthread_t *thread, const char *name, void *(*work)(void *), void *argument);

#endif
