/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of what explains a connection in its rows: drops, segments sent again, round trip,
 * DSCP.
 */
#include "recorder/connection.h"
#include "recorder/delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SECOND	    1000000000ULL
#define RECEIVE(i)  ((uint64_t)(i) << 2 | 1)
#define TRANSMIT(i) ((uint64_t)(i) << 2 | 3)

static const char *reason_name(void *context, uint32_t reason)
{
	return reason == 12 ? "netfilter_drop" : NULL;
}

static struct connections *make(void)
{
	const struct connections_options options = {
		.idle_ns = 100 * SECOND,
		.drop_reason = reason_name,
	};

	return connections_new(&options);
}

/* 10.0.0.1 port 1000 and 10.0.0.2 port 80: direction 0 is that of the client. */
static struct flow_key tuple(uint32_t network_namespace)
{
	struct flow_key key = {
		.port = {1000, 80},
		.protocol = 6,
		.network_namespace = network_namespace,
	};

	for (int i = 0; i < 2; i++) {
		uint8_t *bytes = (uint8_t *)&key.address[i];

		memcpy(bytes + 10, "\xff\xff\x0a\x00\x00", 5);
		bytes[15] = (uint8_t)(1 + i);
	}
	return key;
}

/* One hop of a namespace saw packets in both directions. */
static struct flow_value seen_at(uint64_t hop, uint64_t at_ns)
{
	struct flow_value value = {
		.start_ns = at_ns,
		.end_ns = at_ns + 100,
		.seen = SEEN_FIRST,
	};

	value.hop[0].id = hop;
	for (int i = 0; i < 2; i++) {
		value.hop[0].first_ns[i] = 1 + (uint64_t)i * 10;
		value.hop[0].packets[i] = 1;
	}
	return value;
}

static void tell(struct connections *connections, uint32_t network_namespace,
		 struct flow_value value)
{
	struct flow_key key = tuple(network_namespace);

	assert_int_equal(connections_add(connections, &key, &value), 0);
}

static struct delivery *emit(struct connections *connections, enum slice_end end)
{
	struct delivery *delivery = delivery_new();

	assert_int_equal(connections_emit(connections, end, delivery), 0);
	assert_non_null(delivery->first[STREAM_FLOW]);
	assert_int_equal(delivery->first[STREAM_FLOW]->row_count, 1);
	return delivery;
}

static uint64_t number(const struct delivery *delivery, const char *name)
{
	int column = stream_column(stream_get(STREAM_FLOW), name);

	assert_true(column >= 0);
	return batch_integer(delivery->first[STREAM_FLOW], (unsigned int)column, 0);
}

static const char *text(const struct delivery *delivery, const char *name)
{
	return dictionary_text(delivery->first[STREAM_FLOW]->texts,
			       (uint32_t)number(delivery, name), NULL);
}

static void drops_add_up_wherever_they_happened(void **state)
{
	struct connections *connections = make();
	struct flow_value sender = seen_at(TRANSMIT(5), SECOND);
	struct flow_value router = seen_at(RECEIVE(6), SECOND + 10);
	struct delivery *delivery;

	sender.drop[0] = (struct flow_drop){.reason = 7, .packets = 3};
	router.drop[0] = (struct flow_drop){.reason = 12, .packets = 2};
	router.drop[1] = (struct flow_drop){.reason = 7, .packets = 4};
	tell(connections, 1, sender);
	tell(connections, 2, router);
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(number(delivery, "dropped_packets"), 9);
	assert_string_equal(text(delivery, "dropped_reason"), "7");
	assert_string_equal(text(delivery, "dropped_reasons"),
			    "{\"7\":7,\"netfilter_drop\":2}");
	delivery_free(delivery);
	/* They are counted once. */
	tell(connections, 1, seen_at(TRANSMIT(5), 2 * SECOND));
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(number(delivery, "dropped_packets"), 0);
	assert_int_equal(number(delivery, "dropped_reason"), 0);
	assert_int_equal(number(delivery, "dropped_reasons"), 0);
	delivery_free(delivery);
	connections_free(connections);
}

