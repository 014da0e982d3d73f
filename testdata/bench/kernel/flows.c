/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a packet's sighting costs in each design, workload by workload.
 *
 * A round gives every design one turn: attach it alone with empty tables, send the same packets
 * as in any other turn, take the run-time statistics of the part that is measured, detach. Each
 * round begins with the next design. Designs are not attached together: each would throw the
 * others' entries out of the caches and pay for memory that the others made the kernel
 * allocate, and on a host there is one. What slows the machine for a while is in a whole round
 * or in few of them, and the median of the rounds' ratios leaves it out.
 *
 * Programs that do nothing are attached behind each design; what they cost in the same turn, at
 * the same kind of hook, is the floor that is taken off.
 */
#include "testdata/bench/kernel/design.h"
#include "testdata/bench/kernel/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#define TABLE_ENTRIES 131072U
#define MANY_FLOWS    20000U
#define TEST_RUNS     200000U

static const struct contender {
	const char *name;
	enum design_kind kind;
	enum tables tables;
} contenders[] = {
	{"flowtape", FLOWTAPE, TABLE_SHARED},
	{"seven_tuple_lock", SEVEN_TUPLE_LOCK, TABLE_EACH},
	{"seven_tuple_lock_shared", SEVEN_TUPLE_LOCK, TABLE_SHARED},
	{"seven_tuple_lock_prealloc", SEVEN_TUPLE_LOCK_PREALLOC, TABLE_EACH},
	{"percpu_twelve_tuple", PERCPU_TWELVE_TUPLE, TABLE_SHARED},
};

#define CONTENDERS ((int)(sizeof(contenders) / sizeof(contenders[0])))

static void warm_one_flow(struct load *load)
{
	load_datagrams(load, 1000, 1, IN_TURN);
}

static void one_flow(struct load *load)
{
	load_datagrams(load, 30000, 1, IN_TURN);
}

static void warm_many_flows(struct load *load)
{
	load_datagrams(load, MANY_FLOWS, MANY_FLOWS, IN_TURN);
}

static void many_flows(struct load *load)
{
	load_datagrams(load, 30000, MANY_FLOWS, AT_RANDOM);
}

static void new_flows(struct load *load)
{
	load_datagrams(load, 20000, 20000, IN_TURN);
}

static void warm_requests(struct load *load)
{
	load_requests(load, &(struct load_requests){1, 100, 100, 1000});
}

static void keep_alive(struct load *load)
{
	load_requests(load, &(struct load_requests){8, 750, 100, 1000});
}

static void connections(struct load *load)
{
	load_requests(load, &(struct load_requests){1500, 1, 100, 1000});
}

static void bulk(struct load *load)
{
	load_requests(load, &(struct load_requests){1, 200, 1 << 20, 1});
}

static const struct workload {
	const char *name;
	void (*warm)(struct load *load);
	void (*run)(struct load *load);
} workloads[] = {
	{"one_flow", warm_one_flow, one_flow},
	{"many_flows", warm_many_flows, many_flows},
	{"new_flow", warm_one_flow, new_flows},
	{"keep_alive", warm_requests, keep_alive},
	{"connections", warm_requests, connections},
	{"bulk", warm_requests, bulk},
};

#define WORKLOADS (sizeof(workloads) / sizeof(workloads[0]))

/* Of a turn, or of several: each hook, and the mean of all sightings. */
enum figure { COMBINED = HOOKS, FIGURES };

static const char *const figure_names[FIGURES] = {"receive", "transmit", "combined"};

struct turn {
	double cost_ns[FIGURES]; /* above the floor */
	double floor_ns[FIGURES];
	double sightings;
	uint64_t losses;
};

struct results {
	struct samples cost_ns[CONTENDERS][FIGURES];
	struct samples floor_ns[CONTENDERS][FIGURES];
	struct samples ratio[CONTENDERS][FIGURES]; /* Flowtape's to this one's */
	struct samples test_run_ns[CONTENDERS];
	double sightings[CONTENDERS];
	uint64_t losses[CONTENDERS];
};

static double mean_ns(const struct runs *before, const struct runs *after)
{
	if (after->count == before->count)
		fail("no packet was seen");
	return (double)(after->time_ns - before->time_ns) /
	       (double)(after->count - before->count);
}

