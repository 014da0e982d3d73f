/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of this network namespace through libpcap's device "any".
 *
 * Its link type, Linux cooked v2, names the interface and the direction. On the loopback
 * libpcap shows each packet once, as received.
 */
#include "recorder/live_capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>

#define SNAPSHOT_BYTES 256 /* link layer to transport, with extension headers */
#define BUFFER_BYTES   (16 << 20)
#define WAIT_MS	       10

struct live_capture {
	pcap_t *pcap;
	struct fragments *fragments;
	struct live_capture_counts counts;
	uint32_t dropped; /* as libpcap counts: 32 bits */
	int (*visit)(void *context, const struct packet *packet, uint64_t time_ns);
	void *context;
	int result; /* of the last visit */
};

static int error_of(int status)
{
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return -EPERM;
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return -ENODEV;
	default:
		return -EIO;
	}
}

static int open_pcap(struct live_capture *capture, int receive, int transmit)
{
	char problem[PCAP_ERRBUF_SIZE];
	int status;

	capture->pcap = pcap_create("any", problem);
	if (!capture->pcap)
		return -ENODEV;
	pcap_set_snaplen(capture->pcap, SNAPSHOT_BYTES);
	pcap_set_buffer_size(capture->pcap, BUFFER_BYTES);
	pcap_set_timeout(capture->pcap, WAIT_MS);
	pcap_set_tstamp_precision(capture->pcap, PCAP_TSTAMP_PRECISION_NANO);
	status = pcap_activate(capture->pcap);
	if (status < 0)
		return error_of(status);
	if (pcap_set_datalink(capture->pcap, DLT_LINUX_SLL2) ||
	    pcap_setnonblock(capture->pcap, 1, problem))
		return -EIO;
	if (!(receive && transmit) &&
	    pcap_setdirection(capture->pcap, receive ? PCAP_D_IN : PCAP_D_OUT))
		return -EIO;
	return 0;
}

int live_capture_open(int receive, int transmit, struct live_capture **out)
{
	struct live_capture *capture = calloc(1, sizeof(*capture));
	int error = -ENOMEM;

	if (!capture)
		return -ENOMEM;
	capture->fragments = fragments_new();
	if (capture->fragments)
		error = open_pcap(capture, receive, transmit);
	if (error)
		live_capture_close(capture);
	else
		*out = capture;
	return error;
}

void live_capture_close(struct live_capture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap);
	fragments_free(capture->fragments);
	free(capture);
}

static void on_frame(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct live_capture *capture = (struct live_capture *)user;
	struct packet packet;
	enum packet_verdict verdict = packet_parse(DLT_LINUX_SLL2, bytes, header->caplen,
						   header->len, capture->fragments, &packet);

	capture->counts.verdicts[verdict]++;
	if (verdict != PACKET_COUNTED)
		return;
	capture->result = capture->visit(capture->context, &packet,
					 (uint64_t)header->ts.tv_sec * 1000000000 +
						 (uint64_t)header->ts.tv_usec);
	if (capture->result < 0)
		pcap_breakloop(capture->pcap);
}

int live_capture_read(struct live_capture *capture,
		      int (*visit)(void *context, const struct packet *packet,
				   uint64_t time_ns),
		      void *context)
{
	int count;

	capture->visit = visit;
	capture->context = context;
	capture->result = 0;
	do
		count = pcap_dispatch(capture->pcap, -1, on_frame, (u_char *)capture);
	while (count > 0);
	if (capture->result < 0)
		return capture->result;
	return count < 0 ? -EIO : 0;
}

void live_capture_count(struct live_capture *capture, struct live_capture_counts *counts)
{
	struct pcap_stat stat;

	if (!pcap_stats(capture->pcap, &stat)) {
		capture->counts.dropped += stat.ps_drop - capture->dropped;
		capture->dropped = stat.ps_drop;
	}
	*counts = capture->counts;
}
