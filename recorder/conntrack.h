/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conntrack entries of the network namespace that the calling thread is in.
 */
#ifndef RECORDER_CONNTRACK_H
#define RECORDER_CONNTRACK_H

#include "schema/event.h"

#include <stdint.h>

struct nlmsghdr;

/*
 * Read what a message of ctnetlink says of an entry into the event; `entry` becomes the id that
 * ctnetlink gives it. Returns whether it translates.
 */
int conntrack_read(const struct nlmsghdr *message, struct nat_event *event);

struct conntrack_count {
	uint64_t entries;
	uint64_t translated;
};

/*
 * Read all entries and call take for those whose reply tuple is not the original one turned
 * around, as events with is_new 0. take's negative result ends the round and is returned.
 *
 * Returns 0 when all were read (a kernel without conntrack has none); -EOPNOTSUPP when the
 * kernel does not give them (no nf_conntrack_netlink); -EINTR when they changed while they were
 * read; -ETIMEDOUT; or another negative errno. count is filled in any case.
 */
int conntrack_dump(uint32_t network_namespace,
		   int (*take)(const struct nat_event *event, void *context), void *context,
		   struct conntrack_count *count);

#endif
