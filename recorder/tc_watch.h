/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TC program on every interface of every network namespace, once in each direction.
 *
 * A thread looks for new interfaces: at once where the kernel tells of them (in this namespace
 * and those it has a link to), else within a second. What passed through an interface before
 * that, its own counters tell.
 */
#ifndef RECORDER_TC_WATCH_H
#define RECORDER_TC_WATCH_H

#include "recorder/tc_hook.h"

struct tc_watch;

struct tc_watch_side {
	enum tc_kind kind; /* TC_NONE: not in this direction */
	int program;
};

struct tc_watch_status {
	unsigned int interfaces;    /* watched now */
	unsigned int refused;	    /* and those that could not be */
	unsigned int late;	    /* that appeared after the start */
	unsigned int lost;	    /* hooks that others took away; they were put back */
	uint64_t unwatched_packets; /* at late ones, before they were watched; at most */
};

/*
 * Attach to all interfaces there are, then start the thread. sides are by enum io_direction.
 * Returns 0, or the reason why no interface at all took them.
 */
int tc_watch_open(const struct tc_watch_side sides[2], struct tc_watch **out);
void tc_watch_status(struct tc_watch *watch, struct tc_watch_status *status);

/* Detach everywhere. NULL is allowed. */
void tc_watch_close(struct tc_watch *watch);

#endif
