/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the captures that the tests stand on: make_captures DIR. The same bytes every time.
 *
 * The files are written field by field, without libpcap: some of them libpcap must refuse.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ETHERNET  1
#define RAW_IP	  101
#define BSD_NULL  0
#define BSD_LOOP  108
#define COOKED_V1 113
#define RADIOTAP  127
#define COOKED_V2 276

#define TCP    6
#define UDP    17
#define ICMP   1
#define ICMPV6 58

#define SYN 0x02
#define ACK 0x10
#define PSH 0x08
#define FIN 0x01

#define CLIENT	 "192.0.2.10"
#define SERVER	 "198.51.100.80"
#define RESOLVER "198.51.100.53"
#define CLIENT_6 "2001:db8:1::10"
#define SERVER_6 "2001:db8:2::80"

#define START_S 1700000000ULL

struct bytes {
	uint8_t at[4096];
	uint32_t size;
};

struct file {
	FILE *out;
	uint32_t snap;	  /* bytes kept of each packet */
	uint64_t time_us; /* of the next packet */
};

static const char *directory;

static void die(const char *name)
{
	fprintf(stderr, "make_captures: %s/%s: %s\n", directory, name, strerror(errno));
	exit(1);
}

/* --- bytes of packets --- */

static void add(struct bytes *bytes, const void *data, uint32_t size)
{
	if (size > sizeof(bytes->at) - bytes->size)
		abort();
	memcpy(bytes->at + bytes->size, data, size);
	bytes->size += size;
}

static void add8(struct bytes *bytes, unsigned int value)
{
	uint8_t byte = (uint8_t)value;

	add(bytes, &byte, 1);
}

static void add16(struct bytes *bytes, unsigned int value)
{
	add8(bytes, value >> 8);
	add8(bytes, value);
}

static void add32(struct bytes *bytes, uint32_t value)
{
	add16(bytes, value >> 16);
	add16(bytes, value & 0xffff);
}

static void fill(struct bytes *bytes, unsigned int value, uint32_t count)
{
	while (count--)
		add8(bytes, value);
}

static uint16_t checksum(const uint8_t *data, uint32_t size)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void ethernet(struct bytes *bytes, unsigned int type)
{
	add(bytes, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
	add16(bytes, type);
}

static void address(struct bytes *bytes, const char *text)
{
	uint8_t binary[16];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, text, binary) != 1)
		abort();
	add(bytes, binary, family == AF_INET6 ? 16 : 4);
}

static void ipv4(struct bytes *bytes, unsigned int protocol, const char *from, const char *to,
		 unsigned int payload, unsigned int id, unsigned int fragment)
{
	uint32_t start = bytes->size;
	uint16_t sum;

	add16(bytes, 0x4500);
	add16(bytes, 20 + payload);
	add16(bytes, id);
	add16(bytes, fragment);
	add8(bytes, 64);
	add8(bytes, protocol);
	add16(bytes, 0);
	address(bytes, from);
	address(bytes, to);
	sum = checksum(bytes->at + start, 20);
	bytes->at[start + 10] = (uint8_t)(sum >> 8);
	bytes->at[start + 11] = (uint8_t)sum;
}

static void ip(struct bytes *bytes, unsigned int protocol, const char *from, const char *to,
	       unsigned int payload)
{
	if (!strchr(from, ':')) {
		ipv4(bytes, protocol, from, to, payload, 0, 0x4000);
		return;
	}
	add32(bytes, 0x60000000);
	add16(bytes, payload);
	add8(bytes, protocol);
	add8(bytes, 64);
	address(bytes, from);
	address(bytes, to);
}

static void udp(struct bytes *bytes, const char *from, unsigned int from_port, const char *to,
		unsigned int to_port, unsigned int payload)
{
	ip(bytes, UDP, from, to, 8 + payload);
	add16(bytes, from_port);
	add16(bytes, to_port);
	add16(bytes, 8 + payload);
	add16(bytes, 0);
	fill(bytes, 0x55, payload);
}

static void tcp(struct bytes *bytes, const char *from, unsigned int from_port, const char *to,
		unsigned int to_port, unsigned int flags, unsigned int payload)
{
	ip(bytes, TCP, from, to, 20 + payload);
	add16(bytes, from_port);
	add16(bytes, to_port);
	add32(bytes, 1);
	add32(bytes, flags & ACK ? 1 : 0);
	add16(bytes, 0x5000 | flags);
	add16(bytes, 64240);
	add32(bytes, 0);
	fill(bytes, 0x44, payload);
}

