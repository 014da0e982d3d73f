/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a network card whose buffers are pages: what it hands up has nothing but the Ethernet
 * header in one piece with the packet.
 *
 *   card PATH INTERFACE SUBNET
 *
 * Makes the TAP interface and receives on it. craft.h tells the rest.
 */
#include "testdata/live/craft.h"

#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static int open_card(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS};
	int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int control = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	/* It stays when we end, and goes with its namespace. */
	if (tap < 0 || ioctl(tap, TUNSETIFF, &request) || ioctl(tap, TUNSETPERSIST, 1))
		wire_fail("/dev/net/tun");
	request.ifr_flags = IFF_UP;
	if (ioctl(control, SIOCSIFFLAGS, &request))
		wire_fail(name);
	close(control);
	return tap;
}

/* The Ethernet header first; the rest from there on in pages of their own, of so many bytes. */
static void send_parts(struct craft *craft, int tap)
{
	static const size_t page_sizes[] = {2000, 64, 33, 20, 7};
	const size_t sizes = sizeof(page_sizes) / sizeof(page_sizes[0]);
	struct frame *frame = &craft->frame;

	for (size_t i = 0; i < sizes; i++) {
		struct iovec parts[16] = {{frame->bytes, ETH_HLEN}};
		size_t at = ETH_HLEN;
		int count = 1;

		for (; at < frame->size; count++) {
			size_t left = frame->size - at;
			size_t size =
				count == 15 || left < page_sizes[i] ? left : page_sizes[i];

			parts[count] = (struct iovec){frame->bytes + at, size};
			at += size;
		}
		if (writev(tap, parts, count) != (ssize_t)frame->size)
			wire_fail("write to the tap");
		wire_wait(craft->wire.in);
	}
	craft_tell(craft, "flow", sizes, sizes * frame->length);
}

static void send_all(struct craft *craft, int tap)
{
	struct frame *frame;

	craft_udp(craft, "udp from a card", 4);
	send_parts(craft, tap);
	craft_udp(craft, "udp over IPv6 from a card", 6);
	send_parts(craft, tap);

	frame = craft_begin(craft, "ping from a card");
	frame_ethernet(frame, IPV4);
	frame_ipv4(frame, ICMP);
	frame_icmp(frame, 8, 0, 8);
	frame_end(frame, 0);
	send_parts(craft, tap);

	frame = craft_begin(craft, "options from a card");
	frame_ethernet(frame, IPV4);
	frame_ipv4_fragment(frame, SCTP, 9, 0, 0x4000);
	frame_sctp(frame, 40);
	frame_end(frame, 0);
	send_parts(craft, tap);

	frame = craft_begin(craft, "extension headers from a card");
	frame_ethernet(frame, IPV6);
	frame_ipv6(frame, HOP_BY_HOP);
	frame_extension(frame, DESTINATION, 0);
	frame_extension(frame, UDP, 0);
	frame_udp(frame, 40);
	frame_end(frame, 0);
	send_parts(craft, tap);

	frame = craft_begin(craft, "tagged from a card");
	frame_ethernet(frame, VLAN);
	frame_tag(frame, 5, IPV4);
	frame_ipv4(frame, UDP);
	frame_udp(frame, 40);
	frame_end(frame, 0);
	send_parts(craft, tap);
}

int main(int count, char **words)
{
	static struct craft craft;
	int tap;

	if (count != 4) {
		fprintf(stderr, "usage: card PATH INTERFACE SUBNET\n");
		return 64;
	}
	craft.path = words[1];
	craft.subnet = (unsigned int)atoi(words[3]);
	tap = open_card(words[2]);
	craft.wire.in = wire_end(words[2], ETH_P_ALL);
	wire_set(craft.wire.in, PACKET_IGNORE_OUTGOING, 1);
	send_all(&craft, tap);
	return 0;
}
