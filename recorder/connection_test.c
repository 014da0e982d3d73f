/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of connections: what is joined, what is counted where, what is told apart.
 */
#include "recorder/connection.h"
#include "recorder/delivery.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLIENT	    "10.1.0.2"
#define ROUTER	    "10.1.0.1"
#define OUTSIDE	    "10.2.0.1"
#define SERVER	    "10.2.0.2"
#define RECEIVE(i)  ((uint64_t)(i) << 2 | 1)
#define TRANSMIT(i) ((uint64_t)(i) << 2 | 3)
#define SECOND	    1000000000ULL

static struct connections *make(void)
{
	const struct connections_options options = {.idle_ns = 100 * SECOND};

	return connections_new(&options);
}

static struct address address(const char *text)
{
	struct address out = {{0, 0}};
	uint8_t *bytes = (uint8_t *)&out;

	if (strchr(text, ':'))
		assert_int_equal(inet_pton(AF_INET6, text, bytes), 1);
	else {
		bytes[10] = bytes[11] = 0xff;
		assert_int_equal(inet_pton(AF_INET, text, bytes + 12), 1);
	}
	return out;
}

/* The key of packets from one end to the other, and the direction that is. */
static struct flow_key key(const char *source, uint16_t source_port, const char *destination,
			   uint16_t destination_port, uint8_t protocol,
			   uint32_t network_namespace, unsigned int *direction)
{
	struct address from = address(source), to = address(destination);
	struct flow_key out = {.network_namespace = network_namespace, .protocol = protocol};

	*direction = from.half[1] > to.half[1] ||
		     (from.half[1] == to.half[1] && source_port > destination_port);
	out.address[*direction] = from;
	out.port[*direction] = source_port;
	out.address[!*direction] = to;
	out.port[!*direction] = destination_port;
	return out;
}

static struct tuple tuple(const char *source, uint16_t source_port, const char *destination,
			  uint16_t destination_port, uint8_t protocol)
{
	return (struct tuple){address(source),
			      address(destination),
			      source_port,
			      destination_port,
			      protocol,
			      0,
			      0,
			      0};
}

/* What one namespace counted of packets that go one way, seen at up to two hops. */
struct sight {
	const char *source;
	uint16_t source_port;
	const char *destination;
	uint16_t destination_port;
	uint8_t protocol;
	uint32_t network_namespace;
	uint64_t hops[2];
	uint64_t at_ns;
	uint32_t packets;
	uint32_t seen; /* SEEN_* of direction 0 */
	uint32_t tcp_flags;
	uint32_t pid;
};

static void see(struct connections *connections, struct sight sight)
{
	unsigned int direction;
	struct flow_key flow =
		key(sight.source, sight.source_port, sight.destination, sight.destination_port,
		    sight.protocol, sight.network_namespace, &direction);
	struct flow_value value = {.start_ns = sight.at_ns, .end_ns = sight.at_ns + 10};

	value.seen = (sight.seen | SEEN_FIRST) << direction;
	value.tcp_flags[direction] = sight.tcp_flags;
	value.owner[direction].pid = sight.pid;
	for (unsigned int i = 0; i < 2 && sight.hops[i]; i++) {
		value.hop[i].id = sight.hops[i];
		value.hop[i].first_ns[direction] = 1 + i;
		value.hop[i].packets[direction] = sight.packets;
		value.hop[i].bytes[direction] = sight.packets * 100;
	}
	assert_int_equal(connections_add(connections, &flow, &value), 0);
}

static int translate(struct connections *connections, struct tuple original, struct tuple reply,
		     uint64_t at_ns)
{
	const struct nat_event event = {
		.header = {.time_ns = at_ns},
		.original = original,
		.reply = reply,
		.network_namespace = 2,
		.is_new = 1,
	};
	uint64_t flow_id;

	return connections_translate(connections, &event, &flow_id);
}

static struct delivery *emit(struct connections *connections, enum slice_end end)
{
	struct delivery *delivery = delivery_new();

