/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams from one network namespace, at the highest rate, bounded by count.
 */
#ifndef TESTDATA_BENCH_KERNEL_DATAGRAMS_H
#define TESTDATA_BENCH_KERNEL_DATAGRAMS_H

#include <stdint.h>

#define DATAGRAMS_FLOWS_MOST 120000U

struct datagrams;

/* To an IPv4 address, from the namespace that the calling thread is in. */
struct datagrams *datagrams_open(const char *address);
void datagrams_close(struct datagrams *datagrams);

enum flow_order { IN_TURN, AT_RANDOM };

/* Send so many, of 64 bytes as frames, among so many flows. */
void datagrams_send(struct datagrams *datagrams, uint32_t count, uint32_t flows,
		    enum flow_order order);

/* Which flow has these ports; DATAGRAMS_FLOWS_MOST when it is none of these. */
uint32_t datagrams_flow(const struct datagrams *datagrams, uint16_t source_port,
			uint16_t destination_port);

#endif
