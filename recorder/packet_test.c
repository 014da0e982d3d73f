/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets built by hand, byte by byte, and what packet_parse makes of them.
 */
#include "recorder/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pcap/dlt.h>

#define CLIENT	 "192.0.2.1"
#define SERVER	 "198.51.100.7"
#define CLIENT_6 "2001:db8::1"
#define SERVER_6 "2001:db8:1::7"

#define MORE_FRAGMENTS 0x2000

struct bytes {
	uint8_t at[2048];
	uint32_t size;
};

static void add(struct bytes *bytes, const void *data, uint32_t size)
{
	assert_true(size <= sizeof(bytes->at) - bytes->size);
	memcpy(bytes->at + bytes->size, data, size);
	bytes->size += size;
}

static void add8(struct bytes *bytes, unsigned int value)
{
	uint8_t byte = (uint8_t)value;

	add(bytes, &byte, 1);
}

static void add16(struct bytes *bytes, unsigned int value)
{
	add8(bytes, value >> 8);
	add8(bytes, value);
}

static void add32(struct bytes *bytes, unsigned int value)
{
	add16(bytes, value >> 16);
	add16(bytes, value & 0xffff);
}

static void add_zeros(struct bytes *bytes, uint32_t count)
{
	while (count--)
		add8(bytes, 0);
}

static void ethernet(struct bytes *bytes, unsigned int ethertype)
{
	add(bytes, "\2\0\0\0\0\2\2\0\0\0\0\1", 12);
	add16(bytes, ethertype);
}

/* offset: the field with its flags, in units of 8 bytes */
static void ipv4_fragment(struct bytes *bytes, unsigned int protocol, const char *source,
			  const char *destination, unsigned int payload, unsigned int id,
			  unsigned int offset)
{
	struct in_addr address;

	add16(bytes, 0x4500);
	add16(bytes, 20 + payload);
	add16(bytes, id);
	add16(bytes, offset);
	add8(bytes, 64);
	add8(bytes, protocol);
	add16(bytes, 0);
	assert_int_equal(inet_pton(AF_INET, source, &address), 1);
	add(bytes, &address, 4);
	assert_int_equal(inet_pton(AF_INET, destination, &address), 1);
	add(bytes, &address, 4);
}

static void ipv4(struct bytes *bytes, unsigned int protocol, const char *source,
		 const char *destination, unsigned int payload)
{
	ipv4_fragment(bytes, protocol, source, destination, payload, 1, 0);
}

static void ipv6(struct bytes *bytes, unsigned int next, const char *source,
		 const char *destination, unsigned int payload)
{
	struct in6_addr address;

	add32(bytes, 0x60000000);
	add16(bytes, payload);
	add8(bytes, next);
	add8(bytes, 64);
	assert_int_equal(inet_pton(AF_INET6, source, &address), 1);
	add(bytes, &address, 16);
	assert_int_equal(inet_pton(AF_INET6, destination, &address), 1);
	add(bytes, &address, 16);
}

static void tcp(struct bytes *bytes, unsigned int source, unsigned int destination,
		unsigned int flags)
{
	add16(bytes, source);
	add16(bytes, destination);
	add_zeros(bytes, 8);
	add16(bytes, 0x5000 | flags);
	add_zeros(bytes, 6);
}

static void udp(struct bytes *bytes, unsigned int source, unsigned int destination,
		unsigned int payload)
{
	add16(bytes, source);
	add16(bytes, destination);
	add16(bytes, 8 + payload);
	add16(bytes, 0);
	add_zeros(bytes, payload);
}

static void icmp(struct bytes *bytes, unsigned int type, unsigned int code, unsigned int id)
{
	add8(bytes, type);
	add8(bytes, code);
	add16(bytes, 0);
	add16(bytes, id);
	add16(bytes, 1);
}

static struct fragments *table;

static int table_up(void **state)
{
	table = fragments_new();
	return table ? 0 : -1;
}

static int table_down(void **state)
{
	fragments_free(table);
	return 0;
}

/* Exactly as many bytes as there are, in memory of their own, so that a read past them shows.
 */
static enum packet_verdict parse_cut(int link_type, const struct bytes *bytes,
				     uint32_t captured, uint32_t original,
				     struct packet *packet)
{
	uint8_t *copy = test_malloc(captured ? captured : 1);
	enum packet_verdict verdict;

	memcpy(copy, bytes->at, captured);
	verdict = packet_parse(link_type, copy, captured, original, table, packet);
	test_free(copy);
	return verdict;
}

static enum packet_verdict parse(int link_type, const struct bytes *bytes,
				 struct packet *packet)
{
	return parse_cut(link_type, bytes, bytes->size, bytes->size, packet);
}

