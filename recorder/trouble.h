/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong with a connection: segments sent again, packets dropped and why.
 *
 * Most connections have none of it, so a view has memory for it only once it is needed.
 */
#ifndef RECORDER_TROUBLE_H
#define RECORDER_TROUBLE_H

#include "recorder/flow.h"

#include <stdint.h>

struct trouble {
	__u64 retransmits[2]; /* by direction of the key */
	struct flow_drop drop[FLOW_DROPS];
};

/* Whether the kernel told of any. */
int trouble_in(const struct flow_value *value);

/* Add what the kernel told. */
void trouble_add(struct trouble *to, const struct flow_value *value);

/* Add all of the one to the other, and leave nothing. */
void trouble_move(struct trouble *to, struct trouble *from);

/* Add packets dropped for a reason. Reasons beyond FLOW_DROPS count as the last of them. */
void trouble_add_drop(struct flow_drop drops[FLOW_DROPS], uint32_t reason, uint64_t packets);

#define REASON_SIZE 64

/* Why packets were dropped, in words; both empty: none was. */
struct reasons {
	char most[REASON_SIZE];			   /* why most of them were */
	char all[FLOW_DROPS * (REASON_SIZE + 32)]; /* packets by reason as JSON */
};

/*
 * name gives the kernel's word for a reason, or NULL where it has none: then its number stands
 * for it. name may be NULL, too.
 */
void trouble_reasons(struct reasons *to, const struct flow_drop drops[FLOW_DROPS],
		     const char *(*name)(void *context, uint32_t reason), void *context);

#endif
