/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command flowrec bench: what recording costs, by paired runs.
 */
#include "recorder/bench_probe.h"
#include "recorder/commands.h"
#include "recorder/duration.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define SECOND_NS     1000000000ULL
#define USUAL_NS      (60 * SECOND_NS)
#define USUAL_LOADS   3
#define LEAST_SLICE   1000000ULL
#define LONGEST_SLICE SECOND_NS

static const char help[] =
	"Usage: flowrec bench --probe -o DIR [OPTION]...\n"
	"\n"
	"Measure what recording costs a round trip and a packet, by a workload that is built in:\n"
	"TCP round trips and UDP packets flat out between two network namespaces of its own, on\n"
	"one CPU, while what records is switched on and off in short slices, in random order.\n"
	"Resolves 1 % of a round trip in less than a minute. DIR is a recording: see\n"
	"flowplay report overhead DIR.\n"
	"\n"
	"  -o, --output DIR     where the results go; made when it is missing\n"
	"      --probe          the built-in workload\n"
	"      --arms LIST      what is compared, off,on,off-again when not given: off records\n"
	"                       nothing, on is flowrec record, off-again is off once more, to show\n"
	"                       what differs by itself\n"
	"      --arm NAME=...   another arm: options of flowrec record; or !COMMAND, any agent that\n"
	"                       can be told to begin and to stop, see below. May be given often\n"
	"      --pairs N        end after so many blocks; a block has every arm once\n"
	"      --duration TIME  and not later than this (default 60s, where no pairs are given)\n"
	"      --slice TIME     length of a slice, 1ms to 1s (default 20ms)\n"
	"      --loads N        load each agent so many times, 1 to 8 (default 3), and take turns: by\n"
	"                       where in memory its tables come to lie alone, one load differs from\n"
	"                       another. It may take seconds each, before the time begins\n"
	"      --seed NUMBER    of the order of arms (default: a random one)\n"
	"  -q, --quiet          only errors\n"
	"  -h, --help           print this\n"
	"\n"
	"Of flowrec record this measures the programs in the kernel; what user space does with what\n"
	"they count is not part of it. Some slices are run once more with the kernel's run-time\n"
	"statistics of programs on; what programs take, these tell best.\n"
	"\n"
	"An agent finds the two ends of the link in the environment, as FLOWTAPE_PROBE_NEAR and\n"
	"FLOWTAPE_PROBE_FAR: a file to enter the network namespace by, a colon, the interface. It\n"
	"reads lines \"on\" and \"off\", and answers each with the same line when it is done.\n"
	"\n"
	"Exit status: 0 it was measured; 1 it was not; 3 it was ended before so many pairs were\n"
	"there, or before the time was over; 64 misuse.\n"
	"\n"
	"Examples:\n"
	"  flowrec bench --probe -o cost/\n"
	"  flowrec bench --probe -o streams/ --arm flows='--streams flow' --arm "
	"all='--streams +packet'\n";

struct arguments {
	const char *output;
	char *list;
	int is_probe, is_quiet;
	uint64_t pairs, duration_ns, slice_ns, loads, seed;
	int has_seed;
	struct arms arms;
};

static int misuse(const char *what, const char *word)
{
	return command_misuse("bench", what, word);
}

static int parse_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 0);
	return *text < '0' || *text > '9' || *end || errno ? -EINVAL : 0;
}

static int define_arm(struct arms *arms, const char *definition)
{
	switch (arms_define(arms, definition)) {
	case 0:
		return -1;
	case -EEXIST:
		return misuse("there is an arm of that name already", definition);
	case -E2BIG:
		return misuse("there can be no more arms than 16; this is one more",
			      definition);
	case -EINVAL:
		return misuse("--arm takes NAME=OPTIONS or NAME=!COMMAND, not", definition);
	default:
		fputs("flowrec bench: memory is short\n", stderr);
		return COMMAND_TROUBLE;
	}
}

static int choose_arms(struct arguments *arguments)
{
	const char *word = NULL;

	switch (arms_choose(&arguments->arms, arguments->list, &word)) {
	case 0:
		return -1;
	case -ENOENT:
		return misuse("there is no such arm", word);
	case -EEXIST:
		return misuse("an arm comes twice", word);
	case -EINVAL:
		return misuse("it takes two arms or more to compare", NULL);
	default:
		fputs("flowrec bench: memory is short\n", stderr);
		return COMMAND_TROUBLE;
	}
}

enum long_option { PROBE = 256, ARMS, ARM, PAIRS, DURATION, SLICE, SEED };

