/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small web server for the demo: GET /N answers with N bytes. One connection at a time.
 *
 *   web_server PORT
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MOST (64UL << 20)

static int send_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t done = write(fd, bytes, size);
		if (done <= 0)
			return -1;
		bytes += done;
		size -= (size_t)done;
	}
	return 0;
}

static void answer(int fd)
{
	static char body[1 << 16];
	char request[4096], head[256];
	size_t used = 0;

	memset(body, 'x', sizeof(body));
	do {
		ssize_t more = read(fd, request + used, sizeof(request) - 1 - used);
		if (more <= 0)
			return;
		used += (size_t)more;
		request[used] = 0;
	} while (!strstr(request, "\r\n\r\n") && used < sizeof(request) - 1);

	unsigned long size = strncmp(request, "GET /", 5) ? 0 : strtoul(request + 5, NULL, 10);
	if (size > ANSWER_MOST)
		size = ANSWER_MOST;
	int length = snprintf(head, sizeof(head),
			      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
			      "Content-Length: %lu\r\nConnection: close\r\n\r\n",
			      size);
	if (send_all(fd, head, (size_t)length))
		return;
	for (size_t part; size; size -= part) {
		part = size < sizeof(body) ? size : sizeof(body);
		if (send_all(fd, body, part))
			return;
	}
	shutdown(fd, SHUT_WR);
	while (read(fd, request, sizeof(request)) > 0)
		;
}

int main(int count, char **words)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};
	int on = 1, listener = socket(AF_INET6, SOCK_STREAM, 0);

	if (count != 2) {
		fprintf(stderr, "usage: web_server PORT\n");
		return 64;
	}
	address.sin6_port = htons((uint16_t)atoi(words[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 64)) {
		perror("web_server");
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	fprintf(stderr, "ready\n");
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		answer(fd);
		close(fd);
	}
}
