/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a web server for pages as fast as it answers, over several connections at once, a new
 * one for each page, and prints the latency of every page as `hey -o csv` does.
 *
 *   web_client ADDRESS PORT PATH CONNECTIONS BEFORE_MS FOR_MS
 *
 * What is measured begins BEFORE_MS after the start, under the same load, and lasts so long:
 * load tools that one can get begin with the first page, and run for a second or more. A
 * latency is from the request's being written, on a connection that is there, to the end of its
 * page.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MOST 256
#define WAIT_MS		 5000
#define PAGES_MOST	 (1U << 20)

struct connection {
	int socket;
	uint64_t asked_ns; /* 0: not yet */
	uint64_t answered; /* bytes */
};

struct page {
	uint64_t asked_ns, latency_ns;
};

struct client {
	struct sockaddr_in server;
	char request[512];
	size_t request_size;
	int events;
	struct connection connections[CONNECTIONS_MOST];
	struct page *pages;
	size_t page_count;
};

_Noreturn static void fail(const char *what)
{
	fprintf(stderr, "web_client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void watch(const struct client *client, int operation, struct connection *connection,
		  uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = connection};

	if (epoll_ctl(client->events, operation, connection->socket, &event))
		fail("epoll_ctl");
}

static void begin(const struct client *client, struct connection *connection)
{
	const int yes = 1;

	*connection = (struct connection){
		.socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
	};
	if (connection->socket < 0 ||
	    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)))
		fail("socket");
	if (connect(connection->socket, (const struct sockaddr *)&client->server,
		    sizeof(client->server)) &&
	    errno != EINPROGRESS)
		fail("connect");
	watch(client, EPOLL_CTL_ADD, connection, EPOLLOUT);
}

static void ask(const struct client *client, struct connection *connection)
{
	connection->asked_ns = monotonic_ns();
	if (write(connection->socket, client->request, client->request_size) !=
	    (ssize_t)client->request_size)
		fail("request");
	watch(client, EPOLL_CTL_MOD, connection, EPOLLIN);
}

static void take(struct client *client, struct connection *connection)
{
	char answer[16384];
	ssize_t size = read(connection->socket, answer, sizeof(answer));

	if (size < 0 && errno == EAGAIN)
		return;
	if (size < 0 || (!size && !connection->answered)) {
		errno = size ? errno : ENODATA;
		fail("answer");
	}
	if (!connection->answered && (size < 12 || memcmp(answer, "HTTP/1.1 200", 12) != 0)) {
		errno = EPROTO;
		fail("answer");
	}
	connection->answered += (uint64_t)size;
	/* The server says that a page is over by ending its connection. */
	if (size)
		return;
	if (client->page_count == PAGES_MOST) {
		errno = ENOMEM;
		fail("pages");
	}
	client->pages[client->page_count++] =
		(struct page){connection->asked_ns, monotonic_ns() - connection->asked_ns};
	close(connection->socket);
	begin(client, connection);
}

static void work_until(struct client *client, uint64_t end_ns)
{
	struct epoll_event events[CONNECTIONS_MOST];

	while (monotonic_ns() < end_ns) {
		int count = epoll_wait(client->events, events, CONNECTIONS_MOST, WAIT_MS);

		if (!count)
			errno = ETIMEDOUT;
		if (count <= 0)
			fail("answer");
		for (int i = 0; i < count; i++) {
			struct connection *connection = events[i].data.ptr;

			if (connection->asked_ns)
				take(client, connection);
			else
				ask(client, connection);
		}
	}
}

/* hey's columns; what is not measured is 0. A page may have been asked for before the
 * beginning. */
static void print(const struct client *client, uint64_t begin_ns)
{
	puts("response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,"
	     "offset");
	for (size_t i = 0; i < client->page_count; i++)
		printf("%.9f,0.0000,0.0000,0.0000,0.0000,0.0000,200,%.9f\n",
		       (double)client->pages[i].latency_ns / 1e9,
		       (double)(int64_t)(client->pages[i].asked_ns - begin_ns) / 1e9);
}

/* Returns how many connections are wanted, 0: these are no such words. */
static unsigned long parse(char **words, struct client *client)
{
	unsigned long port = strtoul(words[1], NULL, 10);
	unsigned long connections = strtoul(words[3], NULL, 10);
	int size = snprintf(client->request, sizeof(client->request),
			    "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", words[2], words[0]);

	client->server =
		(struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	client->request_size = (size_t)size;
	return inet_pton(AF_INET, words[0], &client->server.sin_addr) == 1 && port &&
			       port < 65536 && size > 0 &&
			       (size_t)size < sizeof(client->request) &&
			       connections <= CONNECTIONS_MOST
		       ? connections
		       : 0;
}

int main(int argc, char **argv)
{
	static struct client client;
	unsigned long connections = argc == 7 ? parse(argv + 1, &client) : 0;
	uint64_t begin_ns;

	if (!connections) {
		fputs("usage: web_client ADDRESS PORT PATH CONNECTIONS BEFORE_MS FOR_MS\n",
		      stderr);
		return 64;
	}
	client.events = epoll_create1(EPOLL_CLOEXEC);
	client.pages = calloc(PAGES_MOST, sizeof(*client.pages));
	if (client.events < 0 || !client.pages)
		fail("start");
	begin_ns = monotonic_ns() + strtoull(argv[5], NULL, 10) * 1000000;
	for (unsigned long i = 0; i < connections; i++)
		begin(&client, &client.connections[i]);
	work_until(&client, begin_ns);
	client.page_count = 0;
	work_until(&client, begin_ns + strtoull(argv[6], NULL, 10) * 1000000);
	print(&client, begin_ns);
	return fflush(stdout) ? 1 : 0;
}
