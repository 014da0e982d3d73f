/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network namespaces of this host: those of living processes, and those that are mounted
 * somewhere (ip netns, container runtimes).
 */
#ifndef RECORDER_NAMESPACES_H
#define RECORDER_NAMESPACES_H

#include "recorder/inventory.h"

struct network_namespace {
	uint32_t inode;	  /* its number everywhere */
	const char *name; /* of ip netns, or NULL */
	char *path;	  /* a file to enter it by */
};

/*
 * Call visit in each of them, the own one first, from a thread that has entered it; the
 * caller's namespace does not change, and the caller waits. error is 0, or why it could not be
 * entered
 * (-ENOENT, -ESRCH: it is gone by now). A visit's negative result ends the round and is
 * returned.
 */
int namespaces_visit(int (*visit)(const struct network_namespace *one, int error,
				  void *context),
		     void *context);

/*
 * Tell the inventory all interfaces in all namespaces, and which are gone since the last time.
 * Returns 0 or a negative errno when some namespace could not be read.
 */
int namespaces_snapshot(struct inventory *inventory, uint64_t now_epoch_ns);

#endif
