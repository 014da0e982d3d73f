/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends sound packets: the plain ones, and all that may stand before, between and behind their
 * headers. craft.h says how.
 */
#include "testdata/live/craft.h"

static void plain(struct craft *craft)
{
	struct frame *frame = craft_begin(craft, "udp");

	frame_ethernet(frame, IPV4);
	frame_ipv4(frame, UDP);
	frame_udp(frame, 100);
	frame_end(frame, 0);
	craft_send_flow(craft);

	frame = craft_begin(craft, "tcp");
	frame_ethernet(frame, IPV4);
	frame_ipv4(frame, TCP);
	frame_tcp(frame, 0x18, 1000);
	frame_end(frame, 0);
	craft_send_flow(craft);

	frame = craft_begin(craft, "udp over IPv6");
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, UDP);
	frame_udp(frame, 100);
	frame_end(frame, 0);
	craft_send_flow(craft);

	frame = craft_begin(craft, "tcp over IPv6");
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, TCP);
	frame_tcp(frame, 0x18, 1000);
	frame_end(frame, 0);
	craft_send_flow(craft);

	/* Ethernet's least payload is 46 bytes. */
	frame = craft_begin(craft, "padded udp");
	frame_ethernet(frame, IPV4);
	frame_ipv4(frame, UDP);
	frame_udp(frame, 1);
	frame_end(frame, 46 - 29);
	craft_send_flow(craft);

	frame = craft_begin(craft, "padded tcp acknowledgement");
	frame_ethernet(frame, IPV4);
	frame_ipv4(frame, TCP);
	frame_tcp(frame, 0x10, 0);
	frame_end(frame, 6);
	craft_send_flow(craft);

	frame = craft_begin(craft, "padded IPv6 without contents");
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, NOTHING);
	frame_end(frame, 6);
	craft_send_flow(craft);

	frame = craft_begin(craft, "much padding");
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, UDP);
	frame_udp(frame, 5);
	frame_end(frame, 1000);
	craft_send_flow(craft);

	frame = craft_begin(craft, "jumbo frame");
	frame_ethernet(frame, IPV4);
	frame_ipv4(frame, UDP);
	frame_udp(frame, 9000 - 28);
	frame_end(frame, 0);
	craft_send_flow(craft);
}

/* Tagged, it is too much for an interface. */
static void largest(struct craft *craft)
{
	struct frame *frame = craft_begin(craft, "largest packet");

	frame_ethernet(frame, IPV4);
	frame_ipv4(frame, UDP);
	frame_udp(frame, 65535 - 28);
	frame_end(frame, 0);
	craft_send_flow(craft);
}

static void tagged(struct craft *craft, const char *name, const unsigned int *tags,
		   unsigned int version)
{
	unsigned int ip = version == 4 ? IPV4 : IPV6;
	struct frame *frame = craft_begin(craft, name);

	frame_ethernet(frame, tags[0]);
	for (; *tags; tags++)
		frame_tag(frame, 5, tags[1] ? tags[1] : ip);
	if (version == 4)
		frame_ipv4(frame, UDP);
	else
		frame_ipv6(frame, UDP);
	/* Read at the wrong place, this length looks like an ethertype. */
	frame_udp(frame, version == 4 ? IPV4 - 28 : 100);
	frame_end(frame, 0);
	craft_send_flow(craft);
}

static void tags(struct craft *craft)
{
	for (unsigned int version = 4; version <= 6; version += 2) {
		tagged(craft, "802.1Q", (unsigned int[]){VLAN, 0}, version);
		tagged(craft, "802.1ad", (unsigned int[]){QINQ, 0}, version);
		tagged(craft, "802.1ad and 802.1Q", (unsigned int[]){QINQ, VLAN, 0}, version);
		tagged(craft, "802.1Q twice", (unsigned int[]){VLAN, VLAN, 0}, version);
		tagged(craft, "three tags", (unsigned int[]){QINQ, VLAN, VLAN, 0}, version);
	}
	struct frame *frame = craft_begin(craft, "tag with a priority only");

	frame_ethernet(frame, VLAN);
	frame_tag(frame, 7 << 13, IPV4);
	frame_ipv4(frame, TCP);
	frame_tcp(frame, 2, 0);
	frame_end(frame, 0);
	craft_send_flow(craft);

	frame = craft_begin(craft, "padded behind a tag");
	frame_ethernet(frame, VLAN);
	frame_tag(frame, 5, IPV4);
	frame_ipv4(frame, UDP);
	frame_udp(frame, 1);
	frame_end(frame, 42 - 29);
	craft_send_flow(craft);

	frame = craft_begin(craft, "tagged ARP");
	frame_ethernet(frame, VLAN);
	frame_tag(frame, 5, 0x0806);
	frame_fill(frame, 0x45, 46);
	craft_send_verdict(craft, "not IP");
}

