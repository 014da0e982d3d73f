/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts threads that take no signals: those are for the thread that decides.
 */
#ifndef RECORDER_THREAD_H
#define RECORDER_THREAD_H

#include <pthread.h>

/* Returns 0 or a negative errno. */
int thread_start(pthread_t *thread, void *(*work)(void *), void *argument);

#endif
