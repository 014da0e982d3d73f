/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests over TCP from one end of a veth pair to a server thread at the other.
 */
#ifndef TESTDATA_BENCH_KERNEL_REQUESTS_H
#define TESTDATA_BENCH_KERNEL_REQUESTS_H

#include "testdata/bench/kernel/kernel.h"

#define REQUEST_BYTES_MOST (1U << 20) /* and of an answer */

struct server;

/* Serve an IPv4 address at the far end; the calling thread is at the near end afterwards. */
struct server *server_open(const struct place *near, const struct place *far,
			   const char *address);
void server_close(struct server *server);

struct requests {
	uint32_t connections;
	uint32_t requests; /* of each connection, one after the other */
	uint32_t request_bytes;
	uint32_t answer_bytes;
};

/* The calling thread must be at the near end. */
void requests_ask(struct server *server, const struct requests *requests);

#endif
