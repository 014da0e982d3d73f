/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowplay: answers from recordings.
 */
#include "analyzer/command.h"

#include <errno.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/resource.h>

static const struct command *const commands[] = {
	&info_command,	 &report_command,  &sql_command,
	&verify_command, &compare_command, &export_command,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	printf("flowplay answers from the recordings of flowrec.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  flowplay %-8s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n"
	       "  --help           this text, or a command's own\n"
	       "  --version        the version\n"
	       "\n"
	       "Exit status: 0 the whole answer; 1 trouble, no answer; 2 the answer is bad news\n"
	       "(damage found, a regression); 3 the answer is partial; 64 misuse.\n"
	       "\n"
	       "Examples:\n"
	       "  flowplay info build/demo\n"
	       "  flowplay report summary build/demo\n"
	       "  flowplay sql build/demo 'SELECT count(*) FROM flow'\n"
	       "  flowplay verify build/demo\n"
	       "  flowplay compare base candidate\n"
	       "  flowplay export --to sqlite -o demo.sqlite build/demo\n");
}

/* A recording may have more segments than the usual limit of open files. */
static void allow_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* What could not be written was not answered. */
static int flush(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		command_say("standard output: %s", strerror(errno));
		return COMMAND_TROUBLE;
	}
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		command_say(
			"which command? info, report, sql, verify, compare or export; see flowplay --help");
		return COMMAND_MISUSE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_help();
		return flush(COMMAND_WHOLE);
	}
	if (!strcmp(argv[1], "--version")) {
		printf("flowplay %s\n", FLOWTAPE_VERSION);
		return flush(COMMAND_WHOLE);
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (!strcmp(argv[1], commands[i]->name)) {
			allow_many_files();
			/* There is one thread. */
			__fsetlocking(stdout, FSETLOCKING_BYCALLER);
			return flush(commands[i]->run(commands[i], argc - 1, argv + 1));
		}
	}
	command_say("unknown %s '%s'; see flowplay --help",
		    argv[1][0] == '-' ? "option" : "command", argv[1]);
	return COMMAND_MISUSE;
}
