/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams that are alike but for a number: nothing else tells which of them one is.
 *
 *   stamped ADDRESS PORT COUNT SIZE RATE [connected|cut]
 *
 * Their first 32 bytes are the same in all, then come 8 bytes with the number, the first one
 * highest, then zeros; over IPv6 there is nothing else. RATE is for a second; 0: as fast as it
 * goes. cut: routers may make fragments of them. Prints the first number and how many were
 * sent.
 */
#include "testdata/live/endpoint.h"

#include <endian.h>

#define SIZE_MOST 65000
#define STAMP	  32
#define BURST	  64 /* between two looks at the clock */

static void wait_for_turn(uint64_t began_ns, uint64_t sent, uint64_t rate)
{
	uint64_t due_ns = began_ns + sent * 1000000000 / rate;
	struct timespec when = {.tv_sec = (time_t)(due_ns / 1000000000),
				.tv_nsec = (long)(due_ns % 1000000000)};

	clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &when, NULL);
}

int main(int count, char **words)
{
	static char bytes[SIZE_MOST];
	struct sockaddr_in6 to;
	uint64_t left, rate, first = endpoint_new_id() >> 1, sent = 0,
			     began_ns = endpoint_now_ns();
	size_t size;
	const char *how = count == 7 ? words[6] : "";
	int fd, is_connected = !strcmp(how, "connected"), discover = IP_PMTUDISC_DONT;

	if (count < 6 || count > 7)
		return 64;
	to = endpoint_address(words[1], words[2]);
	left = strtoull(words[3], NULL, 10);
	size = strtoull(words[4], NULL, 10);
	rate = strtoull(words[5], NULL, 10);
	if (size < STAMP + sizeof(first) || size > sizeof(bytes))
		return 64;
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (fd < 0 || (is_connected && connect(fd, (struct sockaddr *)&to, sizeof(to))))
		endpoint_fail("socket");
	if (!strcmp(how, "cut") &&
	    setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover)))
		endpoint_fail("IP_MTU_DISCOVER");
	memset(bytes, 's', STAMP);
	memset(bytes + 16, 0, 8); /* to flood's sink: do not answer */
	for (; sent < left; sent++) {
		uint64_t stamp = htobe64(first + sent);

		if (rate && sent % BURST == 0)
			wait_for_turn(began_ns, sent, rate);
		memcpy(bytes + STAMP, &stamp, sizeof(stamp));
		if (sendto(fd, bytes, size, 0, is_connected ? NULL : (struct sockaddr *)&to,
			   is_connected ? 0 : sizeof(to)) != (ssize_t)size)
			endpoint_fail("send");
	}
	printf("%llu %llu\n", (unsigned long long)first, (unsigned long long)sent);
	return 0;
}
