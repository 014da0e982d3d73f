/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds a packet's connection in its bytes.
 *
 * A length is believed when it fits what was on the wire: a packet that the capture has cut
 * counts with the length in its IP header, one that claims more than was sent, or more than IP
 * allows, is malformed.
 */
#include "recorder/packet.h"
#include "recorder/fragments.h"
#include "recorder/frame.h"

#include <endian.h>
#include <netinet/in.h>
#include <pcap/dlt.h>

/*
 * Linux's largest packet before it is cut into segments, "BIG TCP" and what tunnels it, whose
 * IP length field is 0 (GSO_MAX_SIZE, Linux 6.3).
 */
#define BIG_TCP_MAXIMUM (8 * 65535U)

/* More extension headers than any sender chains. */
#define EXTENSIONS 16

#define IPV6_HEADER 40U

#define TCP_FLAGS_END 14U

enum icmp4_type {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_ECHO = 8,
	ICMP4_TIMESTAMP = 13,
	ICMP4_TIMESTAMP_REPLY = 14,
	ICMP4_INFORMATION = 15,
	ICMP4_INFORMATION_REPLY = 16,
	ICMP4_ADDRESS_MASK = 17,
	ICMP4_ADDRESS_MASK_REPLY = 18,
};

enum icmp6_type {
	ICMP6_ECHO = 128,
	ICMP6_REPLY = 129,
};

/* What the IP header says of a fragment. */
struct fragment {
	struct fragment_key key;
	int is_first; /* offset 0 and more to come */
	int is_later;
};

/* The query that a query or its reply belongs to, or -1: a message without identifier. */
static int icmp_query(unsigned int version, uint8_t type)
{
	if (version == 6)
		return type == ICMP6_ECHO || type == ICMP6_REPLY ? ICMP6_ECHO : -1;
	switch (type) {
	case ICMP4_ECHO:
	case ICMP4_ECHO_REPLY:
		return ICMP4_ECHO;
	case ICMP4_TIMESTAMP:
	case ICMP4_TIMESTAMP_REPLY:
		return ICMP4_TIMESTAMP;
	case ICMP4_INFORMATION:
	case ICMP4_INFORMATION_REPLY:
		return ICMP4_INFORMATION;
	case ICMP4_ADDRESS_MASK:
	case ICMP4_ADDRESS_MASK_REPLY:
		return ICMP4_ADDRESS_MASK;
	default:
		return -1;
	}
}

static enum packet_verdict parse_icmp(const struct frame *frame, unsigned int version,
				      struct transport *transport)
{
	enum packet_verdict verdict = frame_need(frame, 4);
	int query;

	if (verdict)
		return verdict;
	transport->icmp_type = frame->at[0];
	transport->icmp_code = frame->at[1];
	query = icmp_query(version, frame->at[0]);
	if (query < 0)
		return PACKET_COUNTED;
	verdict = frame_need(frame, 6);
	if (verdict)
		return verdict;
	transport->icmp_type = (uint8_t)query;
	transport->source_port = frame_big16(frame->at + 4);
	transport->destination_port = transport->source_port;
	return PACKET_COUNTED;
}

static enum packet_verdict parse_transport(const struct frame *frame, unsigned int version,
					   struct transport *transport)
{
	enum packet_verdict verdict;

	switch (transport->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		verdict = frame_need(frame, 4);
		if (verdict)
			return verdict;
		transport->source_port = frame_big16(frame->at);
		transport->destination_port = frame_big16(frame->at + 2);
		/* The ninth flag is AE, once NS (RFC 9768). */
		if (transport->protocol == IPPROTO_TCP && frame->captured >= TCP_FLAGS_END)
			transport->tcp_flags = frame_big16(frame->at + 12) & 0x1ff;
		return PACKET_COUNTED;
	case IPPROTO_ICMP:
		return version == 4 ? parse_icmp(frame, version, transport) : PACKET_COUNTED;
	case IPPROTO_ICMPV6:
		return version == 6 ? parse_icmp(frame, version, transport) : PACKET_COUNTED;
	default:
		return PACKET_COUNTED;
	}
}

/*
 * ::ffff:a.b.c.d as two words, made in registers: bytes written one by one and read back as
 * words would stall the CPU.
 */
static struct address mapped_address(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return (struct address){
		{0, htobe64(0xffff00000000ULL) |
			    (BYTE_ORDER == LITTLE_ENDIAN ? (uint64_t)word << 32 : word)}};
}

