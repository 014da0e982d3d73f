/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the capture of this namespace's packets, in a namespace that nobody else is in.
 */
#include "recorder/lab_test.h"
#include "recorder/live_capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define PATIENCE_S 60
#define PINGS	   5

struct seen {
	unsigned int packets, received, transmitted;
	uint32_t interface_index, bytes;
	uint64_t first_ns, last_ns;
};

static int see(void *context, const struct packet *packet, uint64_t time_ns)
{
	struct seen *seen = context;

	seen->packets++;
	seen->received += packet->io_direction == IO_RECEIVE;
	seen->transmitted += packet->io_direction == IO_TRANSMIT;
	seen->interface_index = packet->interface_index;
	seen->bytes += packet->bytes;
	seen->first_ns = seen->first_ns ? seen->first_ns : time_ns;
	seen->last_ns = time_ns;
	return 0;
}

static int refuse(void *context, const struct packet *packet, uint64_t time_ns)
{
	return -ECANCELED;
}

static struct live_capture *open_or_skip(int receive, int transmit)
{
	struct live_capture *capture;
	int error = live_capture_open(receive, transmit, &capture);

	if (geteuid() || error == -EPERM) {
		print_message("SKIPPED: packets cannot be captured here\n");
		skip();
	}
	assert_int_equal(error, 0);
	return capture;
}

/* Read until there were so many; they come a moment later. */
static struct seen read_packets(struct live_capture *capture, unsigned int least)
{
	time_t begin = time(NULL);
	struct seen seen = {0};

	while (seen.packets < least) {
		assert_int_equal(live_capture_read(capture, see, &seen), 0);
		assert_true(time(NULL) - begin < PATIENCE_S);
	}
	return seen;
}

static void ping_loopback(void)
{
	assert_int_equal(lab_run("ping -q -c %d -i 0.01 -s 56 127.0.0.1 >/dev/null", PINGS), 0);
}

static void every_packet_of_the_loopback_is_seen_once(void **state)
{
	struct live_capture *capture = open_or_skip(1, 1);
	struct live_capture_counts counts;
	struct seen seen;
	time_t now = time(NULL);

	ping_loopback();
	seen = read_packets(capture, 2 * PINGS);
	assert_int_equal(seen.packets, 2 * PINGS);
	assert_int_equal(seen.received, 2 * PINGS);
	assert_int_equal(seen.interface_index, 1);
	assert_int_equal(seen.bytes, 2 * PINGS * (20 + 8 + 56));
	assert_true(seen.first_ns / 1000000000 + 1 >= (uint64_t)now);
	assert_true(seen.last_ns >= seen.first_ns);
	live_capture_count(capture, &counts);
	assert_int_equal(counts.verdicts[PACKET_COUNTED], 2 * PINGS);
	assert_int_equal(counts.dropped, 0);
	live_capture_close(capture);
}

/* The far end answers ARP and ping by itself; IPv6 stays silent. */
static void either_direction_can_be_had_alone(void **state)
{
	struct live_capture *received = open_or_skip(1, 0), *transmitted = open_or_skip(0, 1);
	struct live_capture_counts counts;
	struct seen in, out;

	assert_int_equal(
		lab_run("ip netns add far && ip link add here type veth peer there netns far && "
			"echo 1 >/proc/sys/net/ipv6/conf/here/disable_ipv6 && "
			"ip addr add 192.0.2.1/24 dev here && ip link set here up && "
			"ip -n far addr add 192.0.2.2/24 dev there && "
			"ip -n far link set there up && ping -q -c %d -i 0.01 192.0.2.2 >/dev/null",
			PINGS),
		0);
	in = read_packets(received, PINGS);
	out = read_packets(transmitted, PINGS);
	assert_int_equal(out.packets, PINGS);
	assert_int_equal(out.transmitted, PINGS);
	assert_int_equal(in.received, in.packets);
	live_capture_count(transmitted, &counts);
	assert_true(counts.verdicts[PACKET_NOT_IP] >= 1);
	live_capture_close(received);
	live_capture_close(transmitted);
	lab_run("ip netns del far");
}

static void a_visit_that_fails_ends_the_reading(void **state)
{
	struct live_capture *capture = open_or_skip(1, 1);
	time_t begin = time(NULL);
	int result;

	ping_loopback();
	do
		result = live_capture_read(capture, refuse, NULL);
	while (!result && time(NULL) - begin < PATIENCE_S);
	assert_int_equal(result, -ECANCELED);
	live_capture_close(capture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_of_the_loopback_is_seen_once),
		cmocka_unit_test(either_direction_can_be_had_alone),
		cmocka_unit_test(a_visit_that_fails_ends_the_reading),
	};

	lab_alone();
	if (!geteuid())
		lab_run("ip link set lo up");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
