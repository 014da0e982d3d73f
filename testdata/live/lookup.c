/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a DNS server for the IPv4 address of a name and prints it.
 *
 *   lookup SERVER NAME
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int main(int count, char **words)
{
	unsigned char message[512] = {0, 0, 1, 0, 0, 1};
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(53)};
	struct timeval patience = {.tv_sec = 5};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char text[INET_ADDRSTRLEN];
	size_t size = 12;

	if (count != 3 || strlen(words[2]) > 200 ||
	    inet_pton(AF_INET, words[1], &server.sin_addr) != 1) {
		fprintf(stderr, "usage: lookup SERVER NAME\n");
		return 64;
	}
	message[0] = (unsigned char)(getpid() >> 8);
	message[1] = (unsigned char)getpid();
	for (const char *label = words[2]; *label;) {
		size_t length = strcspn(label, ".");
		if (length == 0 || length > 63) {
			fprintf(stderr, "lookup: not a name: %s\n", words[2]);
			return 64;
		}
		message[size++] = (unsigned char)length;
		memcpy(message + size, label, length);
		size += length;
		label += length + (label[length] == '.');
	}
	memcpy(message + size, "\0\0\1\0\1", 5);
	size += 5;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) ||
	    send(fd, message, size, 0) < 0) {
		perror("lookup");
		return 1;
	}
	ssize_t got = recv(fd, message, sizeof(message), 0);
	if (got < (ssize_t)size + 16 || message[7] != 1) {
		fprintf(stderr, "lookup: no answer\n");
		return 1;
	}
	puts(inet_ntop(AF_INET, message + got - 4, text, sizeof(text)));
	return 0;
}
