/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sighting's bytes say, column by column.
 */
#include "recorder/sighting.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <xxhash.h>

/* Ethernet, IPv4 with id 0x1234 and DF, TCP with 12 bytes of options, 45 bytes of payload. */
static const uint8_t tcp_frame[] = {
	2,    0,    0,	 0,   0,    2,	  2,	0,    0,    0,	  0,	1,    0x08, 0x00,
	0x45, 0xb8, 0,	 97,  0x12, 0x34, 0x40, 0,    63,   6,	  0xab, 0xcd, 192,  0,
	2,    1,    198, 51,  100,  2,	  0x9c, 0x40, 0,    80,	  1,	2,    3,    4,
	5,    6,    7,	 8,   0x80, 0x18, 0x02, 0x00, 0xbe, 0xef, 0,	0,    1,    1,
	8,    10,   0,	 0,   0,    1,	  0,	0,    0,    2,	  'a',	'b',  'c',  'd',
	'e',  'f',  'g', 'h', 'i',  'j',  'k',	'l',  'm',  'n',  'o',	'p',  0,    0,
	0,    0,    0,	 0,   0,    0,	  0,	0,    0,    0,	  0,	0,    0,    0,
	1,    2,    3,	 4,   5,    6,	  7,	8,    9,    10,	  11,	12,   13,
};

/* IPv6 with a fragment header: a later fragment of UDP. */
static const uint8_t later_fragment[] = {
	0x60, 0,    0,	  0,	0,    16,   44,	 64,  0x20, 0x01, 0x0d, 0xb8, 0,    0,
	0,    0,    0,	  0,	0,    0,    0,	 0,   0,    1,	  0x20, 0x01, 0x0d, 0xb8,
	0,    0,    0,	  0,	0,    0,    0,	 0,   0,    0,	  0,	2,    17,   0,
	0x05, 0xa9, 0xde, 0xad, 0xbe, 0xef, 'p', 'a', 'y',  'l',  'o',	'a',  'd',  '!',
};

/* IPv4, ICMP echo with identifier 77, and 4 bytes of data. */
static const uint8_t echo[] = {
	0x45, 0, 0, 32, 0, 1, 0, 0, 64, 1,  0, 0, 127, 0,   0,	 1,
	127,  0, 0, 1,	8, 0, 0, 0, 0,	77, 0, 1, 'd', 'a', 't', 'a',
};

static struct packet_row row_of(int link_type, const uint8_t *bytes, uint32_t captured,
				uint32_t original)
{
	struct fragments *fragments = fragments_new();
	struct sighting_event event;
	struct packet packet;
	struct packet_row row;

	assert_non_null(fragments);
	assert_int_equal(packet_parse(link_type, bytes, captured, original, fragments, &packet),
			 PACKET_COUNTED);
	sighting_of_frame(&packet, bytes, 7, &event);
	sighting_row(&event, &row);
	fragments_free(fragments);
	return row;
}

static void every_field_of_tcp_is_found(void **state)
{
	struct packet_row row =
		row_of(DLT_EN10MB, tcp_frame, sizeof(tcp_frame), sizeof(tcp_frame));

	assert_int_equal(row.destination_mac, 0x020000000002);
	assert_int_equal(row.source_mac, 0x020000000001);
	assert_int_equal(row.ethernet_type, 0x0800);
	assert_memory_equal((uint8_t *)&row.source_address + 12, "\xc0\x00\x02\x01", 4);
	assert_memory_equal((uint8_t *)&row.destination_address + 12, "\xc6\x33\x64\x02", 4);
	assert_int_equal(row.source_port, 40000);
	assert_int_equal(row.destination_port, 80);
	assert_int_equal(row.network_iana_number, 6);
	assert_int_equal(row.network_bytes, 97);
	assert_int_equal(row.packets, 1);
	assert_int_equal(row.ip_class_of_service, 0xb8);
	assert_int_equal(row.ip_ttl, 63);
	assert_int_equal(row.ip_identification, 0x1234);
	assert_int_equal(row.ip_fragment, 0x4000);
	assert_int_equal(row.ip_checksum, 0xabcd);
	assert_int_equal(row.tcp_sequence_number, 0x01020304);
	assert_int_equal(row.tcp_acknowledgement_number, 0x05060708);
	assert_int_equal(row.tcp_flags, 0x18);
	assert_int_equal(row.tcp_window_size, 0x200);
	assert_int_equal(row.transport_checksum, 0xbeef);
	assert_int_equal(row.interface_index, 7);
}

