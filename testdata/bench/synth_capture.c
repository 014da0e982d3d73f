/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a capture of generated traffic: synth_capture FILE PACKETS. The same bytes every time.
 *
 * The shape is that of a busy server segment: connection sizes with a heavy tail
 * (Pareto, 1.15), ten packets on average; 70 % TCP, 27 % UDP (half of it DNS), 3 % ping; a
 * quarter IPv6; popular clients and servers (Zipf); half an hour, gaps of 2 ms to 1 s on
 * average by connection; cut to 96 bytes a packet, lengths in the headers as they were on the
 * wire.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_US     1700000000000000ULL
#define DURATION_US  1800e6
#define LONGEST_US   400e6 /* of a connection with many packets */
#define SNAP	     96
#define TAIL	     1.15
#define LARGEST	     200000
#define PACKETS_EACH 10
#define CLIENTS	     20000
#define SERVERS	     50000

enum { ICMP = 1, TCP = 6, UDP = 17, ICMPV6 = 58 };

struct connection {
	double time_us; /* of the next packet */
	double gap_us;
	uint32_t size, sent;
	uint32_t client, server;
	uint16_t client_port, server_port;
	uint8_t protocol, is_ipv6;
};

/* splitmix64 */
static uint64_t next_random(void)
{
	static uint64_t state = 20231114;
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* Above 0, below 1. */
static double uniform(void)
{
	return ((double)(next_random() >> 11) + 0.5) / 9007199254740992.0;
}

static uint32_t below(uint32_t limit)
{
	return (uint32_t)(uniform() * limit);
}

/* A rank: low ones are popular; beyond the limit all are alike. */
static uint32_t popular(uint32_t limit, double exponent)
{
	double rank = pow(uniform(), -1.0 / exponent) - 1;

	return rank < limit ? (uint32_t)rank : below(limit);
}

static uint16_t service_port(void)
{
	static const uint16_t well_known[] = {443,  80, 53,  22,   8080, 5432, 3306, 6379,
					      9092, 25, 123, 3389, 445,	 8443, 5060, 1194};
	uint32_t rank = popular(400, 0.8);

	if (rank < sizeof(well_known) / sizeof(well_known[0]))
		return well_known[rank];
	return (uint16_t)(1024 + rank * 131);
}

static uint32_t size_for(double scale, double u)
{
	double size = floor(scale * pow(u, -1 / TAIL));

	return size < 1 ? 1 : size > LARGEST ? LARGEST : (uint32_t)size;
}

/* Choose sizes so that they sum up to the packets wanted: bisect the scale of the distribution.
 */
static void choose_sizes(struct connection *connections, uint32_t count, uint64_t packets)
{
	double *u = malloc(count * sizeof(*u));
	double low = 0.1, high = 100;

	if (!u)
		abort();
	for (uint32_t i = 0; i < count; i++)
		u[i] = uniform();
	for (int step = 0; step < 50; step++) {
		double scale = (low + high) / 2;
		uint64_t total = 0;

		for (uint32_t i = 0; i < count; i++)
			total += size_for(scale, u[i]);
		if (total < packets)
			low = scale;
		else
			high = scale;
	}
	for (uint32_t i = 0; i < count; i++)
		connections[i].size = size_for(high, u[i]);
	free(u);
}

static void choose(struct connection *connection)
{
	double kind = uniform();

	connection->protocol = kind < 0.70 ? TCP : kind < 0.97 ? UDP : ICMP;
	connection->is_ipv6 = uniform() < 0.25;
	connection->client = popular(CLIENTS, 0.7);
	connection->server = popular(SERVERS, 0.6);
	connection->client_port = (uint16_t)(1024 + below(64000));
	connection->server_port = service_port();
	if (connection->protocol == UDP && uniform() < 0.5)
		connection->server_port = 53;
	if (connection->protocol == ICMP && connection->is_ipv6)
		connection->protocol = ICMPV6;
	connection->time_us = uniform() * DURATION_US;
	connection->gap_us = 2e3 * pow(500, uniform());
	if (connection->size > 20 && connection->gap_us * connection->size > LONGEST_US)
		connection->gap_us = LONGEST_US / connection->size;
}

/* --- a heap of connections, the one with the earliest packet on top --- */

static void sink(struct connection **heap, uint32_t count, uint32_t at)
{
	for (;;) {
		uint32_t child = 2 * at + 1;
		struct connection *swap = heap[at];

		if (child >= count)
			return;
		if (child + 1 < count && heap[child + 1]->time_us < heap[child]->time_us)
			child++;
		if (swap->time_us <= heap[child]->time_us)
			return;
		heap[at] = heap[child];
		heap[child] = swap;
		at = child;
	}
}

/* --- packets --- */

static void big16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void big32(uint8_t *to, uint32_t value)
{
	big16(to, value >> 16);
	big16(to + 2, value);
}

/* What the next packet of the connection is: who sends, TCP flags, payload bytes. */
static void next_packet(const struct connection *connection, int *is_reply, uint8_t *flags,
			uint32_t *payload)
{
	uint32_t n = connection->sent;

	*flags = 0x10;
	*payload = 0;
	*is_reply = n & 1;
	if (connection->protocol == UDP) {
		*payload = 30 + below(400);
	} else if (connection->protocol != TCP) {
		*payload = 56;
	} else if (n < 3) {
		static const uint8_t handshake[] = {0x02, 0x12, 0x10};

		*flags = handshake[n];
	} else if (connection->size > 5 && n + 2 >= connection->size) {
		*flags = 0x11;
		*is_reply = n + 1 == connection->size;
	} else {
		*is_reply = uniform() < 0.55;
		if (uniform() < 0.45)
			*payload = 1448;
		else if (uniform() < 0.33)
			*payload = below(1400);
		if (*payload)
			*flags = 0x18;
	}
}

static uint32_t put_ip(const struct connection *connection, int is_reply, uint32_t size,
		       uint8_t *at)
{
	uint8_t *client, *server;

	if (connection->is_ipv6) {
		at[0] = 0x60;
		big16(at + 4, size);
		at[6] = connection->protocol;
		at[7] = 64;
		client = at + (is_reply ? 24 : 8);
		server = at + (is_reply ? 8 : 24);
		big32(client, 0x20010db8);
		big32(server, 0x20010db8);
		client[5] = 1;
		server[5] = 2;
		big32(client + 12, connection->client + 1);
		big32(server + 12, connection->server + 1);
		return 40;
	}
	at[0] = 0x45;
	big16(at + 2, 20 + size);
	big16(at + 4, connection->sent);
	at[6] = 0x40;
	at[8] = 64;
	at[9] = connection->protocol;
	client = at + (is_reply ? 16 : 12);
	server = at + (is_reply ? 12 : 16);
	big32(client, 0x0a000001 + connection->client);
	big32(server, 0xc6120001 + connection->server);
	return 20;
}

static uint32_t put_transport(const struct connection *connection, int is_reply, uint8_t flags,
			      uint32_t payload, uint8_t *at)
{
	if (connection->protocol == ICMP || connection->protocol == ICMPV6) {
		int is_ipv6 = connection->protocol == ICMPV6;

		at[0] = is_ipv6 ? (is_reply ? 129 : 128) : (is_reply ? 0 : 8);
		big16(at + 4, connection->client_port);
		big16(at + 6, connection->sent / 2);
		return 8;
	}
	big16(at, is_reply ? connection->server_port : connection->client_port);
	big16(at + 2, is_reply ? connection->client_port : connection->server_port);
	if (connection->protocol == UDP) {
		big16(at + 4, 8 + payload);
		return 8;
	}
	big32(at + 4, connection->sent * 1448);
	at[12] = 0x80;
	at[13] = flags;
	at[14] = 0xff;
	at[20] = at[21] = 1;
	at[22] = 8;
	at[23] = 10;
	return 32;
}

static void write_packet(FILE *out, const struct connection *connection)
{
	uint64_t time_us = START_US + (uint64_t)connection->time_us;
	uint32_t transport = connection->protocol == TCP ? 32 : 8;
	uint32_t payload, size, headers, original, header[4];
	uint8_t frame[SNAP + 64] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
	uint8_t flags;
	int is_reply;

	next_packet(connection, &is_reply, &flags, &payload);
	size = transport + payload;
	big16(frame + 12, connection->is_ipv6 ? 0x86dd : 0x0800);
	headers = 14 + put_ip(connection, is_reply, size, frame + 14);
	original = headers + size;
	headers += put_transport(connection, is_reply, flags, payload, frame + headers);
	if (original < 60)
		original = 60;
	for (uint32_t i = headers; i < SNAP; i += 8) {
		uint64_t noise = next_random();

		memcpy(frame + i, &noise, sizeof(noise));
	}
	header[0] = (uint32_t)(time_us / 1000000);
	header[1] = (uint32_t)(time_us % 1000000);
	header[2] = original < SNAP ? original : SNAP;
	header[3] = original;
	fwrite(header, sizeof(header), 1, out);
	fwrite(frame, header[2], 1, out);
}

static void write_all(FILE *out, struct connection *connections, uint32_t count)
{
	static const uint32_t header[6] = {0xa1b2c3d4, 0x00040002, 0, 0, SNAP, 1};
	struct connection **heap = malloc(count * sizeof(*heap));

	if (!heap)
		abort();
	fwrite(header, sizeof(header), 1, out);
	for (uint32_t i = 0; i < count; i++)
		heap[i] = &connections[i];
	for (uint32_t i = count / 2; i-- > 0;)
		sink(heap, count, i);
	while (count) {
		struct connection *first = heap[0];

		write_packet(out, first);
		first->time_us += -log(uniform()) * first->gap_us;
		if (++first->sent == first->size)
			heap[0] = heap[--count];
		sink(heap, count, 0);
	}
	free(heap);
}

int main(int argc, char **argv)
{
	uint64_t packets = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
	uint32_t count = (uint32_t)(packets / PACKETS_EACH);
	struct connection *connections = calloc(count ? count : 1, sizeof(*connections));
	FILE *out;
	int failed;

	if (!count || packets > 1000000000 || !connections) {
		fputs("usage: synth_capture FILE PACKETS (10 to 1000000000)\n", stderr);
		return 64;
	}
	out = fopen(argv[1], "wb");
	if (!out) {
		fprintf(stderr, "synth_capture: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	choose_sizes(connections, count, packets);
	for (uint32_t i = 0; i < count; i++)
		choose(&connections[i]);
	write_all(out, connections, count);
	failed = ferror(out);
	if (fclose(out) || failed) {
		fprintf(stderr, "synth_capture: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	free(connections);
	return 0;
}
