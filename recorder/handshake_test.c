/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the handshake's round-trip time: packet by packet, and as the kernel counts flows.
 */
#include "recorder/handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SYN	0x02
#define SYN_ACK 0x12
#define ACK	0x10
#define RST	0x04
#define SECOND	1000000000ULL

static void packets_tell_the_time_from_syn_to_answer(void **state)
{
	struct handshake handshake = {0};

	assert_int_equal(handshake_packet(&handshake, 1, SYN, 5, 1000), 0);
	assert_int_equal(handshake_packet(&handshake, 0, SYN_ACK, 6, 1600), 0);
	assert_int_equal(handshake_packet(&handshake, 1, ACK, 5, 1700), 700);
	assert_int_equal(handshake_packet(&handshake, 1, ACK, 5, 1800), 0);
}

static void data_may_be_the_answer(void **state)
{
	struct handshake handshake = {0};

	handshake_packet(&handshake, 0, SYN, 5, 1000);
	handshake_packet(&handshake, 1, SYN_ACK, 5, 1600);
	assert_int_equal(handshake_packet(&handshake, 0, ACK | 0x08, 5, 1701), 701);
}

static void each_hop_sees_the_same_packets_and_one_counts(void **state)
{
	struct handshake handshake = {0};

	handshake_packet(&handshake, 0, SYN, 5, 1000);
	handshake_packet(&handshake, 0, SYN, 7, 1010);
	handshake_packet(&handshake, 1, SYN_ACK, 9, 1500);
	handshake_packet(&handshake, 1, SYN_ACK, 11, 1510);
	assert_int_equal(handshake_packet(&handshake, 0, ACK, 5, 1600), 600);
	assert_int_equal(handshake_packet(&handshake, 0, ACK, 7, 1610), 0);
}

static void a_syn_sent_twice_tells_nothing(void **state)
{
	struct handshake handshake = {0};

	handshake_packet(&handshake, 0, SYN, 5, 1000);
	handshake_packet(&handshake, 0, SYN, 5, 2000);
	handshake_packet(&handshake, 1, SYN_ACK, 5, 2500);
	assert_int_equal(handshake_packet(&handshake, 0, ACK, 5, 2600), 0);
}

static void what_takes_as_long_as_a_timeout_tells_nothing(void **state)
{
	struct handshake handshake = {0};

	handshake_packet(&handshake, 0, SYN, 5, 1000);
	handshake_packet(&handshake, 1, SYN_ACK, 5, 2000);
	assert_int_equal(handshake_packet(&handshake, 0, ACK, 5, 1000 + SECOND), 0);
}

static void a_refused_connection_has_no_time(void **state)
{
	struct handshake handshake = {0};

	handshake_packet(&handshake, 0, SYN, 5, 1000);
	assert_int_equal(handshake_packet(&handshake, 1, RST | ACK, 5, 1100), 0);
	assert_int_equal(handshake_packet(&handshake, 0, ACK, 5, 1200), 0);
}

static void a_connection_that_is_joined_late_has_no_time(void **state)
{
	struct handshake handshake = {0};

	assert_int_equal(handshake_packet(&handshake, 1, SYN_ACK, 5, 1100), 0);
	assert_int_equal(handshake_packet(&handshake, 0, ACK, 5, 1200), 0);
}

/* What a drain gives: first sights in both directions (0: none), after start. */
static struct flow_value drained(uint64_t start_ns, uint64_t first_0, uint64_t first_1,
				 uint32_t seen)
{
	struct flow_value value = {.start_ns = start_ns, .seen = seen};

	value.hop[0].id = 1;
	value.hop[0].first_ns[0] = first_0;
	value.hop[0].first_ns[1] = first_1;
	value.tcp_flags[0] = value.tcp_flags[1] = ACK;
	return value;
}

static void a_drain_with_the_whole_handshake_tells_the_time(void **state)
{
	struct handshake handshake = {0};
	struct flow_value value = drained(5000, 1, 301, SEEN_SYN | SEEN_SYN_ACK << 1);

	value.hop[1].id = 5;
	value.hop[1].first_ns[0] = 11;
	value.answered_ns = 5400;
	assert_int_equal(handshake_flow(&handshake, &value), 400);
	assert_int_equal(handshake_flow(&handshake, &value), 0);
}

static void a_handshake_may_span_drains(void **state)
{
	struct flow_value syn = drained(5000, 1, 0, SEEN_SYN);
	struct flow_value both = drained(5000, 1, 301, SEEN_SYN | SEEN_SYN_ACK << 1);
	struct flow_value answered = drained(5300, 101, 1, SEEN_SYN_ACK << 1);
	struct flow_value silent = drained(5300, 0, 1, SEEN_SYN_ACK << 1);
	struct flow_value answer = drained(5500, 1, 0, 0);
	struct handshake handshake = {0};

	assert_int_equal(handshake_flow(&handshake, &syn), 0);
	assert_int_equal(handshake_flow(&handshake, &answered), 400);

	handshake = (struct handshake){0};
	assert_int_equal(handshake_flow(&handshake, &both), 0);
	assert_int_equal(handshake_flow(&handshake, &answer), 500);

	handshake = (struct handshake){0};
	assert_int_equal(handshake_flow(&handshake, &syn), 0);
	assert_int_equal(handshake_flow(&handshake, &silent), 0);
	assert_int_equal(handshake_flow(&handshake, &answer), 500);
}

static void doubt_between_drains_tells_nothing(void **state)
{
	struct flow_value syn = drained(5000, 1, 0, SEEN_SYN);
	struct flow_value again = drained(5300, 1, 101, SEEN_SYN | SEEN_SYN_ACK << 1);
	struct flow_value early = drained(5300, 1, 101, SEEN_SYN_ACK << 1);
	struct flow_value reset = drained(5300, 101, 1, SEEN_SYN_ACK << 1);
	struct flow_value whole = drained(5000, 1, 301, SEEN_SYN | SEEN_SYN_ACK << 1);
	struct handshake handshake = {0};

	again.answered_ns = 5450;
	handshake_flow(&handshake, &syn);
	assert_int_equal(handshake_flow(&handshake, &again), 0);

	handshake = (struct handshake){0};
	handshake_flow(&handshake, &syn);
	assert_int_equal(handshake_flow(&handshake, &early), 0);

	handshake = (struct handshake){0};
	reset.tcp_flags[0] = RST;
	handshake_flow(&handshake, &syn);
	assert_int_equal(handshake_flow(&handshake, &reset), 0);

	handshake = (struct handshake){0};
	whole.answered_ns = 5400;
	whole.sends_handshake_again = 1;
	assert_int_equal(handshake_flow(&handshake, &whole), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_tell_the_time_from_syn_to_answer),
		cmocka_unit_test(data_may_be_the_answer),
		cmocka_unit_test(each_hop_sees_the_same_packets_and_one_counts),
		cmocka_unit_test(a_syn_sent_twice_tells_nothing),
		cmocka_unit_test(what_takes_as_long_as_a_timeout_tells_nothing),
		cmocka_unit_test(a_refused_connection_has_no_time),
		cmocka_unit_test(a_connection_that_is_joined_late_has_no_time),
		cmocka_unit_test(a_drain_with_the_whole_handshake_tells_the_time),
		cmocka_unit_test(a_handshake_may_span_drains),
		cmocka_unit_test(doubt_between_drains_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
