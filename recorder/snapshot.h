/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the host at the start of a recording. To be taken when the probes are attached,
 * so that nothing falls between.
 */
#ifndef RECORDER_SNAPSHOT_H
#define RECORDER_SNAPSHOT_H

#include "recorder/inventory.h"
#include "recorder/process_table.h"

/*
 * Read struct process_event records from a file (a BPF iterator over tasks) to its end,
 * complete them from /proc with path and arguments while the process lives, and tell the table;
 * rows go to the delivery (NULL: none). Returns 0, a negative errno of the file, -EBADMSG when
 * a record is cut, -ENOMEM.
 */
int snapshot_processes(int iterator, struct process_table *table, struct delivery *delivery);

/*
 * Read the conntrack entries of every namespace and take those that translate, as events with
 * is_new 0; in which namespaces that could not be done, and why, is told to the inventory, and
 * *incomplete counts them.
 * Returns 0, the first negative result of take, or another negative errno.
 */
int snapshot_conntrack(int (*take)(const struct nat_event *event, void *context), void *context,
		       struct inventory *inventory, uint64_t *incomplete);

#endif
