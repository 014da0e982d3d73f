/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much waits in a BPF ring buffer to be read: the most that was seen.
 *
 * Who reads is the only one that makes it less, so looking right before each reading sees every
 * maximum that there was when a reading began.
 */
#ifndef RECORDER_RING_LEVEL_H
#define RECORDER_RING_LEVEL_H

#include <stdint.h>

struct ring_level;

/* Of the map with this descriptor, which it does not need afterwards. 0 or a negative errno. */
int ring_level_open(int map, struct ring_level **out);
void ring_level_close(struct ring_level *level);

/* Costs two loads from memory; level may be NULL. */
void ring_level_look(struct ring_level *level);

/* The most since the last time it was taken; 0 of NULL. */
uint64_t ring_level_take(struct ring_level *level);

#endif
