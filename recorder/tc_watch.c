/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps TC programs on every interface.
 *
 * A round enters every namespace and goes through its interfaces: what is not attached there is
 * attached. An interface that a round did not find is gone.
 */
#include "recorder/tc_watch.h"
#include "recorder/interfaces.h"
#include "recorder/namespaces.h"
#include "recorder/thread.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUND_MS 1000
#define PAUSE_MS 10 /* after news, for more of them to come */

struct watched {
	struct watched *next;
	uint32_t network_namespace;
	int interface_index;
	uint64_t round; /* the last that found it */
	int is_counted;
	int has_moved; /* here, with its hooks, from another namespace */
	struct tc_hook hooks[2];
};

struct tc_watch {
	struct tc_watch_side sides[2];
	struct watched *interfaces;
	uint64_t round;
	int error;	       /* the first of all */
	int has_moved;	       /* an interface, in this round */
	pthread_mutex_t mutex; /* of the status */
	struct tc_watch_status status;
	pthread_t thread;
	int has_thread;
	int stop;		 /* eventfd */
	struct mnl_socket *news; /* of interfaces; NULL: there are none */
};

static struct watched *find(struct tc_watch *watch, uint32_t network_namespace, int index)
{
	struct watched *one = watch->interfaces;

	while (one &&
	       (one->network_namespace != network_namespace || one->interface_index != index))
		one = one->next;
	return one;
}

static void count(struct tc_watch *watch, unsigned int *what, int by)
{
	pthread_mutex_lock(&watch->mutex);
	*what += (unsigned int)by;
	pthread_mutex_unlock(&watch->mutex);
}

/* Attach what is not attached at an interface. Returns 0 or the first error. */
static int attach(struct tc_watch *watch, struct watched *one)
{
	int first = 0;

	for (int i = 0; i < 2; i++) {
		int error = 0;

		if (watch->sides[i].kind == TC_NONE || one->hooks[i].kind != TC_NONE)
			continue;
		error = tc_hook_attach(&one->hooks[i], watch->sides[i].kind, i,
				       one->interface_index, watch->sides[i].program);
		first = first ? first : error;
	}
	return first;
}

/* Egress first: the qdisc was made for ingress. */
static void detach(struct watched *one)
{
	for (int i = 1; i >= 0; i--)
		if (one->hooks[i].kind != TC_NONE)
			tc_hook_detach(&one->hooks[i]);
}

/* Forget hooks that are not there any more, so that they are attached anew. */
static void check(struct tc_watch *watch, struct watched *one)
{
	for (int i = 1; i >= 0; i--) {
		if (one->hooks[i].kind == TC_NONE || tc_hook_is_attached(&one->hooks[i]))
			continue;
		tc_hook_detach(&one->hooks[i]);
		count(watch, &watch->status.lost, 1);
	}
}

static uint64_t packets_until_now(const struct tc_watch *watch,
				  const struct interface_counters *counters)
{
	return (watch->sides[IO_RECEIVE].kind ? counters->received_packets : 0) +
	       (watch->sides[IO_TRANSMIT].kind ? counters->transmitted_packets : 0);
}

static void count_new(struct tc_watch *watch, struct watched *one, int error,
		      const struct interface_counters *counters)
{
	one->is_counted = 1;
	pthread_mutex_lock(&watch->mutex);
	if (error) {
		watch->status.refused++;
		watch->error = watch->error ? watch->error : error;
	} else {
		watch->status.interfaces++;
	}
	if (watch->has_thread) {
		watch->status.late++;
		if (!one->has_moved)
			watch->status.unwatched_packets += packets_until_now(watch, counters);
	}
	pthread_mutex_unlock(&watch->mutex);
}

struct visit {
	struct tc_watch *watch;
	uint32_t network_namespace;
};

static int look_at(const struct interface_entry *entry,
		   const struct interface_counters *counters, void *context)
{
	struct visit *visit = context;
	struct tc_watch *watch = visit->watch;
	struct watched *one =
		find(watch, visit->network_namespace, (int)entry->interface_index);
	int error;

	if (!one) {
		one = calloc(1, sizeof(*one));
		if (!one)
			return -ENOMEM;
		one->network_namespace = visit->network_namespace;
		one->interface_index = (int)entry->interface_index;
		one->next = watch->interfaces;
		watch->interfaces = one;
	}
	one->round = watch->round;
	check(watch, one);
	error = attach(watch, one);
	if (error == -EEXIST)
		one->has_moved = watch->has_moved = 1;
	else if (!one->is_counted)
		count_new(watch, one, error, counters);
	return 0;
}