	assert_int_equal(connections_emit(connections, end, delivery), 0);
	return delivery;
}

static uint32_t rows(const struct delivery *delivery, enum stream_id stream)
{
	return delivery->first[stream] ? delivery->first[stream]->row_count : 0;
}

static uint64_t value(const struct delivery *delivery, enum stream_id stream, const char *name,
		      uint32_t row)
{
	int column = stream_column(stream_get(stream), name);

	assert_true(column >= 0 && row < rows(delivery, stream));
	return batch_integer(delivery->first[stream], (unsigned int)column, row);
}

static const char *text(const struct delivery *delivery, const char *name, uint32_t row)
{
	return dictionary_text(delivery->first[STREAM_FLOW]->texts,
			       (uint32_t)value(delivery, STREAM_FLOW, name, row), NULL);
}

static void assert_address(const struct delivery *delivery, const char *name,
			   const char *expected)
{
	struct address wanted = address(expected);
	int column = stream_column(stream_get(STREAM_FLOW), name);

	assert_memory_equal(&delivery->first[STREAM_FLOW]->columns[column].addresses[0],
			    &wanted, 16);
}

#define FLOW_VALUE(name) value(delivery, STREAM_FLOW, name, 0)

/* A path: client (1) - router (2) - server (3), without translation. */
static void see_path(struct connections *connections, uint64_t at_ns, uint32_t packets)
{
	see(connections, (struct sight){CLIENT,
					4000,
					SERVER,
					80,
					17,
					1,
					{TRANSMIT(5)},
					at_ns,
					packets,
					SEEN_BORN,
					0,
					77});
	see(connections, (struct sight){CLIENT,
					4000,
					SERVER,
					80,
					17,
					2,
					{RECEIVE(6), TRANSMIT(7)},
					at_ns + 100,
					packets,
					0,
					0,
					0});
	see(connections, (struct sight){CLIENT,
					4000,
					SERVER,
					80,
					17,
					3,
					{RECEIVE(8)},
					at_ns + 200,
					packets,
					0,
					0,
					0});
}

static void a_path_of_hops_is_one_flow_counted_once(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;

	see_path(connections, SECOND, 3);
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(rows(delivery, STREAM_FLOW), 1);
	assert_int_equal(FLOW_VALUE("source_packets"), 3);
	assert_int_equal(FLOW_VALUE("source_bytes"), 300);
	assert_int_equal(FLOW_VALUE("destination_packets"), 0);
	assert_int_equal(FLOW_VALUE("hop_count"), 4);
	assert_int_equal(FLOW_VALUE("network_namespace"), 1);
	assert_int_equal(rows(delivery, STREAM_HOP), 4);
	for (uint32_t row = 0; row < 4; row++) {
		uint64_t interface = value(delivery, STREAM_HOP, "interface_index", row);

		assert_int_equal(value(delivery, STREAM_HOP, "source_order", row),
				 interface - 4);
	}
	delivery_free(delivery);
	connections_free(connections);
}

