/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of Community ID against the values that its specification publishes.
 */
#include "analyzer/community_id.h"
#include "analyzer/sample_test.h"

static void expect(int protocol, const char *source, const char *destination, int first,
		   int second, const char *expected)
{
	int is_icmp = protocol == 1 || protocol == 58;
	struct tuple tuple = {
		.source = sample_address(source),
		.destination = sample_address(destination),
		.source_port = is_icmp ? 77 : (uint16_t)first,
		.destination_port = is_icmp ? 77 : (uint16_t)second,
		.protocol = (uint8_t)protocol,
		.icmp_type = is_icmp ? (uint8_t)first : 0,
		.icmp_code = is_icmp ? (uint8_t)second : 0,
	};
	char text[COMMUNITY_ID_SIZE];

	community_id(&tuple, text);
	assert_string_equal(text, expected);
}

static void both_directions_have_the_published_id(void **state)
{
	expect(6, "128.232.110.120", "66.35.250.204", 34855, 80,
	       "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	expect(6, "66.35.250.204", "128.232.110.120", 80, 34855,
	       "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	expect(17, "192.168.1.52", "8.8.8.8", 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
	expect(17, "8.8.8.8", "192.168.1.52", 53, 54585, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
	expect(132, "192.168.170.8", "192.168.170.56", 7, 80, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ=");
	expect(132, "192.168.170.56", "192.168.170.8", 80, 7, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ=");
}

static void a_query_and_its_reply_have_the_published_id(void **state)
{
	expect(1, "192.168.0.89", "192.168.0.1", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
	expect(1, "192.168.0.1", "192.168.0.89", 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
	expect(58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0,
	       "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=");
	expect(58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 0,
	       "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=");
}

static void a_message_without_answer_has_the_published_id(void **state)
{
	expect(1, "192.168.0.89", "192.168.0.1", 20, 0, "1:3o2RFccXzUgjl7zDpqmY7yJi8rI=");
	expect(1, "192.168.0.89", "192.168.0.1", 20, 1, "1:tz/fHIDUHs19NkixVVoOZywde+I=");
	expect(58, "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:507:0:1:260:97ff:fe07:69ea", 3, 0,
	       "1:/OGBt9BN1ofenrmSPWYicpij2Vc=");
	expect(58, "3ffe:507:0:1:260:97ff:fe07:69ea", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0,
	       "1:NdobDX8PQNJbAyfkWxhtL2Pqp5w=");
}

static void other_protocols_hash_addresses_alone(void **state)
{
	expect(46, "10.1.24.4", "10.1.12.1", 0, 0, "1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4=");
	expect(46, "10.1.24.4", "10.1.12.1", 5, 6, "1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_have_the_published_id),
		cmocka_unit_test(a_query_and_its_reply_have_the_published_id),
		cmocka_unit_test(a_message_without_answer_has_the_published_id),
		cmocka_unit_test(other_protocols_hash_addresses_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