static void compare(const struct runs before[2][HOOKS], const struct runs after[2][HOOKS],
		    struct turn *turn)
{
	*turn = (struct turn){0};
	for (int hook = 0; hook < HOOKS; hook++) {
		double runs = (double)(after[0][hook].count - before[0][hook].count);

		turn->floor_ns[hook] = mean_ns(&before[1][hook], &after[1][hook]);
		turn->cost_ns[hook] =
			mean_ns(&before[0][hook], &after[0][hook]) - turn->floor_ns[hook];
		turn->sightings += runs;
		turn->cost_ns[COMBINED] += turn->cost_ns[hook] * runs;
		turn->floor_ns[COMBINED] += turn->floor_ns[hook] * runs;
	}
	turn->cost_ns[COMBINED] /= turn->sightings;
	turn->floor_ns[COMBINED] /= turn->sightings;
}

static void take_turn(const struct contender *contender, const struct workload *workload,
		      struct load *load, const struct place places[2], struct turn *turn)
{
	enum floor_kind hooks = contender->kind == FLOWTAPE ? FLOOR_TRACEPOINT : FLOOR_TC;
	struct design *design =
		design_open(contender->kind, contender->tables, TABLE_ENTRIES, places, 2);
	struct floor *floor = floor_open(places, 2);
	struct runs before[2][HOOKS], after[2][HOOKS];

	workload->warm(load);
	design_runs(design, before[0]);
	floor_runs(floor, hooks, before[1]);
	workload->run(load);
	design_runs(design, after[0]);
	floor_runs(floor, hooks, after[1]);
	compare(before, after, turn);
	turn->losses = design_losses(design);
	floor_close(floor);
	design_close(design);
}

static void add_round(struct results *results, const struct turn turns[CONTENDERS])
{
	for (int who = 0; who < CONTENDERS; who++) {
		const struct turn *turn = &turns[who];

		results->sightings[who] += turn->sightings;
		results->losses[who] += turn->losses;
		for (int i = 0; i < FIGURES; i++) {
			samples_add(&results->cost_ns[who][i], turn->cost_ns[i]);
			samples_add(&results->floor_ns[who][i], turn->floor_ns[i]);
			samples_add(&results->ratio[who][i],
				    turns[0].cost_ns[i] / turn->cost_ns[i]);
		}
	}
}

/* The second opinion that the kernel gives of programs at TC: one packet again and again. */
static void test_run(struct results *results, const struct place places[2])
{
	struct floor *floor = floor_open(places, 2);

	for (int who = 0; who < CONTENDERS; who++) {
		const struct contender *contender = &contenders[who];
		struct design *design;

		if (contender->kind == FLOWTAPE)
			continue;
		design = design_open(contender->kind, contender->tables, TABLE_ENTRIES, places,
				     2);
		samples_add(&results->test_run_ns[who],
			    design_test_run_ns(design, TEST_RUNS) -
				    floor_test_run_ns(floor, TEST_RUNS));
		design_close(design);
	}
	floor_close(floor);
}

static void print(const char *what, int who, const char *hook, const struct samples *samples)
{
	struct summary summary = samples_summary(samples);

	printf("%s\t%s\t%s\t%.4f\t%.4f\t%.4f\n", what, contenders[who].name, hook,
	       summary.median, summary.low, summary.high);
}

static void print_results(const struct results *results)
{
	for (int who = 0; who < CONTENDERS; who++) {
		printf("design\t%s\t%.0f\t%" PRIu64 "\n", contenders[who].name,
		       results->sightings[who], results->losses[who]);
		for (int i = 0; i < FIGURES; i++) {
			print("cost", who, figure_names[i], &results->cost_ns[who][i]);
			print("ratio", who, figure_names[i], &results->ratio[who][i]);
			print("floor", who, figure_names[i], &results->floor_ns[who][i]);
		}
		if (results->test_run_ns[who].count)
			print("test_run", who, "", &results->test_run_ns[who]);
	}
}

int flows_part(const char *name, int rounds, const struct place *near, const struct place *far)
{
	const struct place places[2] = {*near, *far};
	const struct workload *workload = NULL;
	struct results *results = calloc(1, sizeof(*results));
	struct load *load;
	int statistics;

	for (size_t i = 0; i < WORKLOADS; i++)
		if (!strcmp(workloads[i].name, name))
			workload = &workloads[i];
	if (!workload || !results)
		return -1;
	place_on_one_cpu();
	statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (statistics < 0)
		fail("run-time statistics");
	load = load_open(near, far);
	for (int round = 0; round < rounds; round++) {
		struct turn turns[CONTENDERS];

		for (int i = 0; i < CONTENDERS; i++) {
			int who = (round + i) % CONTENDERS;

			take_turn(&contenders[who], workload, load, places, &turns[who]);
		}
		add_round(results, turns);
		if (workload == workloads)
			test_run(results, places);
	}
	print_results(results);
	load_close(load);
	close(statistics);
	free(results);
	return 0;
}