static void the_views_before_and_after_nat_are_one_flow(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;

	see(connections, (struct sight){CLIENT,
					4000,
					ROUTER,
					80,
					6,
					1,
					{TRANSMIT(5)},
					SECOND,
					2,
					SEEN_BORN | SEEN_SYN,
					0x02,
					0});
	see(connections, (struct sight){CLIENT,
					4000,
					ROUTER,
					80,
					6,
					2,
					{RECEIVE(6)},
					SECOND + 50,
					2,
					SEEN_SYN,
					0x02,
					0});
	see(connections, (struct sight){OUTSIDE,
					999,
					SERVER,
					8080,
					6,
					2,
					{TRANSMIT(7)},
					SECOND + 60,
					2,
					SEEN_SYN,
					0x02,
					0});
	see(connections, (struct sight){OUTSIDE,
					999,
					SERVER,
					8080,
					6,
					3,
					{RECEIVE(8)},
					SECOND + 70,
					2,
					SEEN_SYN,
					0x02,
					0});
	see(connections, (struct sight){SERVER,
					8080,
					OUTSIDE,
					999,
					6,
					3,
					{TRANSMIT(8)},
					SECOND + 90,
					5,
					SEEN_BORN | SEEN_SYN_ACK,
					0x12,
					0});
	assert_int_equal(translate(connections, tuple(CLIENT, 4000, ROUTER, 80, 6),
				   tuple(SERVER, 8080, OUTSIDE, 999, 6), SECOND + 55),
			 0);
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(rows(delivery, STREAM_FLOW), 1);
	assert_address(delivery, "source_address", CLIENT);
	assert_address(delivery, "destination_address", ROUTER);
	assert_address(delivery, "source_nat_address", OUTSIDE);
	assert_address(delivery, "destination_nat_address", SERVER);
	assert_int_equal(FLOW_VALUE("source_nat_port"), 999);
	assert_int_equal(FLOW_VALUE("destination_nat_port"), 8080);
	assert_int_equal(FLOW_VALUE("source_packets"), 2);
	assert_int_equal(FLOW_VALUE("destination_packets"), 5);
	assert_string_equal(text(delivery, "connection_state", 0), "S1");
	/* Told twice is known. */
	assert_int_equal(translate(connections, tuple(CLIENT, 4000, ROUTER, 80, 6),
				   tuple(SERVER, 8080, OUTSIDE, 999, 6), SECOND + 99),
			 1);
	delivery_free(delivery);
	connections_free(connections);
}

static void a_view_between_both_translations_is_the_same_flow(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;

	see(connections,
	    (struct sight){CLIENT, 4000, ROUTER, 80, 17, 2, {RECEIVE(6)}, SECOND, 2, 0, 0, 0});
	see(connections,
	    (struct sight){
		    CLIENT, 4000, SERVER, 8080, 17, 2, {RECEIVE(9)}, SECOND + 50, 2, 0, 0, 0});
	see(connections,
	    (struct sight){
		    OUTSIDE, 999, SERVER, 8080, 17, 2, {TRANSMIT(7)}, SECOND + 60, 2, 0, 0, 0});
	assert_int_equal(translate(connections, tuple(CLIENT, 4000, ROUTER, 80, 17),
				   tuple(SERVER, 8080, OUTSIDE, 999, 17), SECOND + 55),
			 0);
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(rows(delivery, STREAM_FLOW), 1);
	assert_int_equal(FLOW_VALUE("source_packets"), 2);
	assert_int_equal(FLOW_VALUE("hop_count"), 3);
	assert_address(delivery, "source_nat_address", OUTSIDE);
	assert_address(delivery, "destination_nat_address", SERVER);
	delivery_free(delivery);
	connections_free(connections);
}

static void a_port_given_to_another_client_moves_over(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;

	assert_int_equal(translate(connections, tuple(CLIENT, 4000, SERVER, 53, 17),
				   tuple(SERVER, 53, OUTSIDE, 4000, 17), SECOND),
			 0);
	assert_int_equal(translate(connections, tuple("10.1.0.3", 4000, SERVER, 53, 17),
				   tuple(SERVER, 53, OUTSIDE, 4000, 17), 2 * SECOND),
			 0);
	see(connections,
	    (struct sight){
		    OUTSIDE, 4000, SERVER, 53, 17, 2, {TRANSMIT(7)}, 3 * SECOND, 1, 0, 0, 0});
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(rows(delivery, STREAM_FLOW), 1);
	assert_address(delivery, "source_address", "10.1.0.3");
	delivery_free(delivery);
	connections_free(connections);
}

