/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the recording of a paired experiment that nobody ran: what its arms differ in is
 * known, and it is always the same.
 *
 *     make_experiment DIRECTORY KIND
 *
 *     web      a load tool with latencies: `on` adds 6 %, `all` 15 %; a run of `on` has failed,
 *              one of `all` is missing; some runs are metered
 *     same     the same, and no arm differs
 *     few      the same as web, with four pairs
 *     report   a load tool that gives percentiles alone
 *     wall     a command of which the wall time is known
 *     stream   bytes without operations, and no repeat of the baseline
 *     skewed   the repeat of the baseline is 8 % slower than it
 */
#include "schema/histogram.h"
#include "schema/segment_writer.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN_NS 1700000000000000000ULL
#define RUN_NS	 2000000000ULL
#define GAP_NS	 100000000ULL

struct kind {
	const char *name, *command, *tool, *operation;
	uint64_t pairs, operations;
	int has_buckets, has_percentiles, has_repeat, has_faults;
	double on, all, again; /* what they take of the time that the baseline takes */
};

static const struct kind kinds[] = {
	{"web", "wrk -c 8 http://10.0.0.2/", "wrk", "request", 16, 20000, 1, 1, 1, 1, 1.06,
	 1.15, 1},
	{"same", "wrk -c 8 http://10.0.0.2/", "wrk", "request", 16, 20000, 1, 1, 1, 0, 1, 1, 1},
	{"few", "wrk -c 8 http://10.0.0.2/", "wrk", "request", 4, 20000, 1, 1, 1, 0, 1.06, 1.15,
	 1},
	{"report", "hey http://10.0.0.2/", "hey", "request", 12, 400, 0, 1, 1, 0, 1.1, 0, 1},
	{"wall", "make -C /srv/tree", "command", "run", 12, 1, 0, 1, 1, 0, 1.05, 0, 1},
	{"stream", "iperf3 -c 10.0.0.2 -J", "iperf3", NULL, 12, 0, 0, 0, 0, 0, 1.04, 0, 1},
	{"skewed", "wrk -c 8 http://10.0.0.2/", "wrk", "request", 16, 20000, 1, 1, 1, 0, 1.06,
	 0, 1.08},
};

