/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A wire with both ends in one process's hands: what is sent on an interface here has come out
 * of an interface there, in another namespace, before the next goes out. So nothing is ever
 * lost for want of room, and the sender's count is the truth at every hop between.
 */
#ifndef TESTDATA_LIVE_WIRE_H
#define TESTDATA_LIVE_WIRE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define WIRE_PATIENCE_MS 20000
#define WIRE_SLOT	 (1U << 17) /* of the ring */
#define WIRE_PIECE	 3000U	    /* bytes for which the kernel never takes pages */

struct wire {
	int out, in;
	int super;	     /* a second sender, whose frames begin with a virtio header */
	int paged;	     /* a third, whose frames stay where they are in its ring */
	unsigned char *ring; /* one slot */
};

_Noreturn static inline void wire_fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static inline void wire_set(int socket, int option, int value)
{
	if (setsockopt(socket, SOL_PACKET, option, &value, sizeof(value)))
		wire_fail("setsockopt");
}

/* A packet socket on one interface; protocol 0 receives nothing. */
static inline int wire_end(const char *interface, int protocol)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons((uint16_t)protocol),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	int end = socket(AF_PACKET, SOCK_RAW, 0);

	if (end < 0 || !address.sll_ifindex ||
	    bind(end, (struct sockaddr *)&address, sizeof(address)))
		wire_fail(interface);
	return end;
}

static inline void wire_open_ring(struct wire *wire)
{
	struct tpacket_req request = {
		.tp_block_size = WIRE_SLOT,
		.tp_block_nr = 1,
		.tp_frame_size = WIRE_SLOT,
		.tp_frame_nr = 1,
	};

	wire_set(wire->paged, PACKET_VERSION, TPACKET_V2);
	wire_set(wire->paged, PACKET_TX_HAS_OFF, 1);
	if (setsockopt(wire->paged, SOL_PACKET, PACKET_TX_RING, &request, sizeof(request)))
		wire_fail("PACKET_TX_RING");
	wire->ring = mmap(NULL, WIRE_SLOT, PROT_READ | PROT_WRITE, MAP_SHARED, wire->paged, 0);
	if (wire->ring == MAP_FAILED)
		wire_fail("mmap");
}

/* The file is a network namespace, as in /run/netns. */
static inline void wire_open(struct wire *wire, const char *out, const char *file,
			     const char *in)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int there = open(file, O_RDONLY | O_CLOEXEC);

	wire->out = wire_end(out, 0);
	wire->super = wire_end(out, 0);
	wire_set(wire->super, PACKET_VNET_HDR, 1);
	wire->paged = wire_end(out, 0);
	wire_open_ring(wire);
	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET))
		wire_fail(file);
	wire->in = wire_end(in, ETH_P_ALL);
	wire_set(wire->in, PACKET_IGNORE_OUTGOING, 1);
	if (setns(here, CLONE_NEWNET))
		wire_fail("setns");
	close(here);
	close(there);
}

/* Wait for one frame at an end; it has passed every hop before. */
static inline void wire_wait(int end)
{
	struct pollfd poll_end = {.fd = end, .events = POLLIN};
	char byte;

	if (poll(&poll_end, 1, WIRE_PATIENCE_MS) != 1) {
		fprintf(stderr, "a frame did not come out of the wire\n");
		exit(1);
	}
	if (recv(end, &byte, 1, MSG_TRUNC) < 0)
		wire_fail("recv");
}

/* In one piece; a large frame at least in its first bytes, the rest in pages. */
static inline void wire_send(const struct wire *wire, const void *frame, size_t size)
{
	struct virtio_net_hdr header = {.hdr_len = WIRE_PIECE};
	struct iovec parts[2] = {{&header, sizeof(header)}, {(void *)frame, size}};

	if (size > WIRE_PIECE ? writev(wire->super, parts, 2) < 0
			      : send(wire->out, frame, size, 0) < 0)
		wire_fail("send");
	wire_wait(wire->in);
}

/* A super packet: the frame stands behind the header that says how it is to be cut. */
static inline void wire_send_super(const struct wire *wire, const void *header_and_frame,
				   size_t size)
{
	if (send(wire->super, header_and_frame, size, 0) != (ssize_t)size)
		wire_fail("send a super packet");
	wire_wait(wire->in);
}

/*
 * As pages: only the Ethernet header is copied, the rest stays in the ring, beginning so far
 * before the end of a page.
 */
static inline void wire_send_paged(const struct wire *wire, const void *frame, size_t size,
				   unsigned int before_page_end)
{
	struct tpacket2_hdr *header = (struct tpacket2_hdr *)wire->ring;

	header->tp_mac = (uint16_t)(4096 - ETH_HLEN - before_page_end);
	header->tp_len = (uint32_t)size;
	memcpy(wire->ring + header->tp_mac, frame, size);
	__atomic_store_n(&header->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
	if (send(wire->paged, NULL, 0, 0) < 0)
		wire_fail("send pages");
	wire_wait(wire->in);
	while (__atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE) != TP_STATUS_AVAILABLE)
		usleep(100);
}

#endif
