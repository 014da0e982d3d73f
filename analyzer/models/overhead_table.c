/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELECT * FROM overhead('resamples=5000,seed=2,group=workload'): what the arms of a paired
 * experiment differ in from its baseline: for each command, arm and metric a row. With another
 * arm as the second argument, what they differ in from that one.
 */
#include "analyzer/models/model_table.h"
#include "analyzer/models/options.h"
#include "analyzer/models/overhead.h"
#include "analyzer/models/overhead_pairs.h"
#include "analyzer/models/overhead_runs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chosen {
	uint64_t resamples, seed, group;
};

static const char *const group_names[] = {"workload", "machine", "agent", "all", NULL};
#define ALL_GROUPS 3

#define OPTION(name, least, most)                                                     \
	{                                                                             \
#name, OPTION_COUNT, offsetof(struct chosen, name), least, most, NULL \
	}

static const struct option options[] = {
	OPTION(resamples, 100, 1000000),
	OPTION(seed, 0, UINT64_MAX),
	{"group", OPTION_WORD, offsetof(struct chosen, group), 0, 0, group_names},
};

static void put_row(struct model_rows *rows, const char *recording_id,
		    const struct overhead_row *row)
{
	model_put_text(rows, recording_id);
	model_put_text(rows, row->command);
	model_put_text(rows, row->arm);
	model_put_text(rows, row->role);
	model_put_text(rows, row->metric->name);
	model_put_text(rows, row->metric->unit);
	model_put_integer(rows, row->pairs);
	model_put_integer(rows, row->left_out);
	model_put_real(rows, row->baseline);
	model_put_real(rows, row->value);
	model_put_real(rows, row->difference);
	model_put_real(rows, row->low);
	model_put_real(rows, row->high);
	model_put_real(rows, row->percent);
	model_put_real(rows, row->percent_low);
	model_put_real(rows, row->percent_high);
	model_put_real(rows, row->p);
	model_put_real(rows, row->adjusted);
	model_put_real(rows, row->confidence);
	model_put_real(rows, row->repeat);
	model_put_real(rows, row->repeat_low);
	model_put_real(rows, row->repeat_high);
	model_put_real(rows, row->repeat_percent_low);
	model_put_real(rows, row->repeat_percent_high);
	model_put_real(rows, row->detectable);
	model_put_real(rows, row->detectable_percent);
	model_put_text(rows, overhead_verdict_names[row->verdict]);
}

/* Another arm takes the baseline's place; what it repeats is not known. */
static int take_as_baseline(struct overhead_runs *runs, const char *arm, char **problem)
{
	int is_there = 0;

	for (size_t i = 0; i < runs->count; i++)
		is_there |= !strcmp(runs->rows[i].arm, arm);
	if (!is_there)
		return asprintf(problem, "there is no arm '%s'", arm) < 0 ? -ENOMEM : -EINVAL;
	for (size_t i = 0; i < runs->count; i++)
		runs->rows[i].role = strcmp(runs->rows[i].arm, arm) ? "candidate" : "baseline";
	return 0;
}

/* Whether there is a baseline and an arm to compare with it. */
static int is_experiment(const struct overhead_runs *runs)
{
	struct overhead_arm *arms = NULL;
	size_t count = 0;

	if (overhead_arms(runs->rows, runs->count, &arms, &count))
		return 0;
	free(arms);
	return count != 0;
}

static int run(struct recording *recording, const char *recording_id,
	       const char *const *arguments, struct model_rows *rows, char **problem)
{
	struct chosen chosen = {.resamples = 2000, .seed = 1, .group = ALL_GROUPS};
	struct overhead_runs runs = {0};
	struct overhead_row *found = NULL;
	struct overhead_options wanted;
	size_t count = 0;
	int error = options_parse(arguments[0], options, sizeof(options) / sizeof(options[0]),
				  &chosen, problem);

	wanted = (struct overhead_options){
		.resamples = (size_t)chosen.resamples,
		.seed = chosen.seed,
		.groups = chosen.group == ALL_GROUPS ? ~0U : 1U << chosen.group,
	};
	if (!error)
		error = overhead_runs_read(recording, recording_id, &runs);
	if (!error && arguments[1])
		error = take_as_baseline(&runs, arguments[1], problem);
	if (!error)
		error = overhead_compare(runs.rows, runs.count, &wanted, &found, &count);
	if (!error && is_experiment(&runs))
		model_none_is_an_answer(rows);
	for (size_t i = 0; i < count && !error; i++)
		put_row(rows, recording_id, &found[i]);
	free(found);
	overhead_runs_clear(&runs);
	return error;
}

const struct model overhead_table_model = {
	.name = "overhead",
	.columns = "command TEXT, arm TEXT, role TEXT, metric TEXT, unit TEXT, "
		   "pairs INTEGER, pairs_left_out INTEGER, baseline REAL, value REAL, "
		   "difference REAL, difference_low REAL, difference_high REAL, "
		   "difference_percent REAL, low_percent REAL, high_percent REAL, "
		   "p REAL, p_adjusted REAL, confidence REAL, "
		   "repeat_difference REAL, repeat_low REAL, repeat_high REAL, "
		   "repeat_low_percent REAL, repeat_high_percent REAL, "
		   "detectable REAL, detectable_percent REAL, verdict TEXT",
	.arguments = "options TEXT, baseline_arm TEXT",
	.stream = STREAM_WORKLOAD,
	.remedy = "no runs of an experiment with a baseline and another arm; 'flowrec bench -o "
		  "DIR -- COMMAND' records one",
	.run = run,
};
