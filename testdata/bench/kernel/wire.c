/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts frames into a TAP interface and takes them out (Linux
 * Documentation/networking/tuntap.rst).
 */
#include "testdata/bench/kernel/wire.h"
#include "testdata/bench/kernel/kernel.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ETHERNET 14

static void mac_of(const char *interface, uint8_t *mac)
{
	struct ifreq request = {0};
	int any = socket(AF_INET, SOCK_DGRAM, 0);

	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	if (any < 0 || ioctl(any, SIOCGIFHWADDR, &request))
		fail("address of %s", interface);
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	close(any);
}

/* RFC 1071, of a header whose own checksum is 0. */
static uint16_t checksum(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Everything but the ports; UDP without a checksum. */
static void make_frame(uint8_t *frame, const char *interface, const char *source,
		       const char *destination)
{
	static const uint8_t neighbour[6] = {0x02, 0, 0, 0, 0xff, 0x01};
	struct udphdr udp = {.len = htons(WIRE_FRAME_SIZE - ETHERNET - sizeof(struct iphdr))};
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons(WIRE_FRAME_SIZE - ETHERNET),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
	};

	if (inet_pton(AF_INET, source, &ip.saddr) != 1 ||
	    inet_pton(AF_INET, destination, &ip.daddr) != 1)
		fail("%s, %s", source, destination);
	ip.check = checksum((const uint8_t *)&ip, sizeof(ip));
	memset(frame, 0, WIRE_FRAME_SIZE);
	mac_of(interface, frame);
	memcpy(frame + 6, neighbour, 6);
	frame[12] = 0x08; /* IPv4 */
	memcpy(frame + ETHERNET, &ip, sizeof(ip));
	memcpy(frame + ETHERNET + sizeof(ip), &udp, sizeof(udp));
}

void wire_open(struct wire *wire, const char *interface, const char *source,
	       const char *destination)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};

	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	wire->tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (wire->tap < 0 || ioctl(wire->tap, TUNSETIFF, &request))
		fail("cannot plug into %s", interface);
	make_frame(wire->frame, interface, source, destination);
}

void wire_close(struct wire *wire)
{
	close(wire->tap);
}

void wire_send(struct wire *wire, uint16_t source_port, uint16_t destination_port)
{
	uint16_t ports[2] = {htons(source_port), htons(destination_port)};

	memcpy(wire->frame + ETHERNET + sizeof(struct iphdr), ports, sizeof(ports));
	if (write(wire->tap, wire->frame, WIRE_FRAME_SIZE) != WIRE_FRAME_SIZE)
		fail("TAP");
}

unsigned int wire_receive(struct wire *wire)
{
	uint8_t frame[2048];
	unsigned int count = 0;

	while (read(wire->tap, frame, sizeof(frame)) > 0)
		count++;
	return count;
}