static void a_packet_in_flight_at_the_slice_end_is_not_counted_twice(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;

	see(connections, (struct sight){CLIENT,
					4000,
					SERVER,
					80,
					17,
					1,
					{TRANSMIT(5)},
					SECOND,
					1,
					SEEN_BORN,
					0,
					0});
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(FLOW_VALUE("source_packets"), 1);
	delivery_free(delivery);
	/* The same packet, one hop later and in the next slice. */
	see(connections,
	    (struct sight){
		    CLIENT, 4000, SERVER, 80, 17, 2, {RECEIVE(6)}, SECOND + 100, 1, 0, 0, 0});
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(FLOW_VALUE("source_packets"), 0);
	assert_int_equal(rows(delivery, STREAM_HOP), 1);
	assert_int_equal(value(delivery, STREAM_HOP, "source_order", 0), 2);
	delivery_free(delivery);
	connections_free(connections);
}

static void an_open_slice_is_told_by_and_by_and_then_whole(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;
	uint64_t flow_id;

	see_path(connections, SECOND, 3);
	delivery = emit(connections, SLICE_OPEN);
	assert_int_equal(FLOW_VALUE("source_packets"), 3);
	flow_id = FLOW_VALUE("flow_id");
	delivery_free(delivery);
	delivery = emit(connections, SLICE_OPEN);
	assert_int_equal(rows(delivery, STREAM_FLOW), 0);
	delivery_free(delivery);
	see_path(connections, 2 * SECOND, 4);
	delivery = emit(connections, SLICE_OPEN);
	assert_int_equal(FLOW_VALUE("source_packets"), 4);
	assert_true(FLOW_VALUE("start_ns") == 2 * SECOND);
	delivery_free(delivery);
	see_path(connections, 3 * SECOND, 5);
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(FLOW_VALUE("source_packets"), 12);
	assert_true(FLOW_VALUE("start_ns") == SECOND);
	assert_true(FLOW_VALUE("flow_id") == flow_id);
	delivery_free(delivery);
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(rows(delivery, STREAM_FLOW), 0);
	delivery_free(delivery);
	connections_free(connections);
}

static void who_sent_the_syn_is_the_source(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;

	/* The capture begins with the SYN-ACK. */
	see(connections, (struct sight){SERVER,
					80,
					CLIENT,
					4000,
					6,
					0,
					{RECEIVE(1)},
					SECOND,
					1,
					SEEN_SYN_ACK,
					0x12,
					0});
	delivery = emit(connections, SLICE_ENDED);
	assert_address(delivery, "source_address", CLIENT);
	assert_int_equal(FLOW_VALUE("destination_packets"), 1);
	delivery_free(delivery);
	connections_free(connections);
}

static void reused_ports_are_another_connection(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;
	uint64_t first;

	see(connections, (struct sight){CLIENT,
					4000,
					SERVER,
					80,
					6,
					1,
					{TRANSMIT(5)},
					SECOND,
					3,
					SEEN_SYN,
					0x03,
					0});
	see(connections, (struct sight){SERVER,
					80,
					CLIENT,
					4000,
					6,
					1,
					{RECEIVE(5)},
					SECOND,
					3,
					SEEN_SYN_ACK,
					0x13,
					0});
	delivery = emit(connections, SLICE_ENDED);
	first = FLOW_VALUE("flow_id");
	assert_string_equal(text(delivery, "connection_state", 0), "SF");
	assert_int_equal(FLOW_VALUE("flow_end_reason"), 3);
	delivery_free(delivery);
	/* A late packet still belongs to the first one. */
	see(connections,
	    (struct sight){
		    CLIENT, 4000, SERVER, 80, 6, 1, {TRANSMIT(5)}, 2 * SECOND, 1, 0, 0x10, 0});
	delivery = emit(connections, SLICE_ENDED);
	assert_true(FLOW_VALUE("flow_id") == first);
	delivery_free(delivery);
	see(connections, (struct sight){CLIENT,
					4000,
					SERVER,
					80,
					6,
					1,
					{TRANSMIT(5)},
					3 * SECOND,
					1,
					SEEN_SYN,
					0x02,
					0});
	delivery = emit(connections, SLICE_ENDED);
	assert_true(FLOW_VALUE("flow_id") != first);
	assert_string_equal(text(delivery, "connection_state", 0), "S0");
	delivery_free(delivery);
	connections_free(connections);
}

