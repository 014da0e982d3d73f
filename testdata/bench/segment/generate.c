/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated connections, one row each; the same ones every time.
 *
 * The shape is that of a busy server segment during half an hour. Clients are drawn from 20,000
 * and servers from 50,000, both by Zipf (as in synth_capture.c); a quarter is IPv6; 70 % TCP,
 * 27 % UDP (half of it DNS), 3 % ping. Packets have a heavy tail (Pareto, 1.15, a fifth of the
 * connections have one packet, about ten on average), and a connection lasts as long as that
 * many exponential gaps, whose mean is 2 ms to 1 s by connection. A client's container is
 * always the same, and so is the process with which it reaches a service.
 *
 * Rows stand in the order of their first packet, as an import in one slice writes them.
 */
#include "testdata/bench/segment/rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_NS   1700000000000000000ULL
#define SPAN_NS	   1800e9
#define LONGEST_NS 400e9 /* of a connection with many packets */
#define TAIL	   1.15
#define SCALE	   1.665 /* a fifth of the connections has one packet */
#define LARGEST	   200000
#define CLIENTS	   20000
#define SERVERS	   50000
#define CONTAINERS 300
#define EXACT	   32 /* sums of more random values than this are taken from a normal law */

enum { ICMP = 1, TCP = 6, UDP = 17, ICMPV6 = 58 };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct generator {
	uint64_t state;
	const char *containers[CONTAINERS];
};

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* What belongs to a number for good: the same hash every time. */
static uint64_t fixed(uint64_t number, uint64_t salt)
{
	return mix(mix(number + 0x9e3779b97f4a7c15ULL) + salt * 0x9e3779b97f4a7c15ULL);
}

/* Above 0, below 1. */
static double uniform(struct generator *g)
{
	return ((double)(mix(g->state += 0x9e3779b97f4a7c15ULL) >> 11) + 0.5) /
	       9007199254740992.0;
}

static uint32_t below(struct generator *g, uint32_t limit)
{
	return (uint32_t)(uniform(g) * limit);
}

static double normal(struct generator *g)
{
	double radius = sqrt(-2 * log(uniform(g)));

	return radius * cos(6.283185307179586 * uniform(g));
}

/* A rank below limit by Zipf: the chance of a rank of at least k falls as k to the -exponent.
 */
static uint32_t popular(struct generator *g, uint32_t limit, double exponent)
{
	double rank = pow(uniform(g), -1.0 / exponent) - 1;

	return rank < limit ? (uint32_t)rank : below(g, limit);
}

/* --- ends --- */

static struct address address(const uint8_t *bytes)
{
	struct address out;

	memcpy(&out, bytes, sizeof(out));
	return out;
}

static struct address ipv4(uint32_t number)
{
	uint8_t bytes[16] = {[10] = 0xff, [11] = 0xff};

	for (int i = 0; i < 4; i++)
		bytes[12 + i] = (uint8_t)(number >> (24 - 8 * i));
	return address(bytes);
}

static struct address ipv6(uint64_t network, uint64_t host)
{
	uint8_t bytes[16];

	for (int i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)(network >> (56 - 8 * i));
		bytes[8 + i] = (uint8_t)(host >> (56 - 8 * i));
	}
	return address(bytes);
}

/* Subnets of some 200 hosts, here; with IPv6, hosts choose their lower half by chance. */
static struct address client_address(uint32_t client, int is_ipv6)
{
	uint32_t place = client * 7919U % CLIENTS, subnet = place / 200;

	if (is_ipv6)
		return ipv6(0x20010db800010000 | subnet, fixed(client, 1));
	return ipv4(10U << 24 | (16 + subnet / 8) << 16 | subnet << 8 | (20 + place % 200));
}

/* Some thousand networks all over the world; servers have simple numbers there. */
static struct address server_address(uint32_t server, int is_ipv6)
{
	uint64_t network = fixed(fixed(server, 2) % 3000, 3), host = fixed(server, 4);

	if (is_ipv6)
		return ipv6(0x2a00000000000000 | (network >> 8 & 0xffffffffff0000) |
				    (host & 15),
			    1 + host % 4096);
	return ipv4((uint32_t)(11 + network % 200) << 24 |
		    (uint32_t)(network >> 16 & 0xff) << 16 | (uint32_t)(host & 0xffff));
}

