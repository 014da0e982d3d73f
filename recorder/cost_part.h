/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a part of the recorder has cost so far.
 */
#ifndef RECORDER_COST_PART_H
#define RECORDER_COST_PART_H

#include <stdint.h>

struct cost_part {
	const char *part; /* "program", "map", "ring", "thread" or "recorder" */
	char name[32];
	uint64_t number; /* tells parts of one name apart: a thread's id */

	/* Totals since the part began. */
	uint64_t run_count, run_time_ns;
	uint64_t user_cpu_ns, system_cpu_ns;
	uint64_t written_bytes, write_count;

	/* As it is now; the high-water mark is that since it was last asked for. */
	uint64_t memory_bytes, entries, entries_most, high_water_bytes;
};

#endif