static void loopback_is_not_joined_across_namespaces(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;

	for (uint32_t network_namespace = 1; network_namespace <= 2; network_namespace++)
		see(connections, (struct sight){"127.0.0.1",
						4000,
						"127.0.0.1",
						80,
						17,
						network_namespace,
						{TRANSMIT(1), RECEIVE(1)},
						SECOND,
						1,
						SEEN_BORN,
						0,
						0});
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(rows(delivery, STREAM_FLOW), 2);
	delivery_free(delivery);
	connections_free(connections);
}

static void the_same_private_tuple_in_two_places_counts_both(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;

	see(connections,
	    (struct sight){
		    "::", 0, "ff02::16", 0, 58, 1, {TRANSMIT(5)}, SECOND, 2, SEEN_BORN, 0, 0});
	see(connections,
	    (struct sight){
		    "::", 0, "ff02::16", 0, 58, 2, {RECEIVE(6)}, SECOND + 1, 2, 0, 0, 0});
	see(connections, (struct sight){"::",
					0,
					"ff02::16",
					0,
					58,
					3,
					{TRANSMIT(5)},
					SECOND + 2,
					3,
					SEEN_BORN,
					0,
					0});
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(FLOW_VALUE("source_packets"), 5);
	delivery_free(delivery);
	connections_free(connections);
}

static void idle_connections_are_forgotten(void **state)
{
	struct connections *connections = make();
	char name[20];

	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "10.3.%u.%u", i >> 8, i & 255);
		see(connections,
		    (struct sight){
			    name, 1, SERVER, 53, 17, 1, {RECEIVE(5)}, SECOND + i, 1, 0, 0, 0});
	}
	delivery_free(emit(connections, SLICE_ENDED));
	assert_int_equal(connections_count(connections), 5000);
	see_path(connections, 200 * SECOND, 1);
	delivery_free(emit(connections, SLICE_ENDED));
	assert_int_equal(connections_count(connections), 1);
	/* What is left is still found after the others were taken out. */
	see_path(connections, 201 * SECOND, 1);
	assert_int_equal(connections_count(connections), 1);
	connections_free(connections);
}

static void after_a_long_silence_it_is_another_connection(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;
	uint64_t first;

	see_path(connections, SECOND, 1);
	delivery = emit(connections, SLICE_ENDED);
	first = FLOW_VALUE("flow_id");
	delivery_free(delivery);
	see_path(connections, 90 * SECOND, 1);
	delivery = emit(connections, SLICE_ENDED);
	assert_true(FLOW_VALUE("flow_id") == first);
	delivery_free(delivery);
	see_path(connections, 200 * SECOND, 1);
	delivery = emit(connections, SLICE_ENDED);
	assert_true(FLOW_VALUE("flow_id") != first);
	assert_int_equal(FLOW_VALUE("source_packets"), 1);
	delivery_free(delivery);
	connections_free(connections);
}

static void a_capture_that_claims_too_many_hops_loses_no_packet(void **state)
{
	struct connections *connections = make();
	struct packet packet = {.bytes = 60, .io_direction = -1};
	struct delivery *delivery;
	uint64_t packets = 0;

	packet.key = key(CLIENT, 4000, SERVER, 80, 17, 0, &packet.direction);
	for (uint32_t i = 1; i <= 20000; i++) {
		packet.interface_index = i;
		assert_int_equal(connections_packet(connections, &packet, SECOND + i), 0);
	}
	delivery = emit(connections, SLICE_ENDED);
	for (uint32_t row = 0; row < rows(delivery, STREAM_HOP); row++)
		packets += value(delivery, STREAM_HOP, "source_packets", row);
	assert_int_equal(packets, 20000);
	delivery_free(delivery);
	connections_free(connections);
}

