/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command flowrec check: what this kernel allows, feature by feature, and whether it works.
 */
#include "recorder/commands.h"
#include "recorder/self_check.h"
#include "recorder/table.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static const char help[] =
	"Usage: flowrec check [OPTION]...\n"
	"\n"
	"Load and attach the probes, say of every one whether this kernel allows it, and what is\n"
	"missing without the others. Then test them: traffic and processes whose every detail is\n"
	"known, in a network namespace that lives as long as the test, go through the recorder\n"
	"into a recording that is removed again.\n"
	"\n"
	"      --no-self-test    only the probes\n"
	"      --without HOOK,...  leave out hooks: one (iter/task), a kind (kprobe), or all of a\n"
	"                        name (sched_process_exec)\n"
	"      --format FORMAT   text (the default), json (one object with a key for each section),\n"
	"                        jsonl and csv (a row names its section), or markdown\n"
	"  -h, --help            print this\n"
	"\n"
	"Exit status: 0 every feature is there and passed; 1 nothing can be recorded here; 2 the\n"
	"self-test failed; 3 something is missing; 64 misuse.\n"
	"\n"
	"Examples:\n"
	"  flowrec check\n"
	"  flowrec check --format json | jq '.self_test[] | select(.state != \"passed\")'\n";

struct arguments {
	const char *without;
	enum table_format format;
	int no_self_test;
};

/* Returns -1 when the command goes on, else its exit status. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{"no-self-test", no_argument, NULL, 'n'},
		{"without", required_argument, NULL, 'w'},
		{"format", required_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option, format, status = -1;

	*arguments = (struct arguments){.format = TABLE_TEXT};
	optind = 0;
	while (status < 0 && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (option) {
		case 'n':
			arguments->no_self_test = 1;
			break;
		case 'w':
			arguments->without = optarg;
			status = command_without("check", optarg);
			break;
		case 'f':
			format = table_format(optarg);
			if (format < 0)
				return command_misuse("check", "no such format", optarg);
			arguments->format = (enum table_format)format;
			break;
		case 'h':
			fputs(help, stdout);
			return COMMAND_WHOLE;
		case ':':
			return command_misuse("check", "a value is missing after",
					      argv[optind - 1]);
		default:
			return command_misuse("check", "unknown option", argv[optind - 1]);
		}
	}
	if (status < 0 && optind < argc)
		return command_misuse("check", "unexpected word", argv[optind]);
	return status;
}

/* Returns COMMAND_PARTIAL when a feature is missing. */
static int print_plan(struct table *table, struct probes *probes)
{
	static const char *const names[] = {"feature", "probe", "state", "explanation"};
	static const char *const states[] = {
		[PROBE_SPARE] = "spare",
		[PROBE_CHOSEN] = "attached",
		[PROBE_REFUSED] = "missing",
		[PROBE_LEFT_OUT] = "left out",
	};
	size_t count;
	const struct probe *plan = probes_plan(probes, &count);
	int status = COMMAND_WHOLE;

	table_section(table, "probes", names, 4);
	for (size_t i = 0; i < count; i++) {
		table_row(table,
			  (const char *const[]){plan[i].feature, plan[i].variant,
						states[plan[i].state], plan[i].explanation});
		if (!probes_have(probes, plan[i].alternative->feature))
			status = COMMAND_PARTIAL;
	}
	table_end_section(table);
	return status;
}

static int print_self_test(struct table *table, const struct self_check_line *lines,
			   size_t count)
{
	static const char *const names[] = {"test", "state", "explanation"};
	static const char *const states[] = {
		[SELF_CHECK_PASSED] = "passed",
		[SELF_CHECK_FAILED] = "FAILED",
		[SELF_CHECK_MISSING] = "missing",
		[SELF_CHECK_NOT_TRIED] = "not tried",
	};
	int status = COMMAND_WHOLE;

	table_section(table, "self_test", names, 3);
	for (size_t i = 0; i < count; i++) {
		table_row(table, (const char *const[]){lines[i].name, states[lines[i].state],
						       lines[i].words});
		if (lines[i].state == SELF_CHECK_FAILED)
			status = COMMAND_BAD;
		else if (lines[i].state != SELF_CHECK_PASSED && status != COMMAND_BAD)
			status = COMMAND_PARTIAL;
	}
	table_end_section(table);
	return status;
}

static int run_self_test(struct table *table, struct self_check *test, struct probes *probes,
			 char **problem, int *status)
{
	struct self_check_line lines[SELF_CHECK_LINES];
	size_t count = 0;
	int error = self_check_run(test, probes, lines, &count, problem), result;

	if (error)
		return error;
	result = print_self_test(table, lines, count);
	if (result == COMMAND_BAD || *status == COMMAND_WHOLE)
		*status = result;
	return 0;
}

/* Fills status where 0 is returned, else a problem. */
static int run(const struct arguments *arguments, char **problem, int *status)
{
	const struct probes_options options = {.without = arguments->without};
	struct table table = {.out = stdout, .format = arguments->format};
	struct self_check *test = NULL;
	struct probes *probes = NULL;
	struct utsname host;
	int error = 0;

	if (!arguments->no_self_test)
		error = self_check_begin(&test, problem);
	if (!error)
		error = probes_open(&options, &probes, problem);
	if (!error) {
		uname(&host);
		if (table_is_prose(table.format))
			printf("kernel %s (%s)\n\n", host.release, host.machine);
		*status = print_plan(&table, probes);
		if (test)
			error = run_self_test(&table, test, probes, problem, status);
		if (table_end(&table) && !error)
			error = -EIO;
	}
	probes_close(probes);
	self_check_free(test);
	return error;
}

int check_command(int argc, char **argv)
{
	struct arguments arguments;
	char *problem = NULL;
	int error, status = parse_arguments(argc, argv, &arguments);

	if (status >= 0)
		return status;
	signal(SIGPIPE, SIG_IGN);
	error = run(&arguments, &problem, &status);
	if (error) {
		fprintf(stderr, "flowrec check: %s\n", problem ? problem : strerror(-error));
		status = COMMAND_TROUBLE;
	}
	free(problem);
	return status;
}
