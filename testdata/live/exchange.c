/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of stamped traffic. Each end prints what it sent and received, one JSON line for
 * each conversation; servers answer until SIGTERM.
 *
 *   exchange udp-serve PORT
 *   exchange tcp-serve PORT
 *   exchange udp ADDRESS PORT DATAGRAMS SIZE one-way|echo [LOCAL_PORT]
 *   exchange tcp ADDRESS PORT REQUEST_BYTES ANSWER_BYTES
 *   exchange scatter ADDRESS FIRST_PORT COUNT     one datagram to each of COUNT ports
 *   exchange stream ADDRESS PORT INTERVAL_US      datagrams until SIGTERM; prints "EPOCH_NS
 *                                                 PACKETS" as each tenth has been sent, too
 *
 * A server prints "ready" on standard error when it listens.
 */
#include "testdata/live/endpoint.h"

#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#define PEERS 4096

static volatile sig_atomic_t ended;

static void end(int signal)
{
	ended = 1;
}

/* From now on SIGTERM is noticed in wait_for only. */
static void until_sigterm(void)
{
	struct sigaction action = {.sa_handler = end};
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* Wait until fd (-1: none) is readable or the time is over; 0 when SIGTERM came. */
static int wait_for(int fd, const struct timespec *time)
{
	struct pollfd poll = {.fd = fd, .events = POLLIN};
	sigset_t none;

	sigemptyset(&none);
	ppoll(&poll, 1, time, &none);
	return !ended;
}

static int listening(int type, const char *port)
{
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)atoi(port)),
	};
	int on = 1, bytes = 8 << 20;
	int fd = socket(AF_INET6, type, 0);

	if (fd < 0)
		endpoint_fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		endpoint_fail("bind");
	if (type == SOCK_STREAM && listen(fd, 1024))
		endpoint_fail("listen");
	fprintf(stderr, "ready\n");
	return fd;
}

/* The conversation of a datagram: by id, so that a reused port is a new one. */
static struct endpoint *peer_find(struct endpoint *peers, unsigned int *count, uint64_t id,
				  const struct sockaddr_in6 *remote)
{
	for (unsigned int i = *count; i--;)
		if (peers[i].id == id)
			return &peers[i];
	if (*count == PEERS) {
		errno = ENOBUFS;
		endpoint_fail("peers");
	}
	peers[*count] = (struct endpoint){
		.id = id, .role = "server", .transport = "udp", .remote = *remote};
	return &peers[(*count)++];
}

static unsigned int mtu_towards(const struct endpoint *peer)
{
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	if (connect(fd, (const struct sockaddr *)&peer->remote, sizeof(peer->remote)))
		endpoint_fail("connect");
	unsigned int mtu = endpoint_mtu(peer, fd);
	close(fd);
	return mtu;
}

static int udp_serve(const char *port)
{
	static struct endpoint peers[PEERS];
	static char bytes[1 << 16];
	unsigned int peer_count = 0;
	struct sockaddr_in6 remote;
	struct stamp stamp;
	int fd;

	until_sigterm();
	fd = listening(SOCK_DGRAM, port);
	while (wait_for(fd, NULL)) {
		socklen_t length = sizeof(remote);
		ssize_t size = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&remote,
					&length);
		if (size < (ssize_t)sizeof(stamp))
			continue;
		memcpy(&stamp, bytes, sizeof(stamp));
		struct endpoint *peer = peer_find(peers, &peer_count, stamp.id, &remote);
		peer->received_payload += (uint64_t)size;
		if (!stamp.answer_bytes)
			continue;
		if (sendto(fd, bytes, stamp.answer_bytes, 0, (struct sockaddr *)&remote,
			   length) < 0)
			endpoint_fail("sendto");
		endpoint_count_datagram(peer, stamp.answer_bytes, mtu_towards(peer));
	}
	for (unsigned int i = 0; i < peer_count; i++) {
		peers[i].local.sin6_port = htons((uint16_t)atoi(port));
		endpoint_print(&peers[i]);
	}
	return 0;
}

static int tcp_serve(const char *port)
{
	int listener;

	until_sigterm();
	listener = listening(SOCK_STREAM, port);
	while (wait_for(listener, NULL)) {
		struct endpoint here = {.role = "server", .transport = "tcp"};
		struct stamp stamp;
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		endpoint_read(fd, &stamp, sizeof(stamp));
		here.id = stamp.id;
		endpoint_pad(fd, 0, stamp.sequence - sizeof(stamp));
		endpoint_pad(fd, stamp.answer_bytes, 0);
		here.received_payload = stamp.sequence;
		endpoint_finish_tcp(&here, fd, 1);
		endpoint_print(&here);
	}
	return 0;
}

