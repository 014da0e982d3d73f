/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends datagrams in batches, and asks a server of its own.
 */
#include "testdata/bench/kernel/load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH		 32U
#define FIRST_PORT	 1024U
#define FLOWS_PER_SOCKET 60000U
#define SOCKETS		 4
#define BYTES_MOST	 (1U << 20) /* of a request or an answer */
#define PAYLOAD		 22	    /* and Ethernet, IPv4 and UDP headers: 64 bytes */

struct load {
	int sockets[SOCKETS];
	int listener;
	pthread_t server;
	uint64_t chance;
	char *bytes; /* of a request, then of an answer */
};

static struct sockaddr_in address_of(const char *text, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, text, &address.sin_addr);
	return address;
}

/* --- datagrams --- */

/* xorshift64*: the same flows in the same order in every run. */
static uint32_t chance(struct load *load)
{
	load->chance ^= load->chance >> 12;
	load->chance ^= load->chance << 25;
	load->chance ^= load->chance >> 27;
	return (uint32_t)((load->chance * 0x2545f4914f6cdd1dULL) >> 32);
}

void load_datagrams(struct load *load, uint32_t count, uint32_t flows, enum load_order order)
{
	static char payload[PAYLOAD];
	struct iovec bytes = {payload, sizeof(payload)};
	struct sockaddr_in to[BATCH];
	struct mmsghdr messages[BATCH] = {0};
	uint32_t next = 0;

	for (uint32_t i = 0; i < BATCH; i++) {
		to[i] = address_of(LOAD_DATAGRAM_ADDRESS, 0);
		messages[i].msg_hdr = (struct msghdr){.msg_name = &to[i],
						      .msg_namelen = sizeof(to[i]),
						      .msg_iov = &bytes,
						      .msg_iovlen = 1};
	}
	load->chance = 0x9e3779b97f4a7c15ULL;
	while (count) {
		uint32_t socket = next / FLOWS_PER_SOCKET, n = 0;

		/* A batch goes through one socket. */
		while (n < BATCH && n < count && next / FLOWS_PER_SOCKET == socket) {
			to[n++].sin_port =
				htons((uint16_t)(FIRST_PORT + next % FLOWS_PER_SOCKET));
			next = order == AT_RANDOM ? chance(load) % flows : (next + 1) % flows;
		}
		if (sendmmsg(load->sockets[socket], messages, n, 0) != (int)n)
			fail("sendmmsg");
		count -= n;
	}
}

/* --- connections --- */

/* Returns 0 when the other end has ended before. */
static int get(int socket, char *bytes, size_t size)
{
	while (size) {
		ssize_t got = read(socket, bytes, size);

		if (got < 0)
			fail("read");
		if (!got)
			return 0;
		size -= (size_t)got;
	}
	return 1;
}

static void put(int socket, const char *bytes, size_t size)
{
	while (size) {
		ssize_t done = write(socket, bytes, size);

		if (done <= 0)
			fail("write");
		size -= (size_t)done;
	}
}

/* A request begins with what is asked. */
static void *serve(void *context)
{
	struct load *load = context;
	char *bytes = calloc(1, BYTES_MOST);
	int socket, on = 1;

	if (!bytes)
		fail("memory");
	while ((socket = accept(load->listener, NULL, NULL)) >= 0) {
		struct load_requests asked;

		setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		while (get(socket, (char *)&asked, sizeof(asked)) &&
		       get(socket, bytes, asked.request_bytes - sizeof(asked)))
			put(socket, bytes, asked.answer_bytes);
		close(socket);
	}
	free(bytes);
	return NULL;
}

void load_requests(struct load *load, const struct load_requests *requests)
{
	struct sockaddr_in server = address_of(LOAD_SERVER_ADDRESS, LOAD_SERVER_PORT);
	int on = 1;

	memcpy(load->bytes, requests, sizeof(*requests));
	for (uint32_t i = 0; i < requests->connections; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0);

		if (client < 0 || connect(client, (struct sockaddr *)&server, sizeof(server)))
			fail("connect");
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		for (uint32_t j = 0; j < requests->requests; j++) {
			put(client, load->bytes, requests->request_bytes);
			if (!get(client, load->bytes + BYTES_MOST, requests->answer_bytes))
				fail("the server has ended");
		}
		close(client);
	}
}

/* --- both --- */

static void listen_at_far_end(struct load *load, const struct place *near,
			      const struct place *far)
{
	struct sockaddr_in address = address_of(LOAD_SERVER_ADDRESS, LOAD_SERVER_PORT);
	int on = 1;

	place_enter(far);
	load->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (load->listener < 0)
		fail("socket");
	setsockopt(load->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(load->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(load->listener, 16))
		fail("cannot listen");
	place_enter(near);
}

struct load *load_open(const struct place *near, const struct place *far)
{
	struct load *load = calloc(1, sizeof(*load));

	if (!load)
		fail("memory");
	load->bytes = calloc(2, BYTES_MOST);
	if (!load->bytes)
		fail("memory");
	listen_at_far_end(load, near, far);
	for (int i = 0; i < SOCKETS; i++) {
		load->sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (load->sockets[i] < 0)
			fail("socket");
	}
	if (pthread_create(&load->server, NULL, serve, load))
		fail("thread");
	return load;
}

void load_close(struct load *load)
{
	shutdown(load->listener, SHUT_RDWR);
	pthread_join(load->server, NULL);
	close(load->listener);
	for (int i = 0; i < SOCKETS; i++)
		close(load->sockets[i]);
	free(load->bytes);
	free(load);
}