struct service {
	uint16_t port;
	uint16_t weight; /* of 1000; the rest are other ports */
};

static uint16_t service_port(struct generator *g, uint8_t protocol)
{
	static const struct service tcp[] = {{443, 480}, {80, 130},  {5432, 55}, {8080, 50},
					     {6379, 45}, {3306, 40}, {9092, 30}, {22, 25},
					     {8443, 20}, {53, 15},   {25, 12},	 {993, 10},
					     {445, 8},	 {3389, 6},  {389, 5},	 {9200, 5},
					     {0, 0}};
	static const struct service udp[] = {{53, 500},	 {443, 300},  {123, 80}, {5353, 20},
					     {3478, 15}, {1900, 10},  {161, 10}, {514, 8},
					     {500, 4},	 {51820, 13}, {0, 0}};
	double at = uniform(g) * 1000;

	for (const struct service *s = protocol == TCP ? tcp : udp; s->port; s++)
		if ((at -= s->weight) < 0)
			return s->port;
	/* Few of the many other ports are used often. */
	return (uint16_t)(1024 + 131 * (uint32_t)(400 * pow(uniform(g), 3)));
}

/* --- counters --- */

/* The sum of count values, which next draws, or which have that mean and deviation. */
static double total(struct generator *g, uint32_t count, double (*next)(struct generator *g),
		    double mean, double deviation)
{
	double sum = 0;

	if (count > EXACT) {
		sum = count * mean + sqrt(count) * deviation * normal(g);
		return sum < 0 ? 0 : sum;
	}
	for (uint32_t i = 0; i < count; i++)
		sum += next(g);
	return sum;
}

static double gap(struct generator *g)
{
	return -log(uniform(g));
}

/* Full segments, pieces, and acknowledgements. */
static double reply_payload(struct generator *g)
{
	double kind = uniform(g);

	return kind < 0.62 ? 1448 : kind < 0.80 ? below(g, 1400) : 0;
}

static double request_payload(struct generator *g)
{
	double kind = uniform(g);

	return kind < 0.10 ? 1448 : kind < 0.45 ? below(g, 1100) : 0;
}

static double datagram(struct generator *g)
{
	return 30 + below(g, 400);
}

static double quic(struct generator *g)
{
	return uniform(g) < 0.6 ? 1242 : 25 + below(g, 1200);
}

/* Payload of so many packets of one direction. */
static uint64_t payload(struct generator *g, const struct flow_row *row, uint32_t packets,
			int is_reply)
{
	if (row->network_iana_number == TCP) {
		/* What opens the connection carries nothing. */
		uint32_t opening = is_reply ? 1 : 2;

		packets = packets > opening ? packets - opening : 0;
		if (is_reply)
			return (uint64_t)total(g, packets, reply_payload, 1023.7, 608);
		return (uint64_t)total(g, packets, request_payload, 337.1, 487);
	}
	if (row->network_iana_number != UDP)
		return (uint64_t)packets * 56;
	if (row->destination_port == 53)
		return (uint64_t)packets * (is_reply ? 44 + below(g, 300) : 28 + below(g, 40));
	if (row->destination_port == 123)
		return (uint64_t)packets * 48;
	if (row->destination_port == 443)
		return (uint64_t)total(g, packets, quic, 995, 373);
	return (uint64_t)total(g, packets, datagram, 229.5, 115.5);
}

static void count_packets(struct generator *g, struct flow_row *row, int is_ipv6,
			  uint32_t packets)
{
	uint32_t header = (is_ipv6 ? 40 : 20) + (row->network_iana_number == TCP ? 32 : 8);
	uint32_t replies = packets / 2;

	if (row->network_iana_number == TCP && packets > 5) {
		double share = 0.5 + 0.08 * normal(g);

		replies = (uint32_t)(packets * (share < 0.2 ? 0.2 : share > 0.8 ? 0.8 : share));
	}
	row->source_packets = packets - replies;
	row->destination_packets = replies;
	row->source_bytes = row->source_packets * header +
			    payload(g, row, (uint32_t)row->source_packets, 0);
	row->destination_bytes = row->destination_packets * header +
				 payload(g, row, (uint32_t)row->destination_packets, 1);
}

