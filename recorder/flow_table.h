/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's flow table, seen from user space: sized, turned, taken. schema/event.h has its
 * layout, bpf/flow_table.h the other side.
 *
 * Nothing here makes a system call for each flow: the table is mapped memory.
 */
#ifndef RECORDER_FLOW_TABLE_H
#define RECORDER_FLOW_TABLE_H

#include "recorder/flow.h"

#include <stddef.h>
#include <stdint.h>

struct flow_table;
struct flowtape_bpf;

/*
 * Size the maps for so many flows in a generation, each seen at four hops in both directions or
 * eight in one; before the object is loaded. Memory: 256 bytes a flow, and 20 to 40 for the
 * index.
 */
void flow_table_size(struct flowtape_bpf *skeleton, uint32_t flows);

/* Map the table of a loaded object, which must outlive it. Returns 0 or a negative errno. */
int flow_table_open(struct flowtape_bpf *skeleton, struct flow_table **out);
void flow_table_close(struct flow_table *table);

/*
 * Begin a new generation and wait until no program writes to the old one any more (an RCU grace
 * period, some 10 ms). The old one must be drained before the next turn. Returns 0 or a
 * negative errno.
 */
int flow_table_turn(struct flow_table *table);

/*
 * Pass on each flow of the old generation, and give its room back. The callback's negative
 * errno ends that and is returned. *drained counts the flows.
 */
int flow_table_drain(struct flow_table *table,
		     int (*flow)(void *context, const struct flow_key *key,
				 const struct flow_value *value),
		     void *context, size_t *drained);

/* How many of the table's units the old generation has taken. */
uint32_t flow_table_units(const struct flow_table *table);

/* Whether half of the room is used: it is time to turn. */
int flow_table_is_filling(const struct flow_table *table);

#endif
