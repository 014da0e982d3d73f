/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of several threads.
 *
 *   threads tcp ADDRESS PORT    a thread with a name of its own opens a connection
 *   threads exit COUNT          the first thread ends, then another ends COUNT more, status 3
 */
#include "testdata/live/endpoint.h"

#include <pthread.h>

struct task {
	struct endpoint end;
	struct sockaddr_in6 server;
};

static void *ask(void *context)
{
	struct task *task = context;

	prctl(PR_SET_NAME, "a-thread");
	endpoint_ask_tcp(&task->end, &task->server, sizeof(struct stamp), 100);
	return NULL;
}

static pthread_barrier_t all_run;

static void *wait_for_end(void *context)
{
	pthread_barrier_wait(&all_run);
	for (;;)
		pause();
	return context;
}

static void *end_all(void *context)
{
	pthread_join(*(pthread_t *)context, NULL);
	exit(3);
}

static void start(void *(*work)(void *), void *context)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, work, context);
	if (errno)
		endpoint_fail("thread");
}

int main(int count, char **words)
{
	if (count == 4 && !strcmp(words[1], "tcp")) {
		struct task task = {.end = {.id = endpoint_new_id()},
				    .server = endpoint_address(words[2], words[3])};
		pthread_t thread;

		errno = pthread_create(&thread, NULL, ask, &task);
		if (errno || (errno = pthread_join(thread, NULL)))
			endpoint_fail("thread");
		endpoint_print(&task.end);
		return 0;
	}
	if (count == 3 && !strcmp(words[1], "exit")) {
		static pthread_t first;
		int threads = atoi(words[2]);

		first = pthread_self();
		pthread_barrier_init(&all_run, NULL, (unsigned int)threads + 1);
		for (int i = 0; i < threads; i++)
			start(wait_for_end, NULL);
		pthread_barrier_wait(&all_run);
		start(end_all, &first);
		pthread_exit(NULL);
	}
	fprintf(stderr, "usage: threads tcp ADDRESS PORT, or threads exit COUNT\n");
	return 64;
}
