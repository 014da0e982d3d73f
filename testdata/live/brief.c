/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that lives for one short TCP connection or one datagram and its echo.
 *
 *   brief tcp|udp ADDRESS PORT
 */
#include "testdata/live/endpoint.h"

static void ask_udp(struct endpoint *end, const struct sockaddr_in6 *server)
{
	struct stamp stamp = {end->id, 0, sizeof(stamp)};
	struct sockaddr_in6 local = {.sin6_family = AF_INET6};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	/* A port of its own: two datagrams from one port in a row are one flow. */
	local.sin6_port = htons((uint16_t)(10000 + getpid() % 20000));
	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) ||
	    connect(fd, (const struct sockaddr *)server, sizeof(*server)))
		endpoint_fail("connect");
	endpoint_names(end, fd);
	end->role = "client";
	end->transport = "udp";
	if (send(fd, &stamp, sizeof(stamp), 0) != sizeof(stamp))
		endpoint_fail("send");
	endpoint_count_datagram(end, sizeof(stamp), endpoint_mtu(end, fd));
	ssize_t size = recv(fd, &stamp, sizeof(stamp), 0);
	if (size < 0)
		endpoint_fail("recv");
	end->received_payload = (uint64_t)size;
}

int main(int count, char **words)
{
	if (count != 4) {
		fprintf(stderr, "usage: brief tcp|udp ADDRESS PORT\n");
		return 64;
	}
	struct sockaddr_in6 server = endpoint_address(words[2], words[3]);
	struct endpoint end = {.id = endpoint_new_id()};

	if (!strcmp(words[1], "tcp"))
		endpoint_ask_tcp(&end, &server, sizeof(struct stamp), 100);
	else
		ask_udp(&end, &server);
	endpoint_print(&end);
	return 0;
}
