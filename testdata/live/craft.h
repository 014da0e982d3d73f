/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the senders of crafted frames share. Each is called as
 *
 *   TOOL PATH OUT NAMESPACE IN SUBNET GROUP...
 *
 * and sends its groups of cases from the interface OUT until they come out of IN in NAMESPACE.
 * Addresses are 10.SUBNET.N.x and fd00:SUBNET::N:x, another N for each case. Of each case it
 * says one line of CSV, what a recorder must make of it: PATH, name, verdict ("flow", "not IP",
 * or the reason of the loss), packets, bytes, protocol, source and destination with ports, ICMP
 * type and code.
 */
#ifndef TESTDATA_LIVE_CRAFT_H
#define TESTDATA_LIVE_CRAFT_H

#include "testdata/live/frame.h"
#include "testdata/live/wire.h"

#define CRAFT_TIMES 3 /* that each frame is sent */

#define IPV4 0x0800
#define IPV6 0x86dd
#define VLAN 0x8100
#define QINQ 0x88a8

#define ICMP   1
#define TCP    6
#define UDP    17
#define ICMPV6 58
#define SCTP   132

#define HOP_BY_HOP     0
#define ROUTING	       43
#define FRAGMENT       44
#define AUTHENTICATION 51
#define NOTHING	       59
#define DESTINATION    60
#define MOBILITY       135

struct craft {
	struct wire wire;
	const char *path, *name;
	unsigned int subnet, number, id;
	struct endpoint_names names;
	struct frame frame;
};

struct craft_group {
	const char *name;
	void (*send)(struct craft *craft);
};

static inline void craft_tell(const struct craft *craft, const char *verdict, size_t packets,
			      size_t bytes)
{
	const struct frame *frame = &craft->frame;
	int is_flow = !strcmp(verdict, "flow");
	const char *source = "", *destination = "";

	if (is_flow) {
		const char(*v4)[INET_ADDRSTRLEN] = craft->names.ipv4;
		const char(*v6)[INET6_ADDRSTRLEN] = craft->names.ipv6;

		source = frame->version == 4 ? v4[frame->turned] : v6[frame->turned];
		destination = frame->version == 4 ? v4[!frame->turned] : v6[!frame->turned];
	}
	printf("%s,%s,%s,%zu,%zu,%u,%s,%u,%s,%u,%u,%u\n", craft->path, craft->name, verdict,
	       packets, bytes, frame->number, source, frame->port[0], destination,
	       frame->port[1], frame->icmp_type, frame->icmp_code);
}

/* A case of its own: addresses that no other has. */
static inline struct frame *craft_begin(struct craft *craft, const char *name)
{
	unsigned int number = ++craft->number;

	craft->name = name;
	for (unsigned int end = 0; end < 2; end++) {
		snprintf(craft->names.ipv4[end], INET_ADDRSTRLEN, "10.%u.%u.%u", craft->subnet,
			 number, end + 1);
		snprintf(craft->names.ipv6[end], INET6_ADDRSTRLEN, "fd00:%x::%x:%x",
			 craft->subnet, number, end + 1);
	}
	craft->names.port[0] = (uint16_t)(10000 + number);
	craft->names.port[1] = (uint16_t)(20000 + number);
	frame_begin(&craft->frame, &craft->names);
	return &craft->frame;
}

/* The next frame of the same case. */
static inline struct frame *craft_again(struct craft *craft)
{
	frame_begin(&craft->frame, &craft->names);
	return &craft->frame;
}

static inline void craft_send_frame(const struct craft *craft)
{
	wire_send(&craft->wire, craft->frame.bytes, craft->frame.size);
}

static inline void craft_send_verdict(const struct craft *craft, const char *verdict)
{
	for (int times = 0; times < CRAFT_TIMES; times++)
		craft_send_frame(craft);
	craft_tell(craft, verdict, CRAFT_TIMES, CRAFT_TIMES * craft->frame.length);
}

static inline void craft_send_flow(const struct craft *craft)
{
	craft_send_verdict(craft, "flow");
}

static inline struct frame *craft_udp(struct craft *craft, const char *name,
				      unsigned int version)
{
	struct frame *frame = craft_begin(craft, name);

	frame_ethernet(frame, version == 4 ? IPV4 : IPV6);
	if (version == 4)
		frame_ipv4(frame, UDP);
	else
		frame_ipv6(frame, UDP);
	frame_udp(frame, 100);
	frame_end(frame, 0);
	return frame;
}

static inline int craft_main(int count, char **words, const struct craft_group *groups)
{
	static struct craft craft;

	if (count < 7) {
		fprintf(stderr, "usage: %s PATH OUT NAMESPACE IN SUBNET GROUP...\n", words[0]);
		return 64;
	}
	craft.path = words[1];
	craft.subnet = (unsigned int)atoi(words[5]);
	wire_open(&craft.wire, words[2], words[3], words[4]);
	for (int i = 6; i < count; i++) {
		const struct craft_group *group = groups;

		while (group->name && strcmp(group->name, words[i]))
			group++;
		if (!group->name) {
			fprintf(stderr, "%s: no group %s\n", words[0], words[i]);
			return 64;
		}
		group->send(&craft);
	}
	return 0;
}

#endif
