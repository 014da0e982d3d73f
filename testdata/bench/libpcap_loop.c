/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The yardsticks of the import: libpcap_loop count|hash FILE. Both read every packet through
 * libpcap; hash also finds each packet's connection in a hash table and counts there.
 */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct key {
	uint8_t address[2][16];
	uint16_t port[2];
	uint32_t protocol;
};

struct connection {
	struct key key;
	uint32_t is_used;
	uint32_t flags;
	uint64_t packets[2], bytes[2];
	uint64_t first_us, last_us;
};

struct table {
	struct connection *slots;
	size_t size, used;
};

static uint16_t big16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint64_t hash_of(const struct key *key)
{
	uint64_t words[sizeof(*key) / 8], hash = 0;

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

static struct connection *slot_of(const struct table *table, const struct key *key)
{
	size_t at = hash_of(key) & (table->size - 1);

	while (table->slots[at].is_used &&
	       memcmp(&table->slots[at].key, key, sizeof(*key)) != 0)
		at = (at + 1) & (table->size - 1);
	return &table->slots[at];
}

static void grow(struct table *table)
{
	struct table larger = {.size = table->size ? table->size * 2 : 65536,
			       .used = table->used};

	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (!larger.slots)
		abort();
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i].is_used)
			*slot_of(&larger, &table->slots[i].key) = table->slots[i];
	free(table->slots);
	*table = larger;
}

/* The key and direction of an Ethernet frame, its IP length, 0 when it is not IP. */
static uint32_t read_key(const uint8_t *at, uint32_t captured, struct key *key, int *direction,
			 uint8_t *flags)
{
	struct key turned;
	uint32_t offset, length;
	int order;

	memset(key, 0, sizeof(*key));
	if (captured >= 34 && big16(at + 12) == 0x0800) {
		memset(key->address[0] + 10, 0xff, 2);
		memset(key->address[1] + 10, 0xff, 2);
		memcpy(key->address[0] + 12, at + 26, 4);
		memcpy(key->address[1] + 12, at + 30, 4);
		key->protocol = at[23];
		length = big16(at + 16);
		offset = 14 + (at[14] & 15U) * 4;
	} else if (captured >= 54 && big16(at + 12) == 0x86dd) {
		memcpy(key->address, at + 22, 32);
		key->protocol = at[20];
		length = 40U + big16(at + 18);
		offset = 54;
	} else {
		return 0;
	}
	if (captured >= offset + 8 && (key->protocol == 6 || key->protocol == 17)) {
		key->port[0] = big16(at + offset);
		key->port[1] = big16(at + offset + 2);
		if (key->protocol == 6 && captured >= offset + 14)
			*flags = at[offset + 13];
	} else if (captured >= offset + 8) {
		key->port[0] = key->port[1] = big16(at + offset + 4);
	}
	order = memcmp(key->address[0], key->address[1], 16);
	*direction = order ? order > 0 : key->port[0] > key->port[1];
	if (*direction) {
		memcpy(turned.address[0], key->address[1], 16);
		memcpy(turned.address[1], key->address[0], 16);
		turned.port[0] = key->port[1];
		turned.port[1] = key->port[0];
		turned.protocol = key->protocol;
		*key = turned;
	}
	return length;
}

static void count_packet(struct table *table, const struct pcap_pkthdr *header,
			 const uint8_t *bytes)
{
	uint64_t time_us = (uint64_t)header->ts.tv_sec * 1000000 + (uint64_t)header->ts.tv_usec;
	struct connection *connection;
	struct key key;
	uint8_t flags = 0;
	int direction;
	uint32_t length = read_key(bytes, header->caplen, &key, &direction, &flags);

	if (!length)
		return;
	if (table->used * 2 >= table->size)
		grow(table);
	connection = slot_of(table, &key);
	if (!connection->is_used) {
		connection->key = key;
		connection->is_used = 1;
		connection->first_us = time_us;
		table->used++;
	}
	connection->last_us = time_us;
	connection->flags |= flags;
	connection->packets[direction]++;
	connection->bytes[direction] += length;
}

int main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE];
	struct table table = {0};
	struct pcap_pkthdr *header;
	const u_char *bytes;
	uint64_t packets = 0;
	int got, is_hash;
	pcap_t *pcap;

	is_hash = argc == 3 && strcmp(argv[1], "hash") == 0;
	if (argc != 3 || (!is_hash && strcmp(argv[1], "count") != 0)) {
		fputs("usage: libpcap_loop count|hash FILE\n", stderr);
		return 64;
	}
	pcap = pcap_open_offline(argv[2], why);
	if (!pcap) {
		fprintf(stderr, "libpcap_loop: %s: %s\n", argv[2], why);
		return 1;
	}
	while ((got = pcap_next_ex(pcap, &header, &bytes)) == 1) {
		packets++;
		if (is_hash)
			count_packet(&table, header, bytes);
	}
	if (got != PCAP_ERROR_BREAK)
		fprintf(stderr, "libpcap_loop: %s: %s\n", argv[2], pcap_geterr(pcap));
	pcap_close(pcap);
	printf("%" PRIu64 " packets, %zu connections\n", packets, table.used);
	free(table.slots);
	return got == PCAP_ERROR_BREAK ? 0 : 1;
}
