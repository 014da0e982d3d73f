/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet stream as models read it: blocks of sightings, column by column, with what all
 * models need already worked out.
 */
#ifndef ANALYZER_MODELS_SIGHTING_H
#define ANALYZER_MODELS_SIGHTING_H

#include "analyzer/replay.h"

#include <netinet/in.h>

enum sighting_column {
	SIGHTING_TIME,
	SIGHTING_PACKET_ID,
	SIGHTING_PARENT,
	SIGHTING_IDENTITY, /* enum packet_identity */
	SIGHTING_RELATION, /* enum packet_relation */
	SIGHTING_NAMESPACE,
	SIGHTING_INTERFACE,
	SIGHTING_DIRECTION, /* enum io_direction */
	SIGHTING_SOURCE_MAC,
	SIGHTING_DESTINATION_MAC,
	SIGHTING_ETHERNET_TYPE,
	SIGHTING_SOURCE_PORT,
	SIGHTING_DESTINATION_PORT,
	SIGHTING_PROTOCOL,
	SIGHTING_ICMP_TYPE,
	SIGHTING_ICMP_CODE,
	SIGHTING_BYTES,
	SIGHTING_PACKETS,
	SIGHTING_TTL,
	SIGHTING_IP_ID,
	SIGHTING_SEQUENCE,
	SIGHTING_ACKNOWLEDGEMENT,
	SIGHTING_TCP_FLAGS,
	SIGHTING_PAYLOAD_BYTES,
	SIGHTING_PAYLOAD_FIRST,
	SIGHTING_STAMP,
	SIGHTING_SKB_HEAD,
	SIGHTING_SKB_TIME,
	SIGHTING_SKB_HASH,
	SIGHTING_SKB_MARK,
	SIGHTING_INTEGERS,
	SIGHTING_SOURCE = SIGHTING_INTEGERS, /* these two are addresses */
	SIGHTING_DESTINATION,
	SIGHTING_COLUMNS,
};

#define ETHERNET_HEADER 14

/* How much of a sighting is read. */
enum sighting_depth {
	SIGHTING_WHICH,	 /* which packet it is of */
	SIGHTING_CHANGE, /* and what happened to the packet: its tuple, its TTL */
	SIGHTING_WHOLE,
};

struct sightings {
	uint32_t count;
	/* Columns that were not read are all zero, and so is the tuple then. */
	const uint64_t *column[SIGHTING_INTEGERS];
	const struct address *source, *destination;
	/* Digest of addresses, ports, protocol, ICMP type and code, of one direction. */
	uint64_t tuple[REPLAY_ROWS];
};

struct sighting_reader;

/*
 * Read the sightings of one recording, and extra columns (of the packet stream) beside those of
 * the depth, see sighting_extra. Returns 0, -EINVAL for a name that there is not, -ENOMEM.
 */
int sighting_open(struct recording *recording, const char *recording_id,
		  enum sighting_depth depth, const char *const *extra_names, size_t extra_count,
		  struct sighting_reader **out);
void sighting_close(struct sighting_reader *reader);

/* The next block, valid until the next call. 0, -ENODATA after the last, -ENOMEM. */
int sighting_next(struct sighting_reader *reader, const struct sightings **out);

/* An extra column of the block. */
const union column_values *sighting_extra(const struct sighting_reader *reader, size_t i);

/*
 * The same digest for designs that leave out the identifier of ICMP queries: it stands where
 * others have ports.
 */
uint64_t sighting_tuple_without_query(const struct sightings *sightings, uint32_t i);

static inline int sighting_is_icmp(const struct sightings *sightings, uint32_t i)
{
	uint64_t protocol = sightings->column[SIGHTING_PROTOCOL][i];

	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

/* 7-tuple as NetObserv has it. */
static inline uint64_t sighting_seven_tuple(const struct sightings *sightings, uint32_t i)
{
	return sighting_is_icmp(sightings, i) ? sighting_tuple_without_query(sightings, i)
					      : sightings->tuple[i];
}

/* Whether the packet is only another view of its parent: it carries the same. */
static inline int sighting_is_view(uint64_t relation)
{
	return relation != RELATION_NONE && relation != RELATION_AGAIN;
}

/* Network-layer bytes of the wire segments that the sighting stands for. */
static inline uint64_t sighting_wire_bytes(const struct sightings *sightings, uint32_t i)
{
	uint64_t bytes = sightings->column[SIGHTING_BYTES][i];
	uint64_t payload = sightings->column[SIGHTING_PAYLOAD_BYTES][i];
	uint64_t packets = sightings->column[SIGHTING_PACKETS][i];

	return packets > 1 && payload <= bytes ? payload + packets * (bytes - payload) : bytes;
}

static inline uint64_t sighting_wire_packets(const struct sightings *sightings, uint32_t i)
{
	uint64_t packets = sightings->column[SIGHTING_PACKETS][i];

	return packets ? packets : 1;
}

/* The frame's bytes as a TC program sees them. */
static inline uint64_t sighting_frame_bytes(const struct sightings *sightings, uint32_t i)
{
	return sightings->column[SIGHTING_BYTES][i] +
	       (sightings->column[SIGHTING_SOURCE_MAC][i] |
				sightings->column[SIGHTING_DESTINATION_MAC][i]
			? ETHERNET_HEADER
			: 0);
}

#endif
