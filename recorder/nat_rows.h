/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translations on their way from the kernel's events to rows.
 *
 * Several probes may tell of one translation (the dump at the start, a packet, a walk): the
 * first one makes the row.
 */
#ifndef RECORDER_NAT_ROWS_H
#define RECORDER_NAT_ROWS_H

#include "recorder/connection.h"
#include "schema/stream.h"

struct nat_rows;

/* NULL when memory is short. The epoch offset is what to add to the times of events. */
struct nat_rows *nat_rows_new(struct connections *connections, int64_t epoch_offset_ns);
void nat_rows_free(struct nat_rows *rows);

enum nat_news {
	NAT_NEWS,
	NAT_KNOWN,	 /* told before */
	NAT_NOT_SAMPLED, /* the connection is not in the sample */
};

/*
 * Join or end what the event tells of. Returns an enum nat_news, with the row where it is one,
 * or -ENOMEM. The row's text is static.
 */
int nat_rows_take(struct nat_rows *rows, const struct nat_event *event, struct nat_row *row);

#endif
