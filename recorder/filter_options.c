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

const char filter_options_help[] =
	"Filters: --only KIND=VALUE,... records what one of the values matches, --not\n"
	"KIND=VALUE,... what none does. Both may be given often, for one kind or many: what is\n"
	"recorded has passed every kind, and --not counts more than --only.\n"
	"\n"
	"  net        address or network, of either end: 10.0.0.0/8, 2001:db8::1\n"
	"  within     the same for both ends: each of them lies in one of the values\n"
	"  port       port or range of ports, of either end (TCP, UDP, SCTP): 22, 8000-8100\n"
	"  proto      protocol by name or number: tcp, icmp, 47\n"
	"  interface  name, begin of one, or index: eth0, veth*, 3; web/eth0 in namespace web\n"
	"  netns      network namespace: name for ip netns, path, or inode number\n"
	"  cgroup     process in that cgroup or below it: /system.slice/ssh.service\n"
	"  exe        process of that name, or with that begin: nginx, java*\n"
	"\n"
	"--sample 1/N records one in N connections, all of their packets at every hop; which ones\n"
	"is decided by a hash of their tuple and by --sample-seed (default: a random one, which the\n"
	"recording's table probe tells). Times sampling_rate, sums are without bias.\n"
	"What a filter or a sample leaves out is counted, by kind: flowplay report losses.\n";

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
	static const struct {
		uint32_t kind;
		const char *name;
	} kinds[] = {
		{RULES_INTERFACE, "interface"},
		{RULES_NETNS, "netns"},
		{RULES_CGROUP, "cgroup"},
		{RULES_EXECUTABLE, "exe"},
	};
	uint64_t seed;

	if (!filter)
		return -1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (filter->settings.kinds & ~known_kinds & kinds[i].kind)
			return command_misuse(command, "there is nothing here to filter by",
					      kinds[i].name);
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
