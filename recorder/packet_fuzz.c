/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds any bytes to packet_parse: one byte chooses the link type, four are the original
 * length, the rest is cut into frames, each behind its length in two bytes.
 */
#include "recorder/packet.h"

#include <assert.h>
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int link_types[] = {
	DLT_EN10MB,	DLT_RAW,  DLT_IPV4, DLT_IPV6, DLT_LINUX_SLL,
	DLT_LINUX_SLL2, DLT_NULL, DLT_LOOP, 101,      DLT_PPP,
};

static void check(const struct packet *packet, uint32_t original)
{
	const struct flow_key *key = &packet->key;

	assert(packet->direction <= 1);
	assert(packet->io_direction >= -1 && packet->io_direction <= IO_TRANSMIT);
	assert(packet->bytes >= 20 && packet->bytes <= original);
	assert(key->network_namespace == 0);
	assert(key->address[0].half[0] <= key->address[1].half[0]);
	assert(key->zero == 0 && key->zero_too == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fragments *fragments;
	uint32_t more;
	int link_type;

	if (size < 5)
		return 0;
	link_type = link_types[data[0] % (sizeof(link_types) / sizeof(link_types[0]))];
	memcpy(&more, data + 1, sizeof(more));
	data += 5;
	size -= 5;
	fragments = fragments_new();
	if (!fragments)
		return 0;
	while (size >= 2) {
		uint32_t captured = (uint32_t)data[0] << 8 | data[1];
		uint32_t original;
		struct packet packet;
		uint8_t *frame;

		data += 2;
		size -= 2;
		if (captured > size)
			captured = (uint32_t)size;
		original = more > UINT32_MAX - captured ? UINT32_MAX : captured + more;
		/* Memory of its own, so that a read past its end shows. */
		frame = malloc(captured ? captured : 1);
		if (!frame)
			break;
		memcpy(frame, data, captured);
		if (packet_parse(link_type, frame, captured, original, fragments, &packet) ==
		    PACKET_COUNTED)
			check(&packet, original);
		free(frame);
		data += captured;
		size -= captured;
	}
	fragments_free(fragments);
	return 0;
}
