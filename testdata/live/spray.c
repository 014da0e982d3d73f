/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Begins many connections: a datagram for each pair of a source and a destination port.
 *
 *   spray ADDRESS PORT PORTS COUNT [ONES_A_SECOND]
 *
 * To PORTS ports from PORT on, from as many source ports, from 10000 on, as COUNT needs. Says
 * how many datagrams it sent, in how much time, and how much processor time that took.
 */
#include "testdata/live/endpoint.h"

#include <time.h>

#define FIRST_SOURCE 10000

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void wait_until(uint64_t time_ns)
{
	struct timespec then = {(time_t)(time_ns / 1000000000), (long)(time_ns % 1000000000)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL) == EINTR)
		;
}

int main(int count, char **words)
{
	if (count < 5) {
		fprintf(stderr, "usage: spray ADDRESS PORT PORTS COUNT [ONES_A_SECOND]\n");
		return 64;
	}
	struct sockaddr_in6 to = endpoint_address(words[1], words[2]);
	unsigned int first = ntohs(to.sin6_port), ports = (unsigned int)atoi(words[3]);
	uint64_t wanted = (uint64_t)atoll(words[4]), sent = 0;
	uint64_t rate = count > 5 ? (uint64_t)atoll(words[5]) : 0;
	struct sockaddr_in6 local = {.sin6_family = AF_INET6, .sin6_port = htons(FIRST_SOURCE)};
	uint64_t began = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);

	while (sent < wanted) {
		int from = socket(AF_INET6, SOCK_DGRAM, 0);

		if (from < 0 || bind(from, (struct sockaddr *)&local, sizeof(local)))
			endpoint_fail("bind");
		local.sin6_port = htons((uint16_t)(ntohs(local.sin6_port) + 1));
		for (unsigned int i = 0; i < ports && sent < wanted; i++, sent++) {
			struct stamp stamp = {sent, 0, sizeof(stamp)};

			to.sin6_port = htons((uint16_t)(first + i));
			if (sendto(from, &stamp, sizeof(stamp), 0, (struct sockaddr *)&to,
				   sizeof(to)) != sizeof(stamp))
				endpoint_fail("sendto");
		}
		close(from);
		if (rate)
			wait_until(began + sent * 1000000000 / rate);
	}
	printf("{\"sent\":%llu,\"ns\":%llu,\"cpu_ns\":%llu}\n", (unsigned long long)sent,
	       (unsigned long long)(now_ns(CLOCK_MONOTONIC) - began),
	       (unsigned long long)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu));
	return 0;
}