static struct packet counted(int link_type, const struct bytes *bytes)
{
	struct packet packet;

	assert_int_equal(parse(link_type, bytes, &packet), PACKET_COUNTED);
	return packet;
}

static void assert_end(const struct packet *packet, unsigned int end, const char *address,
		       unsigned int port)
{
	char text[INET6_ADDRSTRLEN];
	const struct address *have = &packet->key.address[end];

	if (memcmp(have, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0)
		inet_ntop(AF_INET, (const uint8_t *)have + 12, text, sizeof(text));
	else
		inet_ntop(AF_INET6, have, text, sizeof(text));
	assert_string_equal(text, address);
	assert_int_equal(packet->key.port[end], port);
}

static void assert_source(const struct packet *packet, const char *address, unsigned int port)
{
	assert_end(packet, packet->direction, address, port);
}

static void assert_destination(const struct packet *packet, const char *address,
			       unsigned int port)
{
	assert_end(packet, !packet->direction, address, port);
}

static void assert_same_key(const struct packet *a, const struct packet *b)
{
	assert_memory_equal(&a->key, &b->key, sizeof(a->key));
}

/* --- transports --- */

static void a_tcp_segment_has_its_ports_flags_and_length(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ethernet(&bytes, 0x0800);
	ipv4(&bytes, IPPROTO_TCP, CLIENT, SERVER, 20);
	tcp(&bytes, 40000, 443, 0x112);
	packet = counted(DLT_EN10MB, &bytes);
	assert_source(&packet, CLIENT, 40000);
	assert_destination(&packet, SERVER, 443);
	assert_int_equal(packet.key.protocol, IPPROTO_TCP);
	assert_int_equal(packet.tcp_flags, 0x112);
	assert_int_equal(packet.bytes, 40);
	assert_int_equal(packet.interface_index, 0);
	assert_int_equal(packet.io_direction, -1);
}

static void the_dscp_is_six_bits_in_either_version(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ethernet(&bytes, 0x0800);
	ipv4(&bytes, IPPROTO_UDP, CLIENT, SERVER, 8);
	udp(&bytes, 1, 2, 0);
	bytes.at[14 + 1] = 46 << 2 | 1;
	packet = counted(DLT_EN10MB, &bytes);
	assert_int_equal(packet.dscp, 46);

	bytes = (struct bytes){0};
	ethernet(&bytes, 0x86dd);
	ipv6(&bytes, IPPROTO_UDP, CLIENT_6, SERVER_6, 8);
	udp(&bytes, 1, 2, 0);
	bytes.at[14] = 0x60 | 46 >> 2;
	bytes.at[14 + 1] = (46 & 3) << 6 | 0x2f;
	packet = counted(DLT_EN10MB, &bytes);
	assert_int_equal(packet.dscp, 46);
}

static void both_directions_share_a_key(void **state)
{
	struct bytes there = {0}, back = {0};
	struct packet a, b;

	ipv4(&there, IPPROTO_TCP, CLIENT, SERVER, 20);
	tcp(&there, 40000, 443, 2);
	ipv4(&back, IPPROTO_TCP, SERVER, CLIENT, 20);
	tcp(&back, 443, 40000, 0x12);
	a = counted(DLT_RAW, &there);
	b = counted(DLT_RAW, &back);
	assert_same_key(&a, &b);
	assert_int_not_equal(a.direction, b.direction);
}

static void end_0_is_the_end_whose_memory_words_are_less(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	/* Little endian: the last byte of the address weighs most. */
	ipv4(&bytes, IPPROTO_UDP, "10.0.0.2", "11.0.0.1", 8);
	udp(&bytes, 1, 2, 0);
	packet = counted(DLT_RAW, &bytes);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	assert_end(&packet, 0, "11.0.0.1", 2);
	assert_int_equal(packet.direction, 1);
#else
	assert_end(&packet, 0, "10.0.0.2", 1);
	assert_int_equal(packet.direction, 0);
#endif
}

static void ports_decide_between_equal_addresses(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ipv4(&bytes, IPPROTO_UDP, CLIENT, CLIENT, 8);
	udp(&bytes, 500, 53, 0);
	packet = counted(DLT_RAW, &bytes);
	assert_int_equal(packet.key.port[0], 53);
	assert_int_equal(packet.key.port[1], 500);
	assert_int_equal(packet.direction, 1);
}

static void a_udp_datagram_over_ipv6_has_its_ports(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ethernet(&bytes, 0x86dd);
	ipv6(&bytes, IPPROTO_UDP, CLIENT_6, SERVER_6, 8 + 5);
	udp(&bytes, 5353, 53, 5);
	packet = counted(DLT_EN10MB, &bytes);
	assert_source(&packet, CLIENT_6, 5353);
	assert_destination(&packet, SERVER_6, 53);
	assert_int_equal(packet.bytes, 40 + 8 + 5);
}

static void sctp_has_ports(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ipv4(&bytes, IPPROTO_SCTP, CLIENT, SERVER, 12);
	add16(&bytes, 7000);
	add16(&bytes, 7001);
	add_zeros(&bytes, 8);
	packet = counted(DLT_RAW, &bytes);
	assert_source(&packet, CLIENT, 7000);
	assert_destination(&packet, SERVER, 7001);
}

static void another_protocol_has_its_number_and_no_ports(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ipv4(&bytes, IPPROTO_GRE, CLIENT, SERVER, 4);
	add32(&bytes, 0x12345678);
	packet = counted(DLT_RAW, &bytes);
	assert_int_equal(packet.key.protocol, IPPROTO_GRE);
	assert_source(&packet, CLIENT, 0);
	assert_destination(&packet, SERVER, 0);
}

/* --- ICMP --- */

static void check_query(int ipv, unsigned int query, unsigned int reply)
{
	struct bytes there = {0}, back = {0};
	struct packet a, b;

	if (ipv == 4) {
		ipv4(&there, IPPROTO_ICMP, CLIENT, SERVER, 8);
		ipv4(&back, IPPROTO_ICMP, SERVER, CLIENT, 8);
	} else {
		ipv6(&there, IPPROTO_ICMPV6, CLIENT_6, SERVER_6, 8);
		ipv6(&back, IPPROTO_ICMPV6, SERVER_6, CLIENT_6, 8);
	}
	icmp(&there, query, 0, 0xbeef);
	icmp(&back, reply, 0, 0xbeef);
	a = counted(DLT_RAW, &there);
	b = counted(DLT_RAW, &back);
	assert_same_key(&a, &b);
	assert_int_not_equal(a.direction, b.direction);
	assert_int_equal(a.key.icmp_type, query);
	assert_int_equal(a.key.port[0], 0xbeef);
	assert_int_equal(a.key.port[1], 0xbeef);
}

static void a_query_and_its_reply_share_a_key(void **state)
{
	check_query(4, 8, 0);
	check_query(4, 13, 14);
	check_query(4, 15, 16);
	check_query(4, 17, 18);
	check_query(6, 128, 129);
}

static void an_icmp_error_has_type_and_code_and_no_ports(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ipv4(&bytes, IPPROTO_ICMP, CLIENT, SERVER, 8);
	icmp(&bytes, 3, 4, 1500);
	packet = counted(DLT_RAW, &bytes);
	assert_int_equal(packet.key.icmp_type, 3);
	assert_int_equal(packet.key.icmp_code, 4);
	assert_source(&packet, CLIENT, 0);
	assert_destination(&packet, SERVER, 0);
}

static void icmpv6_within_ipv4_is_only_a_number(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ipv4(&bytes, IPPROTO_ICMPV6, CLIENT, SERVER, 8);
	icmp(&bytes, 128, 0, 7);
	packet = counted(DLT_RAW, &bytes);
	assert_int_equal(packet.key.icmp_type, 0);
	assert_int_equal(packet.key.port[0], 0);
}

/* --- headers in between --- */

static void ipv4_options_are_skipped(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ipv4(&bytes, IPPROTO_UDP, CLIENT, SERVER, 8 + 8);
	bytes.at[0] = 0x47;
	add_zeros(&bytes, 8);
	udp(&bytes, 1000, 2000, 0);
	packet = counted(DLT_RAW, &bytes);
	assert_source(&packet, CLIENT, 1000);
	assert_int_equal(packet.bytes, 36);
}

static void ipv6_extension_headers_are_followed(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ipv6(&bytes, IPPROTO_HOPOPTS, CLIENT_6, SERVER_6, 8 + 16 + 8 + 12 + 8);
	add16(&bytes, IPPROTO_ROUTING << 8 | 0);
	add_zeros(&bytes, 6);
	add16(&bytes, IPPROTO_DSTOPTS << 8 | 1);
	add_zeros(&bytes, 14);
	add16(&bytes, IPPROTO_AH << 8 | 0);
	add_zeros(&bytes, 6);
	add16(&bytes, IPPROTO_UDP << 8 | 1); /* AH counts in words of 4 bytes, less 2 */
	add_zeros(&bytes, 10);
	udp(&bytes, 1000, 2000, 0);
	packet = counted(DLT_RAW, &bytes);
	assert_source(&packet, CLIENT_6, 1000);
	assert_destination(&packet, SERVER_6, 2000);
	assert_int_equal(packet.key.protocol, IPPROTO_UDP);
}

static void an_endless_chain_of_extension_headers_is_malformed(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ipv6(&bytes, IPPROTO_DSTOPTS, CLIENT_6, SERVER_6, 100 * 8);
	for (int i = 0; i < 100; i++) {
		add16(&bytes, IPPROTO_DSTOPTS << 8);
		add_zeros(&bytes, 6);
	}
	assert_int_equal(parse(DLT_RAW, &bytes, &packet), PACKET_MALFORMED);
}

/* --- link layers --- */

static void udp_over_ipv4(struct bytes *bytes)
{
	ipv4(bytes, IPPROTO_UDP, CLIENT, SERVER, 8);
	udp(bytes, 1000, 2000, 0);
}

static void vlan_tags_are_skipped(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ethernet(&bytes, 0x88a8);
	add32(&bytes, 0x00648100);
	add32(&bytes, 0x00c88100);
	add32(&bytes, 0x00c90800);
	udp_over_ipv4(&bytes);
	packet = counted(DLT_EN10MB, &bytes);
	assert_source(&packet, CLIENT, 1000);
	assert_int_equal(packet.bytes, 28);
}

static void pppoe_mpls_and_snap_are_skipped(void **state)
{
	struct bytes pppoe = {0}, mpls = {0}, snap = {0};
	struct packet packet;

	ethernet(&pppoe, 0x8864);
	add32(&pppoe, 0x11000001);
	add32(&pppoe, (28 + 2) << 16 | 0x0021);
	udp_over_ipv4(&pppoe);
	packet = counted(DLT_EN10MB, &pppoe);
	assert_source(&packet, CLIENT, 1000);

	ethernet(&mpls, 0x8847);
	add32(&mpls, 0x00010040);
	add32(&mpls, 0x00011140);
	udp_over_ipv4(&mpls);
	packet = counted(DLT_EN10MB, &mpls);
	assert_source(&packet, CLIENT, 1000);

	ethernet(&snap, 8 + 28);
	add(&snap, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	udp_over_ipv4(&snap);
	packet = counted(DLT_EN10MB, &snap);
	assert_source(&packet, CLIENT, 1000);
}

static void cooked_v1_tells_the_direction(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	add16(&bytes, 4); /* outgoing */
	add16(&bytes, 1);
	add_zeros(&bytes, 10);
	add16(&bytes, 0x0800);
	udp_over_ipv4(&bytes);
	packet = counted(DLT_LINUX_SLL, &bytes);
	assert_source(&packet, CLIENT, 1000);
	assert_int_equal(packet.io_direction, IO_TRANSMIT);
	assert_int_equal(packet.interface_index, 0);
	bytes.at[1] = 0;
	packet = counted(DLT_LINUX_SLL, &bytes);
	assert_int_equal(packet.io_direction, IO_RECEIVE);
}

static void cooked_v2_tells_interface_and_direction(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	add16(&bytes, 0x0800);
	add16(&bytes, 0);
	add32(&bytes, 70001);
	add16(&bytes, 1);
	add8(&bytes, 4);
	add8(&bytes, 6);
	add_zeros(&bytes, 8);
	udp_over_ipv4(&bytes);
	packet = counted(DLT_LINUX_SLL2, &bytes);
	assert_source(&packet, CLIENT, 1000);
	assert_int_equal(packet.interface_index, 70001);
	assert_int_equal(packet.io_direction, IO_TRANSMIT);
}

static void bsd_loopback_knows_both_byte_orders_and_all_systems(void **state)
{
	static const uint8_t families[] = {10, 24, 28, 30};
	struct packet packet;

	for (size_t i = 0; i < sizeof(families); i++) {
		struct bytes little = {0}, big = {0};

		add8(&little, families[i]);
		add_zeros(&little, 3);
		add32(&big, families[i]);
		ipv6(&little, IPPROTO_UDP, CLIENT_6, SERVER_6, 8);
		ipv6(&big, IPPROTO_UDP, CLIENT_6, SERVER_6, 8);
		udp(&little, 1, 2, 0);
		udp(&big, 1, 2, 0);
		packet = counted(DLT_NULL, &little);
		assert_source(&packet, CLIENT_6, 1);
		packet = counted(DLT_NULL, &big);
		assert_source(&packet, CLIENT_6, 1);
		packet = counted(DLT_LOOP, &big);
		assert_source(&packet, CLIENT_6, 1);
	}
	for (int swapped = 0; swapped < 2; swapped++) {
		struct bytes bytes = {0};

		add32(&bytes, swapped ? 0x02000000 : 2);
		udp_over_ipv4(&bytes);
		packet = counted(DLT_NULL, &bytes);
		assert_source(&packet, CLIENT, 1000);
	}
}

static void raw_ip_comes_under_four_link_types(void **state)
{
	struct bytes four = {0}, six = {0};
	struct packet packet;

	udp_over_ipv4(&four);
	ipv6(&six, IPPROTO_UDP, CLIENT_6, SERVER_6, 8);
	udp(&six, 1, 2, 0);
	packet = counted(DLT_RAW, &four);
	packet = counted(101, &four);
	packet = counted(DLT_IPV4, &four);
	assert_source(&packet, CLIENT, 1000);
	packet = counted(DLT_RAW, &six);
	packet = counted(101, &six);
	packet = counted(DLT_IPV6, &six);
	assert_source(&packet, CLIENT_6, 1);
}

static void what_is_not_ip_is_said_to_be(void **state)
{
	struct bytes arp = {0}, length = {0}, raw = {0}, tags = {0};
	struct packet packet;

	ethernet(&arp, 0x0806);
	add_zeros(&arp, 28);
	assert_int_equal(parse(DLT_EN10MB, &arp, &packet), PACKET_NOT_IP);
	ethernet(&length, 38); /* spanning tree */
	add(&length, "\x42\x42\x03", 3);
	add_zeros(&length, 35);
	assert_int_equal(parse(DLT_EN10MB, &length, &packet), PACKET_NOT_IP);
	add_zeros(&raw, 40);
	assert_int_equal(parse(DLT_RAW, &raw, &packet), PACKET_NOT_IP);
	ethernet(&tags, 0x8100);
	for (int i = 0; i < 100; i++)
		add32(&tags, 0x00018100);
	assert_int_equal(parse(DLT_EN10MB, &tags, &packet), PACKET_NOT_IP);
}

static void an_unknown_link_type_is_said_to_be(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	udp_over_ipv4(&bytes);
	assert_int_equal(parse(DLT_IEEE802_11_RADIO, &bytes, &packet),
			 PACKET_UNKNOWN_LINK_TYPE);
	assert_false(packet_knows_link_type(DLT_IEEE802_11_RADIO));
	assert_true(packet_knows_link_type(DLT_EN10MB));
	assert_true(packet_knows_link_type(DLT_LINUX_SLL2));
}

/* --- lengths --- */

static void a_packet_cut_by_the_snap_length_counts_with_its_ip_length(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ethernet(&bytes, 0x0800);
	ipv4(&bytes, IPPROTO_TCP, CLIENT, SERVER, 1480);
	tcp(&bytes, 40000, 443, 0x10);
	assert_int_equal(parse_cut(DLT_EN10MB, &bytes, bytes.size, 1514, &packet),
			 PACKET_COUNTED);
	assert_int_equal(packet.bytes, 1500);
	assert_int_equal(packet.tcp_flags, 0x10);
}

static void a_segment_cut_before_its_flags_still_counts(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ipv4(&bytes, IPPROTO_TCP, CLIENT, SERVER, 20);
	tcp(&bytes, 40000, 443, 0x10);
	assert_int_equal(parse_cut(DLT_RAW, &bytes, 24, 40, &packet), PACKET_COUNTED);
	assert_source(&packet, CLIENT, 40000);
	assert_int_equal(packet.tcp_flags, 0);
}

static void a_capture_that_ends_before_the_ports_is_truncated(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ethernet(&bytes, 0x0800);
	ipv4(&bytes, IPPROTO_TCP, CLIENT, SERVER, 20);
	tcp(&bytes, 40000, 443, 0x10);
	for (uint32_t captured = 0; captured < 14 + 20 + 4; captured++)
		assert_int_equal(parse_cut(DLT_EN10MB, &bytes, captured, bytes.size, &packet),
				 PACKET_TRUNCATED);
	assert_int_equal(parse_cut(DLT_EN10MB, &bytes, 14 + 20 + 4, bytes.size, &packet),
			 PACKET_COUNTED);
}

static void a_capture_that_ends_within_ipv6_headers_is_truncated(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ipv6(&bytes, IPPROTO_DSTOPTS, CLIENT_6, SERVER_6, 8 + 8);
	add16(&bytes, IPPROTO_ICMPV6 << 8);
	add_zeros(&bytes, 6);
	icmp(&bytes, 128, 0, 1);
	for (uint32_t captured = 0; captured < 40 + 8 + 6; captured++)
		assert_int_equal(parse_cut(DLT_RAW, &bytes, captured, bytes.size, &packet),
				 PACKET_TRUNCATED);
	assert_int_equal(parse_cut(DLT_RAW, &bytes, 40 + 8 + 6, bytes.size, &packet),
			 PACKET_COUNTED);
}

static void an_uncut_frame_that_is_too_short_is_malformed(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ethernet(&bytes, 0x0800);
	ipv4(&bytes, IPPROTO_TCP, CLIENT, SERVER, 20);
	tcp(&bytes, 40000, 443, 0x10);
	for (uint32_t size = 0; size < bytes.size; size++)
		assert_int_equal(parse_cut(DLT_EN10MB, &bytes, size, size, &packet),
				 PACKET_MALFORMED);
}

static void more_than_was_on_the_wire_is_malformed(void **state)
{
	struct bytes four = {0}, six = {0};
	struct packet packet;

	ipv4(&four, IPPROTO_UDP, CLIENT, SERVER, 60000);
	udp(&four, 1, 2, 0);
	assert_int_equal(parse(DLT_RAW, &four, &packet), PACKET_MALFORMED);
	ipv6(&six, IPPROTO_UDP, CLIENT_6, SERVER_6, 60000);
	udp(&six, 1, 2, 0);
	assert_int_equal(parse(DLT_RAW, &six, &packet), PACKET_MALFORMED);
}

static void a_claim_beyond_what_ip_allows_is_malformed(void **state)
{
	static const uint32_t claims[] = {1U << 20, 1U << 31, 0xffffffff};
	struct bytes bytes = {0}, zero = {0}, six = {0};
	struct packet packet;

	ethernet(&bytes, 0x0800);
	udp_over_ipv4(&bytes);
	ethernet(&zero, 0x0800);
	ipv4(&zero, IPPROTO_UDP, CLIENT, SERVER, 0);
	zero.at[16] = zero.at[17] = 0;
	udp(&zero, 1, 2, 0);
	ethernet(&six, 0x86dd);
	ipv6(&six, IPPROTO_UDP, CLIENT_6, SERVER_6, 8);
	udp(&six, 1, 2, 0);
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		assert_int_equal(parse_cut(DLT_EN10MB, &bytes, bytes.size, claims[i], &packet),
				 PACKET_MALFORMED);
		assert_int_equal(parse_cut(DLT_EN10MB, &zero, zero.size, claims[i], &packet),
				 PACKET_MALFORMED);
	}
	assert_int_equal(parse_cut(DLT_EN10MB, &bytes, bytes.size, 14 + 65535, &packet),
			 PACKET_COUNTED);
	assert_int_equal(parse_cut(DLT_EN10MB, &bytes, bytes.size, 14 + 65536, &packet),
			 PACKET_MALFORMED);
	assert_int_equal(parse_cut(DLT_EN10MB, &six, six.size, 14 + 65575, &packet),
			 PACKET_COUNTED);
	assert_int_equal(parse_cut(DLT_EN10MB, &six, six.size, 14 + 65576, &packet),
			 PACKET_MALFORMED);
}

static void a_length_of_zero_is_taken_from_the_frame(void **state)
{
	struct bytes four = {0}, six = {0}, tunnel = {0};
	struct packet packet;

	ethernet(&four, 0x0800);
	ipv4(&four, IPPROTO_TCP, CLIENT, SERVER, 0);
	four.at[16] = four.at[17] = 0;
	tcp(&four, 40000, 443, 0x10);
	assert_int_equal(parse_cut(DLT_EN10MB, &four, four.size, 14 + 200000, &packet),
			 PACKET_COUNTED);
	assert_int_equal(packet.bytes, 200000);
	assert_int_equal(parse_cut(DLT_EN10MB, &four, four.size, 14 + 600000, &packet),
			 PACKET_MALFORMED);

	ethernet(&six, 0x86dd);
	ipv6(&six, IPPROTO_HOPOPTS, CLIENT_6, SERVER_6, 0);
	add16(&six, IPPROTO_TCP << 8);
	add16(&six, 0xc204); /* the jumbo payload option */
	add32(&six, 200000 - 40);
	tcp(&six, 40000, 443, 0x10);
	assert_int_equal(parse_cut(DLT_EN10MB, &six, six.size, 14 + 200000, &packet),
			 PACKET_COUNTED);
	assert_int_equal(packet.bytes, 200000);
	assert_int_equal(packet.key.protocol, IPPROTO_TCP);
	six.at[14 + 40 + 2] = 0x1e; /* another option */
	assert_int_equal(parse_cut(DLT_EN10MB, &six, six.size, 14 + 200000, &packet),
			 PACKET_MALFORMED);

	ethernet(&tunnel, 0x86dd);
	ipv6(&tunnel, IPPROTO_UDP, CLIENT_6, SERVER_6, 0);
	udp(&tunnel, 40000, 4789, 0);
	assert_int_equal(parse_cut(DLT_EN10MB, &tunnel, tunnel.size, 14 + 80000, &packet),
			 PACKET_COUNTED);
	assert_int_equal(packet.bytes, 80000);
}

static void padding_behind_the_packet_is_not_read(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ethernet(&bytes, 0x0800);
	ipv4(&bytes, IPPROTO_UDP, CLIENT, SERVER, 2);
	add_zeros(&bytes, 26);
	assert_int_equal(parse(DLT_EN10MB, &bytes, &packet), PACKET_MALFORMED);
}

static void padding_is_not_counted(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ethernet(&bytes, 0x0800);
	udp_over_ipv4(&bytes);
	add_zeros(&bytes, 18);
	packet = counted(DLT_EN10MB, &bytes);
	assert_int_equal(packet.bytes, 28);
}

static void header_lengths_that_contradict_are_malformed(void **state)
{
	struct bytes words = {0}, total = {0}, version = {0};
	struct packet packet;

	udp_over_ipv4(&words);
	words.at[0] = 0x44;
	assert_int_equal(parse(DLT_RAW, &words, &packet), PACKET_MALFORMED);
	udp_over_ipv4(&total);
	total.at[3] = 19;
	assert_int_equal(parse(DLT_RAW, &total, &packet), PACKET_MALFORMED);
	udp_over_ipv4(&version);
	version.at[0] = 0x65;
	assert_int_equal(parse(DLT_IPV4, &version, &packet), PACKET_MALFORMED);
}

static void an_original_length_below_the_captured_one_is_not_believed(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	udp_over_ipv4(&bytes);
	assert_int_equal(parse_cut(DLT_RAW, &bytes, bytes.size, 0, &packet), PACKET_COUNTED);
	assert_int_equal(packet.bytes, 28);
}

/* --- fragments --- */

static void a_later_fragment_has_the_ports_of_the_first(void **state)
{
	struct bytes first = {0}, later = {0};
	struct packet a, b;

	ipv4_fragment(&first, IPPROTO_UDP, CLIENT, SERVER, 16, 77, MORE_FRAGMENTS);
	udp(&first, 1000, 2000, 8);
	ipv4_fragment(&later, IPPROTO_UDP, CLIENT, SERVER, 8, 77, 2);
	add_zeros(&later, 8);
	a = counted(DLT_RAW, &first);
	b = counted(DLT_RAW, &later);
	assert_same_key(&a, &b);
	assert_int_equal(a.direction, b.direction);
	assert_source(&b, CLIENT, 1000);
	assert_int_equal(b.bytes, 28);
}

static void a_later_fragment_without_its_first_has_no_ports(void **state)
{
	struct bytes first = {0}, later = {0};
	struct packet packet;

	ipv4_fragment(&first, IPPROTO_UDP, CLIENT, SERVER, 16, 77, MORE_FRAGMENTS);
	udp(&first, 1000, 2000, 8);
	packet = counted(DLT_RAW, &first);
	ipv4_fragment(&later, IPPROTO_UDP, CLIENT, SERVER, 8, 78, 2);
	add_zeros(&later, 8);
	packet = counted(DLT_RAW, &later);
	assert_source(&packet, CLIENT, 0);
	assert_destination(&packet, SERVER, 0);
	assert_int_equal(packet.key.protocol, IPPROTO_UDP);
}

static void an_ipv6_fragment_has_protocol_and_ports_of_the_first(void **state)
{
	struct bytes first = {0}, later = {0};
	struct packet a, b;

	ipv6(&first, IPPROTO_FRAGMENT, CLIENT_6, SERVER_6, 8 + 8 + 8);
	add32(&first, IPPROTO_DSTOPTS << 24 | 1);
	add32(&first, 0xabcdef01);
	add16(&first, IPPROTO_UDP << 8);
	add_zeros(&first, 6);
	udp(&first, 1000, 2000, 0);
	ipv6(&later, IPPROTO_FRAGMENT, CLIENT_6, SERVER_6, 8 + 8);
	add32(&later, IPPROTO_DSTOPTS << 24 | 16);
	add32(&later, 0xabcdef01);
	add_zeros(&later, 8);
	a = counted(DLT_RAW, &first);
	b = counted(DLT_RAW, &later);
	assert_same_key(&a, &b);
	assert_int_equal(b.key.protocol, IPPROTO_UDP);
	assert_source(&b, CLIENT_6, 1000);
}

static void a_fragmented_ping_stays_one_connection(void **state)
{
	struct bytes first = {0}, later = {0};
	struct packet a, b;

	ipv4_fragment(&first, IPPROTO_ICMP, SERVER, CLIENT, 8, 5, MORE_FRAGMENTS);
	icmp(&first, 0, 0, 99);
	ipv4_fragment(&later, IPPROTO_ICMP, SERVER, CLIENT, 8, 5, 1);
	add_zeros(&later, 8);
	a = counted(DLT_RAW, &first);
	b = counted(DLT_RAW, &later);
	assert_same_key(&a, &b);
	assert_int_equal(b.key.icmp_type, 8);
	assert_int_equal(b.key.port[1], 99);
}

static void a_first_fragment_without_its_ports_is_malformed(void **state)
{
	struct bytes bytes = {0};
	struct packet packet;

	ipv4_fragment(&bytes, IPPROTO_UDP, CLIENT, SERVER, 2, 6, MORE_FRAGMENTS);
	add16(&bytes, 1000);
	assert_int_equal(parse(DLT_RAW, &bytes, &packet), PACKET_MALFORMED);
}

static void a_flood_of_fragments_displaces_only_older_ones(void **state)
{
	struct packet packet;
	struct bytes later = {0};

	for (unsigned int id = 0; id < 60000; id++) {
		struct bytes first = {0};

		ipv4_fragment(&first, IPPROTO_UDP, CLIENT, SERVER, 8, id, MORE_FRAGMENTS);
		udp(&first, 1000, id, 0);
		packet = counted(DLT_RAW, &first);
	}
	ipv4_fragment(&later, IPPROTO_UDP, CLIENT, SERVER, 8, 59999, 1);
	add_zeros(&later, 8);
	packet = counted(DLT_RAW, &later);
	assert_destination(&packet, SERVER, 59999);
	later.size = 0;
	ipv4_fragment(&later, IPPROTO_UDP, CLIENT, SERVER, 8, 0, 1);
	add_zeros(&later, 8);
	packet = counted(DLT_RAW, &later);
	assert_destination(&packet, SERVER, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tcp_segment_has_its_ports_flags_and_length),
		cmocka_unit_test(the_dscp_is_six_bits_in_either_version),
		cmocka_unit_test(both_directions_share_a_key),
		cmocka_unit_test(end_0_is_the_end_whose_memory_words_are_less),
		cmocka_unit_test(ports_decide_between_equal_addresses),
		cmocka_unit_test(a_udp_datagram_over_ipv6_has_its_ports),
		cmocka_unit_test(sctp_has_ports),
		cmocka_unit_test(another_protocol_has_its_number_and_no_ports),
		cmocka_unit_test(a_query_and_its_reply_share_a_key),
		cmocka_unit_test(an_icmp_error_has_type_and_code_and_no_ports),
		cmocka_unit_test(icmpv6_within_ipv4_is_only_a_number),
		cmocka_unit_test(ipv4_options_are_skipped),
		cmocka_unit_test(ipv6_extension_headers_are_followed),
		cmocka_unit_test(an_endless_chain_of_extension_headers_is_malformed),
		cmocka_unit_test(vlan_tags_are_skipped),
		cmocka_unit_test(pppoe_mpls_and_snap_are_skipped),
		cmocka_unit_test(cooked_v1_tells_the_direction),
		cmocka_unit_test(cooked_v2_tells_interface_and_direction),
		cmocka_unit_test(bsd_loopback_knows_both_byte_orders_and_all_systems),
		cmocka_unit_test(raw_ip_comes_under_four_link_types),
		cmocka_unit_test(what_is_not_ip_is_said_to_be),
		cmocka_unit_test(an_unknown_link_type_is_said_to_be),
		cmocka_unit_test(a_packet_cut_by_the_snap_length_counts_with_its_ip_length),
		cmocka_unit_test(a_segment_cut_before_its_flags_still_counts),
		cmocka_unit_test(a_capture_that_ends_before_the_ports_is_truncated),
		cmocka_unit_test(a_capture_that_ends_within_ipv6_headers_is_truncated),
		cmocka_unit_test(an_uncut_frame_that_is_too_short_is_malformed),
		cmocka_unit_test(more_than_was_on_the_wire_is_malformed),
		cmocka_unit_test(a_claim_beyond_what_ip_allows_is_malformed),
		cmocka_unit_test(a_length_of_zero_is_taken_from_the_frame),
		cmocka_unit_test(padding_behind_the_packet_is_not_read),
		cmocka_unit_test(padding_is_not_counted),
		cmocka_unit_test(header_lengths_that_contradict_are_malformed),
		cmocka_unit_test(an_original_length_below_the_captured_one_is_not_believed),
		cmocka_unit_test(a_later_fragment_has_the_ports_of_the_first),
		cmocka_unit_test(a_later_fragment_without_its_first_has_no_ports),
		cmocka_unit_test(an_ipv6_fragment_has_protocol_and_ports_of_the_first),
		cmocka_unit_test(a_fragmented_ping_stays_one_connection),
		cmocka_unit_test(a_first_fragment_without_its_ports_is_malformed),
		cmocka_unit_test(a_flood_of_fragments_displaces_only_older_ones),
	};

	return cmocka_run_group_tests(tests, table_up, table_down);
}
