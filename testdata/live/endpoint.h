/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a test conversation: it knows exactly what it put on the wire, and says so as one
 * JSON line.
 *
 * UDP: the datagrams that were sent, with the headers (and fragments) that IP makes of them.
 * TCP: the kernel's own account (RFC 4898: segments and payload octets sent) plus
 * headers, which have one size as long as timestamps are on and SACK is off.
 */
#ifndef TESTDATA_LIVE_ENDPOINT_H
#define TESTDATA_LIVE_ENDPOINT_H

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct endpoint {
	uint64_t id; /* of the conversation, the same at both ends */
	const char *role, *transport;
	struct sockaddr_in6 local, remote; /* IPv4 as ::ffff:a.b.c.d */
	uint64_t sent_packets, sent_bytes; /* on the wire, network layer */
	uint64_t sent_payload, received_payload;
	uint64_t sent_again; /* of sent_packets, by TCP */
	uint64_t connect_ns; /* that the client waited for TCP's connection */
};

/* What every stamped message begins with, in host order: both ends are one machine. */
struct stamp {
	uint64_t id;
	uint64_t sequence;
	uint64_t answer_bytes;
};

_Noreturn static inline void endpoint_fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static inline int endpoint_is_ipv4(const struct endpoint *end)
{
	return IN6_IS_ADDR_V4MAPPED(&end->remote.sin6_addr);
}

/* "192.0.2.1" or "2001:db8::1" and a port; exits when it is neither. */
static inline struct sockaddr_in6 endpoint_address(const char *text, const char *port)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};
	char mapped[64];

	snprintf(mapped, sizeof(mapped), strchr(text, ':') ? "%s" : "::ffff:%s", text);
	if (inet_pton(AF_INET6, mapped, &address.sin6_addr) != 1) {
		fprintf(stderr, "not an address: %s\n", text);
		exit(64);
	}
	address.sin6_port = htons((uint16_t)atoi(port));
	return address;
}

static inline uint64_t endpoint_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t endpoint_new_id(void)
{
	uint64_t id = 0;

	if (getentropy(&id, sizeof(id)))
		endpoint_fail("getentropy");
	return id >> 1;
}

/* The MTU towards the other end; socket must be connected to it. */
static inline unsigned int endpoint_mtu(const struct endpoint *end, int socket)
{
	int mtu = 0;
	socklen_t size = sizeof(mtu);

	if (endpoint_is_ipv4(end) ? getsockopt(socket, IPPROTO_IP, 14 /* IP_MTU */, &mtu, &size)
				  : getsockopt(socket, IPPROTO_IPV6, IPV6_MTU, &mtu, &size))
		endpoint_fail("MTU");
	return (unsigned int)mtu;
}

/* Count a datagram that was sent: RFC 791, RFC 8200 section 4.5. */
static inline void endpoint_count_datagram(struct endpoint *end, size_t payload,
					   unsigned int mtu)
{
	size_t header = endpoint_is_ipv4(end) ? 20 : 40;
	size_t data = payload + 8;
	size_t packets = 1;

	if (header + data > mtu) {
		header += header == 40 ? 8 : 0;
		size_t each = (mtu - header) / 8 * 8;
		packets = (data + each - 1) / each;
	}
	end->sent_packets += packets;
	end->sent_bytes += data + packets * header;
	end->sent_payload += payload;
}

static inline void endpoint_names(struct endpoint *end, int socket)
{
	socklen_t size = sizeof(end->local);

	if (getsockname(socket, (struct sockaddr *)&end->local, &size))
		endpoint_fail("getsockname");
	size = sizeof(end->remote);
	if (getpeername(socket, (struct sockaddr *)&end->remote, &size))
		endpoint_fail("getpeername");
}

/*
 * End our direction, as the first or the second to do so, wait until the connection is closed,
 * and take the kernel's account. The other end's data must have been read already.
 */
static inline void endpoint_end_tcp(struct endpoint *end, int socket, int is_server,
				    int is_first)
{
	struct tcp_info info;
	socklen_t size;
	char byte;

	endpoint_names(end, socket);
	if (is_first && shutdown(socket, SHUT_WR))
		endpoint_fail("shutdown");
	if (read(socket, &byte, 1) != 0)
		endpoint_fail("more than was asked for");
	if (!is_first && shutdown(socket, SHUT_WR))
		endpoint_fail("shutdown");
	do {
		size = sizeof(info);
		memset(&info, 0, sizeof(info));
		if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size))
			endpoint_fail("TCP_INFO");
		if (info.tcpi_state != 7 /* TCP_CLOSE */)
			usleep(100);
	} while (info.tcpi_state != 7);
	if (!(info.tcpi_options & TCPI_OPT_TIMESTAMPS) || (info.tcpi_options & TCPI_OPT_SACK)) {
		fprintf(stderr, "headers of unknown size: TCP options %#x\n",
			info.tcpi_options);
		exit(1);
	}
	uint64_t header = (endpoint_is_ipv4(end) ? 20 : 40) + 20 + 12;
	/* A SYN has 8 more: MSS and window scale. The kernel does not count SYN-ACKs. */
	end->sent_packets = info.tcpi_segs_out + (is_server ? 1 : 0);
	end->sent_payload = info.tcpi_bytes_sent;
	end->sent_again = info.tcpi_total_retrans;
	end->sent_bytes = end->sent_payload + end->sent_packets * header + 8;
	close(socket);
}

