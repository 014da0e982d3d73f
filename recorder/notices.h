/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices of conntrack entries that begin and end, by ctnetlink: for kernels that do not
 * describe conntrack's types to BPF.
 *
 * The kernel writes a message for each connection while it makes or removes the entry; those
 * that translate nothing are thrown away by a socket filter before they are queued. One socket
 * listens to every namespace that the own one has an id for, and keeps none of them alive;
 * those without an id get one, which nothing but netlink ever sees.
 */
#ifndef RECORDER_NOTICES_H
#define RECORDER_NOTICES_H

#include "schema/event.h"

#include <stdint.h>

struct notices;

enum notices_kind {
	NOTICES_NEW,
	NOTICES_END,
};

/* Returns 0, -EOPNOTSUPP where there is no conntrack or no ctnetlink, or another negative
 * errno. */
int notices_open(struct notices **out);
void notices_close(struct notices *notices);

/* From now on, this kind comes too. Returns 0 or a negative errno. */
int notices_join(struct notices *notices, enum notices_kind kind);

/*
 * Take what has come. *lost is how many messages found the socket's queue full since the last
 * call. Returns 0 or the first negative result of take.
 */
int notices_take(struct notices *notices,
		 int (*take)(const struct nat_event *event, void *context), void *context,
		 uint64_t *lost);

#endif