static void a_reason_has_the_kernels_name(void **state)
{
	struct connections *connections = make();
	struct flow_value value = seen_at(TRANSMIT(5), SECOND);
	struct delivery *delivery;

	value.drop[0] = (struct flow_drop){.reason = 12, .packets = 1};
	tell(connections, 1, value);
	delivery = emit(connections, SLICE_ENDED);
	assert_string_equal(text(delivery, "dropped_reason"), "netfilter_drop");
	assert_string_equal(text(delivery, "dropped_reasons"), "{\"netfilter_drop\":1}");
	delivery_free(delivery);
	connections_free(connections);
}

static void a_connection_of_which_all_was_dropped_has_a_row(void **state)
{
	struct connections *connections = make();
	struct flow_value value = {
		.start_ns = SECOND,
		.end_ns = SECOND,
		.seen = (SEEN_FIRST | SEEN_SYN) << 1,
		.tcp_flags = {0, 2},
		.retransmits = {0, 2},
		.drop = {{.reason = 12, .packets = 3}},
	};
	struct delivery *delivery;

	tell(connections, 1, value);
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(number(delivery, "source_port"), 80);
	assert_int_equal(number(delivery, "source_packets"), 0);
	assert_int_equal(number(delivery, "hop_count"), 0);
	assert_int_equal(number(delivery, "dropped_packets"), 3);
	assert_int_equal(number(delivery, "source_tcp_retransmits"), 2);
	assert_int_equal(number(delivery, "destination_tcp_retransmits"), 0);
	assert_int_equal(number(delivery, "network_namespace"), 1);
	assert_string_equal(text(delivery, "connection_state"), "S0");
	delivery_free(delivery);
	/* It keeps its namespace when the connection comes to another one after all. */
	tell(connections, 2, seen_at(RECEIVE(6), 2 * SECOND));
	tell(connections, 1, seen_at(TRANSMIT(5), 2 * SECOND - 100));
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(number(delivery, "hop_count"), 2);
	delivery_free(delivery);
	connections_free(connections);
}

static void trouble_of_an_open_slice_is_told_by_and_by_and_then_whole(void **state)
{
	struct connections *connections = make();
	struct flow_value value = seen_at(TRANSMIT(5), SECOND);
	struct delivery *delivery;

	value.retransmits[0] = 1;
	value.drop[0] = (struct flow_drop){.reason = 12, .packets = 1};
	tell(connections, 1, value);
	delivery = emit(connections, SLICE_OPEN);
	assert_int_equal(number(delivery, "source_tcp_retransmits"), 1);
	delivery_free(delivery);
	value.start_ns = value.end_ns = 2 * SECOND;
	value.drop[0].packets = 4;
	tell(connections, 1, value);
	delivery = emit(connections, SLICE_OPEN);
	assert_int_equal(number(delivery, "source_tcp_retransmits"), 1);
	assert_int_equal(number(delivery, "dropped_packets"), 4);
	delivery_free(delivery);
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(number(delivery, "source_tcp_retransmits"), 2);
	assert_int_equal(number(delivery, "dropped_packets"), 5);
	delivery_free(delivery);
	connections_free(connections);
}

static void more_reasons_than_fit_lose_no_packet(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;

	for (uint32_t i = 0; i < 3 * FLOW_DROPS; i++) {
		struct flow_value value = seen_at(TRANSMIT(5), SECOND + i);

		value.drop[0] = (struct flow_drop){.reason = 3 + i, .packets = 1};
		tell(connections, 1, value);
	}
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(number(delivery, "dropped_packets"), 3 * FLOW_DROPS);
	delivery_free(delivery);
	connections_free(connections);
}

/* A whole handshake in one drain of one namespace. */
static struct flow_value handshake(uint64_t hop, uint64_t at_ns, uint64_t rtt_ns)
{
	struct flow_value value = seen_at(hop, at_ns);

	value.seen |= SEEN_SYN | SEEN_SYN_ACK << 1;
	value.answered_ns = at_ns + rtt_ns;
	return value;
}

