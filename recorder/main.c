/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowrec: from the kernel, or a capture file, to disk.
 */
#include "recorder/commands.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{"record", record_command, "record this host's flows, translations and processes"},
	{"import", import_command, "bring capture files (pcap, pcapng) into a recording"},
	{"check", check_command,
	 "say what this kernel allows, feature by feature, and test it"},
	{"bench", bench_command, "measure what recording costs, by paired runs"},
	{0},
};

static void print_help(FILE *out)
{
	fputs("Usage: flowrec COMMAND [OPTION]...\n"
	      "\n"
	      "The flight recorder of a host's network. flowplay reads what it writes.\n"
	      "\n",
	      out);
	for (const struct command *command = commands; command->name; command++)
		fprintf(out, "  %-8s %s\n", command->name, command->summary);
	fputs("\n"
	      "flowrec COMMAND --help tells more of each.\n"
	      "\n"
	      "Examples:\n"
	      "  flowrec record -o incident/ --duration 60s\n"
	      "  flowrec import -o incident/ eth0.pcap\n",
	      out);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return COMMAND_MISUSE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help(stdout);
		return COMMAND_WHOLE;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("flowrec " FLOWTAPE_VERSION);
		return COMMAND_WHOLE;
	}
	for (const struct command *command = commands; command->name; command++)
		if (!strcmp(argv[1], command->name))
			return command->run(argc - 1, argv + 1);
	fprintf(stderr, "flowrec: no such command: %s; see flowrec --help\n", argv[1]);
	return COMMAND_MISUSE;
}
