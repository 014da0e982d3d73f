/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The translations that live, so that each begins once and ends as the connection that it began
 * with.
 *
 * Found by what an event says (original tuple, namespace, zone) and by its entry: a dump does
 * not know the entry, and gives way to the first event that does.
 */
#ifndef RECORDER_NAT_TABLE_H
#define RECORDER_NAT_TABLE_H

#include "schema/event.h"

#include <stddef.h>
#include <stdint.h>

struct nat_table;

/* NULL when memory is short. */
struct nat_table *nat_table_new(void);
void nat_table_free(struct nat_table *table);

/* Returns 0 when it is new, 1 when it lives already, -ENOMEM. */
int nat_table_begin(struct nat_table *table, const struct nat_event *event, uint64_t flow_id);

/* Returns 0 and the flow_id that it began with, or -ENOENT. */
int nat_table_end(struct nat_table *table, const struct nat_event *event, uint64_t *flow_id);

size_t nat_table_count(const struct nat_table *table);

#endif
