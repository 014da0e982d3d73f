/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the blocks of the built-in workload.
 */
#include "recorder/bench_probe.h"
#include "recorder/bench_switch.h"
#include "recorder/bench_traffic.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS     1000000000ULL
#define SLICE_NS      20000000ULL
#define SETTLE_NS     2000000ULL /* after a switch, before what is measured */
#define METERED_EVERY 8U	 /* blocks */
#define COST_MOST     128U
#define TIDY_EVERY    16U /* times that an agent was on */

static const char round_trip[] = BENCH_PROBE_ROUND_TRIP;
static const char packet_rate[] = BENCH_PROBE_PACKET_RATE;

struct prober {
	const struct bench_probe_options *options;
	struct bench_link *link;
	struct bench_traffic *traffic;
	struct bench_switch *agents[ARMS_MOST];
	uint64_t chance;
	uint64_t began_ns;
	/* What a slice gave, kept until its arm is off. */
	struct bench_slice slices[2]; /* round trips, packets */
	struct histogram latency;
	struct cost_row before[COST_MOST], after[COST_MOST];
	size_t parts;
};

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static int say(char **problem, int error, const char *what)
{
	if (!*problem && asprintf(problem, "%s: %s", what, strerror(-error)) < 0)
		*problem = NULL;
	return error;
}

/* --- one arm in one block --- */

static int settle(struct prober *prober)
{
	struct bench_slice slice;
	int error = bench_traffic_packets(prober->traffic, SETTLE_NS / 2, &slice);

	return error ? error
		     : bench_traffic_round_trips(prober->traffic, SETTLE_NS / 2, &slice, NULL);
}

static int measure(struct prober *prober)
{
	uint64_t slice_ns = prober->options->slice_ns ? prober->options->slice_ns : SLICE_NS;
	int error = settle(prober);

	if (!error)
		error = bench_traffic_round_trips(prober->traffic, slice_ns, &prober->slices[0],
						  &prober->latency);
	if (!error)
		error = bench_traffic_packets(prober->traffic, slice_ns, &prober->slices[1]);
	return error;
}

/* Where one run of one arm has its place. */
struct place {
	uint64_t pair, position;
	size_t arm;
};

