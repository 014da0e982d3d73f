/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the runs that are compared with each other.
 */
#include "analyzer/models/overhead_pairs.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- arms --- */

static int is_of(const struct workload_row *run, const char *command, const char *arm)
{
	return !strcmp(run->arm, arm) && !strcmp(run->command, command);
}

static const char *find_baseline(const struct workload_row *runs, size_t count,
				 const char *command)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(runs[i].role, "baseline") && !strcmp(runs[i].command, command))
			return runs[i].arm;
	return NULL;
}

static int is_known(const struct overhead_arm *arms, size_t count,
		    const struct workload_row *run)
{
	for (size_t i = 0; i < count; i++)
		if (is_of(run, arms[i].command, arms[i].name))
			return 1;
	return 0;
}

static int add_arm(struct overhead_arm **arms, size_t *count, struct overhead_arm arm)
{
	struct overhead_arm *more = reallocarray(*arms, *count + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	*arms = more;
	more[(*count)++] = arm;
	return 0;
}

/* All arms, baselines among them; those have themselves as a baseline. */
static int list_arms(const struct workload_row *runs, size_t count, struct overhead_arm **arms,
		     size_t *arm_count)
{
	for (size_t i = 0; i < count; i++) {
		const struct workload_row *run = &runs[i];

		if (is_known(*arms, *arm_count, run))
			continue;
		if (add_arm(arms, arm_count,
			    (struct overhead_arm){.command = run->command,
						  .name = run->arm,
						  .role = run->role,
						  .baseline = find_baseline(runs, count,
									    run->command)}))
			return -ENOMEM;
	}
	return 0;
}

static int is_compared(const struct overhead_arm *arm)
{
	return arm->baseline && strcmp(arm->baseline, arm->name);
}

/* Whether arms[i] is the first of its command. */
static int begins_command(const struct overhead_arm *arms, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(arms[j].command, arms[i].command))
			return 0;
	return 1;
}

static size_t put_command(const struct overhead_arm *from, size_t count, const char *command,
			  struct overhead_arm *to)
{
	size_t kept = 0;

	for (int repeats = 1; repeats >= 0; repeats--)
		for (size_t i = 0; i < count; i++)
			if (is_compared(&from[i]) && !strcmp(from[i].command, command) &&
			    (strcmp(from[i].role, "repeat") == 0) == repeats)
				to[kept++] = from[i];
	return kept;
}

int overhead_arms(const struct workload_row *runs, size_t count, struct overhead_arm **out,
		  size_t *out_count)
{
	struct overhead_arm *all = NULL, *arms;
	size_t all_count = 0, kept = 0;

	if (list_arms(runs, count, &all, &all_count)) {
		free(all);
		return -ENOMEM;
	}
	arms = calloc(all_count + 1, sizeof(*arms));
	for (size_t i = 0; arms && i < all_count; i++)
		if (begins_command(all, i))
			kept += put_command(all, all_count, all[i].command, arms + kept);
	free(all);
	if (!arms)
		return -ENOMEM;
	*out = arms;
	*out_count = kept;
	return 0;
}

/* --- an arm's runs --- */

/* Runs by pair; those that are no evidence are among them. */
struct series {
	const struct workload_row **runs;
	size_t count;
	int is_metered; /* which of its runs are meant */
	int has_agent;
};

static int by_pair(const void *a, const void *b)
{
	const struct workload_row *left = *(const struct workload_row *const *)a;
	const struct workload_row *right = *(const struct workload_row *const *)b;

	if (left->pair != right->pair)
		return left->pair < right->pair ? -1 : 1;
	if (left->start_ns != right->start_ns)
		return left->start_ns < right->start_ns ? -1 : 1;
	return left < right ? -1 : left > right;
}

static int is_evidence(const struct workload_row *run)
{
	return !run->exit_status;
}

/* Whether runs without statistics know the metric. */
static int know_plainly(const struct series *series, const struct overhead_metric *metric)
{
	for (size_t i = 0; i < series->count; i++)
		if (!series->runs[i]->statistics_ns && is_evidence(series->runs[i]) &&
		    metric->value(series->runs[i]) > 0)
			return 1;
	return 0;
}

