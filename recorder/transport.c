/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of IP protocols.
 */
#include "recorder/transport.h"

#include <stdio.h>
#include <string.h>

static const char *const names[256] = {
	[1] = "icmp",  [2] = "igmp",  [4] = "ipip",   [6] = "tcp",    [17] = "udp",
	[41] = "ipv6", [47] = "gre",  [50] = "esp",   [51] = "ah",    [58] = "icmpv6",
	[89] = "ospf", [103] = "pim", [112] = "vrrp", [132] = "sctp",
};

const char *transport_name(uint8_t protocol, char number[TRANSPORT_NUMBER_SIZE])
{
	if (names[protocol])
		return names[protocol];
	snprintf(number, TRANSPORT_NUMBER_SIZE, "%u", protocol);
	return number;
}

int transport_find(const char *name)
{
	for (int protocol = 0; protocol < 256; protocol++)
		if (names[protocol] && !strcmp(names[protocol], name))
			return protocol;
	return -1;
}
