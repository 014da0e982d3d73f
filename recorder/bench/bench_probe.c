/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the blocks of the built-in workload.
 */
#include "recorder/bench/bench_probe.h"
#include "recorder/bench/bench_switch.h"
#include "recorder/bench/bench_traffic.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS     1000000000ULL
#define SLICE_NS      20000000ULL
#define SETTLE_NS     2000000ULL /* after a switch, before what is measured */
#define METERED_EVERY 2U	 /* blocks */
#define COST_MOST     128U

static const char round_trip[] = BENCH_PROBE_ROUND_TRIP;
static const char packet_rate[] = BENCH_PROBE_PACKET_RATE;

/* What an arm gave in a block, until all of that is there. */
struct run {
	uint64_t position;
	struct bench_switch *agent;
	struct bench_slice slices[2]; /* round trips, packets */
	struct histogram latencies[2];
};

struct bench_probe {
	const struct arms *arms;
	struct bench_link *link;
	struct bench_traffic *traffic;
	unsigned int loads;
	struct bench_switch *agents[ARMS_MOST][BENCH_PROBE_LOADS_MOST];
	/* While it runs: */
	const struct bench_probe_options *options;
	uint64_t slice_ns, began_ns, chance;
	struct run runs[ARMS_MOST];
	struct cost_row before[COST_MOST], after[COST_MOST];
	size_t parts;
	char *problem;
};

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static int say(struct bench_probe *probe, size_t arm, int error, const char *what)
{
	if (!probe->problem && asprintf(&probe->problem, "arm %s: %s: %s",
					probe->arms->arm[arm].name, what, strerror(-error)) < 0)
		probe->problem = NULL;
	return error;
}

/* --- one arm in one block --- */

static int settle(struct bench_probe *probe)
{
	struct bench_slice slice;
	int error = bench_traffic_packets(probe->traffic, SETTLE_NS / 2, &slice, NULL);

	return error ? error
		     : bench_traffic_round_trips(probe->traffic, SETTLE_NS / 2, &slice, NULL);
}

/* Do that with the arm's agent on; after it the agent is off, and its tables are empty. */
static int with_agent(struct bench_probe *probe, size_t arm, uint64_t pair,
		      int (*work)(struct bench_probe *probe, size_t arm, uint64_t pair))
{
	struct bench_switch *agent = probe->runs[arm].agent;
	int error = bench_switch_turn(agent, 1), work_error;

	if (error)
		return say(probe, arm, error, "its agent cannot be switched on");
	work_error = settle(probe);
	if (!work_error)
		work_error = work(probe, arm, pair);
	error = bench_switch_turn(agent, 0);
	if (!error)
		error = bench_switch_tidy(agent);
	if (error)
		return say(probe, arm, error, "its agent cannot be switched off");
	return work_error ? say(probe, arm, work_error, "the traffic") : 0;
}

static int measure(struct bench_probe *probe, size_t arm, uint64_t pair)
{
	struct run *run = &probe->runs[arm];
	int error = bench_traffic_round_trips(probe->traffic, probe->slice_ns, &run->slices[0],
					      &run->latencies[0]);

	return error ? error
		     : bench_traffic_packets(probe->traffic, probe->slice_ns, &run->slices[1],
					     &run->latencies[1]);
}

static struct workload_row describe(const struct bench_probe *probe, size_t arm, uint64_t pair,
				    int is_packets)
{
	const struct run *run = &probe->runs[arm];
	const struct bench_slice *slice = &run->slices[is_packets];

	return (struct workload_row){
		.start_ns = slice->start_ns,
		.end_ns = slice->end_ns,
		.pair = pair,
		.position = run->position,
		.arm = probe->arms->arm[arm].name,
		.role = probe->arms->arm[arm].role,
		.agent = bench_switch_agent(run->agent),
		.command = is_packets ? packet_rate : round_trip,
		.tool = "probe",
		.operation = is_packets ? "packet" : "round trip",
		.operations = slice->operations,
		.errors = slice->lost,
		.duration_ns = slice->duration_ns,
		.bytes = slice->bytes,
		.command_user_cpu_ns = slice->user_cpu_ns,
		.command_system_cpu_ns = slice->system_cpu_ns,
	};
}

/* Both rows of each arm. */
static int store(struct bench_probe *probe, uint64_t pair)
{
	struct experiment *experiment = probe->options->experiment;
	int error = 0;

	for (size_t i = 0; i < 2 * probe->arms->count && !error; i++) {
		struct workload_row row = describe(probe, i / 2, pair, i % 2);

		error = experiment_run(experiment, &row, &probe->runs[i / 2].latencies[i % 2]);
	}
	return error;
}

/* --- the same, with statistics --- */

/* What programs and maps cost in a metered slice; the row gets their sums. */
static int store_cost(struct bench_probe *probe, struct workload_row *row)
{
	int error = 0;

	for (size_t i = 0; i < probe->parts && !error; i++) {
		struct cost_row cost = probe->after[i];
		int is_program = !strcmp(cost.part, "program");

		cost.run_count -= probe->before[i].run_count;
		cost.run_time_ns -= probe->before[i].run_time_ns;
		cost.time_ns = row->end_ns;
		cost.span_ns = row->statistics_ns;
		row->program_run_count += cost.run_count;
		row->program_run_time_ns += cost.run_time_ns;
		row->map_memory_bytes += is_program ? 0 : cost.memory_bytes;
		row->map_entries += cost.entries_most;
		if (cost.run_count || !is_program)
			error = experiment_cost(probe->options->experiment, &cost);
	}
	return error;
}

