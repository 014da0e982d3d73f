/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings of sightings whose right answers can be worked out on paper: packets that go along
 * paths of hops.
 */
#ifndef ANALYZER_MODELS_PATH_TEST_H
#define ANALYZER_MODELS_PATH_TEST_H

#include "analyzer/sample_test.h"

#include <errno.h>
#include <netinet/in.h>

struct path {
	char *directory;
	struct segment_writer *segment;
	struct batch *batch;
	uint64_t now_ns;
};

static inline struct path path_begin(void)
{
	struct path path = {.directory = scratch_make(), .now_ns = SAMPLE_BEGIN_NS};

	path.segment = sample_begin(path.directory, 1);
	path.batch = batch_new(STREAM_PACKET);
	assert_non_null(path.batch);
	return path;
}

/* End the chunk here. */
static inline void path_flush(struct path *path)
{
	if (!path->batch->row_count)
		return;
	assert_int_equal(segment_begin(path->segment), 0);
	assert_int_equal(segment_append(path->segment, path->batch, 0), 0);
	assert_int_equal(segment_commit(path->segment, path->now_ns), 0);
	batch_clear(path->batch);
}

static inline void path_put(struct path *path, const struct packet_row *row)
{
	int error = batch_append(path->batch, row);

	if (error == -ENOSPC) {
		path_flush(path);
		error = batch_append(path->batch, row);
	}
	assert_int_equal(error, 0);
}

static inline struct sample path_open(struct path *path)
{
	path_flush(path);
	batch_free(path->batch);
	sample_finish(path->segment);
	return sample_open(path->directory);
}

static inline void path_close(struct path *path, struct sample *sample)
{
	sample_close(sample);
	scratch_remove(path->directory);
}

/* A UDP packet of 100 bytes as its sender has it; identification and payload are its id's. */
static inline struct packet_row path_udp(uint64_t id, const char *source, uint16_t source_port,
					 const char *destination, uint16_t destination_port)
{
	return (struct packet_row){
		.packet_id = id,
		.packet_identity = "new",
		.network_io_direction = "transmit",
		.source_mac = 0x020000000001,
		.destination_mac = 0x020000000002,
		.ethernet_type = 0x0800,
		.source_address = sample_address(source),
		.destination_address = sample_address(destination),
		.source_port = source_port,
		.destination_port = destination_port,
		.network_iana_number = IPPROTO_UDP,
		.network_bytes = 100,
		.packets = 1,
		.ip_ttl = 64,
		.ip_identification = (uint32_t)(id & 0xffff),
		.payload_bytes = 72,
		.payload_first = id << 8,
		.payload_hash = id * 0x9e3779b97f4a7c15ULL,
		.skb_address = 0xffff888000000000 + id % 64 * 256,
		.skb_head = 0xffff888100000000 + id % 64 * 1024,
		.skb_hash = 77,
		.sampling_rate = 1,
	};
}

/* Let it be seen there, 10 us later. */
static inline void path_hop(struct path *path, struct packet_row *row, uint32_t namespace,
			    uint32_t interface, const char *direction)
{
	path->now_ns += 10000;
	row->time_ns = path->now_ns;
	row->network_namespace = namespace;
	row->interface_index = interface;
	row->network_io_direction = direction;
	path_put(path, row);
	row->packet_identity = "exact";
}

/* --- a path through a bridge with both translations --- */

#define PATH_CLIENT 10
#define PATH_ROUTER 20
#define PATH_SERVER 30

/*
 * c0 - vc, br0, vs - s0: the client's veth and its peer have the same index. The bridge
 * translates the destination, then the source.
 */
static inline void path_translated(struct path *path, struct packet_row *row)
{
	path_hop(path, row, PATH_CLIENT, 2, "transmit");
	path_hop(path, row, PATH_ROUTER, 2, "receive");
	row->destination_address = sample_address("10.2.0.2");
	row->destination_port = 5001;
	path_hop(path, row, PATH_ROUTER, 4, "receive");
	row->source_address = sample_address("10.2.0.1");
	row->ip_ttl--;
	path_hop(path, row, PATH_ROUTER, 5, "transmit");
	path_hop(path, row, PATH_SERVER, 2, "receive");
}

/* So many packets of one flow along it, so far apart, ids from first on. */
static inline void path_translated_flow(struct path *path, uint64_t first, uint64_t count,
					uint64_t gap_ns)
{
	for (uint64_t i = 0; i < count; i++) {
		struct packet_row row = path_udp(first + i, "10.1.0.2", 40000, "10.1.0.1", 80);

		path_translated(path, &row);
		path->now_ns += gap_ns;
	}
}

#endif
