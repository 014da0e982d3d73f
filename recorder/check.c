/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command flowrec check: what this kernel allows, feature by feature.
 */
#include "recorder/commands.h"
#include "recorder/probes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static const char help[] =
	"Usage: flowrec check\n"
	"\n"
	"Load and attach every probe for a moment and say which of them this kernel allows, and\n"
	"what is missing without the others. Nothing is recorded.\n"
	"\n"
	"Exit status: 0 every probe is there; 1 nothing can be recorded here; 3 something is\n"
	"missing; 64 misuse.\n"
	"\n"
	"Example:\n"
	"  flowrec check\n";

int check_command(int argc, char **argv)
{
	const struct probes_options options = {0};
	const struct probe *plan;
	struct probes *probes;
	struct utsname host;
	char *problem;
	size_t count;
	int status = COMMAND_WHOLE;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return COMMAND_WHOLE;
	}
	if (argc > 1)
		return command_misuse("check", "unexpected word", argv[1]);
	if (probes_open(&options, &probes, &problem)) {
		fprintf(stderr, "flowrec check: %s\n", problem ? problem : strerror(ENOMEM));
		free(problem);
		return COMMAND_TROUBLE;
	}
	uname(&host);
	printf("kernel %s (%s)\n\n%-18s  %-28s  %s\n", host.release, host.machine, "feature",
	       "probe", "state");
	plan = probes_plan(probes, &count);
	for (size_t i = 0; i < count; i++) {
		printf("%-18s  %-28s  %s%s%s\n", plan[i].feature, plan[i].variant,
		       plan[i].state == PROBE_CHOSEN ? "attached" : "missing",
		       plan[i].explanation[0] ? ": " : "", plan[i].explanation);
		if (!probes_have(probes, plan[i].alternative->feature))
			status = COMMAND_PARTIAL;
	}
	probes_close(probes);
	return status;
}
