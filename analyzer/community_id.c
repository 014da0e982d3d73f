/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Community ID, version 1. What is hashed, in network order:
 *
 *     seed  smaller address  larger address  protocol  0  port  port
 *     2     4 or 16          4 or 16         1         1  2     2
 */
#include "analyzer/community_id.h"
#include "analyzer/address.h"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <string.h>

struct query {
	uint8_t type, reply;
};

static const struct query icmp_queries[] = {{8, 0}, {13, 14}, {15, 16}, {17, 18}, {10, 9}};
static const struct query icmpv6_queries[] = {{128, 129}, {133, 134}, {135, 136},
					      {130, 131}, {139, 140}, {144, 145}};

/* The type that answers this one, or that this one answers; -1: a message that goes one way. */
static int counterpart(const struct query *queries, size_t count, uint8_t type)
{
	for (size_t i = 0; i < count; i++) {
		if (queries[i].type == type)
			return queries[i].reply;
		if (queries[i].reply == type)
			return queries[i].type;
	}
	return -1;
}

/* Fill in what stands for ports. Returns whether the tuple has a fixed direction. */
static int icmp_ports(const struct tuple *tuple, uint16_t port[2])
{
	int reply;

	if (tuple->protocol == IPPROTO_ICMP)
		reply = counterpart(icmp_queries, 5, tuple->icmp_type);
	else
		reply = counterpart(icmpv6_queries, 6, tuple->icmp_type);
	port[0] = tuple->icmp_type;
	port[1] = reply < 0 ? tuple->icmp_code : (uint16_t)reply;
	return reply < 0;
}

static unsigned char *put(unsigned char *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return to + size;
}

void community_id(const struct tuple *tuple, char text[COMMUNITY_ID_SIZE])
{
	unsigned char bytes[2 + 16 + 16 + 2 + 4] = {0}, digest[SHA_DIGEST_LENGTH],
					      *end = bytes + 2;
	const unsigned char *address[2] = {(const unsigned char *)&tuple->source,
					   (const unsigned char *)&tuple->destination};
	uint16_t port[2] = {tuple->source_port, tuple->destination_port};
	int ipv4 = address_is_ipv4(&tuple->source) && address_is_ipv4(&tuple->destination);
	size_t skip = ipv4 ? 12 : 0;
	int has_ports = 1, one_way = 0, order, first;

	if (tuple->protocol == IPPROTO_ICMP || tuple->protocol == IPPROTO_ICMPV6)
		one_way = icmp_ports(tuple, port);
	else
		has_ports = tuple->protocol == IPPROTO_TCP || tuple->protocol == IPPROTO_UDP ||
			    tuple->protocol == IPPROTO_SCTP;
	order = memcmp(address[0], address[1], 16);
	first = !one_way && (order > 0 || (!order && has_ports && port[0] > port[1]));

	end = put(end, address[first] + skip, 16 - skip);
	end = put(end, address[!first] + skip, 16 - skip);
	*end++ = tuple->protocol;
	*end++ = 0;
	if (has_ports) {
		uint16_t network_order[2] = {htons(port[first]), htons(port[!first])};

		end = put(end, network_order, sizeof(network_order));
	}
	SHA1(bytes, (size_t)(end - bytes), digest);
	memcpy(text, "1:", 2);
	EVP_EncodeBlock((unsigned char *)text + 2, digest, SHA_DIGEST_LENGTH);
}
