/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses as people write them.
 */
#include "analyzer/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const unsigned char ipv4_mapped[12] = {[10] = 0xff, [11] = 0xff};

int address_is_ipv4(const struct address *address)
{
	return !memcmp(address, ipv4_mapped, sizeof(ipv4_mapped));
}

size_t address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	unsigned char bytes[16];

	memcpy(bytes, address, sizeof(bytes));
	if (address_is_ipv4(address))
		return (size_t)snprintf(text, ADDRESS_TEXT_SIZE, "%u.%u.%u.%u", bytes[12],
					bytes[13], bytes[14], bytes[15]);
	inet_ntop(AF_INET6, bytes, text, ADDRESS_TEXT_SIZE);
	return strlen(text);
}

int address_parse(const char *text, struct address *out)
{
	unsigned char bytes[16];

	memcpy(bytes, ipv4_mapped, sizeof(ipv4_mapped));
	if (inet_pton(AF_INET, text, bytes + 12) != 1 && inet_pton(AF_INET6, text, bytes) != 1)
		return -EINVAL;
	memcpy(out, bytes, sizeof(bytes));
	return 0;
}

int address_prefix_parse(const char *text, struct address_prefix *out)
{
	char address[ADDRESS_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	struct address_prefix prefix;
	unsigned int first, bits = 0;

	if (size >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, size);
	address[size] = 0;
	if (address_parse(address, &prefix.address))
		return -EINVAL;
	first = address_is_ipv4(&prefix.address) && !strchr(address, ':') ? 96 : 0;
	prefix.bits = 128;
	if (slash) {
		size_t digits = strspn(slash + 1, "0123456789");

		if (!digits || digits > 3 || slash[1 + digits])
			return -EINVAL;
		for (size_t i = 1; i <= digits; i++)
			bits = bits * 10 + (unsigned int)(slash[i] - '0');
		if (bits > 128 - first)
			return -EINVAL;
		prefix.bits = first + bits;
	}
	*out = prefix;
	return 0;
}

int address_prefix_holds(const struct address_prefix *prefix, const struct address *address)
{
	const unsigned char *a = (const unsigned char *)&prefix->address;
	const unsigned char *b = (const unsigned char *)address;
	unsigned int bytes = prefix->bits / 8, rest = prefix->bits % 8;

	if (memcmp(a, b, bytes))
		return 0;
	return !rest || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0;
}
