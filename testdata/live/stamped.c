/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams that are alike but for a number: nothing else tells which of them one is.
 *
 *   stamped ADDRESS PORT COUNT SIZE RATE [connected | super DATAGRAMS | cut [BYTES]]
 *
 * Their first 32 bytes are the same in all, then come 8 bytes with the number, the first one
 * highest, then zeros. Where the socket is not connected, their IPv4 identification is 0. RATE
 * is for a second; 0: as fast as it goes. With cut, routers may fragment them; each fragment of
 * BYTES of data then has the number where the first one has it in its payload. With super, the
 * socket is connected, and the kernel gets so many at a time (UDP_SEGMENT). Says at its end
 * what it sent, the first number as id.
 */
#include "testdata/live/endpoint.h"

#include <netinet/ip.h>
#include <netinet/udp.h>

#define SIZE_MOST 65000
#define STAMP	  32
#define UDP_BYTES 8
#define MARK	  0x464cULL /* "FL": in the upper 16 bits it says that this is a stamp */
#define BURST	  64	    /* between two looks at the clock */

static void wait_for_turn(uint64_t began_ns, uint64_t sent, uint64_t rate)
{
	uint64_t due_ns = began_ns + sent * 1000000000 / rate;
	struct timespec when = {.tv_sec = (time_t)(due_ns / 1000000000),
				.tv_nsec = (long)(due_ns % 1000000000)};

	clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &when, NULL);
}

/* In the first fragment, or the only one, and in each that follows. */
static void put_stamp(char *bytes, size_t size, size_t cut, uint64_t number)
{
	uint64_t stamp = htobe64(number);

	memcpy(bytes + STAMP, &stamp, sizeof(stamp));
	for (size_t at = cut; cut && at - UDP_BYTES + STAMP + sizeof(stamp) <= size; at += cut)
		memcpy(bytes + at - UDP_BYTES + STAMP, &stamp, sizeof(stamp));
}

/* So many datagrams of that size, one behind the other. */
static void put_datagrams(char *bytes, size_t size, size_t count, uint64_t number)
{
	for (size_t i = 0; i < count; i++) {
		memcpy(bytes + i * size, bytes, STAMP);
		put_stamp(bytes + i * size, size, 0, number + i);
	}
}

/* The socket that sends, and in *mtu how much goes into one of its packets. */
static int open_socket(const struct endpoint *end, int is_connected, int is_cut,
		       unsigned int *mtu)
{
	const struct sockaddr *to = (const struct sockaddr *)&end->remote;
	int routers_may = IP_PMTUDISC_DONT;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), asks = socket(AF_INET6, SOCK_DGRAM, 0);

	if (fd < 0 || asks < 0 || connect(asks, to, sizeof(end->remote)) ||
	    (is_connected && connect(fd, to, sizeof(end->remote))) ||
	    (is_cut &&
	     setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &routers_may, sizeof(routers_may))))
		endpoint_fail("socket");
	*mtu = endpoint_mtu(end, asks);
	close(asks);
	return fd;
}

int main(int count, char **words)
{
	static char bytes[SIZE_MOST];
	struct endpoint end = {.role = "client", .transport = "udp"};
	uint64_t left, rate, began_ns = endpoint_now_ns();
	int is_super = count == 8 && !strcmp(words[6], "super"), each = 0;
	int fd, is_connected = is_super || (count == 7 && !strcmp(words[6], "connected"));
	int is_cut = (count == 7 || count == 8) && !strcmp(words[6], "cut");
	size_t size, together = is_super ? strtoull(words[7], NULL, 10) : 1;
	size_t cut = is_cut && count == 8 ? strtoull(words[7], NULL, 10) : 0;
	unsigned int mtu;

	if (count != 6 && !is_connected && !is_cut)
		return 64;
	/* The mark says that a number is one packet's, not one of each fragment. */
	end.id = (cut ? 0 : MARK) << 48 | endpoint_new_id() >> 16;
	end.remote = endpoint_address(words[1], words[2]);
	left = strtoull(words[3], NULL, 10);
	size = strtoull(words[4], NULL, 10);
	rate = strtoull(words[5], NULL, 10);
	if (size < STAMP + sizeof(end.id) || !together || size > sizeof(bytes) / together)
		return 64;
	fd = open_socket(&end, is_connected, is_cut, &mtu);
	each = (int)size;
	if (is_super && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &each, sizeof(each)))
		endpoint_fail("UDP_SEGMENT");
	memset(bytes, 's', STAMP);
	memset(bytes + 16, 0, 8); /* to flood's sink: do not answer */
	for (uint64_t sent = 0; sent < left; sent += together) {
		const struct sockaddr *to =
			is_connected ? NULL : (struct sockaddr *)&end.remote;

		if (rate && sent % BURST < together)
			wait_for_turn(began_ns, sent, rate);
		if (together > left - sent)
			together = left - sent;
		if (is_super)
			put_datagrams(bytes, size, together, end.id + sent);
		else
			put_stamp(bytes, size, cut, end.id + sent);
		if (sendto(fd, bytes, together * size, 0, to, to ? sizeof(end.remote) : 0) !=
		    (ssize_t)(together * size))
			endpoint_fail("send");
		for (size_t i = 0; i < together; i++)
			endpoint_count_datagram(&end, size, mtu);
	}
	endpoint_print(&end);
	return 0;
}
