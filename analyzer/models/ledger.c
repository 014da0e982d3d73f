/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flows that a design kept, one by one.
 */
#include "analyzer/models/ledger.h"

#include <errno.h>
#include <stdlib.h>

int ledger_reserve(struct ledger *ledger, size_t more)
{
	struct ledger_flow *flows;
	size_t capacity;

	if (!ledger || ledger->capacity - ledger->count >= more)
		return 0;
	capacity = 2 * ledger->capacity + more;
	if (capacity > UINT32_MAX)
		return -ENOMEM;
	flows = reallocarray(ledger->flows, capacity, sizeof(*flows));
	if (!flows)
		return -ENOMEM;
	ledger->flows = flows;
	ledger->capacity = capacity;
	return 0;
}

void ledger_clear(struct ledger *ledger)
{
	free(ledger->flows);
	*ledger = (struct ledger){0};
}

void ledger_flow_add(struct ledger_flow *flow, const struct sightings *sightings, uint32_t i)
{
	flow->packets++;
	flow->bytes += sighting_frame_bytes(sightings, i);
	flow->end_ns = sightings->column[SIGHTING_TIME][i];
}

void ledger_flow_observe(struct ledger_flow *flow, const struct sightings *sightings,
			 uint32_t i)
{
	uint32_t interface = (uint32_t)sightings->column[SIGHTING_INTERFACE][i];
	uint8_t direction = (uint8_t)sightings->column[SIGHTING_DIRECTION][i];
	unsigned int at = 0;

	flow->end_ns = sightings->column[SIGHTING_TIME][i];
	if (flow->observed_count == LEDGER_INTERFACES)
		return;
	while (at < flow->observed_count && flow->observed[at] != interface)
		at++;
	if (at < flow->observed_count) {
		if (flow->observed_direction[at] != direction)
			flow->observed_direction[at] = LEDGER_BOTH;
	} else if (interface) {
		flow->observed[at] = interface;
		flow->observed_direction[at] = direction;
		flow->observed_count++;
	}
}

uint32_t ledger_begin(struct ledger *ledger, const struct sightings *sightings, uint32_t i)
{
	const uint64_t *const *column = sightings->column;
	uint32_t flow;

	if (!ledger)
		return 0;
	flow = (uint32_t)ledger->count++;
	ledger->flows[flow] = (struct ledger_flow){
		.source = sightings->source[i],
		.destination = sightings->destination[i],
		.start_ns = column[SIGHTING_TIME][i],
		.source_mac = column[SIGHTING_SOURCE_MAC][i],
		.destination_mac = column[SIGHTING_DESTINATION_MAC][i],
		.network_namespace = (uint32_t)column[SIGHTING_NAMESPACE][i],
		.interface = (uint32_t)column[SIGHTING_INTERFACE][i],
		.ethernet_type = (uint16_t)column[SIGHTING_ETHERNET_TYPE][i],
		.protocol = (uint8_t)column[SIGHTING_PROTOCOL][i],
		.icmp_type = (uint8_t)column[SIGHTING_ICMP_TYPE][i],
		.icmp_code = (uint8_t)column[SIGHTING_ICMP_CODE][i],
		.direction = (uint8_t)column[SIGHTING_DIRECTION][i],
		.is_forwarded = 1,
	};
	if (!sighting_is_icmp(sightings, i)) {
		ledger->flows[flow].source_port = (uint16_t)column[SIGHTING_SOURCE_PORT][i];
		ledger->flows[flow].destination_port =
			(uint16_t)column[SIGHTING_DESTINATION_PORT][i];
	}
	ledger_add(ledger, flow, sightings, i);
	return flow;
}
