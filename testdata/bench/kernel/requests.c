/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that answers what it is asked for, one connection at a time, and its client.
 */
#include "testdata/bench/kernel/requests.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 8080

struct server {
	struct sockaddr_in address;
	int listener;
	pthread_t thread;
	char *request, *answer; /* the client's */
};

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
		bytes += done;
		size -= (size_t)done;
	}
}

/* A request begins with what is asked. */
static void *serve(void *context)
{
	struct server *server = context;
	char *bytes = calloc(1, REQUEST_BYTES_MOST);
	int socket, on = 1;

	if (!bytes)
		fail("memory");
	while ((socket = accept(server->listener, NULL, NULL)) >= 0) {
		struct requests asked;

		setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		while (get(socket, (char *)&asked, sizeof(asked)) &&
		       get(socket, bytes, asked.request_bytes - sizeof(asked)))
			put(socket, bytes, asked.answer_bytes);
		close(socket);
	}
	free(bytes);
	return NULL;
}

void requests_ask(struct server *server, const struct requests *requests)
{
	int on = 1;

	memcpy(server->request, requests, sizeof(*requests));
	for (uint32_t i = 0; i < requests->connections; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0);

		if (client < 0 || connect(client, (struct sockaddr *)&server->address,
					  sizeof(server->address)))
			fail("connect");
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		for (uint32_t j = 0; j < requests->requests; j++) {
			put(client, server->request, requests->request_bytes);
			if (!get(client, server->answer, requests->answer_bytes))
				fail("no whole answer");
		}
		close(client);
	}
}

struct server *server_open(const struct place *near, const struct place *far,
			   const char *address)
{
	struct server *server = calloc(1, sizeof(*server));
	int on = 1;

	if (!server)
		fail("memory");
	server->request = calloc(1, REQUEST_BYTES_MOST);
	server->answer = calloc(1, REQUEST_BYTES_MOST);
	if (!server->request || !server->answer)
		fail("memory");
	server->address.sin_family = AF_INET;
	server->address.sin_port = htons(PORT);
	if (inet_pton(AF_INET, address, &server->address.sin_addr) != 1)
		fail("%s", address);
	place_enter(far);
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (server->listener < 0)
		fail("socket");
	setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(server->listener, (struct sockaddr *)&server->address,
		 sizeof(server->address)) ||
	    listen(server->listener, 16))
		fail("cannot listen at %s", address);
	place_enter(near);
	if (pthread_create(&server->thread, NULL, serve, server))
		fail("thread");
	return server;
}

void server_close(struct server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
	free(server->request);
	free(server->answer);
	free(server);
}