static void set_flags(struct generator *g, struct flow_row *row, uint32_t packets)
{
	double kind = uniform(g);
	uint16_t source = SYN | ACK | PSH | FIN, destination = source;

	if (packets == 1) {
		source = SYN;
		destination = 0;
	} else if (packets == 2) {
		source = SYN;
		destination = RST | ACK;
	} else if (kind < 0.08) {
		source = destination = SYN | ACK | PSH; /* not over yet */
	} else if (kind < 0.14) {
		source |= RST;
	} else if (kind < 0.17) {
		destination = SYN | ACK | PSH | RST;
	} else if (kind < 0.20) {
		source = destination = ACK | PSH; /* began before */
	} else if (packets < 6) {
		source = destination = SYN | ACK | FIN;
	}
	row->source_tcp_flags = source;
	row->destination_tcp_flags = destination;
}

static void generate(struct generator *g, struct flow_row *row)
{
	double kind = uniform(g), gap_ns, size = floor(SCALE * pow(uniform(g), -1 / TAIL));
	uint32_t client = popular(g, CLIENTS, 0.7), server = popular(g, SERVERS, 0.6);
	uint32_t packets = size > LARGEST ? LARGEST : (uint32_t)size;
	int is_ipv6 = uniform(g) < 0.25;
	uint16_t service = 0; /* which the process reaches */

	row->network_iana_number = kind < 0.70	 ? TCP
				   : kind < 0.97 ? UDP
				   : is_ipv6	 ? ICMPV6
						 : ICMP;
	row->source_address = client_address(client, is_ipv6);
	row->destination_address = server_address(server, is_ipv6);
	if (kind < 0.97) {
		row->source_port = (uint16_t)(32768 + below(g, 60999 - 32768 + 1));
		service = service_port(g, row->network_iana_number);
		row->destination_port = service;
	} else {
		row->source_port = (uint16_t)below(g, 65536);
		row->destination_port = row->source_port;
	}
	gap_ns = 2e6 * pow(500, uniform(g));
	if (packets > 20 && gap_ns * packets > LONGEST_NS)
		gap_ns = LONGEST_NS / packets;
	row->start_ns = START_NS + (uint64_t)(uniform(g) * SPAN_NS);
	row->end_ns = row->start_ns + (uint64_t)(gap_ns * total(g, packets - 1, gap, 1, 1));
	count_packets(g, row, is_ipv6, packets);
	if (row->network_iana_number == TCP)
		set_flags(g, row, packets);
	row->process_pid = 300 + (uint32_t)(fixed((uint64_t)client << 16 | service, 5) % 99700);
	row->container_id = g->containers[fixed(client, 6) % CONTAINERS];
}

static int by_start(const void *a, const void *b)
{
	uint64_t x = ((const struct flow_row *)a)->start_ns;
	uint64_t y = ((const struct flow_row *)b)->start_ns;

	return (x > y) - (x < y);
}

static int name_containers(struct generator *g, struct rows *rows)
{
	for (uint64_t i = 0; i < CONTAINERS; i++) {
		char text[65];

		for (int quarter = 0; quarter < 4; quarter++)
			snprintf(text + 16 * quarter, 17, "%016llx",
				 (unsigned long long)fixed(i, 7 + (uint64_t)quarter));
		g->containers[i] = rows_text(rows, text, 64);
		if (!g->containers[i])
			return -1;
	}
	return 0;
}

struct rows *rows_generate(size_t count)
{
	struct generator g = {.state = 20231114};
	struct rows *rows = rows_new(count);

	if (!rows || name_containers(&g, rows)) {
		fputs("segment: out of memory\n", stderr);
		rows_free(rows);
		rows = NULL;
	} else {
		for (size_t i = 0; i < count; i++)
			generate(&g, &rows->rows[i]);
		qsort(rows->rows, count, sizeof(*rows->rows), by_start);
		rows_find_columns(rows);
	}
	return rows;
}
