/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TAP interface: a cable whose other end is this program, so that packets pass one network
 * namespace only.
 */
#ifndef TESTDATA_BENCH_KERNEL_WIRE_H
#define TESTDATA_BENCH_KERNEL_WIRE_H

#include <stdint.h>

#define WIRE_FRAME_SIZE 64

struct wire {
	int tap;
	uint8_t frame[WIRE_FRAME_SIZE];
};

/*
 * Plug into an interface of the calling thread's namespace, to send it UDP datagrams from one
 * IPv4 address to another.
 */
void wire_open(struct wire *wire, const char *interface, const char *source,
	       const char *destination);
void wire_close(struct wire *wire);

void wire_send(struct wire *wire, uint16_t source_port, uint16_t destination_port);

/* Take the frames that the namespace sent; returns how many. */
unsigned int wire_receive(struct wire *wire);

#endif
