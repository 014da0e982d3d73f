/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What yardstick.c (load and attach) and yardstick_table.c (take what was counted) share.
 */
#ifndef TESTDATA_BENCH_KERNEL_YARDSTICK_PRIVATE_H
#define TESTDATA_BENCH_KERNEL_YARDSTICK_PRIVATE_H

#include "testdata/bench/kernel/design.h"
#include "testdata/bench/kernel/yardsticks.h"

#include <bpf/libbpf.h>

#include "testdata/bench/kernel/yardsticks.skel.h"

#define INSTANCES_MOST 2

/* A table, and the places whose packets it counts. */
struct instance {
	struct yardsticks *skeleton;
	struct bpf_program *programs[HOOKS];
	struct bpf_map *table;
	const struct place *places;
	size_t place_count;
};

struct yardstick {
	struct instance instances[INSTANCES_MOST];
	size_t count;
	enum design_kind kind;
};

#endif
