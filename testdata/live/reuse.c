/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP connections that follow each other on the same ports.
 *
 *   reuse serve PORT
 *   reuse ask ADDRESS PORT LOCAL_PORT COUNT BYTES fin|reset
 *
 * Each connection is another process of the client's. The first sends and asks for BYTES, each
 * further one for BYTES more. The server ends them in order, or the client resets them when it
 * has the answer. Each end prints a JSON line for each connection; of one that was reset, the
 * packets are not told. The server prints "ready" on standard error, and serves until SIGTERM.
 */
#include "testdata/live/endpoint.h"

#include <signal.h>
#include <sys/wait.h>

static void end(int signal)
{
	_exit(0);
}

static void serve(const char *port)
{
	struct sockaddr_in6 address = endpoint_address("::", port);
	int listener = socket(AF_INET6, SOCK_STREAM, 0), on = 1;

	signal(SIGTERM, end);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 16))
		endpoint_fail("listen");
	fprintf(stderr, "ready\n");
	for (;;) {
		struct endpoint here = {.role = "server", .transport = "tcp"};
		int fd = accept(listener, NULL, NULL);
		struct stamp stamp;

		if (fd < 0)
			endpoint_fail("accept");
		endpoint_names(&here, fd);
		endpoint_read(fd, &stamp, sizeof(stamp));
		here.id = stamp.id;
		endpoint_pad(fd, 0, stamp.answer_bytes - sizeof(stamp));
		endpoint_pad(fd, stamp.answer_bytes, 0);
		here.sent_payload = here.received_payload = stamp.answer_bytes;
		if (!stamp.sequence)
			endpoint_end_tcp(&here, fd, 1, 1);
		else {
			char byte;

			if (read(fd, &byte, 1) >= 0 || errno != ECONNRESET)
				endpoint_fail("no reset");
			close(fd);
		}
		endpoint_print(&here);
	}
}

static void ask(const struct sockaddr_in6 *server, const struct sockaddr_in6 *local,
		uint64_t bytes, int is_reset)
{
	struct endpoint here = {.id = endpoint_new_id(), .role = "client", .transport = "tcp"};
	struct stamp stamp = {here.id, (uint64_t)is_reset, bytes};
	struct linger at_once = {.l_onoff = 1};
	int fd = socket(AF_INET6, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)local, sizeof(*local)) ||
	    connect(fd, (const struct sockaddr *)server, sizeof(*server)))
		endpoint_fail("connect");
	endpoint_write(fd, &stamp, sizeof(stamp));
	endpoint_pad(fd, bytes - sizeof(stamp), bytes);
	here.sent_payload = here.received_payload = bytes;
	if (!is_reset)
		endpoint_end_tcp(&here, fd, 0, 0);
	else {
		endpoint_names(&here, fd);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(fd);
	}
	endpoint_print(&here);
}

int main(int count, char **words)
{
	struct sockaddr_in6 server, local;
	int status = 0;

	if (count == 3 && !strcmp(words[1], "serve"))
		serve(words[2]);
	if (count != 8 || strcmp(words[1], "ask")) {
		fprintf(stderr, "usage: see the head of testdata/live/reuse.c\n");
		return 64;
	}
	server = endpoint_address(words[2], words[3]);
	local = endpoint_address("::", words[4]);
	for (int i = 1; i <= atoi(words[5]) && !status; i++) {
		pid_t child = fork();

		if (!child) {
			ask(&server, &local, strtoull(words[6], NULL, 10) * (uint64_t)i,
			    !strcmp(words[7], "reset"));
			return 0;
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			endpoint_fail("fork");
	}
	return status ? 1 : 0;
}
