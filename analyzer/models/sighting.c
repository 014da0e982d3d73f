/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the packet stream for models.
 */
#define XXH_INLINE_ALL
#include "analyzer/models/sighting.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

static const char *const names[SIGHTING_COLUMNS] = {
	[SIGHTING_TIME] = "time_ns",
	[SIGHTING_PACKET_ID] = "packet_id",
	[SIGHTING_PARENT] = "parent_packet_id",
	[SIGHTING_IDENTITY] = "packet_identity",
	[SIGHTING_RELATION] = "packet_relation",
	[SIGHTING_NAMESPACE] = "network_namespace",
	[SIGHTING_INTERFACE] = "interface_index",
	[SIGHTING_DIRECTION] = "network_io_direction",
	[SIGHTING_SOURCE_MAC] = "source_mac",
	[SIGHTING_DESTINATION_MAC] = "destination_mac",
	[SIGHTING_ETHERNET_TYPE] = "ethernet_type",
	[SIGHTING_SOURCE_PORT] = "source_port",
	[SIGHTING_DESTINATION_PORT] = "destination_port",
	[SIGHTING_PROTOCOL] = "network_iana_number",
	[SIGHTING_ICMP_TYPE] = "icmp_type",
	[SIGHTING_ICMP_CODE] = "icmp_code",
	[SIGHTING_BYTES] = "network_bytes",
	[SIGHTING_PACKETS] = "packets",
	[SIGHTING_TTL] = "ip_ttl",
	[SIGHTING_IP_ID] = "ip_identification",
	[SIGHTING_SEQUENCE] = "tcp_sequence_number",
	[SIGHTING_ACKNOWLEDGEMENT] = "tcp_acknowledgement_number",
	[SIGHTING_TCP_FLAGS] = "tcp_flags",
	[SIGHTING_PAYLOAD_BYTES] = "payload_bytes",
	[SIGHTING_PAYLOAD_FIRST] = "payload_first",
	[SIGHTING_STAMP] = "payload_stamp",
	[SIGHTING_SKB_HEAD] = "skb_head",
	[SIGHTING_SKB_TIME] = "skb_time_ns",
	[SIGHTING_SKB_HASH] = "skb_hash",
	[SIGHTING_SKB_MARK] = "skb_mark",
	[SIGHTING_SOURCE] = "source_address",
	[SIGHTING_DESTINATION] = "destination_address",
};

/* The depth from which on a column is read; the others are read for SIGHTING_WHOLE only. */
static const unsigned char depths[SIGHTING_COLUMNS] = {
	[SIGHTING_TIME] = SIGHTING_WHICH + 1,
	[SIGHTING_PACKET_ID] = SIGHTING_WHICH + 1,
	[SIGHTING_PARENT] = SIGHTING_WHICH + 1,
	[SIGHTING_RELATION] = SIGHTING_WHICH + 1,
	[SIGHTING_PROTOCOL] = SIGHTING_WHICH + 1,
	[SIGHTING_STAMP] = SIGHTING_WHICH + 1,
	[SIGHTING_SOURCE] = SIGHTING_CHANGE + 1,
	[SIGHTING_SOURCE_PORT] = SIGHTING_CHANGE + 1,
	[SIGHTING_DESTINATION] = SIGHTING_CHANGE + 1,
	[SIGHTING_DESTINATION_PORT] = SIGHTING_CHANGE + 1,
	[SIGHTING_TTL] = SIGHTING_CHANGE + 1,
};

static int is_read(size_t column, enum sighting_depth depth)
{
	return depth == SIGHTING_WHOLE ||
	       (depths[column] && depths[column] <= (unsigned int)depth + 1);
}

/* The words of a column, in the order of the numbers that they get. */
static const struct words {
	enum sighting_column column;
	uint64_t first;
	const char *const *texts;
} words[] = {
	{SIGHTING_IDENTITY, IDENTITY_NEW,
	 (const char *const[]){"new", "exact", "same_head", "inferred", NULL}},
	{SIGHTING_RELATION, RELATION_SEGMENT,
	 (const char *const[]){"segment", "merge", "fragment", "inside", "again", "around",
			       NULL}},
	{SIGHTING_DIRECTION, IO_RECEIVE, (const char *const[]){"receive", "transmit", NULL}},
};

#define WORDS	   (sizeof(words) / sizeof(words[0]))
#define KNOWN_MOST 32

struct sighting_reader {
	struct replay *replay;
	struct replay_block block;
	size_t first_extra;
	signed char position[SIGHTING_COLUMNS];	 /* in the block; -1: not read */
	uint64_t *numbers[WORDS];		 /* of texts, made from the codes */
	unsigned char number[WORDS][KNOWN_MOST]; /* by code */
	struct sightings sightings;
	uint64_t zero[REPLAY_ROWS];
};

