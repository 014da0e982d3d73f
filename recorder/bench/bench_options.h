/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of flowrec bench, as they were given.
 */
#ifndef RECORDER_BENCH_BENCH_OPTIONS_H
#define RECORDER_BENCH_BENCH_OPTIONS_H

#include "recorder/bench/arm.h"

struct bench_options {
	const char *output, *result;	   /* NULL: not given */
	const char *of_command, *of_probe; /* an option that only goes with one workload */
	char *list;			   /* of arms, before they are chosen */
	char **words;			   /* the command; NULL: the built-in workload */
	int is_probe, is_held, is_quiet, keep, has_seed;
	uint64_t pairs, warmups, metered, duration_ns, slice_ns, settle_ns, lead_in_ns, loads,
		seed;
	struct arms arms; /* chosen; owned */
};

/*
 * The words must outlive the options, lists are cut up. Returns -1 where they are in order,
 * else the exit status, and what is wrong has been told. To be freed in either case.
 */
int bench_options_parse(int argc, char **argv, struct bench_options *options);
void bench_options_free(struct bench_options *options);

/* The command as one text, which the caller frees. NULL when memory is short. */
char *bench_options_command(const struct bench_options *options);

#endif