struct output {
	const struct kind *kind;
	struct segment_writer *segment;
	struct batch *batch[STREAM_COUNT];
	struct histogram latency;
	uint64_t now_ns, chance;
	double weather; /* how slow the machine is in this pair */
};

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014). */
static double draw(struct output *output)
{
	uint64_t word = output->chance += 0x9e3779b97f4a7c15ULL;

	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9ULL;
	word = (word ^ word >> 27) * 0x94d049bb133111ebULL;
	return ((double)((word ^ word >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

/* About normal: a sum of twelve. */
static double noise(struct output *output)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += draw(output);
	return sum;
}

/* --- one run --- */

struct arm {
	const char *name, *role, *agent;
	double factor;
	uint64_t memory;
};

static double normal_quantile(double part)
{
	double low = -8, high = 8;

	for (int i = 0; i < 40; i++) {
		double middle = (low + high) / 2;

		if (erfc(-middle / sqrt(2)) / 2 < part)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The slowest differ much between runs. */
static double latency_at(double part, double slowness, double tail)
{
	return 180000 * slowness * exp(0.35 * normal_quantile(part)) * (part > 0.98 ? tail : 1);
}

/* A log-normal distribution around 180 us; of a wall time there is one. */
static void set_latency(struct workload_row *row, double slowness, double tail)
{
	const double wall = 1.4e9 * slowness;
	const int is_wall = row->operations == 1;

	row->latency_p50_ns = (uint64_t)(is_wall ? wall : latency_at(0.5, slowness, tail));
	row->latency_p90_ns = (uint64_t)(is_wall ? wall : latency_at(0.9, slowness, tail));
	row->latency_p95_ns = (uint64_t)(is_wall ? wall : latency_at(0.95, slowness, tail));
	row->latency_p99_ns = (uint64_t)(is_wall ? wall : latency_at(0.99, slowness, tail));
	row->latency_p999_ns = (uint64_t)(is_wall ? wall : latency_at(0.999, slowness, tail));
	row->latency_max_ns = (uint64_t)(is_wall ? wall : latency_at(0.9999, slowness, tail));
	row->latency_mean_ns = (uint64_t)(is_wall ? wall : 191400 * slowness);
	if (is_wall)
		row->duration_ns = (uint64_t)wall;
}

static int put_latency(struct output *output, const struct workload_row *run, double slowness,
		       double tail)
{
	struct latency_row row = {.time_ns = run->start_ns,
				  .pair = run->pair,
				  .arm = run->arm,
				  .command = run->command};
	struct histogram_bucket bucket;
	unsigned int at = 0;
	int error = 0;

	memset(&output->latency, 0, sizeof(output->latency));
	for (int i = 0; i < 200; i++)
		histogram_record_many(&output->latency,
				      (uint64_t)latency_at((i + 0.5) / 200, slowness, tail),
				      run->operations / 200);
	while (!error && !histogram_next(&output->latency, &at, &bucket)) {
		row.lowest_ns = bucket.lowest;
		row.highest_ns = bucket.highest;
		row.count = bucket.count;
		error = batch_append(output->batch[STREAM_LATENCY], &row);
	}
	return error;
}

static void set_agent(struct output *output, const struct arm *arm, struct workload_row *row)
{
	row->agent = arm->agent;
	row->agent_user_cpu_ns = (uint64_t)(20e6 * (1 + 0.05 * noise(output)));
	row->agent_system_cpu_ns = (uint64_t)(12e6 * (1 + 0.05 * noise(output)));
	row->agent_memory_bytes = arm->memory + (uint64_t)(1e5 * draw(output));
	row->map_memory_bytes = 12 << 20;
	row->map_entries = 65536;
	row->written_bytes = (uint64_t)(300000 * (1 + 0.1 * noise(output)));
	row->write_count = 40;
}

static int put_cost(struct output *output, const struct workload_row *run)
{
	struct cost_row row = {.time_ns = run->end_ns,
			       .span_ns = run->statistics_ns,
			       .part = "program",
			       .name = "see_receive",
			       .run_count = run->program_run_count,
			       .run_time_ns = run->program_run_time_ns};
	int error = run->statistics_ns ? batch_append(output->batch[STREAM_COST], &row) : 0;

	row = (struct cost_row){.time_ns = run->end_ns,
				.span_ns = RUN_NS,
				.part = "map",
				.name = "flow",
				.memory_bytes = run->map_memory_bytes,
				.entries = 900 + run->pair,
				.entries_most = run->map_entries};
	return error ? error : batch_append(output->batch[STREAM_COST], &row);
}

static int put_run(struct output *output, const struct arm *arm, uint64_t pair,
		   uint64_t position, int is_metered)
{
	const struct kind *kind = output->kind;
	double slowness = arm->factor * output->weather * exp(0.015 * noise(output));
	double tail = exp(0.2 * fabs(noise(output)));
	struct workload_row row = {
		.start_ns = output->now_ns,
		.end_ns = output->now_ns + RUN_NS,
		.pair = pair,
		.position = position,
		.arm = arm->name,
		.role = arm->role,
		.command = kind->command,
		.tool = kind->tool,
		.operation = kind->operation,
		.exit_status = kind->has_faults && pair == 3 && !strcmp(arm->name, "on"),
		.operations = kind->operations,
		.duration_ns = (uint64_t)((double)RUN_NS * 0.95 * slowness),
		.bytes = 735 * kind->operations,
		.command_user_cpu_ns = 400000000,
		.command_system_cpu_ns = 600000000,
		.machine_user_cpu_ns = (uint64_t)(8e8 * slowness * (1 + 0.01 * noise(output))),
		.machine_system_cpu_ns =
			(uint64_t)(15e8 * slowness * (1 + 0.01 * noise(output))),
		.machine_interrupt_cpu_ns =
			(uint64_t)(4e8 * slowness * (1 + 0.01 * noise(output))),
		.machine_idle_cpu_ns = 900000000,
	};
	int error = 0;

	if (!kind->operations)
		row.bytes = 2000000000;
	if (arm->agent)
		set_agent(output, arm, &row);
	if (is_metered) {
		row.statistics_ns = RUN_NS;
		row.program_run_count = arm->agent ? 8 * kind->operations : 0;
		row.program_run_time_ns =
			(uint64_t)((double)row.program_run_count * 110 * slowness);
	}
	if (kind->has_percentiles && !is_metered)
		set_latency(&row, slowness, tail);
	if (kind->has_buckets && !is_metered)
		error = put_latency(output, &row, slowness, tail);
	if (!error && arm->agent)
		error = put_cost(output, &row);
	output->now_ns += RUN_NS + GAP_NS;
	return error ? error : batch_append(output->batch[STREAM_WORKLOAD], &row);
}

/* --- all runs --- */

static int put_pair(struct output *output, uint64_t pair, int is_metered)
{
	const struct kind *kind = output->kind;
	const struct arm arms[] = {
		{"off", "baseline", NULL, 1, 0},
		{"on", "candidate", "flowrec record", kind->on, 21 << 20},
		{"all", "candidate", "flowrec record --streams +packet", kind->all, 34 << 20},
		{"off-again", "repeat", NULL, kind->again, 0},
	};
	int error = 0;

	output->weather = exp(0.2 * noise(output));
	for (uint64_t i = 0, position = 1; i < 4 && !error; i++) {
		const struct arm *arm = &arms[(i + pair) % 4];

		if (arm->factor <= 0 || (!kind->has_repeat && !strcmp(arm->role, "repeat")) ||
		    (kind->has_faults && pair == 5 && !strcmp(arm->name, "all")))
			continue;
		error = put_run(output, arm, pair, position++, is_metered);
	}
	return error;
}

static int write_all(struct output *output)
{
	static const enum stream_id streams[] = {STREAM_WORKLOAD, STREAM_LATENCY, STREAM_COST};
	int error = 0;

	for (uint64_t pair = 0; pair <= output->kind->pairs && !error; pair++) {
		error = put_pair(output, pair, 0);
		if (!error && output->kind->has_buckets && pair % 4 == 1)
			error = put_pair(output, pair, 1);
	}
	if (!error)
		error = segment_begin(output->segment);
	for (size_t i = 0; i < 3 && !error; i++)
		if (output->batch[streams[i]]->row_count)
			error = segment_append(output->segment, output->batch[streams[i]], 0);
	if (!error)
		error = segment_put(
			output->segment,
			"INSERT INTO host(host_name, kernel_release, architecture,"
			" cpu_count, command_line) VALUES('lab', '6.18.0', 'x86_64',"
			" 2, 'flowrec bench')",
			"");
	return error ? error : segment_commit(output->segment, output->now_ns);
}

static int write_recording(struct output *output, const char *directory)
{
	struct segment_identity identity = {
		.recording_id = output->kind->name,
		.sequence = 1,
		.writer = "make_experiment",
		.created_ns = BEGIN_NS,
		.level = 3,
	};
	char path[4096];
	int error;

	snprintf(path, sizeof(path), "%s/000001" SEGMENT_SUFFIX, directory);
	error = segment_create(path, &identity, &output->segment);
	if (error)
		return error;
	error = write_all(output);
	if (!error)
		error = segment_finish(output->segment, output->now_ns);
	segment_close(output->segment);
	return error;
}

int main(int argc, char **argv)
{
	static struct output output = {.now_ns = BEGIN_NS, .chance = 7};
	int error = -EINVAL;

	for (size_t i = 0; argc == 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(argv[2], kinds[i].name))
			output.kind = &kinds[i];
	for (int i = 0; i < STREAM_COUNT; i++)
		output.batch[i] = batch_new((enum stream_id)i);
	if (output.kind)
		error = write_recording(&output, argv[1]);
	for (int i = 0; i < STREAM_COUNT; i++)
		batch_free(output.batch[i]);
	if (error)
		fprintf(stderr, "make_experiment: %s\n", strerror(-error));
	return error != 0;
}
