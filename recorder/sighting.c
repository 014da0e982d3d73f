/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sightings: what the bytes of a packet's headers say, field by field.
 *
 * Both ways into the recorder end here: the kernel copies header bytes into its events, and a
 * captured frame is cut up into such an event first.
 */
#include "recorder/sighting.h"
#include "recorder/frame.h"

#include <endian.h>
#include <netinet/in.h>
#include <xxhash.h>

#define ETHERNET_HEADER 14
#define ETHERTYPE_IPV4	0x0800
#define ETHERTYPE_IPV6	0x86dd
#define IPV6_HEADER	40
#define TCP_HEADER	20
#define MORE_FRAGMENTS	0x2000
#define HASHED_PAYLOAD	32

/* The bytes that are there of the headers, and how far they have been read. */
struct header {
	const uint8_t *bytes;
	uint32_t size;
	uint32_t transport;
	uint8_t protocol; /* of the header that begins there */
	uint8_t is_later_fragment;
};

static int has(const struct header *header, uint32_t from, uint32_t size)
{
	return from <= header->size && header->size - from >= size;
}

static uint64_t mac_number(const uint8_t *bytes)
{
	return (uint64_t)frame_big16(bytes) << 32 | frame_big32(bytes + 2);
}

static uint64_t big64(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return be64toh(word);
}

static void read_ipv4(struct header *header, struct packet_row *row)
{
	const uint8_t *bytes = header->bytes;
	uint8_t *addresses[2] = {(uint8_t *)&row->source_address,
				 (uint8_t *)&row->destination_address};

	if (!has(header, 0, 20))
		return;
	for (int i = 0; i < 2; i++) {
		memset(addresses[i] + 10, 0xff, 2);
		memcpy(addresses[i] + 12, bytes + 12 + 4 * i, 4);
	}
	row->ip_class_of_service = bytes[1];
	row->ip_identification = frame_big16(bytes + 4);
	row->ip_fragment = frame_big16(bytes + 6);
	row->ip_ttl = bytes[8];
	row->ip_checksum = frame_big16(bytes + 10);
	header->protocol = bytes[9];
	header->transport = (bytes[0] & 15) * 4;
	header->is_later_fragment = (row->ip_fragment & 0x1fff) != 0;
}

/* A fragment header's fields in the places where IPv4 has them. */
static void read_fragment(const uint8_t *bytes, struct packet_row *row)
{
	uint16_t offset = frame_big16(bytes + 2);

	row->ip_identification = frame_big32(bytes + 4);
	row->ip_fragment = (uint16_t)(offset >> 3 | (offset & 1 ? MORE_FRAGMENTS : 0));
}

static void read_extensions(struct header *header, struct packet_row *row)
{
	while (!header->is_later_fragment && has(header, header->transport, 8)) {
		const uint8_t *bytes = header->bytes + header->transport;

		switch (header->protocol) {
		case IPPROTO_FRAGMENT:
			read_fragment(bytes, row);
			header->is_later_fragment = (row->ip_fragment & 0x1fff) != 0;
			header->transport += 8;
			break;
		case IPPROTO_AH:
			header->transport += (bytes[1] + 2U) * 4;
			break;
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			header->transport += (bytes[1] + 1U) * 8;
			break;
		default:
			return;
		}
		header->protocol = bytes[0];
	}
}

static void read_ipv6(struct header *header, struct packet_row *row)
{
	const uint8_t *bytes = header->bytes;

	if (!has(header, 0, IPV6_HEADER))
		return;
	memcpy(&row->source_address, bytes + 8, 16);
	memcpy(&row->destination_address, bytes + 24, 16);
	row->ip_class_of_service = (uint8_t)(bytes[0] << 4 | bytes[1] >> 4);
	row->ip_ttl = bytes[7];
	header->protocol = bytes[6];
	header->transport = IPV6_HEADER;
	read_extensions(header, row);
}

static int is_query(uint8_t protocol, uint8_t type)
{
	if (protocol == IPPROTO_ICMPV6)
		return type == 128 || type == 129;
	return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

static void read_transport(const struct header *header, struct packet_row *row)
{
	const uint8_t *bytes = header->bytes + header->transport;
	uint8_t protocol = header->protocol;

	row->network_iana_number = protocol;
	if (header->is_later_fragment || !has(header, header->transport, 8))
		return;
	switch (protocol) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		row->icmp_type = bytes[0];
		row->icmp_code = bytes[1];
		if (is_query(protocol, bytes[0]))
			row->source_port = row->destination_port = frame_big16(bytes + 4);
		return;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		row->source_port = frame_big16(bytes);
		row->destination_port = frame_big16(bytes + 2);
		break;
	}
	if (protocol == IPPROTO_UDP)
		row->transport_checksum = frame_big16(bytes + 6);
	if (protocol != IPPROTO_TCP || !has(header, header->transport, 20))
		return;
	row->tcp_sequence_number = frame_big32(bytes + 4);
	row->tcp_acknowledgement_number = frame_big32(bytes + 8);
	row->tcp_flags = frame_big16(bytes + 12) & 0x1ff;
	row->tcp_window_size = frame_big16(bytes + 14);
	row->transport_checksum = frame_big16(bytes + 16);
}

