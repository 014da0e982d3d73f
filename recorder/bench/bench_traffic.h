/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The traffic of the probe: round trips of a small message over TCP, and datagrams flat out,
 * each in slices of some milliseconds.
 *
 * One thread on one CPU is both ends. On a veth pair the kernel brings a packet to the
 * receiving socket before the call that sends it returns, so a round trip is four calls and two
 * packets, and nothing in it waits: no wake-up, no other CPU, which are what makes such
 * measurements noisy. While a slice is measured the thread goes before others on its CPU, where
 * that is allowed (SCHED_FIFO).
 */
#ifndef RECORDER_BENCH_BENCH_TRAFFIC_H
#define RECORDER_BENCH_BENCH_TRAFFIC_H

#include "recorder/bench/bench_link.h"

#include "schema/histogram.h"

#include <sched.h>

struct bench_traffic;

/* What one slice gave. */
struct bench_slice {
	uint64_t start_ns, end_ns;	     /* CLOCK_REALTIME */
	uint64_t duration_ns;		     /* of the operations alone */
	uint64_t operations;		     /* round trips, or packets that were received */
	uint64_t packets;		     /* that passed the link, in either direction */
	uint64_t lost;			     /* datagrams that were sent and not received */
	uint64_t bytes;			     /* received */
	uint64_t user_cpu_ns, system_cpu_ns; /* of the thread */
};

/* The link is borrowed. Returns 0 or a negative errno. */
int bench_traffic_open(const struct bench_link *link, struct bench_traffic **out);
void bench_traffic_close(struct bench_traffic *traffic);

/*
 * Keep the calling thread on one CPU, the last that it may use; before is where it was allowed
 * until then. Returns 0 or a negative errno.
 */
int bench_traffic_settle(cpu_set_t *before);

/*
 * Go on for so long. latency (NULL: not wanted) is emptied first; that of a packet is the time
 * of a batch of 32, sent and received, by their number. Returns 0, -ETIMEDOUT where
 * nothing arrives for a second, or another negative errno.
 */
int bench_traffic_round_trips(struct bench_traffic *traffic, uint64_t time_ns,
			      struct bench_slice *slice, struct histogram *latency);
int bench_traffic_packets(struct bench_traffic *traffic, uint64_t time_ns,
			  struct bench_slice *slice, struct histogram *latency);

#endif
