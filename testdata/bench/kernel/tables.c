/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each design's tables need for 100,000 connections, and what it costs to take them out.
 *
 * A router namespace forwards one UDP datagram each way for every connection, from one TAP
 * interface to another; nothing else is in that namespace, and the packets are in no other. So
 * each connection has four sightings: received and transmitted, forth and back. Flowtape's
 * table has one entry for it, with four hops; a 7-tuple table two; a 12-tuple table four.
 *
 * All designs count the same packets. A table that can hold no more than is needed is made of
 * the size that is needed.
 */
#include "testdata/bench/kernel/design.h"
#include "testdata/bench/kernel/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CONNECTIONS    100000U
#define PORTS	       50000U /* of the destination; further connections have another source port */
#define FIRST_PORT     1024U
#define PASSES_MOST    4
#define CLIENT_ADDRESS "198.18.2.2"
#define SERVER_ADDRESS "198.18.3.2"

/* Entries of one connection. */
static const unsigned int entries_of[DESIGNS] = {
	[FLOWTAPE] = 1,
	[SEVEN_TUPLE_LOCK] = 2,
	[SEVEN_TUPLE_LOCK_PREALLOC] = 2,
	[PERCPU_TWELVE_TUPLE] = 4,
};

struct results {
	struct samples drain_ns[DESIGNS]; /* of an entry */
	struct samples ratio[DESIGNS];	  /* Flowtape's to this one's */
	uint64_t memory_bytes[DESIGNS];
	struct drained drained[DESIGNS]; /* in the last round */
	unsigned int passes;
};

/* Each connection's datagrams, once. */
static void pass(struct wire wires[2])
{
	unsigned int forwarded = 0;

	for (uint32_t i = 0; i < CONNECTIONS; i++) {
		uint16_t near_port = (uint16_t)(40000 + i / PORTS);
		uint16_t far_port = (uint16_t)(FIRST_PORT + i % PORTS);

		wire_send(&wires[0], near_port, far_port);
		forwarded += wire_receive(&wires[1]);
		wire_send(&wires[1], far_port, near_port);
		forwarded += wire_receive(&wires[0]);
	}
	if (forwarded < 2 * CONNECTIONS)
		fail("%u datagrams of %u were forwarded", forwarded, 2 * CONNECTIONS);
}

static uint64_t yardstick_losses_of(struct design *const designs[DESIGNS])
{
	uint64_t losses = 0;

	for (int kind = FLOWTAPE + 1; kind < DESIGNS; kind++)
		losses += design_losses(designs[kind]);
	return losses;
}

/*
 * Until every yardstick has all entries: those that are allocated one by one are sometimes
 * refused. Returns how many passes that took.
 */
static unsigned int fill(struct wire wires[2], struct design *const designs[DESIGNS])
{
	for (unsigned int passes = 1;; passes++) {
		uint64_t before = yardstick_losses_of(designs);

		pass(wires);
		if (yardstick_losses_of(designs) == before || passes == PASSES_MOST)
			return passes;
	}
}

static void take_round(struct results *results, int round, const struct place places[2],
		       struct wire wires[2])
{
	struct design *designs[DESIGNS];
	double drain_ns[DESIGNS];

	for (int kind = 0; kind < DESIGNS; kind++)
		designs[kind] = design_open(kind, TABLE_SHARED, CONNECTIONS * entries_of[kind],
					    places, 2);
	results->passes = fill(wires, designs);
	for (int i = 0; i < DESIGNS; i++) {
		int kind = (round + i) % DESIGNS;
		struct drained *drained = &results->drained[kind];

		results->memory_bytes[kind] = design_memory_bytes(designs[kind]);
		design_drain(designs[kind], places, drained);
		drain_ns[kind] = drained->cpu_s * 1e9 / (double)drained->entries;
	}
	for (int kind = 0; kind < DESIGNS; kind++) {
		samples_add(&results->drain_ns[kind], drain_ns[kind]);
		samples_add(&results->ratio[kind], drain_ns[FLOWTAPE] / drain_ns[kind]);
		design_close(designs[kind]);
	}
}

static void print_results(const struct results *results)
{
	for (int kind = 0; kind < DESIGNS; kind++) {
		const struct drained *drained = &results->drained[kind];
		struct summary drain_ns = samples_summary(&results->drain_ns[kind]);
		struct summary ratio = samples_summary(&results->ratio[kind]);

		printf("%s\t%" PRIu64 "\t%" PRIu64 "\t%u\t%" PRIu64 "\t%" PRIu64
		       "\t%.1f\t%.1f\t%.1f\t%.4f\n",
		       design_names[kind], results->memory_bytes[kind], drained->here,
		       CONNECTIONS * entries_of[kind], drained->entries - drained->here,
		       drained->packets / results->passes, drain_ns.median, drain_ns.low,
		       drain_ns.high, ratio.median);
	}
}

void tables_part(int rounds, const struct place *near, const struct place *far)
{
	const struct place places[2] = {*near, *far};
	struct results *results = calloc(1, sizeof(*results));
	struct wire wires[2];
	double began_s = now_s();
	int done = 0;

	if (!results)
		fail("memory");
	place_on_one_cpu();
	place_enter(near);
	wire_open(&wires[0], "tap0", CLIENT_ADDRESS, SERVER_ADDRESS);
	wire_open(&wires[1], "tap1", SERVER_ADDRESS, CLIENT_ADDRESS);
	for (; rounds_go_on(done, rounds, began_s); done++)
		take_round(results, done, places, wires);
	printf("rounds\t%d\n", done);
	print_results(results);
	for (int i = 0; i < 2; i++)
		wire_close(&wires[i]);
	free(results);
}
