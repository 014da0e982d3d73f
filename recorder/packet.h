/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds a packet's connection in its bytes: link layer, VLAN tags, IPv4 or IPv6 with extension
 * headers, fragments, TCP, UDP, SCTP, ICMP, ICMPv6; other protocols by their number.
 */
#ifndef RECORDER_PACKET_H
#define RECORDER_PACKET_H

#include "schema/event.h"

#include <stddef.h>
#include <stdint.h>

enum packet_verdict {
	PACKET_COUNTED = 0,
	PACKET_NOT_IP,	  /* ARP, LLDP, ... */
	PACKET_TRUNCATED, /* the capture ends before the addresses (or ports) do */
	PACKET_MALFORMED, /* lengths that contradict each other or what IP allows */
	PACKET_UNKNOWN_LINK_TYPE,
	PACKET_VERDICTS,
};

/* One packet of a connection. */
struct packet {
	struct flow_key key;	/* network_namespace 0 */
	unsigned int direction; /* 0: from end 0 of the key to end 1 */
	uint32_t bytes;		/* network-layer bytes, as the IP header says */
	uint16_t tcp_flags;
	uint8_t dscp;
	uint32_t interface_index; /* where the link layer tells it (Linux cooked v2), else 0 */
	int io_direction; /* IO_RECEIVE, IO_TRANSMIT, or -1 where the link layer is silent */
	const uint8_t *network;	       /* the network header, in the frame */
	uint32_t network_captured;     /* bytes from there, padding left out */
	uint32_t network_header_bytes; /* with extension headers */
	uint8_t is_later_fragment;
	uint8_t has_ethernet; /* the frame begins with such a header */
};

/* Remembers the ports of fragmented datagrams, which only their first fragment carries. */
struct fragments;

struct fragments *fragments_new(void);
void fragments_free(struct fragments *fragments);

/*
 * Parse one captured frame. captured bytes of it are there, original were on the wire.
 * link_type is a DLT_* number of libpcap. A later fragment gets the ports of its first fragment
 * when fragments knows it, else ports 0. packet is filled only when PACKET_COUNTED is returned.
 */
enum packet_verdict packet_parse(int link_type, const uint8_t *bytes, uint32_t captured,
				 uint32_t original, struct fragments *fragments,
				 struct packet *packet);

/* The verdict's name as reports show it: "counted", "not IP", "truncated"... */
const char *packet_verdict_name(enum packet_verdict verdict);

/* Whether packet_parse knows this link type. */
int packet_knows_link_type(int link_type);

#endif
