/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command flowrec bench: what recording costs, by paired runs.
 */
#include "recorder/bench/agent.h"
#include "recorder/bench/bench_options.h"
#include "recorder/bench/bench_pairs.h"
#include "recorder/bench/bench_probe.h"
#include "recorder/commands.h"
#include "recorder/import_table.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_NS 500000000ULL

/* What the calls from within share. */
struct bench {
	const struct bench_options *options;
	struct experiment *experiment;
	sigset_t signals;
	int was_told; /* a signal came */
	int is_terminal;
	uint64_t began_ns, shown_ns;
};

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int complain(int error, char *problem)
{
	fputs("flowrec bench: ", stderr);
	import_table_safe(stderr, problem ? problem : strerror(-error));
	fputc('\n', stderr);
	free(problem);
	return COMMAND_TROUBLE;
}

static void clear_line(const struct bench *bench)
{
	if (bench->is_terminal)
		fputs("\r\033[K", stderr);
}

/* --- the built-in workload --- */

static int is_over(void *context)
{
	const struct timespec now = {0};
	struct bench *bench = context;
	uint64_t time_ns = monotonic_ns();

	if (sigtimedwait(&bench->signals, NULL, &now) > 0)
		bench->was_told = 1;
	if (bench->is_terminal && time_ns - bench->shown_ns > PROGRESS_NS) {
		bench->shown_ns = time_ns;
		clear_line(bench);
		fprintf(stderr, "probe  %" PRIu64 " s",
			(time_ns - bench->began_ns) / 1000000000);
		if (bench->options->duration_ns)
			fprintf(stderr, " of %" PRIu64 " s",
				bench->options->duration_ns / 1000000000);
	}
	return bench->was_told;
}

static int run_probe(struct bench *bench, struct bench_probe *probe)
{
	const struct bench_options *options = bench->options;
	struct bench_probe_options how = {
		.experiment = bench->experiment,
		.pairs = options->pairs,
		.duration_ns = options->duration_ns,
		.slice_ns = options->slice_ns,
		.seed = options->seed,
		.is_over = is_over,
		.context = bench,
	};
	uint64_t done;
	char *problem;
	int error = bench_probe_run(probe, &how, &done, &problem);

	clear_line(bench);
	if (error)
		return complain(error, problem);
	if (!done) {
		fputs("flowrec bench: ended before every arm had run\n", stderr);
		return COMMAND_TROUBLE;
	}
	if (!options->is_quiet)
		fprintf(stderr, "%" PRIu64 " blocks of %zu arms in %s\n", done,
			options->arms.count, options->output);
	return bench->was_told || (options->pairs && done < options->pairs) ? COMMAND_PARTIAL
									    : COMMAND_WHOLE;
}

/* --- a command --- */

static void show_run(void *context, uint64_t done, uint64_t all, const char *arm)
{
	struct bench *bench = context;
	uint64_t elapsed_ns = monotonic_ns() - bench->began_ns;

	if (!bench->is_terminal)
		return;
	clear_line(bench);
	fprintf(stderr, "run %" PRIu64 " of %" PRIu64 "  %s", done + 1, all, arm);
	if (done)
		fprintf(stderr, "  about %" PRIu64 " s left",
			elapsed_ns / done * (all - done) / 1000000000);
}

static void tell_run(void *context, const char *line)
{
	clear_line(context);
	fputs("flowrec bench: ", stderr);
	import_table_safe(stderr, line);
	fputc('\n', stderr);
}

/* How it went; the exit status. */
static int sum_up(const struct bench *bench, const struct bench_pairs_result *result,
		  int was_ended)
{
	const struct bench_options *options = bench->options;

	if (result->failed)
		fprintf(stderr, "flowrec bench: %" PRIu64 " runs failed, and are no evidence\n",
			result->failed);
	if (!options->is_quiet)
		fprintf(stderr, "%" PRIu64 " pairs of %zu arms in %s\n", result->pairs,
			options->arms.count, options->output);
	return was_ended || result->failed ? COMMAND_PARTIAL : COMMAND_WHOLE;
}

static int run_pairs(struct bench *bench)
{
	const struct bench_options *options = bench->options;
	struct bench_pairs_options how = {
		.arms = &options->arms,
		.experiment = bench->experiment,
		.workload = {.words = options->words,
			     .result = options->result,
			     .signals = bench->signals,
			     .lead_in_ns = options->lead_in_ns},
		.directory = options->output,
		.pairs = options->pairs,
		.warmups = options->warmups,
		.metered = options->metered,
		.settle_ns = options->settle_ns,
		.seed = options->seed,
		.is_held = options->is_held,
		.keep = options->keep,
		.progress = show_run,
		.tell = tell_run,
		.context = bench,
	};
	struct bench_pairs_result result;
	char *problem, *command = bench_options_command(options);
	int error;

	if (!command)
		return complain(-ENOMEM, NULL);
	how.command = command;
	error = bench_pairs_run(&how, &result, &problem);
	clear_line(bench);
	free(command);
	if (error && error != -ECANCELED)
		return complain(error, problem);
	free(problem);
	return sum_up(bench, &result, error);
}

/* --- both --- */

static int run_in(struct bench *bench, struct bench_probe *probe, const char *command_line)
{
	char *problem;
	int error = experiment_open(bench->options->output, command_line, &bench->experiment,
				    &problem);
	int status;

	if (error)
		return complain(error, problem);
	bench->began_ns = monotonic_ns();
	status = probe ? run_probe(bench, probe) : run_pairs(bench);
	error = experiment_close(bench->experiment, &problem);
	return error ? complain(error, problem) : status;
}

static int run(const struct bench_options *options, const char *command_line)
{
	struct bench bench = {.options = options,
			      .is_terminal = isatty(STDERR_FILENO) && !options->is_quiet};
	struct bench_probe *probe = NULL;
	char *problem;
	int error, status;

	if (options->is_probe || options->is_held)
		/* An agent that has ended is told so by the call that writes to it. */
		signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < options->arms.count && !options->is_probe; i++)
		if ((status = agent_check(&options->arms.arm[i])) >= 0)
			return status;
	if (options->is_probe) {
		error = bench_probe_open(&options->arms, (unsigned int)options->loads, &probe,
					 &problem);
		if (error == -EINVAL && !problem)
			return COMMAND_MISUSE;
		if (error)
			return complain(error, problem);
	}
	/* Until here one ends the program; now there is something to keep. */
	command_block_signals(&bench.signals);
	status = run_in(&bench, probe, command_line);
	bench_probe_close(probe);
	return status;
}

/* The recording tells it as if it had been given: the same orders can be had again. */
static int draw_seed(uint64_t *seed, char **command_line)
{
	static const char command[] = "flowrec bench";
	char *with_seed;

	if (getrandom(seed, sizeof(*seed), 0) != sizeof(*seed))
		return complain(-errno, NULL);
	if (!*command_line || asprintf(&with_seed, "%s --seed %" PRIu64 "%s", command, *seed,
				       *command_line + sizeof(command) - 1) < 0)
		return complain(-ENOMEM, NULL);
	free(*command_line);
	*command_line = with_seed;
	return -1;
}

int bench_command(int argc, char **argv)
{
	struct bench_options options;
	char *command_line = command_words(argc, argv);
	int status = bench_options_parse(argc, argv, &options);

	if (status < 0 && !options.has_seed)
		status = draw_seed(&options.seed, &command_line);
	if (status < 0)
		status = run(&options, command_line);
	bench_options_free(&options);
	free(command_line);
	return status;
}
