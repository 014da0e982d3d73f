/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts threads that have a name and take no signals.
 */
#include "recorder/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

struct start {
	const char *name;
	void *(*work)(void *argument);
	void *argument;
};

static void *begin(void *context)
{
	struct start start = *(struct start *)context;

	free(context);
	pthread_setname_np(pthread_self(), start.name);
	return start.work(start.argument);
}

int thread_start(pthread_t *thread, const char *name, void *(*work)(void *), void *argument)
{
	struct start *start = malloc(sizeof(*start));
	sigset_t all, before;
	int error;

	if (!start)
		return -ENOMEM;
	*start = (struct start){name, work, argument};
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, NULL, begin, start);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		free(start);
	return -error;
}
