/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes in the options of flowrec bench.
 */
#include "recorder/bench/bench_options.h"
#include "recorder/bench/bench_probe.h"
#include "recorder/commands.h"
#include "recorder/duration.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define SECOND_NS     1000000000ULL
#define USUAL_NS      (60 * SECOND_NS)
#define USUAL_PAIRS   10
#define USUAL_LOADS   2
#define LEAST_SLICE   1000000ULL
#define LONGEST_SLICE SECOND_NS

static const char help[] =
	"Usage: flowrec bench -o DIR [OPTION]... -- COMMAND [ARGUMENT]...\n"
	"       flowrec bench -o DIR [OPTION]... --probe\n"
	"\n"
	"Measure what recording costs. COMMAND is run again and again, in pairs: once under each arm,\n"
	"with recording off, on, and off again to show what differs by itself, in random order. The\n"
	"results of wrk, hey, oha, iperf3 -J and hyperfine --export-json are read; of any other\n"
	"command the time it takes. DIR is a recording: see flowplay report overhead DIR.\n"
	"\n"
	"  -o, --output DIR     where the results go; made when it is missing\n"
	"      --arms LIST      what is compared: off records nothing and is the baseline, on is\n"
	"                       flowrec record, off-again is off once more (default:\n"
	"                       off,on,off-again; with --arm those in place of on)\n"
	"      --arm NAME=...   another arm: options of flowrec record; or !COMMAND, any other agent.\n"
	"                       May be given often\n"
	"      --pairs N        how many; a pair has every arm once (default 10)\n"
	"      --warmup N       pairs before them that are no evidence (default 1)\n"
	"      --metered N      runs of each agent after them with the kernel's run-time statistics\n"
	"                       of programs on, which cost time themselves (default 1)\n"
	"      --settle TIME    from the start of an agent, or where it is held from turning it on,\n"
	"                       to that of COMMAND (default 1s)\n"
	"      --lead-in TIME   so long COMMAND warms up by itself: CPU times and what programs take\n"
	"                       count from then on (default 0s)\n"
	"      --held           start each agent once, and turn it on and off for each run: for many\n"
	"                       short runs, which resolve more in the same time\n"
	"      --result FILE    where COMMAND leaves its result (default: its standard output);\n"
	"                       removed before each run\n"
	"      --keep           keep in DIR what the agents recorded and said\n"
	"      --seed NUMBER    of the order of arms (default: a random one)\n"
	"  -q, --quiet          only errors\n"
	"  -h, --help           print this\n"
	"\n"
	"      --probe          the built-in workload in place of a COMMAND: TCP round trips, and UDP\n"
	"                       packets flat out, between two network namespaces of its own on one\n"
	"                       CPU, while what records is switched on and off in short slices.\n"
	"                       Resolves 1 % of a round trip in a minute. Of flowrec record it\n"
	"                       measures the programs in the kernel, not user space\n"
	"      --duration TIME  of the probe (default 60s, where no --pairs are given)\n"
	"      --slice TIME     of the probe, 1ms to 1s (default 20ms)\n"
	"      --loads N        the probe loads each agent so many times, 1 to 8 (default 2; some\n"
	"                       seconds each, before its time begins), and takes turns: two loads\n"
	"                       of the same differ by where in memory they come to lie\n"
	"\n"
	"An agent that is held, or that the probe switches, reads lines \"on\" and \"off\", and answers\n"
	"each with the same line when it is done; it ends at the end of its input. It finds the two\n"
	"ends of the probe's link in the environment, as FLOWTAPE_PROBE_NEAR and FLOWTAPE_PROBE_FAR:\n"
	"a file to enter the network namespace by, a colon, the interface.\n"
	"\n"
	"Exit status: 0 it was measured; 1 it was not; 3 a run failed, or it was ended before all\n"
	"pairs were there; 64 misuse.\n"
	"\n"
	"Examples:\n"
	"  flowrec bench -o cost/ --pairs 20 -- wrk -t1 -c8 -d2s --latency http://192.0.2.1/\n"
	"  flowrec bench -o streams/ --arm flows='--streams flow' --arm all='--streams +packet' \\\n"
	"      -- iperf3 -J -c 192.0.2.1 -t 2\n"
	"  flowrec bench -o agents/ --arms off,on,other,off-again --arm other='!exec other-agent' \\\n"
	"      --settle 3s -- ./transfer\n"
	"  flowrec bench -o probe/ --probe\n";

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

