/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command under each arm of each pair.
 */
#include "recorder/bench/agent.h"
#include "recorder/bench/agent_kernel.h"
#include "recorder/bench/bench_pairs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COST_MOST 128U

struct pairs {
	const struct bench_pairs_options *options;
	struct bench_pairs_result *result;
	uint64_t chance, done, all;
	char *problem;
	char told[256]; /* last */
	/* Of the run: */
	struct agent *agent;
	struct agent_kernel *kernel;
	char *place; /* where its agent works */
	struct agent_usage used;
	struct cost_row before[COST_MOST], after[COST_MOST];
	size_t parts;
};

static int say(struct pairs *pairs, int error, const char *what)
{
	if (!pairs->problem && asprintf(&pairs->problem, "%s: %s", what, strerror(-error)) < 0)
		pairs->problem = NULL;
	return error;
}

/* Once where it is the same again. */
static void tell(struct pairs *pairs, uint64_t pair, const struct arm *arm, const char *what)
{
	char *line;

	if (!strncmp(pairs->told, what, sizeof(pairs->told) - 1))
		return;
	snprintf(pairs->told, sizeof(pairs->told), "%s", what);
	if (asprintf(&line, "pair %" PRIu64 ", arm %s: %s", pair, arm->name, pairs->told) < 0)
		return;
	pairs->options->tell(pairs->options->context, line);
	free(line);
}

/* --- where agents work --- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	return remove(path);
}

static int make_place(struct pairs *pairs, uint64_t pair, const struct arm *arm)
{
	/* There may be several pairs to warm up. */
	if (asprintf(&pairs->place, "%s/%s-%" PRIu64 "%s-run-%" PRIu64,
		     pairs->options->directory, arm->name, pair,
		     pair > pairs->options->pairs ? "-metered" : "", pairs->done) < 0) {
		pairs->place = NULL;
		return -ENOMEM;
	}
	return mkdir(pairs->place, 0700) ? say(pairs, -errno, pairs->place) : 0;
}

