/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that listen to new translations of datagrams, each in its own way: the events of
 * Flowtape's programs, or conntrack's own over netlink.
 */
#ifndef TESTDATA_BENCH_KERNEL_LISTENER_H
#define TESTDATA_BENCH_KERNEL_LISTENER_H

#include "testdata/bench/kernel/datagrams.h"
#include "testdata/bench/kernel/kernel.h"

enum listener_kind { LISTENER_FLOWTAPE, LISTENER_NETLINK, LISTENERS };

struct listener;

/* Listening to the translations that are made in this namespace, from now on. */
struct listener *listener_open(enum listener_kind kind, const struct place *router,
			       const struct datagrams *datagrams);

/* Flows whose translation was received so far. */
uint32_t listener_received(struct listener *listener);

struct listened {
	uint32_t received;
	uint32_t overruns;  /* the kernel said that events were lost */
	double cpu_s;	    /* of the thread */
	double flows_cpu_s; /* of the thread that empties Flowtape's flow table beside it */
};

/* Receive what is there already, and end. */
void listener_close(struct listener *listener, struct listened *listened);

#endif
