/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adds up segments sent again and packets dropped.
 */
#include "recorder/trouble.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

void trouble_reasons(struct reasons *to, const struct flow_drop drops[FLOW_DROPS],
		     const char *(*name)(void *context, uint32_t reason), void *context)
{
	size_t size = 0;
	uint64_t most = 0;

	to->most[0] = to->all[0] = '\0';
	for (int i = 0; i < FLOW_DROPS && drops[i].reason; i++) {
		const char *known = name ? name(context, drops[i].reason) : NULL;
		char word[REASON_SIZE];

		if (known)
			snprintf(word, sizeof(word), "%s", known);
		else
			snprintf(word, sizeof(word), "%" PRIu32, drops[i].reason);
		size += (size_t)snprintf(to->all + size, sizeof(to->all) - size,
					 "%c\"%s\":%" PRIu64, i ? ',' : '{', word,
					 (uint64_t)drops[i].packets);
		if (drops[i].packets > most) {
			most = drops[i].packets;
			memcpy(to->most, word, sizeof(word));
		}
	}
	if (size)
		memcpy(to->all + size, "}", 2);
}
