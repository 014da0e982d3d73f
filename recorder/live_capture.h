/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of this network namespace, on all its interfaces, through libpcap: the last resort
 * where no program may be in the kernel.
 */
#ifndef RECORDER_LIVE_CAPTURE_H
#define RECORDER_LIVE_CAPTURE_H

#include "recorder/packet.h"

struct live_capture;

/* What came in since the capture began. */
struct live_capture_counts {
	uint64_t verdicts[PACKET_VERDICTS];
	uint64_t dropped; /* found the buffer full */
};

/*
 * Begin to capture what is received, what is transmitted, or both. Packets wait in a buffer of
 * some megabytes to be read. Returns 0, -EPERM without CAP_NET_RAW, or another negative errno.
 */
int live_capture_open(int receive, int transmit, struct live_capture **out);
void live_capture_close(struct live_capture *capture);

/*
 * Visit the packets that wait, until there are none or a visit's result is negative, which is
 * returned. time_ns is epoch time; the key is without its namespace.
 */
int live_capture_read(struct live_capture *capture,
		      int (*visit)(void *context, const struct packet *packet,
				   uint64_t time_ns),
		      void *context);

void live_capture_count(struct live_capture *capture, struct live_capture_counts *counts);

#endif
