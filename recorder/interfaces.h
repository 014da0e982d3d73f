/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interfaces of the network namespace that the calling thread is in.
 */
#ifndef RECORDER_INTERFACES_H
#define RECORDER_INTERFACES_H

#include "recorder/inventory.h"

/* Tell them to the inventory as seen at that time. Returns 0 or a negative errno. */
int interfaces_list(struct inventory *inventory, uint32_t network_namespace, const char *name,
		    uint64_t now_epoch_ns);

#endif
