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

/* An agent that is there for all runs of its arm. */
struct held {
	struct agent *agent;
	char *place;
	uint64_t lost; /* so far */
};

struct pairs {
	const struct bench_pairs_options *options;
	struct bench_pairs_result *result;
	uint64_t chance, done, all;
	char *problem;
	char told[256]; /* last */
	struct held held[ARMS_MOST];
	/* Of the run: */
	const struct arm *arm;
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

static int make_place(struct pairs *pairs, const char *place)
{
	return mkdir(place, 0700) ? say(pairs, -errno, place) : 0;
}

static int make_place_of_run(struct pairs *pairs, uint64_t pair, const struct arm *arm)
{
	/* There may be several pairs to warm up. */
	if (asprintf(&pairs->place, "%s/%s-%" PRIu64 "%s-run-%" PRIu64,
		     pairs->options->directory, arm->name, pair,
		     pair > pairs->options->pairs ? "-metered" : "", pairs->done) < 0) {
		pairs->place = NULL;
		return -ENOMEM;
	}
	return make_place(pairs, pairs->place);
}

static void leave_place(const struct pairs *pairs, char **place)
{
	if (*place && !pairs->options->keep)
		nftw(*place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(*place);
	*place = NULL;
}

/* --- agents that are held --- */

static int hold(struct pairs *pairs, const struct arm *arm, struct held *held)
{
	int error;

	if (arm->kind == ARM_NOTHING)
		return 0;
	if (asprintf(&held->place, "%s/%s-held", pairs->options->directory, arm->name) < 0) {
		held->place = NULL;
		return -ENOMEM;
	}
	error = make_place(pairs, held->place);
	return error ? error : agent_start(arm, held->place, 1, &held->agent, &pairs->problem);
}

static int hold_all(struct pairs *pairs)
{
	const struct arms *arms = pairs->options->arms;
	int error = 0;

	for (size_t i = 0; i < arms->count && !error && pairs->options->is_held; i++)
		error = hold(pairs, &arms->arm[i], &pairs->held[i]);
	return error;
}

static void release(struct pairs *pairs, const struct arm *arm, struct held *held)
{
	char *problem = NULL;
	uint64_t lost;
	int error = held->agent ? agent_stop(held->agent, &lost, &problem) : 0;

	if (error) {
		pairs->result->failed++;
		tell(pairs, pairs->result->pairs, arm, problem ? problem : strerror(-error));
	}
	free(problem);
	leave_place(pairs, &held->place);
}

static void release_all(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->options->arms->count; i++)
		release(pairs, &pairs->options->arms->arm[i], &pairs->held[i]);
}

static int turn(struct pairs *pairs, const struct arm *arm, int on)
{
	int error = agent_turn(pairs->agent, on);

	if (error && !pairs->problem &&
	    asprintf(&pairs->problem, "arm %s: its agent cannot be turned %s: %s", arm->name,
		     on ? "on" : "off", strerror(-error)) < 0)
		pairs->problem = NULL;
	return error;
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

/* An agent for this run: a new one, or that which is held. */
static int take_agent(struct pairs *pairs, uint64_t pair, size_t which)
{
	const struct arm *arm = &pairs->options->arms->arm[which];
	int error;

	if (pairs->options->is_held) {
		pairs->agent = pairs->held[which].agent;
		return pairs->agent ? turn(pairs, arm, 1) : 0;
	}
	error = arm->kind == ARM_NOTHING ? 0 : make_place_of_run(pairs, pair, arm);
	return error ? error
		     : agent_start(arm, pairs->place, 0, &pairs->agent, &pairs->problem);
}

static int begin(struct pairs *pairs, uint64_t pair, size_t which)
{
	int error = take_agent(pairs, pair, which);

	if (!error)
		error = settle(pairs);
	if (error || !pairs->agent)
		return error;
	error = agent_kernel_find(agent_group(pairs->agent), &pairs->kernel);
	return error ? say(pairs, error, "what the agent has in the kernel") : 0;
}

/* What the agent has used until what is measured begins. */
static int look_at_agent(void *context)
{
	struct pairs *pairs = context;

	if (!pairs->agent)
		return 0;
	pairs->parts = agent_kernel_cost(pairs->kernel, pairs->before, COST_MOST);
	if (!agent_usage(pairs->agent, &pairs->used))
		return 0;
	if (asprintf(&pairs->problem, "arm %s: its agent ended before the workload",
		     pairs->arm->name) < 0)
		pairs->problem = NULL;
	return -ESRCH;
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

static int put_back(struct pairs *pairs, const struct arm *arm, struct held *held,
		    struct workload_row *row)
{
	int error = turn(pairs, arm, 0);
	uint64_t lost = agent_lost(held->agent);

	row->lost = lost - held->lost;
	held->lost = lost;
	return error;
}

static int stop(struct pairs *pairs, uint64_t pair, const struct arm *arm,
		struct workload_row *row)
{
	char *problem = NULL;
	int error = agent_stop(pairs->agent, &row->lost, &problem);

	if (error)
		tell(pairs, pair, arm, problem ? problem : strerror(-error));
	free(problem);
	leave_place(pairs, &pairs->place);
	return error;
}

/* Ends the agent in any case, or puts it back. */
static int end(struct pairs *pairs, uint64_t pair, size_t which, struct workload_row *row)
{
	const struct arm *arm = &pairs->options->arms->arm[which];
	int error = 0;

	if (pairs->agent)
		error = pairs->options->is_held ? put_back(pairs, arm, &pairs->held[which], row)
						: stop(pairs, pair, arm, row);
	agent_kernel_free(pairs->kernel);
	pairs->kernel = NULL;
	pairs->agent = NULL;
	return error;
}

static int work(struct pairs *pairs, uint64_t pair, const struct arm *arm, int is_metered,
		struct workload_row *row, struct workload_result *result)
{
	struct bench_workload workload = pairs->options->workload;
	int statistics = is_metered ? bpf_enable_stats(BPF_STATS_RUN_TIME) : -1, error;
	char *problem;

	if (is_metered && statistics < 0)
		return say(pairs, -errno, "run-time statistics of programs");
	workload.begins = look_at_agent;
	workload.context = pairs;
	error = bench_workload_run(&workload, row, result, &problem);
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

	pairs->arm = arm;
	options->progress(options->context, pairs->done++, pairs->all, arm->name);
	error = begin(pairs, pair, which);
	if (!error && pairs->agent) {
		row.agent = words = strdup(agent_words(pairs->agent));
		error = words ? 0 : -ENOMEM;
	}
	if (!error)
		error = work(pairs, pair, arm, is_metered, &row, &result);
	end_error = end(pairs, pair, which, &row);
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
	error = hold_all(pairs);
	for (uint64_t i = 0; i < options->warmups && !error; i++)
		error = run_pair(pairs, 0, 0);
	while (result->pairs < options->pairs && !error) {
		error = run_pair(pairs, result->pairs + 1, 0);
		result->pairs += !error;
	}
	for (uint64_t i = 1; i <= options->metered && !error; i++)
		error = run_pair(pairs, options->pairs + i, 1);
	release_all(pairs);
	*problem = pairs->problem;
	free(pairs);
	return error;
}