static void the_round_trip_is_told_once_and_as_the_initiator_saw_it(void **state)
{
	struct connections *connections = make();
	struct flow_value client = handshake(TRANSMIT(5), SECOND, 700);
	struct delivery *delivery;

	client.seen |= SEEN_BORN;
	tell(connections, 2, handshake(RECEIVE(6), SECOND + 10, 680));
	tell(connections, 1, client);
	delivery = emit(connections, SLICE_OPEN);
	assert_int_equal(number(delivery, "tcp_rtt_ns"), 700);
	delivery_free(delivery);
	/* Another namespace's view of it comes late. */
	tell(connections, 3, handshake(RECEIVE(7), SECOND + 20, 660));
	delivery = emit(connections, SLICE_OPEN);
	assert_int_equal(number(delivery, "tcp_rtt_ns"), 0);
	delivery_free(delivery);
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(number(delivery, "tcp_rtt_ns"), 700);
	delivery_free(delivery);
	tell(connections, 4, handshake(RECEIVE(8), 2 * SECOND, 640));
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(number(delivery, "tcp_rtt_ns"), 0);
	delivery_free(delivery);
	connections_free(connections);
}

static void the_next_connection_of_the_same_ports_has_its_own_round_trip(void **state)
{
	struct connections *connections = make();
	struct flow_value value = handshake(TRANSMIT(5), SECOND, 700);
	struct delivery *delivery;

	value.tcp_flags[0] = 0x04;
	tell(connections, 1, value);
	delivery_free(emit(connections, SLICE_ENDED));
	tell(connections, 1, handshake(TRANSMIT(5), 5 * SECOND, 500));
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(number(delivery, "tcp_rtt_ns"), 500);
	delivery_free(delivery);
	connections_free(connections);
}

static void dscp_is_the_latest_where_the_packets_began(void **state)
{
	struct connections *connections = make();
	struct flow_value client = seen_at(TRANSMIT(5), SECOND);
	struct flow_value router = seen_at(RECEIVE(6), SECOND + 5);
	struct delivery *delivery;

	/* The router marks anew what it passes on. */
	router.dscp[0] = 8;
	router.dscp[1] = 10;
	client.dscp[0] = 34;
	client.dscp[1] = 9;
	client.hop[0].first_ns[1] = 100;
	tell(connections, 1, client);
	tell(connections, 2, router);
	delivery_free(emit(connections, SLICE_OPEN));
	client.start_ns = client.end_ns = SECOND + 1000;
	client.dscp[0] = 46;
	client.hop[0].packets[1] = 0;
	tell(connections, 1, client);
	delivery_free(emit(connections, SLICE_OPEN));
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(number(delivery, "source_dscp"), 46);
	assert_int_equal(number(delivery, "destination_dscp"), 10);
	delivery_free(delivery);
	connections_free(connections);
}

static void a_capture_tells_round_trip_and_dscp(void **state)
{
	struct connections *connections = make();
	struct packet packet = {
		.key = tuple(0),
		.bytes = 60,
		.tcp_flags = 0x02,
		.dscp = 46,
		.io_direction = -1,
	};
	struct delivery *delivery;

	assert_int_equal(connections_packet(connections, &packet, SECOND), 0);
	packet.direction = 1;
	packet.tcp_flags = 0x12;
	packet.dscp = 0;
	assert_int_equal(connections_packet(connections, &packet, SECOND + 40), 0);
	packet.direction = 0;
	packet.tcp_flags = 0x10;
	packet.dscp = 18;
	assert_int_equal(connections_packet(connections, &packet, SECOND + 77), 0);
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(number(delivery, "tcp_rtt_ns"), 77);
	assert_int_equal(number(delivery, "source_dscp"), 18);
	assert_int_equal(number(delivery, "destination_dscp"), 0);
	delivery_free(delivery);
	connections_free(connections);
}