static void options(struct craft *craft)
{
	for (unsigned int words = 6; words <= 15; words++) {
		struct frame *frame = craft_begin(craft, "IPv4 options");

		frame_ethernet(frame, IPV4);
		frame_ipv4_fragment(frame, words & 1 ? UDP : TCP, words, 0, 0x4000);
		if (words & 1)
			frame_udp(frame, words);
		else
			frame_tcp(frame, 0x10, words);
		frame_end(frame, 20);
		craft_send_flow(craft);
	}
}

/* So many destination options behind one another. */
static void chain(struct craft *craft, const char *name, unsigned int count,
		  const char *verdict)
{
	struct frame *frame = craft_begin(craft, name);

	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, DESTINATION);
	for (unsigned int left = count; left; left--)
		frame_extension(frame, left > 1 ? DESTINATION : UDP, 0);
	frame_udp(frame, 30);
	frame_end(frame, 0);
	craft_send_verdict(craft, verdict);
}

static void extensions(struct craft *craft)
{
	static const unsigned int one[] = {HOP_BY_HOP, ROUTING, DESTINATION};
	struct frame *frame;

	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++)
		for (unsigned int units = 0; units < 5; units += 2) {
			frame = craft_begin(craft, "one extension header");
			frame_ethernet(frame, IPV6);
			frame_ipv6(frame, one[i]);
			frame_extension(frame, units ? UDP : TCP, units);
			if (units)
				frame_udp(frame, 10);
			else
				frame_tcp(frame, 0x18, 10);
			frame_end(frame, 0);
			craft_send_flow(craft);
		}

	frame = craft_begin(craft, "authentication header");
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, AUTHENTICATION);
	frame_authentication(frame, TCP, 6);
	frame_tcp(frame, 0x10, 77);
	frame_end(frame, 0);
	craft_send_flow(craft);

	frame = craft_begin(craft, "a fragment that is whole");
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, FRAGMENT);
	frame_ipv6_fragment(frame, UDP, 7, 0, 0);
	frame_udp(frame, 60);
	frame_end(frame, 0);
	craft_send_flow(craft);

	frame = craft_begin(craft, "all extension headers");
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, HOP_BY_HOP);
	frame_extension(frame, DESTINATION, 1);
	frame_extension(frame, ROUTING, 0);
	frame_extension(frame, FRAGMENT, 2);
	frame_ipv6_fragment(frame, AUTHENTICATION, 8, 0, 0);
	frame_authentication(frame, DESTINATION, 7);
	frame_extension(frame, SCTP, 0);
	frame_sctp(frame, 40);
	frame_end(frame, 0);
	craft_send_flow(craft);

	frame = craft_begin(craft, "options and encrypted contents");
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, DESTINATION);
	frame_extension(frame, 50, 0);
	frame_fill(frame, 0x5a, 100);
	frame_end(frame, 0);
	craft_send_flow(craft);

	frame = craft_begin(craft, "options and nothing");
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, HOP_BY_HOP);
	frame_extension(frame, NOTHING, 0);
	frame_end(frame, 20);
	craft_send_flow(craft);

	frame = craft_begin(craft, "mobility header");
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, MOBILITY);
	frame_fill(frame, 0, 8);
	frame_end(frame, 0);
	craft_send_flow(craft);

	chain(craft, "15 extension headers", 15, "flow");
	chain(craft, "too many extension headers", 16, "malformed header");
}

/* --- ICMP and other protocols --- */

