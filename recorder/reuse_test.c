/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of endpoints that are used again within a slice.
 */
#include "recorder/connection.h"
#include "recorder/delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND	1000000000ULL
#define SYN	0x02
#define RST	0x04
#define ACK	0x10
#define ALL	0x13 /* SYN, FIN, ACK */
#define END	0x11
#define CLIENT	0x0200010a
#define SERVER	0x0200020a
#define OUTSIDE 0x0100020a
#define OPENING (SEEN_SYN | SEEN_SYN_ACK << 1)
#define MIDDLE	0

static struct address address(uint32_t ipv4)
{
	struct address out = {{0, 0}};
	uint8_t *bytes = (uint8_t *)&out;

	bytes[10] = bytes[11] = 0xff;
	memcpy(bytes + 12, &ipv4, sizeof(ipv4));
	return out;
}

/* What one namespace saw of a connection, in both directions. */
struct sight {
	uint32_t source, network_namespace, seen, flags[2], packets;
};

static void see(struct connections *connections, uint64_t at_ns, struct sight sight)
{
	const struct flow_key key = {
		.address = {address(sight.source), address(SERVER)},
		.port = {4000, 80},
		.protocol = 6,
		.network_namespace = sight.network_namespace,
	};
	const struct flow_value value = {
		.start_ns = at_ns,
		.end_ns = at_ns + 10,
		.seen = sight.seen | SEEN_FIRST,
		.tcp_flags = {sight.flags[0], sight.flags[1]},
		.hop[0] = {.id = 5 << 2 | 1,
			   .packets = {sight.packets, sight.packets},
			   .bytes = {sight.packets * 100, sight.packets * 100},
			   .first_ns = {1, 2}},
	};

	assert_int_equal(connections_add(connections, &key, &value), 0);
}

static struct connections *make(void)
{
	const struct connections_options options = {.idle_ns = 100 * SECOND};

	return connections_new(&options);
}

static struct delivery *emit(struct connections *connections, enum slice_end end)
{
	struct delivery *delivery = delivery_new();

	assert_int_equal(connections_emit(connections, end, delivery), 0);
	return delivery;
}

static uint64_t value(const struct delivery *delivery, enum stream_id stream, const char *name,
		      uint32_t row)
{
	int column = stream_column(stream_get(stream), name);

	assert_true(column >= 0 && row < delivery->first[stream]->row_count);
	return batch_integer(delivery->first[stream], (unsigned int)column, row);
}

/* The flow rows are those of so many packets each way; they are different connections. */
static void assert_flows(struct delivery *delivery, unsigned int count, const uint32_t *packets)
{
	assert_int_equal(delivery->first[STREAM_FLOW]->row_count, count);
	for (unsigned int row = 0; row < count; row++) {
		assert_int_equal(value(delivery, STREAM_FLOW, "source_packets", row),
				 packets[row]);
		assert_int_equal(value(delivery, STREAM_FLOW, "destination_packets", row),
				 packets[row]);
		for (unsigned int other = 0; other < row; other++)
			assert_int_not_equal(value(delivery, STREAM_FLOW, "flow_id", row),
					     value(delivery, STREAM_FLOW, "flow_id", other));
	}
	delivery_free(delivery);
}

static void a_syn_after_the_end_begins_another_connection(void **state)
{
	struct connections *connections = make();

	see(connections, SECOND, (struct sight){CLIENT, 1, OPENING, {ALL, ALL}, 3});
	see(connections, SECOND + 100, (struct sight){CLIENT, 1, OPENING, {ALL, ALL | RST}, 4});
	see(connections, SECOND + 200, (struct sight){CLIENT, 1, OPENING, {SYN | ACK, SYN}, 5});
	assert_flows(emit(connections, SLICE_ENDED), 3, (const uint32_t[]){3, 4, 5});
	assert_int_equal(connections_count(connections), 1);
	/* The last one goes on. */
	see(connections, 9 * SECOND, (struct sight){CLIENT, 1, MIDDLE, {END, END}, 6});
	see(connections, 9 * SECOND + 9, (struct sight){CLIENT, 1, OPENING, {ALL, ALL}, 7});
	assert_flows(emit(connections, SLICE_ENDED), 2, (const uint32_t[]){6, 7});
	connections_free(connections);
}

static void what_is_told_of_an_open_slice_is_told_again_at_its_end(void **state)
{
	struct connections *connections = make();

	see(connections, SECOND, (struct sight){CLIENT, 1, OPENING, {ALL, ALL}, 3});
	assert_flows(emit(connections, SLICE_OPEN), 1, (const uint32_t[]){3});
	see(connections, SECOND + 100, (struct sight){CLIENT, 1, OPENING, {ALL, ALL}, 4});
	assert_flows(emit(connections, SLICE_OPEN), 1, (const uint32_t[]){4});
	assert_flows(emit(connections, SLICE_ENDED), 2, (const uint32_t[]){3, 4});
	/* Freed while one is over: nothing leaks. */
	see(connections, 9 * SECOND, (struct sight){CLIENT, 1, OPENING, {ALL, ALL}, 3});
	see(connections, 9 * SECOND, (struct sight){CLIENT, 1, OPENING, {ALL, ALL}, 3});
	connections_free(connections);
}

