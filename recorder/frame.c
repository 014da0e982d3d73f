/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the IP header in a frame: Ethernet, raw IP, Linux cooked v1 and v2, BSD loopback, and
 * the tags and shims that may lie between.
 */
#include "recorder/frame.h"

#include <pcap/dlt.h>

#define ETHERTYPE_IPV4	       0x0800
#define ETHERTYPE_VLAN	       0x8100 /* IEEE 802.1Q */
#define ETHERTYPE_IPV6	       0x86dd
#define ETHERTYPE_MPLS	       0x8847
#define ETHERTYPE_MPLS_UP      0x8848
#define ETHERTYPE_PPPOE	       0x8864 /* the session stage, RFC 2516 */
#define ETHERTYPE_SERVICE_VLAN 0x88a8 /* IEEE 802.1ad */
#define ETHERTYPE_OLD_QINQ     0x9100
#define ETHERTYPE_LEAST	       0x0600 /* below it the field is an IEEE 802.3 length */

#define PPP_IPV4 0x0021
#define PPP_IPV6 0x0057

/* More tags than any network stacks; a frame made of tags alone ends here. */
#define SHIMS 8

/* The packet type field of Linux cooked captures: sent by this host. */
#define COOKED_OUTGOING 4

static enum packet_verdict by_version(const struct frame *frame, unsigned int *version)
{
	enum packet_verdict verdict = frame_need(frame, 1);

	if (verdict)
		return verdict;
	*version = frame->at[0] >> 4;
	return *version == 4 || *version == 6 ? PACKET_COUNTED : PACKET_NOT_IP;
}

static enum packet_verdict after_pppoe(struct frame *frame, unsigned int *version)
{
	enum packet_verdict verdict = frame_need(frame, 8);
	uint16_t protocol;

	if (verdict)
		return verdict;
	protocol = frame_big16(frame->at + 6);
	frame_skip(frame, 8);
	*version = protocol == PPP_IPV6 ? 6 : 4;
	return protocol == PPP_IPV4 || protocol == PPP_IPV6 ? PACKET_COUNTED : PACKET_NOT_IP;
}

/* A label stack does not say what it carries: the nibble behind it does (RFC 4928). */
static enum packet_verdict after_mpls(struct frame *frame, unsigned int *version)
{
	int is_bottom = 0;

	for (int label = 0; label < SHIMS && !is_bottom; label++) {
		enum packet_verdict verdict = frame_need(frame, 4);

		if (verdict)
			return verdict;
		is_bottom = frame->at[2] & 1;
		frame_skip(frame, 4);
	}
	return is_bottom ? by_version(frame, version) : PACKET_NOT_IP;
}

/* An IEEE 802.3 frame carries IP only behind a SNAP header (RFC 1042). */
static enum packet_verdict skip_snap(struct frame *frame, uint16_t *ethertype)
{
	static const uint8_t snap[6] = {0xaa, 0xaa, 3, 0, 0, 0};

	if (frame->captured < 8 || memcmp(frame->at, snap, sizeof(snap)) != 0)
		return PACKET_NOT_IP;
	*ethertype = frame_big16(frame->at + 6);
	frame_skip(frame, 8);
	return PACKET_COUNTED;
}

static enum packet_verdict by_ethertype(struct frame *frame, uint16_t ethertype,
					unsigned int *version)
{
	for (int shim = 0; shim <= SHIMS; shim++) {
		enum packet_verdict verdict;

		switch (ethertype) {
		case ETHERTYPE_IPV4:
			*version = 4;
			return PACKET_COUNTED;
		case ETHERTYPE_IPV6:
			*version = 6;
			return PACKET_COUNTED;
		case ETHERTYPE_VLAN:
		case ETHERTYPE_SERVICE_VLAN:
		case ETHERTYPE_OLD_QINQ:
			verdict = frame_need(frame, 4);
			if (verdict)
				return verdict;
			ethertype = frame_big16(frame->at + 2);
			frame_skip(frame, 4);
			break;
		case ETHERTYPE_PPPOE:
			return after_pppoe(frame, version);
		case ETHERTYPE_MPLS:
		case ETHERTYPE_MPLS_UP:
			return after_mpls(frame, version);
		default:
			if (ethertype >= ETHERTYPE_LEAST ||
			    skip_snap(frame, &ethertype) != PACKET_COUNTED)
				return PACKET_NOT_IP;
		}
	}
	return PACKET_NOT_IP;
}

static enum packet_verdict cooked(struct frame *frame, unsigned int version_2,
				  unsigned int *version, struct packet *packet)
{
	uint32_t size = version_2 ? 20 : 16;
	enum packet_verdict verdict = frame_need(frame, size);
	uint16_t ethertype;
	unsigned int type;

	if (verdict)
		return verdict;
	if (version_2) {
		ethertype = frame_big16(frame->at);
		packet->interface_index = frame_big32(frame->at + 4);
		type = frame->at[10];
	} else {
		ethertype = frame_big16(frame->at + 14);
		type = frame_big16(frame->at);
	}
	packet->io_direction = type == COOKED_OUTGOING ? IO_TRANSMIT : IO_RECEIVE;
	frame_skip(frame, size);
	return by_ethertype(frame, ethertype, version);
}

/*
 * The address family is in the byte order of the machine that captured, and IPv6 has a number
 * for each system: 10 Linux, 23 Windows, 24 NetBSD and OpenBSD, 28 FreeBSD, 30 macOS.
 */
static enum packet_verdict loopback(struct frame *frame, unsigned int *version)
{
	enum packet_verdict verdict = frame_need(frame, 4);
	uint32_t family;

	if (verdict)
		return verdict;
	family = frame_big32(frame->at);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	frame_skip(frame, 4);
	switch (family) {
	case 2:
		*version = 4;
		return PACKET_COUNTED;
	case 10:
	case 23:
	case 24:
	case 28:
	case 30:
		*version = 6;
		return PACKET_COUNTED;
	default:
		return PACKET_NOT_IP;
	}
}

enum packet_verdict frame_find_ip(int link_type, struct frame *frame, unsigned int *version,
				  struct packet *packet)
{
	enum packet_verdict verdict;
	uint16_t ethertype;

	packet->interface_index = 0;
	packet->io_direction = -1;
	switch (link_type) {
	case DLT_EN10MB:
		verdict = frame_need(frame, 14);
		if (verdict)
			return verdict;
		ethertype = frame_big16(frame->at + 12);
		frame_skip(frame, 14);
		return by_ethertype(frame, ethertype, version);
	case DLT_RAW:
	case 101: /* LINKTYPE_RAW, when it comes as the file has it */
		return by_version(frame, version);
	case DLT_IPV4:
		*version = 4;
		return PACKET_COUNTED;
	case DLT_IPV6:
		*version = 6;
		return PACKET_COUNTED;
	case DLT_LINUX_SLL:
		return cooked(frame, 0, version, packet);
	case DLT_LINUX_SLL2:
		return cooked(frame, 1, version, packet);
	case DLT_NULL:
	case DLT_LOOP:
		return loopback(frame, version);
	default:
		return PACKET_UNKNOWN_LINK_TYPE;
	}
}

int packet_knows_link_type(int link_type)
{
	struct frame frame = {0};
	struct packet packet;
	unsigned int version;

	return frame_find_ip(link_type, &frame, &version, &packet) != PACKET_UNKNOWN_LINK_TYPE;
}
