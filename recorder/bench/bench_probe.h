/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in workload of a paired experiment: round trips and packets between two namespaces
 * of its own, while the agents of the arms are switched on and off in short slices.
 *
 *     block    arm b           arm c           arm a          arm b (metered) ...
 *     n        on ~~~~ #### off  on ~~~~ #### off  on ~~~~ #### off
 *              round trips, packets
 *
 * Each block has every arm once, in an order drawn for it: what the machine does slowly is the
 * same for all of a block, and what it does quickly falls on each alike. A block is a pair of
 * the recording, with two runs of each arm, "probe round trip" and "probe packet rate". In some
 * blocks every arm comes once more with the kernel's run-time statistics on, for that slice
 * only: these runs say what the agent's programs take, and are no evidence of latency.
 *
 * How to read it: take each slice's median, its difference to the baseline's of the same block,
 * and the median of these. On a 2-core machine that others were building on, the blocks of 4
 * arms that fit into 8 s (22 to 28) gave 95 % intervals of +-0.15 % of a round trip and of a
 * packet; means, which feel every interruption, +-0.35 %. Slices of 5, 10 and 20 ms were
 * equally good in equal time.
 *
 * What is left is not noise, and more blocks do not help: two loads of the same programs differ
 * for as long as they live, by where in memory they lie. 18 such pairs differed with a standard
 * deviation of 0.24 % of a round trip and 0.44 % of a packet, by 1.1 % at most, while each was
 * known to 0.15 %. So agents are loaded several times, in balanced order, and of two agents
 * nothing below 1 % should be claimed, of what programs take by themselves nothing below 3 %.
 * Programs made slower by 5 % of what a packet costs with them were seen in all 18 runs of 8 s:
 * packets +4.7 % (3.4 to 5.6), round trips +2.8 % (2.3 to 3.4).
 */
#ifndef RECORDER_BENCH_BENCH_PROBE_H
#define RECORDER_BENCH_BENCH_PROBE_H

#include "recorder/bench/arm.h"
#include "recorder/bench/experiment.h"

#define BENCH_PROBE_ROUND_TRIP	"probe round trip"
#define BENCH_PROBE_PACKET_RATE "probe packet rate"

struct bench_probe;

struct bench_probe_options {
	struct experiment *experiment;
	uint64_t pairs;	      /* blocks; 0: until the time is over */
	uint64_t duration_ns; /* 0: until there are so many pairs; one of both is given */
	uint64_t slice_ns;    /* 0: the default, 20 ms */
	uint64_t seed;	      /* of the orders */
	/* Called between slices: not 0 ends it well, after what is measured. */
	int (*is_over)(void *context);
	void *context;
};

#define BENCH_PROBE_LOADS_MOST 8

/*
 * Make the link and start the agents, all of them off, each so many times (1 to
 * BENCH_PROBE_LOADS_MOST): the blocks take turns. The arms are borrowed. To be called from
 * the program's first thread, whose end is theirs. On failure *problem is one line that the
 * caller frees, or NULL where options of an arm are wrong and that has been told (-EINVAL).
 */
int bench_probe_open(const struct arms *arms, unsigned int loads, struct bench_probe **out,
		     char **problem);
void bench_probe_close(struct bench_probe *probe);

/*
 * Run the blocks and record those that are whole; *done is how many. The thread stays on one
 * CPU meanwhile. On failure *problem is one line that the caller frees; what was recorded
 * before stays.
 */
int bench_probe_run(struct bench_probe *probe, const struct bench_probe_options *options,
		    uint64_t *done, char **problem);

#endif
