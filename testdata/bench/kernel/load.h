/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traffic from one end of a veth pair to the other, bounded by count.
 *
 * Datagrams go to an address that the far end routes to nobody: they are seen there, and
 * dropped without an answer. Connections go to a server thread at the far end.
 */
#ifndef TESTDATA_BENCH_KERNEL_LOAD_H
#define TESTDATA_BENCH_KERNEL_LOAD_H

#include "testdata/bench/kernel/kernel.h"

#define LOAD_DATAGRAM_ADDRESS "198.18.0.2"
#define LOAD_SERVER_ADDRESS   "198.18.1.2"
#define LOAD_SERVER_PORT      8080

struct load;

/* The calling thread goes to the near end; it must be there whenever there is a load. */
struct load *load_open(const struct place *near, const struct place *far);
void load_close(struct load *load);

enum load_order { IN_TURN, AT_RANDOM };

/* So many datagrams of 64 bytes on the wire among so many flows. */
void load_datagrams(struct load *load, uint32_t count, uint32_t flows, enum load_order order);

struct load_requests {
	uint32_t connections;
	uint32_t requests; /* of each connection, one after the other */
	uint32_t request_bytes;
	uint32_t answer_bytes;
};

void load_requests(struct load *load, const struct load_requests *requests);

#endif