static void payload_is_told_apart_from_its_stamp(void **state)
{
	const uint8_t *payload = tcp_frame + 66;
	struct packet_row row =
		row_of(DLT_EN10MB, tcp_frame, sizeof(tcp_frame), sizeof(tcp_frame));

	assert_int_equal(row.payload_bytes, 45);
	assert_int_equal(row.payload_first, 0x6162636465666768);
	assert_int_equal(row.payload_second, 0x696a6b6c6d6e6f70);
	assert_int_equal(row.payload_hash, XXH3_64bits(payload, 32));
	assert_int_equal(row.payload_stamp, 0x0102030405060708);
}

static void what_the_capture_has_cut_is_not_made_up(void **state)
{
	struct packet_row row = row_of(DLT_EN10MB, tcp_frame, 66 + 10, sizeof(tcp_frame));

	assert_int_equal(row.payload_bytes, 45);
	assert_int_equal(row.payload_hash, XXH3_64bits("abcdefghij", 10));
	assert_int_equal(row.payload_stamp, 0);
	row = row_of(DLT_EN10MB, tcp_frame, 14 + 20 + 4, sizeof(tcp_frame));
	assert_int_equal(row.payload_bytes, 0);
	assert_int_equal(row.payload_hash, 0);
	assert_int_equal(row.tcp_sequence_number, 0);
	assert_int_equal(row.network_bytes, 97);
}

static void a_later_fragment_has_payload_and_no_ports(void **state)
{
	struct packet_row row =
		row_of(DLT_RAW, later_fragment, sizeof(later_fragment), sizeof(later_fragment));

	assert_int_equal(row.ethernet_type, 0x86dd);
	assert_int_equal(row.network_iana_number, 17);
	assert_int_equal(row.source_port, 0);
	assert_int_equal(row.ip_identification, 0xdeadbeef);
	assert_int_equal(row.ip_fragment, 0x2000 | 0x5a9 >> 3);
	assert_int_equal(row.payload_bytes, 8);
	assert_int_equal(row.payload_first, 0x7061796c6f616421);
}

static void a_ping_has_its_identifier_as_port(void **state)
{
	struct packet_row row = row_of(DLT_RAW, echo, sizeof(echo), sizeof(echo));

	assert_int_equal(row.icmp_type, 8);
	assert_int_equal(row.source_port, 77);
	assert_int_equal(row.destination_port, 77);
	assert_int_equal(row.payload_bytes, 4);
}

static void identity_and_relation_have_names(void **state)
{
	struct sighting_event event = {
		.packet_id = 5,
		.parent_id = 3,
		.identity = IDENTITY_SAME_HEAD,
		.relation = RELATION_AROUND,
		.io_direction = IO_TRANSMIT,
		.header_size = 65535,
		.payload_size = 65535,
	};
	struct packet_row row;

	sighting_row(&event, &row);
	assert_string_equal(row.packet_identity, "same_head");
	assert_string_equal(row.packet_relation, "around");
	assert_string_equal(row.network_io_direction, "transmit");
	event.identity = IDENTITY_UNKNOWN;
	event.relation = 250;
	sighting_row(&event, &row);
	assert_null(row.packet_identity);
	assert_null(row.packet_relation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_tcp_is_found),
		cmocka_unit_test(payload_is_told_apart_from_its_stamp),
		cmocka_unit_test(what_the_capture_has_cut_is_not_made_up),
		cmocka_unit_test(a_later_fragment_has_payload_and_no_ports),
		cmocka_unit_test(a_ping_has_its_identifier_as_port),
		cmocka_unit_test(identity_and_relation_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
