/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends datagrams in batches; a flow is a socket and a destination port.
 */
#include "testdata/bench/kernel/datagrams.h"
#include "testdata/bench/kernel/kernel.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH		 32U
#define FIRST_PORT	 1024U
#define FLOWS_PER_SOCKET 60000U
#define SOCKETS		 (DATAGRAMS_FLOWS_MOST / FLOWS_PER_SOCKET)
#define PAYLOAD		 22 /* and Ethernet, IPv4 and UDP headers: 64 bytes */

struct datagrams {
	struct sockaddr_in to;
	int sockets[SOCKETS];
	uint16_t source_ports[SOCKETS];
	uint64_t chance;
};

struct datagrams *datagrams_open(const char *address)
{
	struct datagrams *datagrams = calloc(1, sizeof(*datagrams));

	if (!datagrams)
		fail("memory");
	datagrams->to.sin_family = AF_INET;
	if (inet_pton(AF_INET, address, &datagrams->to.sin_addr) != 1)
		fail("%s", address);
	for (uint32_t i = 0; i < SOCKETS; i++) {
		struct sockaddr_in any = {.sin_family = AF_INET};
		socklen_t size = sizeof(any);

		datagrams->sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (datagrams->sockets[i] < 0 ||
		    bind(datagrams->sockets[i], (struct sockaddr *)&any, size) ||
		    getsockname(datagrams->sockets[i], (struct sockaddr *)&any, &size))
			fail("socket");
		datagrams->source_ports[i] = ntohs(any.sin_port);
	}
	return datagrams;
}

void datagrams_close(struct datagrams *datagrams)
{
	for (uint32_t i = 0; i < SOCKETS; i++)
		close(datagrams->sockets[i]);
	free(datagrams);
}

/* xorshift64*: the same flows in the same order in every run. */
static uint32_t chance(struct datagrams *datagrams)
{
	datagrams->chance ^= datagrams->chance >> 12;
	datagrams->chance ^= datagrams->chance << 25;
	datagrams->chance ^= datagrams->chance >> 27;
	return (uint32_t)((datagrams->chance * 0x2545f4914f6cdd1dULL) >> 32);
}

void datagrams_send(struct datagrams *datagrams, uint32_t count, uint32_t flows,
		    enum flow_order order)
{
	static char payload[PAYLOAD];
	struct iovec bytes = {payload, sizeof(payload)};
	struct sockaddr_in to[BATCH];
	struct mmsghdr messages[BATCH];
	uint32_t next = 0;

	memset(messages, 0, sizeof(messages));
	for (uint32_t i = 0; i < BATCH; i++) {
		to[i] = datagrams->to;
		messages[i].msg_hdr = (struct msghdr){.msg_name = &to[i],
						      .msg_namelen = sizeof(to[i]),
						      .msg_iov = &bytes,
						      .msg_iovlen = 1};
	}
	datagrams->chance = 0x9e3779b97f4a7c15ULL;
	while (count) {
		uint32_t socket = next / FLOWS_PER_SOCKET, n = 0;

		/* A batch goes through one socket. */
		while (n < BATCH && n < count && next / FLOWS_PER_SOCKET == socket) {
			to[n++].sin_port =
				htons((uint16_t)(FIRST_PORT + next % FLOWS_PER_SOCKET));
			next = order == AT_RANDOM ? chance(datagrams) % flows
						  : (next + 1) % flows;
		}
		if (sendmmsg(datagrams->sockets[socket], messages, n, 0) != (int)n)
			fail("sendmmsg");
		count -= n;
	}
}

uint32_t datagrams_flow(const struct datagrams *datagrams, uint16_t source_port,
			uint16_t destination_port)
{
	if (destination_port < FIRST_PORT || destination_port >= FIRST_PORT + FLOWS_PER_SOCKET)
		return DATAGRAMS_FLOWS_MOST;
	for (uint32_t i = 0; i < SOCKETS; i++)
		if (datagrams->source_ports[i] == source_port)
			return i * FLOWS_PER_SOCKET + destination_port - FIRST_PORT;
	return DATAGRAMS_FLOWS_MOST;
}
