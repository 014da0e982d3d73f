/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small DNS server for the demo (RFC 1035): every name has the one IPv4 address given.
 *
 *   name_server PORT ADDRESS
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER 12
#define TYPE_A 1

/* The end of the first question, or 0 when the message holds none that is whole. */
static size_t question_end(const unsigned char *message, size_t size)
{
	size_t at = HEADER;

	while (at < size && message[at] && message[at] < 64)
		at += 1U + message[at];
	if (at >= size || message[at] || size - at < 5)
		return 0;
	return at + 5;
}

int main(int count, char **words)
{
	struct sockaddr_in6 local = {.sin6_family = AF_INET6}, remote;
	unsigned char message[512 + 16];
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	struct in_addr address;

	if (count != 3 || inet_pton(AF_INET, words[2], &address) != 1) {
		fprintf(stderr, "usage: name_server PORT ADDRESS\n");
		return 64;
	}
	local.sin6_port = htons((uint16_t)atoi(words[1]));
	if (bind(fd, (struct sockaddr *)&local, sizeof(local))) {
		perror("name_server");
		return 1;
	}
	fprintf(stderr, "ready\n");
	for (;;) {
		static const unsigned char answer[12] = {0xc0, HEADER, 0, TYPE_A, 0, 1,
							 0,    0,      0, 60,	  0, 4};
		socklen_t length = sizeof(remote);
		ssize_t size =
			recvfrom(fd, message, 512, 0, (struct sockaddr *)&remote, &length);
		size_t end = size > HEADER ? question_end(message, (size_t)size) : 0;

		if (!end)
			continue;
		int is_a = message[end - 4] == 0 && message[end - 3] == TYPE_A;
		message[2] |= 0x84; /* a response, authoritative */
		message[3] = 0;
		memset(message + 6, 0, 6);
		message[7] = (unsigned char)is_a;
		if (is_a) {
			memcpy(message + end, answer, sizeof(answer));
			memcpy(message + end + sizeof(answer), &address, sizeof(address));
			end += sizeof(answer) + sizeof(address);
		}
		sendto(fd, message, end, 0, (struct sockaddr *)&remote, length);
	}
}