/* Keep what is meant of each pair: the first that is evidence, else one that shows it failed.
 */
static void thin(struct series *series)
{
	size_t kept = 0;

	for (size_t i = 0; i < series->count; i++) {
		const struct workload_row *run = series->runs[i];

		if ((run->statistics_ns > 0) != series->is_metered)
			continue;
		if (!kept || series->runs[kept - 1]->pair != run->pair)
			series->runs[kept++] = run;
		else if (!is_evidence(series->runs[kept - 1]))
			series->runs[kept - 1] = run;
	}
	series->count = kept;
}

static int series_make(const struct workload_row *runs, size_t count, const char *command,
		       const char *arm, struct series *series)
{
	*series = (struct series){.runs = calloc(count + 1, sizeof(*series->runs))};
	if (!series->runs)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (!runs[i].pair || !is_of(&runs[i], command, arm))
			continue;
		series->runs[series->count++] = &runs[i];
		series->has_agent |= runs[i].agent != NULL;
	}
	qsort(series->runs, series->count, sizeof(*series->runs), by_pair);
	return 0;
}

/* --- pairs --- */

static void add_pair(struct overhead_pairs *pairs, const struct overhead_metric *metric,
		     const struct workload_row *baseline, const struct workload_row *other)
{
	struct overhead_pair pair = {
		.baseline = baseline,
		.other = other,
		.baseline_value = baseline ? metric->value(baseline) : 0,
		.value = metric->value(other),
	};

	if ((baseline && !is_evidence(baseline)) || !is_evidence(other) ||
	    !isfinite(pair.baseline_value) || !isfinite(pair.value))
		pairs->left_out++;
	else
		pairs->pair[pairs->count++] = pair;
}

static void join(const struct series *baseline, const struct series *other,
		 const struct overhead_metric *metric, struct overhead_pairs *pairs)
{
	size_t i = 0, j = 0;

	while (i < baseline->count && j < other->count) {
		const struct workload_row *left = baseline->runs[i], *right = other->runs[j];

		if (left->pair == right->pair)
			add_pair(pairs, metric, left, right);
		else
			pairs->left_out++;
		i += left->pair <= right->pair;
		j += right->pair <= left->pair;
	}
	pairs->left_out += baseline->count - i + other->count - j;
}

static void make(struct series *baseline, struct series *other,
		 const struct overhead_metric *metric, struct overhead_pairs *pairs)
{
	int is_alone = metric->group == OVERHEAD_AGENT && !baseline->has_agent;
	int is_metered = metric->evidence == OVERHEAD_METERED ||
			 (metric->evidence == OVERHEAD_EITHER && !know_plainly(other, metric));
	double most = 0;

	baseline->is_metered = other->is_metered = is_metered;
	thin(baseline);
	thin(other);
	if (is_alone)
		for (size_t i = 0; i < other->count; i++)
			add_pair(pairs, metric, NULL, other->runs[i]);
	else
		join(baseline, other, metric, pairs);
	for (size_t i = 0; i < pairs->count; i++)
		most = fmax(most, fmax(pairs->pair[i].value, pairs->pair[i].baseline_value));
	if (!(most > 0))
		pairs->count = 0;
}

int overhead_pairs_make(const struct workload_row *runs, size_t count,
			const struct overhead_arm *arm, const struct overhead_metric *metric,
			struct overhead_pairs *out)
{
	struct series baseline = {0}, other = {0};
	struct overhead_pairs pairs = {0};
	int error = series_make(runs, count, arm->command, arm->baseline, &baseline);

	if (!error)
		error = series_make(runs, count, arm->command, arm->name, &other);
	if (!error) {
		pairs.pair = calloc(other.count + 1, sizeof(*pairs.pair));
		error = pairs.pair ? 0 : -ENOMEM;
	}
	if (!error) {
		make(&baseline, &other, metric, &pairs);
		*out = pairs;
	}
	free(baseline.runs);
	free(other.runs);
	return error;
}

void overhead_pairs_clear(struct overhead_pairs *pairs)
{
	free(pairs->pair);
	*pairs = (struct overhead_pairs){0};
}