static void read_payload(const struct header *header, const struct sighting_event *event,
			 struct packet_row *row)
{
	uint8_t payload[SIGHTING_PAYLOAD] = {0};
	size_t size =
		event->payload_size < sizeof(payload) ? event->payload_size : sizeof(payload);

	/* A capture may end before a header tells its size. */
	if (header->protocol == IPPROTO_TCP && !header->is_later_fragment &&
	    !has(header, header->transport, TCP_HEADER))
		return;
	if (event->network_bytes > event->header_size)
		row->payload_bytes = event->network_bytes - event->header_size;
	if (!size)
		return;
	memcpy(payload, event->payload, size);
	row->payload_first = big64(payload);
	row->payload_second = big64(payload + 8);
	row->payload_hash = XXH3_64bits(payload, size < HASHED_PAYLOAD ? size : HASHED_PAYLOAD);
	if (size == sizeof(payload))
		row->payload_stamp = big64(payload + HASHED_PAYLOAD);
}

static const char *identity_name(uint8_t identity)
{
	static const char *const names[] = {
		[IDENTITY_NEW] = "new",
		[IDENTITY_EXACT] = "exact",
		[IDENTITY_SAME_HEAD] = "same_head",
		[IDENTITY_INFERRED] = "inferred",
	};

	return identity < sizeof(names) / sizeof(names[0]) ? names[identity] : NULL;
}

static const char *relation_name(uint8_t relation)
{
	static const char *const names[] = {
		[RELATION_SEGMENT] = "segment",	  [RELATION_MERGE] = "merge",
		[RELATION_FRAGMENT] = "fragment", [RELATION_INSIDE] = "inside",
		[RELATION_AGAIN] = "again",	  [RELATION_AROUND] = "around",
	};

	return relation < sizeof(names) / sizeof(names[0]) ? names[relation] : NULL;
}

void sighting_row(const struct sighting_event *event, struct packet_row *row)
{
	struct header header = {
		.bytes = event->bytes,
		.size = event->header_size < SIGHTING_HEADER ? event->header_size
							     : SIGHTING_HEADER,
	};
	int is_ipv6 = event->bytes[0] >> 4 == 6;

	*row = (struct packet_row){
		.packet_id = event->packet_id,
		.packet_identity = identity_name(event->identity),
		.parent_packet_id = event->parent_id,
		.packet_relation = relation_name(event->relation),
		.network_namespace = event->network_namespace,
		.interface_index = event->interface_index,
		.network_io_direction =
			event->io_direction == IO_TRANSMIT ? "transmit" : "receive",
		.ethernet_type = is_ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4,
		.network_bytes = event->network_bytes,
		.packets = event->packets,
		.skb_address = event->skb_address,
		.skb_head = event->skb_head,
		.skb_time_ns = event->skb_time_ns,
		.skb_hash = event->skb_hash,
		.skb_mark = event->skb_mark,
		.conntrack_hash = event->conntrack,
	};
	if (event->link_size >= ETHERNET_HEADER) {
		row->destination_mac = mac_number(event->link);
		row->source_mac = mac_number(event->link + 6);
		row->ethernet_type = frame_big16(event->link + 12);
	}
	if (is_ipv6)
		read_ipv6(&header, row);
	else
		read_ipv4(&header, row);
	read_transport(&header, row);
	read_payload(&header, event, row);
}

/* --- captures --- */

/* Of the transport header, where the packet has one. */
static uint32_t transport_size(const struct packet *packet, const uint8_t *bytes,
			       uint32_t captured)
{
	if (packet->is_later_fragment)
		return 0;
	switch (packet->key.protocol) {
	case IPPROTO_TCP:
		return captured > 12 ? (bytes[12] >> 4) * 4U : TCP_HEADER;
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	case IPPROTO_SCTP:
		return 12;
	default:
		return 0;
	}
}

static uint32_t at_most(uint32_t size, uint32_t most)
{
	return size < most ? size : most;
}

void sighting_of_frame(const struct packet *packet, const uint8_t *frame,
		       uint32_t interface_index, struct sighting_event *event)
{
	uint32_t captured = packet->network_captured, headers = packet->network_header_bytes;

	*event = (struct sighting_event){
		.header.kind = EVENT_SIGHTING,
		.interface_index =
			packet->interface_index ? packet->interface_index : interface_index,
		.io_direction = packet->io_direction == IO_TRANSMIT ? IO_TRANSMIT : IO_RECEIVE,
		.network_bytes = packet->bytes,
		.packets = 1,
	};
	if (headers <= captured)
		headers +=
			transport_size(packet, packet->network + headers, captured - headers);
	event->header_size = (uint16_t)at_most(at_most(headers, captured), SIGHTING_HEADER);
	memcpy(event->bytes, packet->network, event->header_size);
	if (headers < captured) {
		event->payload_size = (uint16_t)at_most(captured - headers, SIGHTING_PAYLOAD);
		memcpy(event->payload, packet->network + headers, event->payload_size);
	}
	if (packet->has_ethernet) {
		event->link_size = ETHERNET_HEADER;
		memcpy(event->link, frame, ETHERNET_HEADER);
	}
}
