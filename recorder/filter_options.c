/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a command that make its filter.
 */
#include "recorder/filter_options.h"
#include "recorder/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const struct line {
	uint32_t kind;
	const char *name, *help;
} lines[] = {
	{RULES_NET, "net", "address or network, of either end: 10.0.0.0/8, 2001:db8::1"},
	{RULES_WITHIN, "within",
	 "the same for both ends: each of them lies in one of the values"},
	{RULES_PORT, "port", "port or range of ports, of either end: 22, 8000-8100"},
	{RULES_PROTOCOL, "proto", "protocol by name or number: tcp, icmp, 47"},
	{RULES_INTERFACE, "interface",
	 "name, begin of one, or index: eth0, veth*, 3; in namespace web: web/eth0"},
	{RULES_NETNS, "netns", "network namespace: name for ip netns, path, or inode number"},
	{RULES_CGROUP, "cgroup",
	 "process in that cgroup or below it: /system.slice/ssh.service"},
	{RULES_EXECUTABLE, "exe", "process of that name, or with that begin: nginx, java*"},
};

#define LINES (sizeof(lines) / sizeof(lines[0]))

void filter_options_help(FILE *out, uint32_t known_kinds)
{
	fputs("\n"
	      "Filters: --only KIND=VALUE,... records what one of the values matches, --not\n"
	      "KIND=VALUE,... what none of them does. Both may be given often, for one kind or\n"
	      "many: what is recorded has passed every kind, and --not counts more than --only.\n"
	      "\n",
	      out);
	for (size_t i = 0; i < LINES; i++)
		if (lines[i].kind & known_kinds)
			fprintf(out, "  %-9s  %s\n", lines[i].name, lines[i].help);
	fputs("\n"
	      "--sample 1/N records one in N connections, all of their packets at every hop.\n"
	      "Which ones, a hash of their tuple says, and --sample-seed (default: a random one,\n"
	      "which the recording's table probe tells). Times sampling_rate, sums have no bias.\n"
	      "What a filter or a sample leaves out is counted, by kind: flowplay report losses.\n",
	      out);
}

static int refuse(const char *command, int error, const struct filter_problem *problem)
{
	if (error == -ENOMEM) {
		fprintf(stderr, "flowrec %s: %s\n", command, strerror(ENOMEM));
		return COMMAND_TROUBLE;
	}
	return command_misuse(command, problem->what, problem->word);
}

int filter_option(const char *command, int option, const char *value, struct filter **filter)
{
	struct filter_problem problem;
	uint64_t seed;
	char *end;
	int error;

	if (!*filter)
		*filter = filter_new();
	if (!*filter)
		return refuse(command, -ENOMEM, NULL);
	switch (option) {
	case FILTER_OPTION_ONLY:
		error = filter_add(*filter, RULE_ALLOW, value, &problem);
		break;
	case FILTER_OPTION_NOT:
		error = filter_add(*filter, RULE_DENY, value, &problem);
		break;
	case FILTER_OPTION_SAMPLE:
		error = filter_sample(*filter, value, &problem);
		break;
	default:
		errno = 0;
		seed = strtoull(value, &end, 0);
		if (*value < '0' || *value > '9' || *end || errno)
			return command_misuse(
				command, "--sample-seed takes a number of 64 bits, not", value);
		(*filter)->has_seed = 1;
		filter_seed(*filter, seed);
		return -1;
	}
	return error ? refuse(command, error, &problem) : -1;
}

int filter_options_end(const char *command, uint32_t known_kinds, struct filter *filter)
{
	uint64_t seed;

	if (!filter)
		return -1;
	for (size_t i = 0; i < LINES; i++)
		if (filter->settings.kinds & ~known_kinds & lines[i].kind)
			return command_misuse(command, "there is nothing here to filter by",
					      lines[i].name);
	if (filter->settings.kinds & RULES_SAMPLE && !filter->has_seed) {
		if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
			fprintf(stderr, "flowrec %s: no random seed: %s\n", command,
				strerror(errno));
			return COMMAND_TROUBLE;
		}
		filter_seed(filter, seed);
	}
	return -1;
}

static int store_missing(const char *command, const struct filter_values *values,
			 const char *what, struct inventory *inventory)
{
	char explanation[64];
	int error = 0;

	snprintf(explanation, sizeof(explanation), "at the start there is no such %s", what);
	for (size_t i = 0; i < values->count && !error; i++) {
		const struct filter_value *value = &values->list[i];

		if (!value->text || value->inode)
			continue;
		fprintf(stderr, "flowrec %s: there is no such %s yet: %s\n", command, what,
			value->text);
		error = inventory_probe(inventory, "filter", value->text, 0, explanation);
	}
	return error;
}

int filter_options_store(const char *command, const struct filter *filter,
			 struct inventory *inventory)
{
	char explanation[96];
	int error = 0;

	if (!filter)
		return 0;
	if (filter->settings.kinds & RULES_SAMPLE) {
		snprintf(explanation, sizeof(explanation),
			 "one in %" PRIu32 " connections, seed 0x%016" PRIx64,
			 filter->sampling_rate, filter->sample_seed);
		error = inventory_probe(inventory, "sample", "flow hash", 1, explanation);
	}
	if (!error)
		error = store_missing(command, &filter->namespaces, "network namespace",
				      inventory);
	if (!error)
		error = store_missing(command, &filter->interfaces, "network namespace",
				      inventory);
	return error ? error : store_missing(command, &filter->cgroups, "cgroup", inventory);
}
