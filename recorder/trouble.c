/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adds up segments sent again and packets dropped.
 */
#include "recorder/trouble.h"

int trouble_in(const struct flow_value *value)
{
	return value->retransmits[0] || value->retransmits[1] || value->drop[0].reason;
}

void trouble_add_drop(struct flow_drop drops[FLOW_DROPS], uint32_t reason, uint64_t packets)
{
	struct flow_drop *drop = drops, *last = &drops[FLOW_DROPS - 1];

	while (drop < last && drop->reason && drop->reason != reason)
		drop++;
	drop->reason = reason;
	drop->packets += packets;
}

static void add(struct trouble *to, const __u64 retransmits[2], const struct flow_drop *drops)
{
	to->retransmits[0] += retransmits[0];
	to->retransmits[1] += retransmits[1];
	for (int i = 0; i < FLOW_DROPS && drops[i].reason; i++)
		trouble_add_drop(to->drop, drops[i].reason, drops[i].packets);
}

void trouble_add(struct trouble *to, const struct flow_value *value)
{
	add(to, value->retransmits, value->drop);
}

void trouble_move(struct trouble *to, struct trouble *from)
{
	add(to, from->retransmits, from->drop);
	*from = (struct trouble){0};
}
