/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses as people write them: RFC 5952 text, IPv4 as a dotted quad.
 */
#ifndef ANALYZER_ADDRESS_H
#define ANALYZER_ADDRESS_H

#include "schema/event.h"

#include <stddef.h>

#define ADDRESS_TEXT_SIZE 46

/* Write the text and its 0 byte; returns the length without it. */
size_t address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/* Returns 0, or -EINVAL for what is neither an IPv4 nor an IPv6 address. */
int address_parse(const char *text, struct address *out);

/* Whether it is an IPv4 address, ::ffff:a.b.c.d. */
int address_is_ipv4(const struct address *address);

static inline int address_is_zero(const struct address *address)
{
	return !address->half[0] && !address->half[1];
}

/* An address and how many of its 128 leading bits count; IPv4 prefixes count from bit 96. */
struct address_prefix {
	struct address address;
	unsigned int bits;
};

/* "10.0.0.0/8", "2001:db8::/32", or one address. Returns 0 or -EINVAL. */
int address_prefix_parse(const char *text, struct address_prefix *out);
int address_prefix_holds(const struct address_prefix *prefix, const struct address *address);

#endif