/*
 * The same. The client is the first to end: its port stays taken for a while, so that the next
 * connection is not one of the same ports.
 */
static inline void endpoint_finish_tcp(struct endpoint *end, int socket, int is_server)
{
	endpoint_end_tcp(end, socket, is_server, !is_server);
}

/* One line, written at once: several processes may share the file. */
static inline void endpoint_print(const struct endpoint *end)
{
	char name[16] = "", local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN], line[1024];
	const struct in6_addr *addresses[2] = {&end->local.sin6_addr, &end->remote.sin6_addr};
	char *texts[2] = {local, remote};

	prctl(PR_GET_NAME, name);
	for (int i = 0; i < 2; i++)
		if (IN6_IS_ADDR_V4MAPPED(addresses[i]))
			inet_ntop(AF_INET, &addresses[i]->s6_addr[12], texts[i],
				  INET6_ADDRSTRLEN);
		else
			inet_ntop(AF_INET6, addresses[i], texts[i], INET6_ADDRSTRLEN);
	int size = snprintf(
		line, sizeof(line),
		"{\"id\":%llu,\"role\":\"%s\",\"transport\":\"%s\",\"pid\":%d,\"name\":\"%s\","
		"\"local_address\":\"%s\",\"local_port\":%u,\"remote_address\":\"%s\","
		"\"remote_port\":%u,\"sent_packets\":%llu,\"sent_bytes\":%llu,"
		"\"sent_payload\":%llu,\"received_payload\":%llu,\"sent_again\":%llu,"
		"\"connect_ns\":%llu}\n",
		(unsigned long long)end->id, end->role, end->transport, getpid(), name, local,
		ntohs(end->local.sin6_port), remote, ntohs(end->remote.sin6_port),
		(unsigned long long)end->sent_packets, (unsigned long long)end->sent_bytes,
		(unsigned long long)end->sent_payload,
		(unsigned long long)end->received_payload, (unsigned long long)end->sent_again,
		(unsigned long long)end->connect_ns);
	if (write(STDOUT_FILENO, line, (size_t)size) != size)
		endpoint_fail("standard output");
}

static inline void endpoint_write(int socket, const void *bytes, size_t size)
{
	for (const char *next = bytes; size;) {
		ssize_t done = write(socket, next, size);
		if (done <= 0)
			endpoint_fail("write");
		next += done;
		size -= (size_t)done;
	}
}

static inline void endpoint_read(int socket, void *bytes, size_t size)
{
	for (char *next = bytes; size;) {
		ssize_t done = read(socket, next, size);
		if (done <= 0)
			endpoint_fail("read");
		next += done;
		size -= (size_t)done;
	}
}

/*
 * A word of a stream that says where in it it is: 6 bits of the number in each byte, the
 * highest first, which alone has bit 6. So any 8 bytes of such words in a row, wherever they
 * begin, occur once only.
 */
static inline uint64_t endpoint_stream_word(uint64_t number)
{
	uint64_t word = 1;

	for (int shift = 42; shift >= 0; shift -= 6)
		word = word << (shift == 42 ? 6 : 8) | (number >> shift & 63);
	return htobe64(word);
}

/* Send and take so many bytes that say only where in which stream they are. */
static inline void endpoint_pad(int socket, uint64_t write_bytes, uint64_t read_bytes)
{
	static uint64_t padding[1 << 13];
	uint64_t number = endpoint_new_id() >> 35 << 28;

	for (uint64_t now; write_bytes; write_bytes -= now) {
		now = write_bytes < sizeof(padding) ? write_bytes : sizeof(padding);
		for (uint64_t i = 0; i < (now + 7) / 8; i++)
			padding[i] = endpoint_stream_word(number++);
		endpoint_write(socket, padding, now);
	}
	for (uint64_t now; read_bytes; read_bytes -= now) {
		now = read_bytes < sizeof(padding) ? read_bytes : sizeof(padding);
		endpoint_read(socket, padding, now);
	}
}

/* A whole conversation as the client: one request, one answer. */
static inline void endpoint_ask_tcp(struct endpoint *end, const struct sockaddr_in6 *server,
				    uint64_t request_bytes, uint64_t answer_bytes)
{
	struct stamp stamp = {end->id, request_bytes, answer_bytes};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	uint64_t began_ns = endpoint_now_ns();

	if (fd < 0 || connect(fd, (const struct sockaddr *)server, sizeof(*server)))
		endpoint_fail("connect");
	end->connect_ns = endpoint_now_ns() - began_ns;
	endpoint_write(fd, &stamp, sizeof(stamp));
	endpoint_pad(fd, request_bytes - sizeof(stamp), answer_bytes);
	end->received_payload = answer_bytes;
	end->role = "client";
	end->transport = "tcp";
	endpoint_finish_tcp(end, fd, 0);
}

#endif
