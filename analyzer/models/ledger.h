/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flows that a design kept, one by one, as its map in the kernel holds them: for who wants
 * to see more of a replay than its sums.
 *
 * Models write into it as they decide; where nobody asked for it, ledger is NULL everywhere.
 */
#ifndef ANALYZER_MODELS_LEDGER_H
#define ANALYZER_MODELS_LEDGER_H

#include "analyzer/models/sighting.h"

#define LEDGER_INTERFACES 6

/* Seen in both directions, in a list of interfaces only. */
#define LEDGER_BOTH 255

/* What one entry of the map held when it was evicted. */
struct ledger_flow {
	struct address source, destination;
	uint64_t start_ns, end_ns;
	uint64_t packets, bytes; /* skbs, and their frames' bytes */
	uint64_t source_mac, destination_mac;
	uint32_t network_namespace, interface;		       /* of the first packet */
	uint16_t source_port, destination_port, ethernet_type; /* ports of ICMP are 0 */
	uint8_t protocol, icmp_type, icmp_code;
	uint8_t direction; /* enum io_direction */
	uint8_t is_forwarded;
	uint8_t observed_count; /* interfaces besides the first, in the order of first sight */
	uint8_t observed_direction[LEDGER_INTERFACES];
	uint32_t observed[LEDGER_INTERFACES];
};

struct ledger {
	struct ledger_flow *flows;
	size_t count, capacity;
};

/* Room for so many flows more. Returns 0 or -ENOMEM. */
int ledger_reserve(struct ledger *ledger, size_t more);
void ledger_clear(struct ledger *ledger);

/* --- at a sighting --- */

/* An entry is made for it, and counts it; the flow's number is returned. */
uint32_t ledger_begin(struct ledger *ledger, const struct sightings *sightings, uint32_t i);

void ledger_flow_add(struct ledger_flow *flow, const struct sightings *sightings, uint32_t i);
void ledger_flow_observe(struct ledger_flow *flow, const struct sightings *sightings,
			 uint32_t i);

/* The entry counts it. */
static inline void ledger_add(struct ledger *ledger, uint32_t flow,
			      const struct sightings *sightings, uint32_t i)
{
	if (ledger)
		ledger_flow_add(&ledger->flows[flow], sightings, i);
}

/* The entry only lists its interface; a full list stays as it is, directions included. */
static inline void ledger_observe(struct ledger *ledger, uint32_t flow,
				  const struct sightings *sightings, uint32_t i)
{
	if (ledger)
		ledger_flow_observe(&ledger->flows[flow], sightings, i);
}

/* Whether user space passes the flow's record on; a new flow's is. */
static inline void ledger_forward(struct ledger *ledger, uint32_t flow, int is_forwarded)
{
	if (ledger)
		ledger->flows[flow].is_forwarded = (uint8_t)is_forwarded;
}

#endif