/*
 * Read the header, leave the frame at what it carries, cut to the packet's length.
 */
static enum packet_verdict parse_ipv4(struct frame *frame, struct fragment *fragment,
				      struct transport *transport, uint32_t *length)
{
	enum packet_verdict verdict = frame_need(frame, 20);
	const uint8_t *header = frame->at;
	uint32_t header_size, total;
	uint16_t offset;

	if (verdict)
		return verdict;
	header_size = (header[0] & 0xfU) * 4;
	total = frame_big16(header + 2);
	if (header[0] >> 4 != 4 || header_size < 20)
		return PACKET_MALFORMED;
	transport->protocol = header[9];
	if (total == 0) {
		/* Captured before the network card cut it into segments: the frame knows. */
		total = frame->wire;
		if (total > BIG_TCP_MAXIMUM)
			return PACKET_MALFORMED;
	} else if (frame->wire > 65535) {
		return PACKET_MALFORMED;
	}
	if (total < header_size || total > frame->wire)
		return PACKET_MALFORMED;
	*length = total;

	fragment->key.source = mapped_address(header + 12);
	fragment->key.destination = mapped_address(header + 16);
	offset = frame_big16(header + 6);
	fragment->is_later = (offset & 0x1fff) != 0;
	fragment->is_first = !fragment->is_later && (offset & 0x2000) != 0;
	fragment->key.id = frame_big16(header + 4);
	fragment->key.protocol = header[9];

	frame_cut(frame, total);
	verdict = frame_need(frame, header_size);
	if (verdict == PACKET_COUNTED)
		frame_skip(frame, header_size);
	else
		frame->captured = 0; /* in the options: what follows is not there */
	return PACKET_COUNTED;
}

/* Follow the extension headers; the frame stays at what they carry. */
static enum packet_verdict skip_extensions(struct frame *frame, struct fragment *fragment,
					   uint8_t *next)
{
	for (int extension = 0; extension < EXTENSIONS; extension++) {
		enum packet_verdict verdict;
		uint32_t size;

		switch (*next) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
		case IPPROTO_AH:
			verdict = frame_need(frame, 2);
			if (verdict)
				return verdict;
			size = *next == IPPROTO_AH ? (frame->at[1] + 2U) * 4
						   : (frame->at[1] + 1U) * 8;
			break;
		case IPPROTO_FRAGMENT:
			verdict = frame_need(frame, 8);
			if (verdict)
				return verdict;
			fragment->is_later = (frame_big16(frame->at + 2) & 0xfff8) != 0;
			fragment->is_first = !fragment->is_later && (frame->at[3] & 1);
			fragment->key.id = frame_big32(frame->at + 4);
			size = 8;
			break;
		default:
			return PACKET_COUNTED;
		}
		verdict = frame_need(frame, size);
		if (verdict)
			return verdict;
		*next = frame->at[0];
		frame_skip(frame, size);
		if (fragment->is_later)
			return PACKET_COUNTED;
	}
	return PACKET_MALFORMED;
}

/* The option of a jumbogram, the first of its hop-by-hop options (RFC 2675). */
static enum packet_verdict jumbo_length(const struct frame *frame, uint32_t *total)
{
	enum packet_verdict verdict = frame_need(frame, IPV6_HEADER + 8);
	const uint8_t *option = frame->at + IPV6_HEADER + 2;
	uint32_t payload;

	if (verdict)
		return verdict;
	payload = frame_big32(option + 2);
	if (option[0] != 0xc2 || option[1] != 4 || payload > BIG_TCP_MAXIMUM)
		return PACKET_MALFORMED;
	*total = IPV6_HEADER + payload;
	return PACKET_COUNTED;
}

static enum packet_verdict ipv6_length(const struct frame *frame, uint32_t *total)
{
	uint32_t payload = frame_big16(frame->at + 4);
	enum packet_verdict verdict;
	uint8_t next = frame->at[6];

	*total = IPV6_HEADER + payload;
	if (payload == 0 && next == IPPROTO_HOPOPTS) {
		verdict = jumbo_length(frame, total);
		if (verdict)
			return verdict;
	} else if (payload == 0 && (next == IPPROTO_TCP || next == IPPROTO_UDP)) {
		/* BIG TCP without that option: something must follow, the frame knows. */
		*total = frame->wire;
		if (*total > IPV6_HEADER + BIG_TCP_MAXIMUM)
			return PACKET_MALFORMED;
	} else if (frame->wire > IPV6_HEADER + 65535) {
		return PACKET_MALFORMED;
	}
	return *total > frame->wire ? PACKET_MALFORMED : PACKET_COUNTED;
}