static struct workload_row describe(const struct prober *prober, const struct place *place,
				    int is_packets)
{
	const struct arm *arm = &prober->options->arms->arm[place->arm];
	const struct bench_slice *slice = &prober->slices[is_packets];

	return (struct workload_row){
		.start_ns = slice->start_ns,
		.end_ns = slice->end_ns,
		.pair = place->pair,
		.position = place->position,
		.arm = arm->name,
		.role = arm->role,
		.agent = bench_switch_agent(prober->agents[place->arm]),
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

/* Both rows, which come here in the order in which they ran. */
static int store(struct prober *prober, const struct place *place)
{
	struct experiment *experiment = prober->options->experiment;
	struct workload_row row = describe(prober, place, 0);
	int error;

	error = experiment_run(experiment, &row, &prober->latency);
	if (error)
		return error;
	row = describe(prober, place, 1);
	return experiment_run(experiment, &row, NULL);
}

static int run_arm(struct prober *prober, const struct place *place)
{
	struct bench_switch *agent = prober->agents[place->arm];
	int error = bench_switch_turn(agent, 1), off_error;

	if (!error)
		error = measure(prober);
	off_error = bench_switch_turn(agent, 0);
	if (!error)
		error = off_error;
	if (!error)
		error = store(prober, place);
	return error ? error : bench_switch_tidy(agent);
}

/* --- the same, with statistics --- */

/* What programs and maps cost in a metered slice; the row gets their sums. */
static int store_cost(struct prober *prober, struct workload_row *row)
{
	int error = 0;

	for (size_t i = 0; i < prober->parts && !error; i++) {
		struct cost_row cost = prober->after[i];

		cost.run_count -= prober->before[i].run_count;
		cost.run_time_ns -= prober->before[i].run_time_ns;
		cost.time_ns = row->end_ns;
		cost.span_ns = row->statistics_ns;
		row->program_run_count += cost.run_count;
		row->program_run_time_ns += cost.run_time_ns;
		row->map_memory_bytes += strcmp(cost.part, "map") ? 0 : cost.memory_bytes;
		row->map_entries += cost.entries_most;
		if (cost.run_count || !strcmp(cost.part, "map"))
			error = experiment_cost(prober->options->experiment, &cost);
	}
	return error;
}

static int meter(struct prober *prober, const struct place *place, int is_packets)
{
	uint64_t slice_ns = prober->options->slice_ns ? prober->options->slice_ns : SLICE_NS;
	struct bench_slice *slice = &prober->slices[is_packets];
	struct bench_switch *agent = prober->agents[place->arm];
	struct workload_row row;
	uint64_t began, statistics_ns;
	int statistics, error;

	prober->parts = bench_switch_cost(agent, prober->before, COST_MOST);
	began = monotonic_ns();
	statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (statistics < 0)
		return statistics;
	error = is_packets ? bench_traffic_packets(prober->traffic, slice_ns, slice)
			   : bench_traffic_round_trips(prober->traffic, slice_ns, slice, NULL);
	close(statistics);
	statistics_ns = monotonic_ns() - began;
	bench_switch_cost(agent, prober->after, COST_MOST);
	if (error)
		return error;
	row = describe(prober, place, is_packets);
	row.statistics_ns = statistics_ns;
	error = store_cost(prober, &row);
	return error ? error : experiment_run(prober->options->experiment, &row, NULL);
}

static int meter_arm(struct prober *prober, const struct place *place)
{
	struct bench_switch *agent = prober->agents[place->arm];
	int error = bench_switch_turn(agent, 1), off_error;

	if (!error)
		error = settle(prober);
	if (!error)
		error = meter(prober, place, 0);
	if (!error)
		error = meter(prober, place, 1);
	off_error = bench_switch_turn(agent, 0);
	if (!error)
		error = off_error;
	return error ? error : bench_switch_tidy(agent);
}

/* --- blocks --- */

static int is_over(struct prober *prober, uint64_t pair)
{
	const struct bench_probe_options *options = prober->options;

	return (options->pairs && pair > options->pairs) ||
	       (options->duration_ns &&
		monotonic_ns() - prober->began_ns >= options->duration_ns) ||
	       (options->is_over && options->is_over(options->context, pair));
}

/* Returns 1 where the end came in the middle. */
static int run_block(struct prober *prober, uint64_t pair,
		     int (*run)(struct prober *prober, const struct place *place))
{
	size_t count = prober->options->arms->count, order[ARMS_MOST];
	int error = 0;

	arms_shuffle(&prober->chance, count, order);
	for (size_t i = 0; i < count && !error; i++) {
		const struct place place = {pair, i + 1, order[i]};

		if (i && is_over(prober, pair))
			return 1;
		error = run(prober, &place);
	}
	return error;
}

static int run_blocks(struct prober *prober, uint64_t *done)
{
	int result = run_block(prober, 0, run_arm);

	for (uint64_t pair = 1; !result && !is_over(prober, pair); pair++) {
		result = run_block(prober, pair, run_arm);
		if (result)
			break;
		*done = pair;
		if (pair % METERED_EVERY == 1)
			result = run_block(prober, pair, meter_arm);
	}
	return result < 0 ? result : 0;
}

static int prepare(struct prober *prober, char **problem)
{
	const struct arms *arms = prober->options->arms;
	int error = bench_link_open(&prober->link, problem);

	if (error)
		return error;
	error = bench_traffic_open(prober->link, &prober->traffic);
	if (error)
		return say(problem, error, "cannot make the probe's connections");
	for (size_t i = 0; i < arms->count; i++) {
		error = bench_switch_open(&arms->arm[i], prober->link, &prober->agents[i],
					  problem);
		if (!error)
			error = bench_switch_store(
				prober->agents[i],
				experiment_inventory(prober->options->experiment));
		if (error)
			return error;
	}
	error = bench_traffic_settle();
	return error ? say(problem, error, "cannot stay on one CPU") : 0;
}

int bench_probe(const struct bench_probe_options *options, uint64_t *done, char **problem)
{
	struct prober *prober = calloc(1, sizeof(*prober));
	int error;

	*problem = NULL;
	*done = 0;
	if (!prober)
		return -ENOMEM;
	prober->options = options;
	prober->chance = options->seed;
	error = prepare(prober, problem);
	if (!error) {
		prober->began_ns = monotonic_ns();
		error = run_blocks(prober, done);
		if (error)
			say(problem, error, "the probe");
	}
	for (size_t i = 0; i < options->arms->count; i++)
		bench_switch_close(prober->agents[i]);
	bench_traffic_close(prober->traffic);
	bench_link_close(prober->link);
	free(prober);
	return error;
}