static void the_packets_so_far_are_those_of_the_rows(void **state)
{
	struct connections *connections = make();

	assert_int_equal(connections_packets(connections), 0);
	tell(connections, 1, seen_at(TRANSMIT(5), SECOND));
	delivery_free(emit(connections, SLICE_OPEN));
	assert_int_equal(connections_packets(connections), 2);
	tell(connections, 1, seen_at(TRANSMIT(5), 2 * SECOND));
	delivery_free(emit(connections, SLICE_OPEN));
	assert_int_equal(connections_packets(connections), 4);
	/* The rows of the whole slice take the place of those. */
	tell(connections, 1, seen_at(TRANSMIT(5), 3 * SECOND));
	delivery_free(emit(connections, SLICE_ENDED));
	assert_int_equal(connections_packets(connections), 6);
	tell(connections, 1, seen_at(TRANSMIT(5), 4 * SECOND));
	delivery_free(emit(connections, SLICE_OPEN));
	assert_int_equal(connections_packets(connections), 8);
	connections_free(connections);
}

static struct delivery *emit_open(struct connections *connections, uint64_t slice)
{
	struct delivery *delivery = delivery_new();

	delivery->slice = slice;
	assert_int_equal(connections_emit(connections, SLICE_OPEN, delivery), 0);
	return delivery;
}

/* Of the client's port: the connection is reset when it ends. */
static void tell_of(struct connections *connections, uint16_t port, uint64_t at_ns, int ends)
{
	struct flow_value value = seen_at(TRANSMIT(5), at_ns);
	struct flow_key key = tuple(1);

	key.port[0] = port;
	value.seen |= SEEN_SYN;
	value.tcp_flags[0] = ends ? 0x06 : 0x02;
	assert_int_equal(connections_add(connections, &key, &value), 0);
}

static void assert_rows(const struct batch *flows, uint64_t slice, uint32_t count,
			uint64_t source_port)
{
	int column = stream_column(stream_get(STREAM_FLOW), "source_port");

	assert_non_null(flows);
	assert_int_equal(flows->slice, slice);
	assert_int_equal(flows->row_count, count);
	assert_int_equal(batch_integer(flows, (unsigned int)column, 0), source_port);
}

static void a_connection_that_is_over_is_told_once_and_for_all(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;
	uint64_t flow_id;

	tell_of(connections, 1001, SECOND, 1);
	tell_of(connections, 1002, SECOND + SECOND / 2, 0);
	tell_of(connections, 1003, SECOND + SECOND / 2, 1); /* something may still come */
	delivery = emit_open(connections, 7);
	assert_rows(delivery->first[STREAM_FLOW], 0, 1, 1001);
	flow_id = number(delivery, "flow_id");
	assert_rows(delivery->first[STREAM_FLOW]->next, 7, 2, 1002);
	delivery_free(delivery);
	/* A SYN on its ports begins another one, in the same slice. */
	tell_of(connections, 1001, 2 * SECOND, 0);
	delivery = emit_open(connections, 7);
	assert_rows(delivery->first[STREAM_FLOW], 7, 1, 1001);
	assert_true(number(delivery, "flow_id") != flow_id);
	delivery_free(delivery);
	/* Only those that were told so far are told again. */
	delivery = delivery_new();
	assert_int_equal(connections_emit(connections, SLICE_ENDED, delivery), 0);
	assert_rows(delivery->first[STREAM_FLOW], 0, 3, 1002);
	assert_null(delivery->first[STREAM_FLOW]->next);
	delivery_free(delivery);
	assert_int_equal(connections_packets(connections), 8);
	connections_free(connections);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drops_add_up_wherever_they_happened),
		cmocka_unit_test(a_reason_has_the_kernels_name),
		cmocka_unit_test(a_connection_of_which_all_was_dropped_has_a_row),
		cmocka_unit_test(trouble_of_an_open_slice_is_told_by_and_by_and_then_whole),
		cmocka_unit_test(more_reasons_than_fit_lose_no_packet),
		cmocka_unit_test(the_round_trip_is_told_once_and_as_the_initiator_saw_it),
		cmocka_unit_test(the_next_connection_of_the_same_ports_has_its_own_round_trip),
		cmocka_unit_test(dscp_is_the_latest_where_the_packets_began),
		cmocka_unit_test(a_capture_tells_round_trip_and_dscp),
		cmocka_unit_test(the_packets_so_far_are_those_of_the_rows),
		cmocka_unit_test(a_connection_that_is_over_is_told_once_and_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
