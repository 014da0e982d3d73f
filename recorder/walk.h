/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks through the kernel's conntrack table, by the programs of bpf/walk.h: what began or
 * ended there unseen comes as an event, with the time since when.
 */
#ifndef RECORDER_WALK_H
#define RECORDER_WALK_H

#include "recorder/probes.h"

struct walk;

/*
 * NULL when memory is short. While many translations end at once, take_events is called so that
 * the events find room.
 */
struct walk *walk_new(struct probes *probes, void (*take_events)(void *context), void *context);
void walk_free(struct walk *walk);

/* Every translation that was there at this time has been told: what is found later is new. */
void walk_start_is_told(struct walk *walk, uint64_t now_ns);

enum walk_need {
	WALK_AT_LEISURE, /* each second, or so seldom that walks take 1/500 of a processor */
	WALK_SOON,	 /* something ends that a walk should belong to: at once, within 1/20 */
	WALK_NOW,
};

/*
 * Walk when it is time. Where the plan has no walk, or no entry was seen yet by which the table
 * can be found, there is none; one that fails is tried again at the next time.
 */
void walk_when_due(struct walk *walk, uint64_t now_ns, enum walk_need need);

#endif