static void packets_of_a_capture_count_in_their_direction(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;
	struct packet packet = {.bytes = 60, .tcp_flags = 0x02, .io_direction = -1};

	packet.key = key(CLIENT, 4000, SERVER, 80, 6, 0, &packet.direction);
	assert_int_equal(connections_packet(connections, &packet, 5), 0);
	packet.direction = !packet.direction;
	packet.tcp_flags = 0x14;
	assert_int_equal(connections_packet(connections, &packet, 6), 0);
	delivery = emit(connections, SLICE_FORCED);
	assert_address(delivery, "source_address", CLIENT);
	assert_int_equal(FLOW_VALUE("source_packets"), 1);
	assert_int_equal(FLOW_VALUE("destination_bytes"), 60);
	assert_string_equal(text(delivery, "connection_state", 0), "REJ");
	assert_int_equal(FLOW_VALUE("flow_end_reason"), 4);
	delivery_free(delivery);
	connections_free(connections);
}

/* One packet of each of count connections, and their flow_ids. */
static void see_many(struct connections *connections, unsigned int count, uint64_t *flow_ids)
{
	int column = stream_column(stream_get(STREAM_FLOW), "flow_id");
	struct delivery *delivery;

	for (unsigned int i = 0; i < count; i++)
		see(connections, (struct sight){CLIENT,
						(uint16_t)(1000 + i),
						SERVER,
						80,
						6,
						1,
						{TRANSMIT(5)},
						SECOND + i,
						1,
						SEEN_SYN,
						0x02,
						0});
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(delivery->first[STREAM_FLOW]->row_count, count);
	for (unsigned int i = 0; i < count; i++)
		flow_ids[i] =
			batch_integer(delivery->first[STREAM_FLOW], (unsigned int)column, i);
	delivery_free(delivery);
}

static void flow_ids_run_and_those_of_two_runs_lie_apart(void **state)
{
	struct connections *runs[] = {make(), make()}, *next;
	struct connections_options options = {.idle_ns = 100 * SECOND};
	uint64_t flow_ids[2][100], after;

	for (unsigned int run = 0; run < 2; run++) {
		see_many(runs[run], 100, flow_ids[run]);
		assert_true(flow_ids[run][0] >= 1ULL << 61);
		assert_true(flow_ids[run][0] < 1ULL << 62);
		for (unsigned int i = 1; i < 100; i++)
			assert_true(flow_ids[run][i] == flow_ids[run][0] + i);
	}
	assert_true(flow_ids[0][0] + 100 <= flow_ids[1][0] ||
		    flow_ids[1][0] + 100 <= flow_ids[0][0]);
	/* A new table in the middle of a run goes on where the one before it was. */
	options.first_flow_id = connections_next_flow_id(runs[0]);
	next = connections_new(&options);
	see_many(next, 1, &after);
	assert_true(after == flow_ids[0][99] + 1);
	connections_free(next);
	connections_free(runs[0]);
	connections_free(runs[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_of_hops_is_one_flow_counted_once),
		cmocka_unit_test(the_views_before_and_after_nat_are_one_flow),
		cmocka_unit_test(a_view_between_both_translations_is_the_same_flow),
		cmocka_unit_test(a_port_given_to_another_client_moves_over),
		cmocka_unit_test(a_packet_in_flight_at_the_slice_end_is_not_counted_twice),
		cmocka_unit_test(an_open_slice_is_told_by_and_by_and_then_whole),
		cmocka_unit_test(who_sent_the_syn_is_the_source),
		cmocka_unit_test(reused_ports_are_another_connection),
		cmocka_unit_test(loopback_is_not_joined_across_namespaces),
		cmocka_unit_test(the_same_private_tuple_in_two_places_counts_both),
		cmocka_unit_test(idle_connections_are_forgotten),
		cmocka_unit_test(after_a_long_silence_it_is_another_connection),
		cmocka_unit_test(a_capture_that_claims_too_many_hops_loses_no_packet),
		cmocka_unit_test(packets_of_a_capture_count_in_their_direction),
		cmocka_unit_test(flow_ids_run_and_those_of_two_runs_lie_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