static enum packet_verdict parse_ipv6(struct frame *frame, struct fragment *fragment,
				      struct transport *transport, uint32_t *length)
{
	enum packet_verdict verdict = frame_need(frame, IPV6_HEADER);
	const uint8_t *header = frame->at;
	uint32_t total;

	if (verdict)
		return verdict;
	if (header[0] >> 4 != 6)
		return PACKET_MALFORMED;
	transport->protocol = header[6];
	verdict = ipv6_length(frame, &total);
	if (verdict)
		return verdict;
	*length = total;

	memcpy(&fragment->key.source, header + 8, 16);
	memcpy(&fragment->key.destination, header + 24, 16);
	fragment->key.id = 0;
	fragment->key.protocol = 0;
	fragment->is_first = fragment->is_later = 0;

	frame_cut(frame, total);
	frame_skip(frame, IPV6_HEADER);
	return skip_extensions(frame, fragment, &transport->protocol);
}

static int address_order(const struct address *a, const struct address *b)
{
	if (a->half[0] != b->half[0])
		return a->half[0] < b->half[0] ? -1 : 1;
	if (a->half[1] != b->half[1])
		return a->half[1] < b->half[1] ? -1 : 1;
	return 0;
}

static void fill_key(const struct fragment_key *ends, const struct transport *transport,
		     struct packet *packet)
{
	int order = address_order(&ends->source, &ends->destination);
	unsigned int source;

	if (order == 0)
		order = transport->source_port <= transport->destination_port ? -1 : 1;
	source = order > 0;
	packet->key = (struct flow_key){
		.protocol = transport->protocol,
		.icmp_type = transport->icmp_type,
		.icmp_code = transport->icmp_code,
	};
	packet->key.address[source] = ends->source;
	packet->key.address[!source] = ends->destination;
	packet->key.port[source] = transport->source_port;
	packet->key.port[!source] = transport->destination_port;
	packet->direction = source;
	packet->tcp_flags = transport->tcp_flags;
}

enum packet_verdict packet_parse(int link_type, const uint8_t *bytes, uint32_t captured,
				 uint32_t original, struct fragments *fragments,
				 struct packet *packet)
{
	struct frame frame = {bytes, captured, original < captured ? captured : original};
	struct transport transport = {0};
	struct fragment fragment;
	struct packet link;
	enum packet_verdict verdict;
	unsigned int version;
	const uint8_t *header;
	uint32_t length, network_header;

	verdict = frame_find_ip(link_type, &frame, &version, &link);
	if (verdict)
		return verdict;
	header = frame.at;
	captured = frame.captured;
	verdict = version == 4 ? parse_ipv4(&frame, &fragment, &transport, &length)
			       : parse_ipv6(&frame, &fragment, &transport, &length);
	if (verdict)
		return verdict;
	network_header = (uint32_t)(frame.at - header);
	if (fragment.is_later) {
		const struct transport *first = fragments_find(fragments, &fragment.key);

		if (first) {
			transport = *first;
			transport.tcp_flags = 0;
		}
	} else {
		/* A first fragment holds all headers, ports included (RFC 1858, RFC 7112). */
		verdict = parse_transport(&frame, version, &transport);
		if (verdict)
			return verdict;
		if (fragment.is_first)
			fragments_put(fragments, &fragment.key, &transport);
	}
	fill_key(&fragment.key, &transport, packet);
	packet->bytes = length;
	packet->network = header;
	packet->network_captured = captured < length ? captured : length;
	packet->network_header_bytes = network_header;
	packet->is_later_fragment = fragment.is_later != 0;
	packet->has_ethernet = link_type == DLT_EN10MB;
	packet->dscp = (uint8_t)(version == 4 ? header[1] >> 2
					      : (header[0] << 2 & 0x3c) | header[1] >> 6);
	packet->interface_index = link.interface_index;
	packet->io_direction = link.io_direction;
	return PACKET_COUNTED;
}

const char *packet_verdict_name(enum packet_verdict verdict)
{
	static const char *const names[PACKET_VERDICTS] = {
		[PACKET_COUNTED] = "counted",
		[PACKET_NOT_IP] = "not IP",
		[PACKET_TRUNCATED] = "truncated",
		[PACKET_MALFORMED] = "malformed",
		[PACKET_UNKNOWN_LINK_TYPE] = "unknown link type",
	};

	return names[verdict];
}