static int choose_arms(struct bench_options *options)
{
	const char *word = NULL;

	switch (arms_choose(&options->arms, options->list, &word)) {
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

enum long_option {
	PROBE = 256,
	ARMS,
	ARM,
	PAIRS,
	WARMUP,
	METERED,
	SETTLE,
	LEAD_IN,
	RESULT,
	HELD,
	KEEP,
	DURATION,
	SLICE,
	LOADS,
	SEED
};

static int take_number(const char *option, uint64_t least, uint64_t *number)
{
	char *what;
	int status = -1;

	if (!parse_number(optarg, number) && *number >= least)
		return status;
	if (asprintf(&what, "%s takes a number from %s on, not", option, least ? "1" : "0") < 0)
		return COMMAND_MISUSE;
	status = misuse(what, optarg);
	free(what);
	return status;
}

/* Returns -1 when the option is in order, else the exit status. */
static int parse_option(int option, struct bench_options *options)
{
	switch (option) {
	case 'o':
		options->output = optarg;
		return -1;
	case 'q':
		options->is_quiet = 1;
		return -1;
	case PROBE:
		options->is_probe = 1;
		return -1;
	case ARMS:
		options->list = optarg;
		return -1;
	case ARM:
		return define_arm(&options->arms, optarg);
	case PAIRS:
		return take_number("--pairs", 1, &options->pairs);
	case WARMUP:
		return take_number("--warmup", 0, &options->warmups);
	case METERED:
		return take_number("--metered", 0, &options->metered);
	case SETTLE:
		return duration_parse(optarg, &options->settle_ns)
			       ? misuse("--settle takes a time such as 1s, not", optarg)
			       : -1;
	case LEAD_IN:
		return duration_parse(optarg, &options->lead_in_ns)
			       ? misuse("--lead-in takes a time such as 1s, not", optarg)
			       : -1;
	case RESULT:
		options->result = optarg;
		return -1;
	case HELD:
		options->is_held = 1;
		return -1;
	case KEEP:
		options->keep = 1;
		return -1;
	case DURATION:
		return duration_parse(optarg, &options->duration_ns) || !options->duration_ns
			       ? misuse("--duration takes a time such as 60s, not", optarg)
			       : -1;
	case SLICE:
		return duration_parse(optarg, &options->slice_ns) ||
				       options->slice_ns < LEAST_SLICE ||
				       options->slice_ns > LONGEST_SLICE
			       ? misuse("--slice takes a time from 1ms to 1s, not", optarg)
			       : -1;
	case LOADS:
		return parse_number(optarg, &options->loads) || !options->loads ||
				       options->loads > BENCH_PROBE_LOADS_MOST
			       ? misuse("--loads takes a number from 1 to 8, not", optarg)
			       : -1;
	default:
		options->has_seed = 1;
		return parse_number(optarg, &options->seed)
			       ? misuse("--seed takes a number, not", optarg)
			       : -1;
	}
}

/* What goes together. */
static int check(struct bench_options *options)
{
	if (!options->output)
		return misuse("no output directory is named (-o DIR)", NULL);
	if (options->is_probe && options->words)
		return misuse("--probe is the workload, there is none beside it",
			      options->words[0]);
	if (!options->is_probe && !options->words)
		return misuse("there is no workload (-- COMMAND, or --probe)", NULL);
	if (options->is_probe && options->of_command)
		return misuse("an option for a COMMAND, not for --probe", options->of_command);
	if (!options->is_probe && options->of_probe)
		return misuse("an option for --probe, not for a COMMAND", options->of_probe);
	if (!options->is_probe && !options->pairs)
		options->pairs = USUAL_PAIRS;
	if (!options->pairs && !options->duration_ns)
		options->duration_ns = USUAL_NS;
	if (!options->loads)
		options->loads = USUAL_LOADS;
	return choose_arms(options);
}

int bench_options_parse(int argc, char **argv, struct bench_options *options)
{
	static const struct option known[] = {
		{"output", required_argument, NULL, 'o'},
		{"probe", no_argument, NULL, PROBE},
		{"arms", required_argument, NULL, ARMS},
		{"arm", required_argument, NULL, ARM},
		{"pairs", required_argument, NULL, PAIRS},
		{"warmup", required_argument, NULL, WARMUP},
		{"metered", required_argument, NULL, METERED},
		{"settle", required_argument, NULL, SETTLE},
		{"lead-in", required_argument, NULL, LEAD_IN},
		{"result", required_argument, NULL, RESULT},
		{"held", no_argument, NULL, HELD},
		{"keep", no_argument, NULL, KEEP},
		{"duration", required_argument, NULL, DURATION},
		{"slice", required_argument, NULL, SLICE},
		{"loads", required_argument, NULL, LOADS},
		{"seed", required_argument, NULL, SEED},
		{"quiet", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option, place, status = -1;

	*options = (struct bench_options){.warmups = 1, .metered = 1, .settle_ns = SECOND_NS};
	optind = 0;
	/* The command's own options are its own. */
	while (status < 0 &&
	       (option = getopt_long(argc, argv, "+:o:qh", known, &place)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return COMMAND_WHOLE;
		}
		if (option == '?')
			return misuse("unknown option", argv[optind - 1]);
		if (option == ':')
			return misuse("a value is missing after", argv[optind - 1]);
		status = parse_option(option, options);
		if (option >= WARMUP && option <= KEEP)
			options->of_command = known[place].name;
		else if (option >= DURATION && option <= LOADS)
			options->of_probe = known[place].name;
	}
	if (status >= 0)
		return status;
	options->words = optind < argc ? argv + optind : NULL;
	return check(options);
}

void bench_options_free(struct bench_options *options)
{
	arms_free(&options->arms);
}

char *bench_options_command(const struct bench_options *options)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (char **word = options->words; *word; word++)
		fprintf(out, "%s%s", word == options->words ? "" : " ", *word);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
