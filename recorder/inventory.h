/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a segment says of the recorded host: host, clock, interfaces, probes, capture files.
 * Filled by the intake, stored by the writer; safe to use from both threads.
 */
#ifndef RECORDER_INVENTORY_H
#define RECORDER_INVENTORY_H

#include "schema/segment_writer.h"

struct inventory;

struct interface_entry {
	uint32_t network_namespace;
	const char *network_namespace_name; /* of ip netns, or NULL */
	uint32_t interface_index;
	const char *name;
	const char *kind; /* veth, bridge, ... or NULL */
	uint8_t mac[6];
	int has_mac;
	uint64_t first_ns; /* epoch */
	uint64_t last_ns;  /* 0: it is still there */
};

struct capture_entry {
	const char *path;
	uint64_t size_bytes;
	const char *link_type; /* NULL: not known */
	uint64_t packets;
	uint64_t verdicts[5]; /* by enum packet_verdict */
	uint64_t first_ns, last_ns;
	const char *problem; /* NULL: read to its end */
};

/* With this host's names in it; without, for imported captures. NULL when memory is short. */
struct inventory *inventory_new(int of_this_host, const char *command_line);
void inventory_free(struct inventory *inventory);

/*
 * All texts are copied. An interface or probe that is known already is replaced; an interface
 * keeps its first first_ns. 0 or -ENOMEM.
 */
int inventory_interface(struct inventory *inventory, const struct interface_entry *entry);
int inventory_probe(struct inventory *inventory, const char *feature, const char *variant,
		    int chosen, const char *explanation);
int inventory_capture(struct inventory *inventory, const struct capture_entry *entry);

/* All interfaces there are have been told with this first_ns: those that were not are gone. */
void inventory_interfaces_complete(struct inventory *inventory, uint64_t first_ns);

/* Read the clocks and keep the anchor; returns epoch minus boot time. */
int64_t inventory_clock(struct inventory *inventory);

/* The boot id's digest, which goes into process_entity_id. */
uint64_t inventory_boot_digest(const struct inventory *inventory);

/* Write what changed since the last store (everything into a new segment, where all is 1). */
int inventory_store(struct inventory *inventory, struct segment_writer *segment, int all);

/* What the last inventory_store wrote has been committed. */
void inventory_committed(struct inventory *inventory);

#endif