static int meter_slice(struct bench_probe *probe, size_t arm, uint64_t pair, int is_packets)
{
	struct bench_slice *slice = &probe->runs[arm].slices[is_packets];
	struct bench_switch *agent = probe->runs[arm].agent;
	struct workload_row row;
	uint64_t began, statistics_ns;
	int statistics, error;

	probe->parts = bench_switch_cost(agent, probe->before, COST_MOST);
	began = monotonic_ns();
	statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (statistics < 0)
		return statistics;
	error = is_packets ? bench_traffic_packets(probe->traffic, probe->slice_ns, slice, NULL)
			   : bench_traffic_round_trips(probe->traffic, probe->slice_ns, slice,
						       NULL);
	close(statistics);
	statistics_ns = monotonic_ns() - began;
	bench_switch_cost(agent, probe->after, COST_MOST);
	if (error)
		return error;
	row = describe(probe, arm, pair, is_packets);
	row.statistics_ns = statistics_ns;
	error = store_cost(probe, &row);
	return error ? error : experiment_run(probe->options->experiment, &row, NULL);
}

static int meter(struct bench_probe *probe, size_t arm, uint64_t pair)
{
	int error = meter_slice(probe, arm, pair, 0);

	return error ? error : meter_slice(probe, arm, pair, 1);
}

/* --- blocks --- */

static int is_over(struct bench_probe *probe, uint64_t pair)
{
	const struct bench_probe_options *options = probe->options;

	return (options->pairs && pair > options->pairs) ||
	       (options->duration_ns &&
		monotonic_ns() - probe->began_ns >= options->duration_ns) ||
	       (options->is_over && options->is_over(options->context));
}

/* Each arm once, by its agent's load of that number. Returns 1 where the end came in between.
 */
static int run_block(struct bench_probe *probe, uint64_t pair, uint64_t load,
		     int (*work)(struct bench_probe *probe, size_t arm, uint64_t pair))
{
	size_t count = probe->arms->count, order[ARMS_MOST];
	int error = 0;

	arms_shuffle(&probe->chance, count, order);
	for (size_t i = 0; i < count && !error; i++) {
		if (i && is_over(probe, pair))
			return 1;
		probe->runs[order[i]].position = i + 1;
		probe->runs[order[i]].agent = probe->agents[order[i]][load % probe->loads];
		error = with_agent(probe, order[i], pair, work);
	}
	return error;
}

/* The first one is to warm up, pair 0. */
static int run_blocks(struct bench_probe *probe, uint64_t *done)
{
	int result = 0;

	for (uint64_t pair = 0; !result && !is_over(probe, pair); pair++) {
		result = run_block(probe, pair, pair, measure);
		if (!result)
			result = store(probe, pair);
		if (!result) {
			*done = pair;
			if (pair % METERED_EVERY == 1)
				result = run_block(probe, pair, pair / METERED_EVERY, meter);
		}
	}
	return result < 0 ? result : 0;
}

/* --- what the header promises --- */

/* There and back again: no arm is loaded before another more often than after it. */
static int load_agents(struct bench_probe *probe, char **problem)
{
	size_t count = probe->arms->count;
	int error = 0;

	for (size_t i = 0; i < count * probe->loads && !error; i++) {
		size_t load = i / count, arm = load % 2 ? count - 1 - i % count : i % count;

		error = bench_switch_open(&probe->arms->arm[arm], probe->link,
					  &probe->agents[arm][load], problem);
	}
	return error;
}

int bench_probe_open(const struct arms *arms, unsigned int loads, struct bench_probe **out,
		     char **problem)
{
	struct bench_probe *probe = calloc(1, sizeof(*probe));
	int error;

	*problem = NULL;
	if (!probe)
		return -ENOMEM;
	probe->arms = arms;
	probe->loads = loads;
	error = bench_link_open(&probe->link, problem);
	if (!error)
		error = bench_traffic_open(probe->link, &probe->traffic);
	if (!error)
		error = load_agents(probe, problem);
	if (error) {
		bench_probe_close(probe);
		return error;
	}
	*out = probe;
	return 0;
}

void bench_probe_close(struct bench_probe *probe)
{
	if (!probe)
		return;
	for (size_t i = 0; i < probe->arms->count * probe->loads; i++)
		bench_switch_close(probe->agents[i / probe->loads][i % probe->loads]);
	bench_traffic_close(probe->traffic);
	bench_link_close(probe->link);
	free(probe->problem);
	free(probe);
}

int bench_probe_run(struct bench_probe *probe, const struct bench_probe_options *options,
		    uint64_t *done, char **problem)
{
	struct inventory *inventory = experiment_inventory(options->experiment);
	cpu_set_t before;
	int error = bench_traffic_settle(&before);

	*problem = NULL;
	*done = 0;
	if (error)
		return error;
	probe->options = options;
	probe->slice_ns = options->slice_ns ? options->slice_ns : SLICE_NS;
	probe->chance = options->seed;
	for (size_t i = 0; i < probe->arms->count && !error; i++)
		error = bench_switch_store(probe->agents[i][0], inventory);
	probe->began_ns = monotonic_ns();
	if (!error)
		error = run_blocks(probe, done);
	sched_setaffinity(0, sizeof(before), &before);
	*problem = probe->problem;
	probe->problem = NULL;
	return error;
}
