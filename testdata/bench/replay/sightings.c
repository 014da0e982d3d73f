/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a recording of sightings for the replay's benchmark: packets of many UDP flows and
 * some TCP ones, each seen at five hops, with two translations in between; always the same.
 *
 *     sightings DIRECTORY SIGHTINGS PACKETS_PER_SECOND
 */
#include "schema/flow_hash.h"
#include "schema/segment_writer.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOWS	 20000
#define HOPS	 5
#define HOP_NS	 8000
#define BEGIN_NS 1700000000000000000ULL

static struct address make_address(uint32_t number)
{
	unsigned char bytes[16] = {[10] = 0xff, [11] = 0xff, [12] = 10};
	struct address address;

	bytes[13] = (unsigned char)(number >> 16);
	bytes[14] = (unsigned char)(number >> 8);
	bytes[15] = (unsigned char)number;
	memcpy(&address, bytes, sizeof(address));
	return address;
}

/* Packet number id as its sender has it. */
static struct packet_row make_packet(uint64_t id, uint32_t *ip_ids)
{
	uint32_t flow = (uint32_t)(flow_hash_mix(id) % FLOWS);
	int is_tcp = flow % 4 == 0;

	return (struct packet_row){
		.packet_id = id,
		.source_mac = 0x020000000001,
		.destination_mac = 0x020000000002,
		.ethernet_type = 0x0800,
		.source_address = make_address(0x010000 + flow % 1000),
		.destination_address = make_address(0x020001),
		.source_port = (uint16_t)(20000 + flow),
		.destination_port = is_tcp ? 443 : 53,
		.network_iana_number = is_tcp ? IPPROTO_TCP : IPPROTO_UDP,
		.network_bytes = is_tcp ? 1500 : 100 + flow % 400,
		.packets = 1,
		.ip_ttl = 64,
		.ip_identification = ip_ids[flow % 1000]++ & 0xffff,
		.tcp_sequence_number = is_tcp ? (uint32_t)id * 1448 : 0,
		.tcp_flags = is_tcp ? 0x10 : 0,
		.payload_bytes = is_tcp ? 1448 : 72 + flow % 400,
		.payload_first = flow_hash_mix(id),
		.payload_second = flow_hash_mix(id + 1),
		.payload_hash = flow_hash_mix(id + 2),
		.payload_stamp = flow_hash_mix(id + 3),
		.skb_address = 0xffff888000000000 + id % 256 * 256,
		.skb_head = 0xffff888100000000 + id % 256 * 1024,
		.skb_hash = flow,
		.sampling_rate = 1,
	};
}

/* What the path changes before a hop. */
static void move(struct packet_row *row, int hop)
{
	static const struct {
		uint32_t namespace, interface;
		const char *direction;
	} hops[HOPS] = {
		{10, 2, "transmit"}, {20, 2, "receive"}, {20, 4, "receive"},
		{20, 5, "transmit"}, {30, 2, "receive"},
	};

	row->network_namespace = hops[hop].namespace;
	row->interface_index = hops[hop].interface;
	row->network_io_direction = hops[hop].direction;
	row->packet_identity = hop ? "exact" : "new";
	if (hop == 2)
		row->destination_address = make_address(0x030001);
	if (hop == 3) {
		row->source_address = make_address(0x030002);
		row->ip_ttl--;
	}
}

struct output {
	struct segment_writer *segment;
	struct batch *batch;
};

static int flush(struct output *output, uint64_t now_ns)
{
	int error = segment_begin(output->segment);

	if (!error)
		error = segment_append(output->segment, output->batch, 0);
	if (!error)
		error = segment_commit(output->segment, now_ns);
	batch_clear(output->batch);
	return error;
}

static int write_all(struct output *output, uint64_t sightings, uint64_t rate)
{
	struct packet_row flight[64]; /* packets on their way, by id */
	uint64_t gap_ns = 1000000000ULL / rate, now_ns = BEGIN_NS, written = 0;
	uint64_t behind = HOP_NS / gap_ns ? HOP_NS / gap_ns : 1;
	static uint32_t ip_ids[1000];
	int error = 0;

	if (behind * HOPS > 64)
		behind = 64 / HOPS;
	/* Hop h of a packet comes together with hop 0 of the one that is h * behind later. */
	for (uint64_t id = 1; written < sightings && !error; id++) {
		flight[id % 64] = make_packet(id, ip_ids);
		for (int hop = 0; hop < HOPS && id > (uint64_t)hop * behind; hop++) {
			struct packet_row *row = &flight[(id - (uint64_t)hop * behind) % 64];

			move(row, hop);
			row->time_ns = now_ns + (uint64_t)hop;
			error = batch_append(output->batch, row);
			if (error == -ENOSPC && !(error = flush(output, now_ns)))
				error = batch_append(output->batch, row);
			written++;
		}
		now_ns += gap_ns;
	}
	return error ? error : flush(output, now_ns);
}

int main(int argc, char **argv)
{
	struct segment_identity identity = {
		.recording_id = "sightings",
		.sequence = 1,
		.writer = "sightings",
		.created_ns = BEGIN_NS,
		.level = 3,
	};
	struct output output = {.batch = batch_new(STREAM_PACKET)};
	char path[4096];
	int error = -EINVAL;

	if (argc == 4 && output.batch) {
		snprintf(path, sizeof(path), "%s/000001" SEGMENT_SUFFIX, argv[1]);
		error = segment_create(path, &identity, &output.segment);
		if (!error)
			error = write_all(&output, strtoull(argv[2], NULL, 10),
					  strtoull(argv[3], NULL, 10));
		if (!error)
			error = segment_finish(output.segment, BEGIN_NS);
		segment_close(output.segment);
	}
	if (error)
		fprintf(stderr, "sightings: %s\n", strerror(-error));
	batch_free(output.batch);
	return error != 0;
}