static int udp_connected(struct endpoint *here, const char *address, const char *port,
			 const char *local_port)
{
	struct sockaddr_in6 server = endpoint_address(address, port);
	struct sockaddr_in6 local = endpoint_address("::", local_port);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) ||
	    connect(fd, (struct sockaddr *)&server, sizeof(server)))
		endpoint_fail("connect");
	here->id = endpoint_new_id();
	here->role = "client";
	here->transport = "udp";
	endpoint_names(here, fd);
	return fd;
}

static int udp(char **words)
{
	static char bytes[1 << 16];
	struct timeval patience = {.tv_sec = 20};
	struct endpoint here = {0};
	int fd = udp_connected(&here, words[0], words[1], words[5] ? words[5] : "0");
	uint64_t size = strtoull(words[3], NULL, 10);
	int echo = !strcmp(words[4], "echo");
	struct stamp stamp = {.id = here.id, .answer_bytes = echo ? size : 0};

	if (size < sizeof(stamp) || size > sizeof(bytes)) {
		fprintf(stderr, "exchange: size %s\n", words[3]);
		return 64;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (long left = atol(words[2]); left > 0; left--, stamp.sequence++) {
		memcpy(bytes, &stamp, sizeof(stamp));
		if (send(fd, bytes, size, 0) != (ssize_t)size)
			endpoint_fail("send");
		endpoint_count_datagram(&here, size, endpoint_mtu(&here, fd));
		if (!echo)
			continue;
		ssize_t answer = recv(fd, bytes, sizeof(bytes), 0);
		if (answer < 0)
			endpoint_fail("no echo");
		here.received_payload += (uint64_t)answer;
	}
	endpoint_print(&here);
	return 0;
}

static int tcp(char **words)
{
	struct sockaddr_in6 server = endpoint_address(words[0], words[1]);
	struct endpoint here = {.id = endpoint_new_id()};

	endpoint_ask_tcp(&here, &server, strtoull(words[2], NULL, 10),
			 strtoull(words[3], NULL, 10));
	endpoint_print(&here);
	return 0;
}

static int scatter(char **words)
{
	struct sockaddr_in6 server = endpoint_address(words[0], words[1]);
	struct stamp stamp = {.id = endpoint_new_id()};
	int first = atoi(words[1]), count = atoi(words[2]);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	for (int i = 0; i < count; i++) {
		server.sin6_port = htons((uint16_t)(first + i));
		if (sendto(fd, &stamp, sizeof(stamp), 0, (struct sockaddr *)&server,
			   sizeof(server)) < 0 &&
		    errno != ECONNREFUSED)
			endpoint_fail("sendto");
	}
	return 0;
}

static int stream(char **words)
{
	struct endpoint here = {0};
	int fd = udp_connected(&here, words[0], words[1], "0");
	struct timespec pause = {.tv_nsec = atol(words[2]) * 1000};
	struct stamp stamp = {.id = here.id};

	until_sigterm();
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (; wait_for(-1, &pause); stamp.sequence++) {
		struct timespec now;

		if (send(fd, &stamp, sizeof(stamp), 0) < 0)
			endpoint_fail("send");
		endpoint_count_datagram(&here, sizeof(stamp), 1500);
		clock_gettime(CLOCK_REALTIME, &now);
		if (here.sent_packets % 10 == 0)
			printf("%lld%09ld %llu\n", (long long)now.tv_sec, now.tv_nsec,
			       (unsigned long long)here.sent_packets);
	}
	endpoint_print(&here);
	return 0;
}

int main(int count, char **words)
{
	const char *mode = count > 1 ? words[1] : "";

	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(mode, "udp-serve") && count == 3)
		return udp_serve(words[2]);
	if (!strcmp(mode, "tcp-serve") && count == 3)
		return tcp_serve(words[2]);
	if (!strcmp(mode, "udp") && (count == 7 || count == 8))
		return udp(words + 2);
	if (!strcmp(mode, "tcp") && count == 6)
		return tcp(words + 2);
	if (!strcmp(mode, "scatter") && count == 5)
		return scatter(words + 2);
	if (!strcmp(mode, "stream") && count == 5)
		return stream(words + 2);
	fprintf(stderr, "exchange: unknown use; the source says which there are\n");
	return 64;
}