static void message(struct craft *craft, const char *name, unsigned int version,
		    unsigned int type, unsigned int code, int query)
{
	struct frame *frame = craft_begin(craft, name);

	for (int turned = 0; turned < (query < 0 ? 1 : 2); turned++) {
		frame = craft_again(craft);
		frame->turned = turned;
		frame_ethernet(frame, version == 4 ? IPV4 : IPV6);
		if (version == 4)
			frame_ipv4(frame, ICMP);
		else
			frame_ipv6(frame, ICMPV6);
		/* A reply's type is one more than its query's, but that of the IPv4 echo is 0.
		 */
		frame_icmp(frame, !turned ? type : type == 8 ? 0 : type + 1, code, query);
		frame_end(frame, 0);
		craft_send_flow(craft);
	}
}

static void other(struct craft *craft, const char *name, unsigned int version,
		  unsigned int protocol)
{
	struct frame *frame = craft_begin(craft, name);

	frame_ethernet(frame, version == 4 ? IPV4 : IPV6);
	if (version == 4)
		frame_ipv4(frame, protocol);
	else
		frame_ipv6(frame, protocol);
	frame_fill(frame, 0x45, 64);
	frame_end(frame, 0);
	craft_send_flow(craft);
}

static void not_ip(struct craft *craft, const char *name, unsigned int ethertype)
{
	struct frame *frame = craft_begin(craft, name);

	frame_ethernet(frame, ethertype);
	frame_fill(frame, 0x45, ethertype < 1500 ? ethertype : 60);
	craft_send_verdict(craft, "not IP");
}

static void protocols(struct craft *craft)
{
	struct frame *frame;

	message(craft, "ping and its answer", 4, 8, 0, 8);
	message(craft, "timestamp and its answer", 4, 13, 0, 13);
	message(craft, "address mask and its answer", 4, 17, 0, 17);
	message(craft, "port unreachable", 4, 3, 3, -1);
	message(craft, "too big", 4, 3, 4, -1);
	message(craft, "redirect", 4, 5, 1, -1);
	message(craft, "time exceeded", 4, 11, 0, -1);
	message(craft, "unknown message", 4, 200, 100, -1);
	message(craft, "ping and its answer over IPv6", 6, 128, 0, 128);
	message(craft, "no route", 6, 1, 0, -1);
	message(craft, "too big over IPv6", 6, 2, 0, -1);
	message(craft, "neighbour solicitation", 6, 135, 0, -1);
	message(craft, "neighbour advertisement", 6, 136, 0, -1);

	for (unsigned int version = 4; version <= 6; version += 2) {
		frame = craft_begin(craft, "sctp");
		frame_ethernet(frame, version == 4 ? IPV4 : IPV6);
		if (version == 4)
			frame_ipv4(frame, SCTP);
		else
			frame_ipv6(frame, SCTP);
		frame_sctp(frame, 44);
		frame_end(frame, 0);
		craft_send_flow(craft);
		other(craft, "udp-lite", version, 136);
		other(craft, "gre", version, 47);
		other(craft, "ospf", version, 89);
		other(craft, "an experiment", version, 253);
		other(craft, "an unknown protocol", version, 200);
	}
	other(craft, "icmpv6 within IPv4", 4, ICMPV6);
	other(craft, "icmp within IPv6", 6, ICMP);
	other(craft, "igmp", 4, 2);
	other(craft, "IPv4 within IPv4", 4, 4);
	other(craft, "IPv6 within IPv4", 4, 41);
	other(craft, "IPv4 within IPv6", 6, 4);

	not_ip(craft, "arp", 0x0806);
	not_ip(craft, "lldp", 0x88cc);
	not_ip(craft, "mpls", 0x8847);
	not_ip(craft, "pppoe", 0x8864);
	not_ip(craft, "configuration test", 0x9000);
	not_ip(craft, "an unknown ethertype", 0xfffe);
	not_ip(craft, "llc", 46);
}

int main(int count, char **words)
{
	static const struct craft_group groups[] = {
		{"plain", plain},
		{"largest", largest},
		{"tags", tags},
		{"options", options},
		{"extensions", extensions},
		{"protocols", protocols},
		{0},
	};

	return craft_main(count, words, groups);
}
