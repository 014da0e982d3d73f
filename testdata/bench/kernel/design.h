/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The designs that are compared, each attached to the same places: Flowtape's own programs and
 * the yardsticks, TC programs at ingress and egress of every place.
 *
 * A packet that passes the receive hook at an interface passes TC ingress there, and one that
 * passes the transmit hook TC egress; so both kinds have the same sightings.
 */
#ifndef TESTDATA_BENCH_KERNEL_DESIGN_H
#define TESTDATA_BENCH_KERNEL_DESIGN_H

#include "testdata/bench/kernel/kernel.h"

enum design_kind {
	FLOWTAPE,
	SEVEN_TUPLE_LOCK,
	SEVEN_TUPLE_LOCK_PREALLOC,
	PERCPU_TWELVE_TUPLE,
	DESIGNS,
	FLOWTAPE_PACKETS, /* the first one with the packet stream: not a design of its own */
};

extern const char *const design_names[DESIGNS];

enum hook { RECEIVE, TRANSMIT, HOOKS };

/* The kernel's run-time statistics of one program. */
struct runs {
	uint64_t count, time_ns;
};

struct design;

/*
 * What a yardstick counts into: one table for all its places, as the designs have it, or one
 * for each. Flowtape always has one, where each network namespace has entries of its own.
 */
enum tables { TABLE_SHARED, TABLE_EACH };

static inline int is_flowtape(enum design_kind kind)
{
	return kind == FLOWTAPE || kind == FLOWTAPE_PACKETS;
}

/* Attached, with empty tables of so many entries; the places are borrowed. */
struct design *design_open(enum design_kind kind, enum tables tables, uint32_t entries,
			   const struct place *places, size_t place_count);
void design_close(struct design *design);

void design_runs(const struct design *design, struct runs runs[HOOKS]);

/* Packets that found no room in the tables. */
uint64_t design_losses(const struct design *design);

/*
 * ns for a run of its ingress program on one TCP packet, so many times over by
 * BPF_PROG_TEST_RUN; not for Flowtape's, whose kind of program the kernel does not run so.
 */
double design_test_run_ns(const struct design *design, unsigned int times);

/* Of the flow tables. */
uint64_t design_memory_bytes(const struct design *design);

/* What a drain took. */
struct drained {
	uint64_t entries;
	uint64_t here;	  /* entries of a place's namespace: Flowtape sees the others, too */
	uint64_t packets; /* in those; once for each interface that the design counts them at */
	double cpu_s;
};

/* Take all entries out, as user space of that design would. */
void design_drain(struct design *design, const struct place *place, struct drained *drained);

/* --- yardstick.c, yardstick_table.c --- */

struct yardstick;

struct yardstick *yardstick_open(enum design_kind kind, enum tables tables, uint32_t entries,
				 const struct place *places, size_t place_count);
void yardstick_close(struct yardstick *yardstick);
void yardstick_runs(const struct yardstick *yardstick, struct runs runs[HOOKS]);
uint64_t yardstick_losses(const struct yardstick *yardstick);
uint64_t yardstick_memory_bytes(const struct yardstick *yardstick);
void yardstick_drain(struct yardstick *yardstick, struct drained *drained);

double yardstick_test_run_ns(const struct yardstick *yardstick, unsigned int times);

/* The programs that do nothing: the floor of each kind of hook. */
enum floor_kind { FLOOR_TC, FLOOR_TRACEPOINT, FLOORS };

struct floor;

/* Attached behind what is attached already. */
struct floor *floor_open(const struct place *places, size_t place_count);
void floor_close(struct floor *floor);
void floor_runs(const struct floor *floor, enum floor_kind kind, struct runs runs[HOOKS]);
double floor_test_run_ns(const struct floor *floor, unsigned int times);

#endif