static int look_into(const struct network_namespace *one, int error, void *context)
{
	struct visit visit = {context, one->inode};

	if (!error)
		error = interfaces_visit(look_at, &visit);
	/* Of a namespace that cannot be entered now, nothing is known: its interfaces stay. */
	for (struct watched *left = visit.watch->interfaces; error && left; left = left->next)
		if (left->network_namespace == one->inode)
			left->round = visit.watch->round;
	return error == -ENOMEM ? error : 0;
}

static void forget_gone(struct tc_watch *watch)
{
	struct watched **place = &watch->interfaces, *gone;

	while ((gone = *place)) {
		if (gone->round == watch->round) {
			place = &gone->next;
			continue;
		}
		*place = gone->next;
		for (int i = 0; i < 2; i++)
			if (gone->hooks[i].kind == TC_TCX)
				tc_hook_detach(&gone->hooks[i]);
		if (gone->is_counted)
			count(watch, &watch->status.interfaces, -1);
		free(gone);
	}
}

/*
 * An interface that moves to another namespace takes its tcx links along, and no program goes
 * there twice. When the old place has been given up, the next round finds it free.
 */
static int go_round(struct tc_watch *watch)
{
	int error, tries = 2;

	do {
		watch->has_moved = 0;
		watch->round++;
		error = namespaces_visit(look_into, watch);
		if (!error)
			forget_gone(watch);
	} while (!error && watch->has_moved && --tries);
	return error;
}

/* Wait for news of interfaces, or for a second. Returns 0 when it is time to stop. */
static int wait_for_news(struct tc_watch *watch)
{
	struct pollfd files[2] = {
		{.fd = watch->stop, .events = POLLIN},
		{.fd = watch->news ? mnl_socket_get_fd(watch->news) : -1, .events = POLLIN},
	};
	char buffer[8192];

	poll(files, 2, ROUND_MS);
	if (files[0].revents)
		return 0;
	if (!files[1].revents)
		return 1;
	if (poll(files, 1, PAUSE_MS) > 0)
		return 0;
	while (recv(files[1].fd, buffer, sizeof(buffer), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		;
	return 1;
}

static void *run(void *argument)
{
	struct tc_watch *watch = argument;

	while (wait_for_news(watch))
		go_round(watch);
	return NULL;
}

static struct mnl_socket *open_news(void)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int yes = 1;

	if (!socket)
		return NULL;
	mnl_socket_setsockopt(socket, NETLINK_LISTEN_ALL_NSID, &yes, sizeof(yes));
	if (mnl_socket_bind(socket, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(socket);
		return NULL;
	}
	return socket;
}

int tc_watch_open(const struct tc_watch_side sides[2], struct tc_watch **out)
{
	struct tc_watch *watch = calloc(1, sizeof(*watch));
	int error;

	if (!watch)
		return -ENOMEM;
	memcpy(watch->sides, sides, sizeof(watch->sides));
	pthread_mutex_init(&watch->mutex, NULL);
	watch->stop = eventfd(0, EFD_CLOEXEC);
	watch->news = open_news();
	error = watch->stop < 0 ? -errno : go_round(watch);
	if (!error && !watch->status.interfaces)
		error = watch->error ? watch->error : -ENODEV;
	if (!error) {
		watch->has_thread = 1;
		error = thread_start(&watch->thread, "tc watch", run, watch);
		watch->has_thread = !error;
	}
	if (error)
		tc_watch_close(watch);
	else
		*out = watch;
	return error;
}

void tc_watch_status(struct tc_watch *watch, struct tc_watch_status *status)
{
	pthread_mutex_lock(&watch->mutex);
	*status = watch->status;
	pthread_mutex_unlock(&watch->mutex);
}

static int detach_all(const struct network_namespace *one, int error, void *context)
{
	struct tc_watch *watch = context;

	for (struct watched *left = watch->interfaces; left && !error; left = left->next)
		if (left->network_namespace == one->inode)
			detach(left);
	return 0;
}

void tc_watch_close(struct tc_watch *watch)
{
	struct watched *next;

	if (!watch)
		return;
	if (watch->has_thread) {
		eventfd_write(watch->stop, 1);
		pthread_join(watch->thread, NULL);
	}
	namespaces_visit(detach_all, watch);
	for (struct watched *one = watch->interfaces; one; one = next) {
		next = one->next;
		/* Its namespace is gone. */
		for (int i = 0; i < 2; i++)
			if (one->hooks[i].kind == TC_TCX)
				tc_hook_detach(&one->hooks[i]);
		free(one);
	}
	if (watch->news)
		mnl_socket_close(watch->news);
	if (watch->stop >= 0)
		close(watch->stop);
	pthread_mutex_destroy(&watch->mutex);
	free(watch);
}