/* The replay's first codes are those of our words. */
static int know_words(struct sighting_reader *reader)
{
	for (size_t i = 0; i < WORDS; i++) {
		reader->numbers[i] = calloc(REPLAY_ROWS, sizeof(uint64_t));
		if (!reader->numbers[i])
			return -ENOMEM;
		for (size_t j = 0; words[i].texts[j]; j++) {
			uint64_t code = replay_code(reader->replay, words[i].texts[j]);

			if (!code || code >= KNOWN_MOST)
				return -ENOMEM;
			reader->number[i][code] = (unsigned char)(words[i].first + j);
		}
	}
	return 0;
}

int sighting_open(struct recording *recording, const char *recording_id,
		  enum sighting_depth depth, const char *const *extra_names, size_t extra_count,
		  struct sighting_reader **out)
{
	struct sighting_reader *reader = calloc(1, sizeof(*reader));
	const char **wanted = calloc(SIGHTING_COLUMNS + extra_count, sizeof(*wanted));
	size_t count = 0;
	int error = -ENOMEM;

	if (reader && wanted) {
		memset(reader->position, -1, sizeof(reader->position));
		for (size_t i = 0; i < SIGHTING_COLUMNS; i++) {
			if (!is_read(i, depth))
				continue;
			reader->position[i] = (signed char)count;
			wanted[count++] = names[i];
		}
		reader->first_extra = count;
		for (size_t i = 0; i < extra_count; i++)
			wanted[count++] = extra_names[i];
		error = replay_new(recording, recording_id, STREAM_PACKET, wanted, count,
				   &reader->replay);
	}
	free(wanted);
	if (!error)
		error = know_words(reader);
	if (error)
		sighting_close(reader);
	else
		*out = reader;
	return error;
}

void sighting_close(struct sighting_reader *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < WORDS; i++)
		free(reader->numbers[i]);
	replay_free(reader->replay);
	free(reader);
}

static void number_words(struct sighting_reader *reader)
{
	struct sightings *sightings = &reader->sightings;

	for (size_t i = 0; i < WORDS; i++) {
		const uint64_t *codes = sightings->column[words[i].column];

		for (uint32_t j = 0; codes != reader->zero && j < sightings->count; j++)
			reader->numbers[i][j] =
				codes[j] < KNOWN_MOST ? reader->number[i][codes[j]] : 0;
		if (codes != reader->zero)
			sightings->column[words[i].column] = reader->numbers[i];
	}
}

static uint64_t digest_tuple(const struct sightings *sightings, uint32_t i, uint64_t ports)
{
	uint64_t parts[5] = {
		sightings->source[i].half[0],
		sightings->source[i].half[1],
		sightings->destination[i].half[0],
		sightings->destination[i].half[1],
		ports | sightings->column[SIGHTING_PROTOCOL][i] << 32 |
			sightings->column[SIGHTING_ICMP_TYPE][i] << 40 |
			sightings->column[SIGHTING_ICMP_CODE][i] << 48,
	};

	return XXH3_64bits(parts, sizeof(parts));
}

static void digest_tuples(struct sightings *sightings)
{
	for (uint32_t i = 0; i < sightings->count; i++)
		sightings->tuple[i] = digest_tuple(
			sightings, i,
			sightings->column[SIGHTING_SOURCE_PORT][i] |
				sightings->column[SIGHTING_DESTINATION_PORT][i] << 16);
}

uint64_t sighting_tuple_without_query(const struct sightings *sightings, uint32_t i)
{
	return digest_tuple(sightings, i, 0);
}

int sighting_next(struct sighting_reader *reader, const struct sightings **out)
{
	struct sightings *sightings = &reader->sightings;
	int error = replay_next(reader->replay, &reader->block);

	if (error)
		return error;
	sightings->count = reader->block.count;
	for (size_t i = 0; i < SIGHTING_INTEGERS; i++)
		sightings->column[i] =
			reader->position[i] < 0
				? reader->zero
				: reader->block.columns[reader->position[i]].integers;
	if (reader->position[SIGHTING_SOURCE] >= 0) {
		const union column_values *columns = reader->block.columns;

		sightings->source = columns[reader->position[SIGHTING_SOURCE]].addresses;
		sightings->destination =
			columns[reader->position[SIGHTING_DESTINATION]].addresses;
		digest_tuples(sightings);
	}
	number_words(reader);
	*out = sightings;
	return 0;
}

const union column_values *sighting_extra(const struct sighting_reader *reader, size_t i)
{
	return &reader->block.columns[reader->first_extra + i];
}
