/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interfaces of the network namespace that the calling thread is in.
 */
#ifndef RECORDER_INTERFACES_H
#define RECORDER_INTERFACES_H

#include "recorder/inventory.h"

/* What has passed since the interface was made, as its driver counts. */
struct interface_counters {
	uint64_t received_packets, transmitted_packets;
};

/*
 * Visit each of them. The entry is without its namespace and times; it and its texts are valid
 * during the visit. A list that changes meanwhile is read again from its beginning. Returns 0,
 * the first negative result of a visit, or another negative errno.
 */
int interfaces_visit(int (*visit)(const struct interface_entry *entry,
				  const struct interface_counters *counters, void *context),
		     void *context);

/* Tell them to the inventory as seen at that time. Returns 0 or a negative errno. */
int interfaces_list(struct inventory *inventory, uint32_t network_namespace, const char *name,
		    uint64_t now_epoch_ns);

#endif