static void ping(struct bytes *bytes, const char *from, const char *to, unsigned int type,
		 unsigned int id)
{
	ip(bytes, strchr(from, ':') ? ICMPV6 : ICMP, from, to, 8 + 56);
	add16(bytes, type << 8);
	add16(bytes, 0);
	add16(bytes, id);
	add16(bytes, 1);
	fill(bytes, 0x33, 56);
}

/* --- pcap files: in the byte order of this project's captures, little endian --- */

static void put32(FILE *out, uint32_t value)
{
	for (int shift = 0; shift < 32; shift += 8)
		putc(value >> shift & 0xff, out);
}

static void put16(FILE *out, uint32_t value)
{
	putc(value & 0xff, out);
	putc(value >> 8 & 0xff, out);
}

static FILE *create(const char *name)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	out = fopen(path, "wb");
	if (!out)
		die(name);
	return out;
}

static struct file pcap(const char *name, uint32_t link_type, uint32_t snap)
{
	struct file file = {create(name), snap, START_S * 1000000};

	put32(file.out, 0xa1b2c3d4);
	put16(file.out, 2);
	put16(file.out, 4);
	put32(file.out, 0);
	put32(file.out, 0);
	put32(file.out, snap);
	put32(file.out, link_type);
	return file;
}

static void record(struct file *file, const struct bytes *bytes, uint32_t original)
{
	uint32_t captured = bytes->size < file->snap ? bytes->size : file->snap;

	put32(file->out, (uint32_t)(file->time_us / 1000000));
	put32(file->out, (uint32_t)(file->time_us % 1000000));
	put32(file->out, captured);
	put32(file->out, original);
	fwrite(bytes->at, 1, captured, file->out);
	file->time_us += 1000;
}

static void put(struct file *file, const struct bytes *bytes)
{
	record(file, bytes, bytes->size);
}

static void finish(FILE *out, const char *name)
{
	int failed = ferror(out);

	if (fclose(out) || failed)
		die(name);
}

/* --- the captures --- */

struct end {
	const char *address;
	unsigned int port;
};

static void segment(struct file *file, struct end from, struct end to, unsigned int flags,
		    unsigned int payload)
{
	struct bytes bytes = {0};

	ethernet(&bytes, strchr(from.address, ':') ? 0x86dd : 0x0800);
	tcp(&bytes, from.address, from.port, to.address, to.port, flags, payload);
	put(file, &bytes);
}

/* One request and its answer: 10 packets. */
static void exchange(struct file *file, struct end client, struct end server,
		     unsigned int request, unsigned int answer)
{
	segment(file, client, server, SYN, 0);
	segment(file, server, client, SYN | ACK, 0);
	segment(file, client, server, ACK, 0);
	segment(file, client, server, PSH | ACK, request);
	segment(file, server, client, ACK, 0);
	segment(file, server, client, PSH | ACK, answer);
	segment(file, client, server, ACK, 0);
	segment(file, client, server, FIN | ACK, 0);
	segment(file, server, client, FIN | ACK, 0);
	segment(file, client, server, ACK, 0);
}

static void datagram(struct file *file, struct end from, struct end to, unsigned int payload)
{
	struct bytes bytes = {0};

	ethernet(&bytes, strchr(from.address, ':') ? 0x86dd : 0x0800);
	udp(&bytes, from.address, from.port, to.address, to.port, payload);
	put(file, &bytes);
}

static void echo(struct file *file, const char *from, const char *to, unsigned int query,
		 unsigned int reply, unsigned int id)
{
	struct bytes there = {0}, back = {0};
	unsigned int type = strchr(from, ':') ? 0x86dd : 0x0800;

	ethernet(&there, type);
	ping(&there, from, to, query, id);
	put(file, &there);
	ethernet(&back, type);
	ping(&back, to, from, reply, id);
	put(file, &back);
}

/* A host's ten seconds: web, names, pings, IPv6, a burst of short connections, some ARP. */
static void mixed(void)
{
	struct file file = pcap("mixed.pcap", ETHERNET, 65535);

	for (unsigned int i = 0; i < 2; i++) {
		struct bytes arp = {0};

		ethernet(&arp, 0x0806);
		fill(&arp, 0, 46);
		put(&file, &arp);
	}
	for (unsigned int i = 0; i < 5; i++) {
		datagram(&file, (struct end){CLIENT, 50000 + i}, (struct end){RESOLVER, 53},
			 32);
		datagram(&file, (struct end){RESOLVER, 53}, (struct end){CLIENT, 50000 + i},
			 96);
		exchange(&file, (struct end){CLIENT, 40000 + i}, (struct end){SERVER, 80}, 120,
			 1400);
		file.time_us += 2000000;
	}
	for (unsigned int i = 0; i < 40; i++)
		exchange(&file, (struct end){CLIENT, 41000 + i}, (struct end){SERVER, 443}, 20,
			 20);
	exchange(&file, (struct end){CLIENT_6, 40100}, (struct end){SERVER_6, 443}, 200, 1200);
	for (unsigned int i = 0; i < 3; i++) {
		echo(&file, CLIENT, SERVER, 8, 0, 0x1234);
		echo(&file, CLIENT_6, SERVER_6, 128, 129, 0x4321);
	}
	finish(file.out, "mixed.pcap");
}

