/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts threads that take no signals.
 */
#include "recorder/thread.h"

#include <signal.h>

int thread_start(pthread_t *thread, void *(*work)(void *), void *argument)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, NULL, work, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}
