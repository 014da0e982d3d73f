/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TC program at one interface, in one direction.
 *
 * There are two ways: a tcx link (Linux 6.6) goes with its descriptor, whoever holds it, and
 * stands beside other people's. A filter in a clsact qdisc is for older kernels: the qdisc is
 * made where there is none, and filters stay when the process that made them is killed.
 *
 * An interface is one of the network namespace that the calling thread is in.
 */
#ifndef RECORDER_TC_HOOK_H
#define RECORDER_TC_HOOK_H

#include "schema/event.h"

#include <stdint.h>

enum tc_kind {
	TC_NONE,
	TC_TCX,
	TC_CLSACT,
};

struct tc_hook {
	enum tc_kind kind; /* TC_NONE: not attached */
	enum io_direction direction;
	int interface_index;
	int link;		   /* of tcx */
	uint32_t handle, priority; /* of clsact */
	int has_made_qdisc;
};

/* Returns 0 or a negative errno: -ENODEV no such interface. */
int tc_hook_attach(struct tc_hook *hook, enum tc_kind kind, enum io_direction direction,
		   int interface_index, int program);

/* Whether it is still there; others may have taken it away, or the interface is gone. */
int tc_hook_is_attached(const struct tc_hook *hook);

/*
 * Take it away, and the qdisc that was made for it, unless others have put filters into that
 * meanwhile. Of two hooks of an interface, the one that was attached first goes last. A hook
 * whose interface is gone is detached from anywhere.
 */
void tc_hook_detach(struct tc_hook *hook);

#endif