/* Each link layer with the same query and answer. */
static void link_layer(const char *name, uint32_t link_type, const struct bytes *query_header,
		       const struct bytes *answer_header)
{
	struct file file = pcap(name, link_type, 65535);
	struct bytes query = *query_header, answer = *answer_header;

	udp(&query, CLIENT, 50000, RESOLVER, 53, 32);
	put(&file, &query);
	udp(&answer, RESOLVER, 53, CLIENT, 50000, 96);
	put(&file, &answer);
	finish(file.out, name);
}

static void link_layers(void)
{
	struct bytes none = {0}, vlan = {0}, null = {0}, loop = {0};
	struct bytes out = {0}, in = {0}, out_2 = {0}, in_2 = {0};

	link_layer("raw.pcap", RAW_IP, &none, &none);
	ethernet(&vlan, 0x88a8);
	add32(&vlan, 0x00648100);
	add32(&vlan, 0x00c80800);
	link_layer("vlan.pcap", ETHERNET, &vlan, &vlan);
	add32(&null, 0x02000000);
	link_layer("null.pcap", BSD_NULL, &null, &null);
	add32(&loop, 2);
	link_layer("loop.pcap", BSD_LOOP, &loop, &loop);
	add(&out, "\0\4\0\1\0\6\2\0\0\0\0\1\0\0\x08\0", 16);
	add(&in, "\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\0", 16);
	link_layer("cooked_v1.pcap", COOKED_V1, &out, &in);
	add(&out_2, "\x08\0\0\0\0\0\0\x07\0\1\4\6\2\0\0\0\0\1\0\0", 20);
	add(&in_2, "\x08\0\0\0\0\0\0\x07\0\1\0\6\2\0\0\0\0\1\0\0", 20);
	link_layer("cooked_v2.pcap", COOKED_V2, &out_2, &in_2);
	link_layer("wifi.pcap", RADIOTAP, &none, &none);
}

/* A datagram of 4000 bytes in three fragments, and a later fragment that has lost its first. */
static void fragments(void)
{
	static const unsigned int sizes[] = {1480, 1480, 1048};
	struct file file = pcap("fragments.pcap", RAW_IP, 65535);
	unsigned int offset = 0;
	struct bytes orphan = {0};

	for (unsigned int i = 0; i < 3; i++) {
		struct bytes bytes = {0};

		ipv4(&bytes, UDP, CLIENT, SERVER, sizes[i], 77,
		     (i < 2 ? 0x2000 : 0) | offset / 8);
		if (i == 0) {
			add16(&bytes, 50000);
			add16(&bytes, 2049);
			add16(&bytes, 8 + 4000);
			add16(&bytes, 0);
		}
		fill(&bytes, 0x66, sizes[i] - (i == 0 ? 8 : 0));
		put(&file, &bytes);
		offset += sizes[i];
	}
	ipv4(&orphan, UDP, CLIENT, SERVER, 100, 78, 185);
	fill(&orphan, 0x66, 100);
	put(&file, &orphan);
	finish(file.out, "fragments.pcap");
}

/* Cut by the snap length: 1 before the IP header's end, the rest behind the ports. */
static void snapped(void)
{
	struct file file = pcap("snapped.pcap", ETHERNET, 96);
	struct bytes bytes = {0};

	exchange(&file, (struct end){CLIENT, 40000}, (struct end){SERVER, 80}, 1000, 1460);
	ethernet(&bytes, 0x0800);
	tcp(&bytes, CLIENT, 40000, SERVER, 80, ACK, 0);
	file.snap = 30;
	put(&file, &bytes);
	finish(file.out, "snapped.pcap");
}