static void leave_place(struct pairs *pairs)
{
	if (pairs->place && !pairs->options->keep)
		nftw(pairs->place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(pairs->place);
	pairs->place = NULL;
}

/* --- a run --- */

static int settle(const struct pairs *pairs)
{
	const struct timespec while_it_settles = {
		.tv_sec = (time_t)(pairs->options->settle_ns / 1000000000),
		.tv_nsec = (long)(pairs->options->settle_ns % 1000000000),
	};

	return sigtimedwait(&pairs->options->workload.signals, NULL, &while_it_settles) > 0
		       ? -ECANCELED
		       : 0;
}

static int begin(struct pairs *pairs, uint64_t pair, const struct arm *arm)
{
	int error = arm->kind == ARM_NOTHING ? 0 : make_place(pairs, pair, arm);

	if (!error)
		error = agent_start(arm, pairs->place, &pairs->agent, &pairs->problem);
	if (!error)
		error = settle(pairs);
	if (error || !pairs->agent)
		return error;
	error = agent_kernel_find(agent_group(pairs->agent), &pairs->kernel);
	if (error)
		return say(pairs, error, "what the agent has in the kernel");
	pairs->parts = agent_kernel_cost(pairs->kernel, pairs->before, COST_MOST);
	if (agent_usage(pairs->agent, &pairs->used)) {
		if (asprintf(&pairs->problem, "arm %s: its agent ended before the workload",
			     arm->name) < 0)
			pairs->problem = NULL;
		return -ESRCH;
	}
	return 0;
}

/* A run during which the agent ended is none of its arm. */
static void take_usage(struct pairs *pairs, uint64_t pair, const struct arm *arm,
		       struct workload_row *row)
{
	struct agent_usage now;

	if (!agent_usage(pairs->agent, &now)) {
		agent_usage_between(&pairs->used, &now, row);
		return;
	}
	if (row->exit_status)
		return;
	tell(pairs, pair, arm, "its agent ended during the workload");
	pairs->result->failed++;
	row->exit_status = BENCH_AGENT_FAILED;
}

/* What each part cost during the run, and their sums. */
static int take_kernel(struct pairs *pairs, struct workload_row *row)
{
	size_t parts = 0;
	int error = agent_kernel_look(pairs->kernel, agent_group(pairs->agent));

	if (!error)
		parts = agent_kernel_cost(pairs->kernel, pairs->after, COST_MOST);
	/* What was not there before counts from its beginning. */
	for (size_t i = pairs->parts; i < parts; i++)
		pairs->before[i] = (struct cost_row){0};
	for (size_t i = 0; i < parts && !error; i++) {
		struct cost_row *part = &pairs->after[i];

		part->time_ns = row->end_ns;
		part->span_ns = row->end_ns - row->start_ns;
		part->run_count -= pairs->before[i].run_count;
		part->run_time_ns -= pairs->before[i].run_time_ns;
		row->map_memory_bytes += part->memory_bytes;
		row->map_entries += part->entries_most;
		if (row->statistics_ns) {
			row->program_run_count += part->run_count;
			row->program_run_time_ns += part->run_time_ns;
		}
		if (row->statistics_ns || strcmp(part->part, "program"))
			error = experiment_cost(pairs->options->experiment, part);
	}
	return error;
}

/* Ends the agent in any case. */
static int end(struct pairs *pairs, uint64_t pair, const struct arm *arm,
	       struct workload_row *row)
{
	char *problem = NULL;
	int error = 0;

	if (pairs->agent)
		error = agent_stop(pairs->agent, &row->lost, &problem);
	if (error)
		tell(pairs, pair, arm, problem ? problem : strerror(-error));
	free(problem);
	agent_kernel_free(pairs->kernel);
	pairs->kernel = NULL;
	pairs->agent = NULL;
	leave_place(pairs);
	return error;
}

static int work(struct pairs *pairs, uint64_t pair, const struct arm *arm, int is_metered,
		struct workload_row *row, struct workload_result *result)
{
	int statistics = is_metered ? bpf_enable_stats(BPF_STATS_RUN_TIME) : -1, error;
	char *problem;

	if (is_metered && statistics < 0)
		return say(pairs, -errno, "run-time statistics of programs");
	error = bench_workload_run(&pairs->options->workload, row, result, &problem);
	if (!error && is_metered)
		row->statistics_ns = row->end_ns - row->start_ns;
	if (!error && row->exit_status) {
		pairs->result->failed++;
		tell(pairs, pair, arm, problem ? problem : "the workload failed");
	}
	if (!error && pairs->agent) {
		take_usage(pairs, pair, arm, row);
		error = take_kernel(pairs, row);
	}
	if (statistics >= 0)
		close(statistics);
	free(problem);
	return error;
}

static int run(struct pairs *pairs, uint64_t pair, size_t which, uint64_t position,
	       int is_metered)
{
	const struct bench_pairs_options *options = pairs->options;
	const struct arm *arm = &options->arms->arm[which];
	struct workload_result result = {0};
	struct workload_row row = {
		.pair = pair,
		.position = position,
		.arm = arm->name,
		.role = arm->role,
		.command = options->command,
	};
	char *words = NULL;
	int error, end_error;

	options->progress(options->context, pairs->done++, pairs->all, arm->name);
	error = begin(pairs, pair, arm);
	if (!error && pairs->agent) {
		row.agent = words = strdup(agent_words(pairs->agent));
		error = words ? 0 : -ENOMEM;
	}
	if (!error)
		error = work(pairs, pair, arm, is_metered, &row, &result);
	end_error = end(pairs, pair, arm, &row);
	/* What an agent that failed has cost is no evidence either. */
	if (!error && end_error && !row.exit_status) {
		pairs->result->failed++;
		row.exit_status = BENCH_AGENT_FAILED;
	}
	if (!error)
		error = experiment_run(options->experiment, &row, result.latency);
	workload_result_close(&result);
	free(words);
	return error;
}

static int run_pair(struct pairs *pairs, uint64_t pair, int is_metered)
{
	const struct arms *arms = pairs->options->arms;
	size_t order[ARMS_MOST];
	uint64_t position = 0;
	int error = 0;

	arms_shuffle(&pairs->chance, arms->count, order);
	for (size_t i = 0; i < arms->count && !error; i++)
		if (!is_metered || arms->arm[order[i]].kind != ARM_NOTHING)
			error = run(pairs, pair, order[i], ++position, is_metered);
	return error;
}

static uint64_t agents(const struct arms *arms)
{
	uint64_t count = 0;

	for (size_t i = 0; i < arms->count; i++)
		count += arms->arm[i].kind != ARM_NOTHING;
	return count;
}

int bench_pairs_run(const struct bench_pairs_options *options,
		    struct bench_pairs_result *result, char **problem)
{
	struct pairs *pairs = calloc(1, sizeof(*pairs));
	int error = 0;

	*problem = NULL;
	*result = (struct bench_pairs_result){0};
	if (!pairs)
		return -ENOMEM;
	pairs->options = options;
	pairs->result = result;
	pairs->chance = options->seed;
	pairs->all = (options->warmups + options->pairs) * options->arms->count +
		     options->metered * agents(options->arms);
	for (uint64_t i = 0; i < options->warmups && !error; i++)
		error = run_pair(pairs, 0, 0);
	while (result->pairs < options->pairs && !error) {
		error = run_pair(pairs, result->pairs + 1, 0);
		result->pairs += !error;
	}
	for (uint64_t i = 1; i <= options->metered && !error; i++)
		error = run_pair(pairs, options->pairs + i, 1);
	*problem = pairs->problem;
	free(pairs);
	return error;
}