static void a_namespace_moves_on_with_the_syn_that_it_sees(void **state)
{
	struct connections *connections = make();
	struct delivery *delivery;

	see(connections, SECOND, (struct sight){CLIENT, 1, OPENING, {ALL, ALL}, 3});
	see(connections, SECOND + 1, (struct sight){CLIENT, 2, OPENING, {ALL, ALL}, 2});
	see(connections, SECOND + 50, (struct sight){CLIENT, 1, OPENING, {ALL, ALL}, 5});
	see(connections, SECOND + 51, (struct sight){CLIENT, 2, MIDDLE, {ACK, ACK}, 1});
	see(connections, SECOND + 52, (struct sight){CLIENT, 2, OPENING, {ALL, ALL}, 5});
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(delivery->first[STREAM_HOP]->row_count, 4);
	for (uint32_t row = 0; row < 4; row++)
		assert_int_equal(value(delivery, STREAM_HOP, "source_packets", row),
				 row < 2 ? 3 : 5);
	assert_flows(delivery, 2, (const uint32_t[]){3, 5});
	connections_free(connections);
}

static void a_syn_that_is_sent_again_is_of_the_same_connection(void **state)
{
	struct connections *connections = make();

	see(connections, SECOND, (struct sight){CLIENT, 1, SEEN_SYN, {SYN, 0}, 1});
	see(connections, SECOND + 100, (struct sight){CLIENT, 1, OPENING, {ALL, SYN}, 2});
	/* Only one end is at an end. */
	see(connections, SECOND + 200, (struct sight){CLIENT, 1, OPENING, {SYN, ALL}, 4});
	assert_flows(emit(connections, SLICE_ENDED), 1, (const uint32_t[]){7});
	connections_free(connections);
}

static void a_reset_of_what_answers_for_an_older_one_ends_nothing(void **state)
{
	struct connections *connections = make();

	see(connections, SECOND, (struct sight){CLIENT, 1, OPENING, {ALL, ALL}, 3});
	see(connections, SECOND + 50, (struct sight){CLIENT, 1, SEEN_SYN, {SYN | RST, ACK}, 1});
	see(connections, SECOND + 90, (struct sight){CLIENT, 1, OPENING, {ALL, ALL}, 5});
	/* One that was refused is over. */
	see(connections, SECOND + 95, (struct sight){CLIENT, 1, SEEN_SYN, {SYN, RST | ACK}, 1});
	see(connections, SECOND + 99, (struct sight){CLIENT, 1, OPENING, {ALL, ALL}, 2});
	assert_flows(emit(connections, SLICE_ENDED), 4, (const uint32_t[]){3, 6, 1, 2});
	connections_free(connections);
}

static void both_keep_their_translation(void **state)
{
	struct connections *connections = make();
	const struct nat_event event = {
		.header = {.time_ns = SECOND},
		.original = {address(CLIENT), address(SERVER), 4000, 80, 6, 0, 0, 0},
		.reply = {address(SERVER), address(OUTSIDE), 80, 4000, 6, 0, 0, 0},
		.network_namespace = 2,
	};
	struct delivery *delivery;
	uint64_t flow_id;

	for (uint32_t packets = 1; packets <= 2; packets++) {
		uint64_t at_ns = SECOND * packets;

		see(connections, at_ns,
		    (struct sight){CLIENT, 1, OPENING, {ALL, ALL}, packets});
		see(connections, at_ns + 1,
		    (struct sight){OUTSIDE, 3, OPENING, {ALL, ALL}, packets});
		assert_int_equal(connections_translate(connections, &event, &flow_id),
				 packets == 1 ? TRANSLATE_JOINED : TRANSLATE_KNOWN);
	}
	delivery = emit(connections, SLICE_ENDED);
	assert_int_equal(flow_id, value(delivery, STREAM_FLOW, "flow_id", 1));
	for (uint32_t row = 0; row < 2; row++)
		assert_int_equal(value(delivery, STREAM_FLOW, "hop_count", row), 2);
	assert_flows(delivery, 2, (const uint32_t[]){1, 2});
	connections_free(connections);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_syn_after_the_end_begins_another_connection),
		cmocka_unit_test(what_is_told_of_an_open_slice_is_told_again_at_its_end),
		cmocka_unit_test(a_namespace_moves_on_with_the_syn_that_it_sees),
		cmocka_unit_test(a_syn_that_is_sent_again_is_of_the_same_connection),
		cmocka_unit_test(a_reset_of_what_answers_for_an_older_one_ends_nothing),
		cmocka_unit_test(both_keep_their_translation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