/* Returns -1 when the option is in order, else the exit status. */
static int parse_option(int option, struct arguments *arguments)
{
	switch (option) {
	case 'o':
		arguments->output = optarg;
		return -1;
	case 'q':
		arguments->is_quiet = 1;
		return -1;
	case PROBE:
		arguments->is_probe = 1;
		return -1;
	case ARMS:
		arguments->list = optarg;
		return -1;
	case ARM:
		return define_arm(&arguments->arms, optarg);
	case PAIRS:
		return parse_number(optarg, &arguments->pairs) || !arguments->pairs
			       ? misuse("--pairs takes a number from 1 on, not", optarg)
			       : -1;
	case DURATION:
		return duration_parse(optarg, &arguments->duration_ns) ||
				       !arguments->duration_ns
			       ? misuse("--duration takes a time such as 60s, not", optarg)
			       : -1;
	case SLICE:
		return duration_parse(optarg, &arguments->slice_ns) ||
				       arguments->slice_ns < LEAST_SLICE ||
				       arguments->slice_ns > LONGEST_SLICE
			       ? misuse("--slice takes a time from 1ms to 1s, not", optarg)
			       : -1;
	case LOADS:
		return parse_number(optarg, &arguments->loads) || !arguments->loads ||
				       arguments->loads > BENCH_PROBE_LOADS_MOST
			       ? misuse("--loads takes a number from 1 to 8, not", optarg)
			       : -1;
	default:
		arguments->has_seed = 1;
		return parse_number(optarg, &arguments->seed)
			       ? misuse("--seed takes a number, not", optarg)
			       : -1;
	}
}

/* Returns -1 when the command goes on, else its exit status. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{"output", required_argument, NULL, 'o'},
		{"probe", no_argument, NULL, PROBE},
		{"arms", required_argument, NULL, ARMS},
		{"arm", required_argument, NULL, ARM},
		{"pairs", required_argument, NULL, PAIRS},
		{"duration", required_argument, NULL, DURATION},
		{"slice", required_argument, NULL, SLICE},
		{"loads", required_argument, NULL, LOADS},
		{"seed", required_argument, NULL, SEED},
		{"quiet", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option, status = -1;

	optind = 0;
	while (status < 0 && (option = getopt_long(argc, argv, ":o:qh", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return COMMAND_WHOLE;
		}
		if (option == '?')
			return misuse("unknown option", argv[optind - 1]);
		if (option == ':')
			return misuse("a value is missing after", argv[optind - 1]);
		status = parse_option(option, arguments);
	}
	if (status >= 0)
		return status;
	if (optind < argc)
		return misuse("unexpected word", argv[optind]);
	if (!arguments->is_probe)
		return misuse("there is no workload (--probe)", NULL);
	if (!arguments->output)
		return misuse("no output directory is named (-o DIR)", NULL);
	if (!arguments->pairs && !arguments->duration_ns)
		arguments->duration_ns = USUAL_NS;
	return choose_arms(arguments);
}

/* --- the run --- */

struct watch {
	sigset_t signals;
	int was_told; /* a signal came */
};

static int is_over(void *context)
{
	const struct timespec now = {0};
	struct watch *watch = context;

	if (sigtimedwait(&watch->signals, NULL, &now) > 0)
		watch->was_told = 1;
	return watch->was_told;
}

static int complain(int error, char *problem)
{
	fprintf(stderr, "flowrec bench: %s\n", problem ? problem : strerror(-error));
	free(problem);
	return COMMAND_TROUBLE;
}

static int run_probe(const struct arguments *arguments, struct bench_probe *probe,
		     struct experiment *experiment, struct watch *watch)
{
	struct bench_probe_options options = {
		.experiment = experiment,
		.pairs = arguments->pairs,
		.duration_ns = arguments->duration_ns,
		.slice_ns = arguments->slice_ns,
		.seed = arguments->seed,
		.is_over = is_over,
		.context = watch,
	};
	uint64_t done;
	char *problem;
	int error = bench_probe_run(probe, &options, &done, &problem);

	if (error)
		return complain(error, problem);
	if (!done) {
		fputs("flowrec bench: ended before every arm had run\n", stderr);
		return COMMAND_TROUBLE;
	}
	if (!arguments->is_quiet)
		fprintf(stderr, "%" PRIu64 " blocks of %zu arms in %s\n", done,
			arguments->arms.count, arguments->output);
	return watch->was_told || (arguments->pairs && done < arguments->pairs)
		       ? COMMAND_PARTIAL
		       : COMMAND_WHOLE;
}

static int run(const struct arguments *arguments, const char *command_line)
{
	struct watch watch = {.was_told = 0};
	struct bench_probe *probe;
	struct experiment *experiment;
	char *problem;
	int error, status;

	/* Blocked before any thread begins, so that only is_over takes them. */
	command_block_signals(&watch.signals);
	error = bench_probe_open(&arguments->arms, (unsigned int)arguments->loads, &probe,
				 &problem);
	if (error == -EINVAL && !problem)
		return COMMAND_MISUSE;
	if (error)
		return complain(error, problem);
	error = experiment_open(arguments->output, command_line, &experiment, &problem);
	if (error) {
		bench_probe_close(probe);
		return complain(error, problem);
	}
	status = run_probe(arguments, probe, experiment, &watch);
	bench_probe_close(probe);
	error = experiment_close(experiment, &problem);
	return error ? complain(error, problem) : status;
}

int bench_command(int argc, char **argv)
{
	struct arguments arguments = {.loads = USUAL_LOADS};
	char *command_line = command_words(argc, argv);
	int status = parse_arguments(argc, argv, &arguments);

	if (status < 0 && !arguments.has_seed &&
	    getrandom(&arguments.seed, sizeof(arguments.seed), 0) != sizeof(arguments.seed))
		status = complain(-errno, NULL);
	if (status < 0)
		status = run(&arguments, command_line);
	arms_free(&arguments.arms);
	free(command_line);
	return status;
}
