/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts threads that have a name and take no signals.
 */
#include "recorder/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define NICE_MOST 19

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

/* Returns whether it can be had again; at worst the thread is left at nice 1. */
static int can_come_back(pid_t thread, int nice)
{
	return !setpriority(PRIO_PROCESS, (id_t)thread, nice + 1) &&
	       !setpriority(PRIO_PROCESS, (id_t)thread, nice);
}

void thread_give_way(pid_t thread, enum giving giving)
{
	/* Those of the thread that decides, which nobody changed. */
	int own = getpriority(PRIO_PROCESS, (id_t)getpid());
	int policy = giving == GIVES_WAY ? SCHED_IDLE : SCHED_OTHER;
	int nice = giving == GIVES_MOST ? NICE_MOST : own;
	const struct sched_param none = {0};

	if (sched_getscheduler(getpid()) != SCHED_OTHER ||
	    (sched_getscheduler(thread) == policy &&
	     getpriority(PRIO_PROCESS, (id_t)thread) == nice) ||
	    (giving != GIVES_NOTHING && !can_come_back(thread, own)))
		return;
	sched_setscheduler(thread, policy, &none);
	setpriority(PRIO_PROCESS, (id_t)thread, nice);
}