/* One good datagram among lies about lengths. */
static void malformed(void)
{
	struct file file = pcap("malformed.pcap", ETHERNET, 65535);
	struct bytes good = {0};
	struct bytes lie;

	ethernet(&good, 0x0800);
	udp(&good, CLIENT, 50000, RESOLVER, 53, 32);
	put(&file, &good);
	record(&file, &good, 0x7fffffff);
	record(&file, &good, 65536 + 14);
	lie = good;
	lie.at[14] = 0x44; /* a header of 16 bytes */
	put(&file, &lie);
	lie = good;
	lie.at[17] = 10; /* less than the header */
	put(&file, &lie);
	lie = good;
	lie.at[16] = 0xff; /* more than the frame */
	put(&file, &lie);
	lie = good;
	lie.at[14] = 0x65; /* version 6 under the ethertype of IPv4 */
	put(&file, &lie);
	finish(file.out, "malformed.pcap");
}

/* Timestamps at 0, backwards, beyond 2038 and at the last second that pcap can say. */
static void times(void)
{
	static const uint64_t seconds[] = {0,	       1,	  START_S, START_S - 100,
					   0x80000001, 0xffffffff};
	struct file file = pcap("times.pcap", ETHERNET, 65535);

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		file.time_us = seconds[i] * 1000000;
		datagram(&file, (struct end){CLIENT, 50000}, (struct end){RESOLVER, 53}, 32);
	}
	finish(file.out, "times.pcap");
}

static void torn(void)
{
	struct file file = pcap("torn.pcap", ETHERNET, 65535);
	struct bytes bytes = {0};

	datagram(&file, (struct end){CLIENT, 50000}, (struct end){RESOLVER, 53}, 32);
	datagram(&file, (struct end){RESOLVER, 53}, (struct end){CLIENT, 50000}, 96);
	ethernet(&bytes, 0x0800);
	udp(&bytes, CLIENT, 50001, RESOLVER, 53, 32);
	put(&file, &bytes);
	if (fflush(file.out) || ftruncate(fileno(file.out), ftell(file.out) - 20))
		die("torn.pcap");
	finish(file.out, "torn.pcap");
}

/* --- pcapng --- */

static void block(FILE *out, uint32_t type, const struct bytes *body)
{
	uint32_t size = 12 + (body->size + 3) / 4 * 4;

	put32(out, type);
	put32(out, size);
	fwrite(body->at, 1, body->size, out);
	for (uint32_t i = body->size; i % 4; i++)
		putc(0, out);
	put32(out, size);
}

static void little32(struct bytes *bytes, uint32_t value)
{
	add32(bytes, __builtin_bswap32(value));
}

static void interface_block(FILE *out, uint32_t link_type)
{
	struct bytes body = {0};

	add8(&body, link_type);
	add8(&body, link_type >> 8);
	add16(&body, 0);
	little32(&body, 0);
	add(&body, "\x09\0\x01\0\x09\0\0\0", 8); /* if_tsresol: nanoseconds */
	add(&body, "\0\0\0\0", 4);
	block(out, 1, &body);
}

static void packet_block(FILE *out, uint32_t interface, uint64_t time_ns,
			 const struct bytes *packet)
{
	struct bytes body = {0};

	little32(&body, interface);
	little32(&body, (uint32_t)(time_ns >> 32));
	little32(&body, (uint32_t)time_ns);
	little32(&body, packet->size);
	little32(&body, packet->size);
	add(&body, packet->at, packet->size);
	block(out, 6, &body);
}

/* Two interfaces; in the second file they differ in link type, which libpcap cannot read. */
static void pcapng(const char *name, uint32_t second_link_type)
{
	FILE *out = create(name);
	struct bytes section = {0}, query = {0}, answer = {0};
	uint64_t time_ns = START_S * 1000000000 + 123456789;

	add(&section, "\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16);
	block(out, 0x0a0d0d0a, &section);
	interface_block(out, ETHERNET);
	ethernet(&query, 0x0800);
	udp(&query, CLIENT, 50000, RESOLVER, 53, 32);
	packet_block(out, 0, time_ns, &query);
	interface_block(out, second_link_type);
	ethernet(&answer, 0x0800);
	udp(&answer, RESOLVER, 53, CLIENT, 50000, 96);
	packet_block(out, 1, time_ns + 1, &answer);
	finish(out, name);
}

static void no_captures(void)
{
	FILE *out = create("empty.pcap");

	finish(out, "empty.pcap");
	out = create("text.pcap");
	fputs("version https://git-lfs.github.com/spec/v1\n", out);
	finish(out, "text.pcap");
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: make_captures DIR\n", stderr);
		return 64;
	}
	directory = argv[1];
	if (mkdir(directory, 0755) && errno != EEXIST)
		die("");
	mixed();
	link_layers();
	fragments();
	snapped();
	malformed();
	times();
	torn();
	pcapng("nanoseconds.pcapng", ETHERNET);
	pcapng("two_link_types.pcapng", BSD_LOOP);
	no_captures();
	return 0;
}
