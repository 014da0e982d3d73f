/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a command that make its filter.
 */
#ifndef RECORDER_FILTER_OPTIONS_H
#define RECORDER_FILTER_OPTIONS_H

#include "recorder/filter.h"
#include "recorder/inventory.h"

#include <getopt.h>
#include <stdio.h>

enum filter_option {
	FILTER_OPTION_ONLY = 1024,
	FILTER_OPTION_NOT,
	FILTER_OPTION_SAMPLE,
	FILTER_OPTION_SEED,
};

/* For the command's table of getopt_long. */
#define FILTER_OPTIONS                                                     \
	{"only", required_argument, NULL, FILTER_OPTION_ONLY},             \
		{"not", required_argument, NULL, FILTER_OPTION_NOT},       \
		{"sample", required_argument, NULL, FILTER_OPTION_SAMPLE}, \
	{                                                                  \
		"sample-seed", required_argument, NULL, FILTER_OPTION_SEED \
	}

/* What they are, and the kinds of rules that the command knows: behind the command's help. */
void filter_options_help(FILE *out, uint32_t known_kinds);

/*
 * Take one option into the filter, made with the first one. Returns -1 when it is in order,
 * else the command's exit status, the wrong word being told.
 */
int filter_option(const char *command, int option, const char *value, struct filter **filter);

/*
 * When all options are there: the sample's seed is drawn where none was given, and kinds of
 * rules that the command knows nothing of are refused. Returns as filter_option.
 */
int filter_options_end(const char *command, uint32_t known_kinds, struct filter *filter);

/*
 * Tell the inventory how the sample is drawn, and which namespaces and cgroups that rules name
 * are not there (yet); those are told on standard error, too. Returns 0 or -ENOMEM.
 */
int filter_options_store(const char *command, const struct filter *filter,
			 struct inventory *inventory);

#endif
