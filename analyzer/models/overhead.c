/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the arms of a paired experiment: command by command, arm by arm, metric by metric.
 */
#include "analyzer/models/overhead.h"
#include "analyzer/models/overhead_pairs.h"
#include "analyzer/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define METRICS_MOST 64

const char *const overhead_verdict_names[] = {
	[OVERHEAD_MORE] = "more",
	[OVERHEAD_LESS] = "less",
	[OVERHEAD_NONE_SEEN] = "none seen",
	[OVERHEAD_WITHIN_REPEAT] = "within A/A",
	[OVERHEAD_TOO_FEW_PAIRS] = "too few pairs",
	[OVERHEAD_NOT_RESOLVED] = "not resolved",
	[OVERHEAD_MEASURED] = "measured",
	NULL,
};

struct comparison {
	const struct workload_row *runs;
	size_t count;
	const struct overhead_options *options;
	struct overhead_row *rows;
	size_t row_count, room;
};

/* What stays in a row's estimate until the family is complete. */
struct pending {
	struct overhead_row row;
	struct overhead_estimate estimate;
	int is_ratio;
};

/* --- one metric of one arm --- */

/* From the estimate's scale to the metric's unit. */
static double in_unit(const struct pending *pending, double value)
{
	return pending->is_ratio ? pending->row.baseline * expm1(value) : value;
}

static double in_percent(const struct pending *pending, double value)
{
	return pending->is_ratio ? 100 * expm1(value) : NAN;
}

static void describe(struct pending *pending)
{
	const struct overhead_estimate *estimate = &pending->estimate;
	struct overhead_row *row = &pending->row;

	row->difference = in_unit(pending, estimate->value);
	row->low = in_unit(pending, estimate->low);
	row->high = in_unit(pending, estimate->high);
	row->percent = in_percent(pending, estimate->value);
	row->percent_low = in_percent(pending, estimate->low);
	row->percent_high = in_percent(pending, estimate->high);
	row->p = estimate->p;
	row->confidence = estimate->confidence;
}

/* Nothing but how many pairs there were may be said. */
static void withhold(struct overhead_row *row)
{
	row->baseline = row->value = row->difference = row->low = row->high = NAN;
	row->percent = row->percent_low = row->percent_high = row->p = row->confidence = NAN;
}

/*
 * Whether runs have operations enough. A few that do not are no worse than other wild ones; to
 * leave them out would be to choose by the outcome, as a run with few operations was slow.
 */
static int is_borne(const struct overhead_metric *metric, const struct overhead_pairs *pairs)
{
	size_t borne = 0;

	for (size_t i = 0; i < pairs->count; i++)
		borne += overhead_metric_bears(metric, pairs->pair[i].baseline) &&
			 overhead_metric_bears(metric, pairs->pair[i].other);
	return 10 * borne >= 9 * pairs->count;
}

static int medians(const struct overhead_pairs *pairs, double *scratch,
		   struct overhead_row *row)
{
	int error;

	for (size_t i = 0; i < pairs->count; i++)
		scratch[i] = pairs->pair[i].value;
	error = statistics_median(scratch, pairs->count, &row->value);
	for (size_t i = 0; i < pairs->count; i++)
		scratch[i] = pairs->pair[i].baseline_value;
	return error ? error : statistics_median(scratch, pairs->count, &row->baseline);
}

/* Differences, of logarithms where there are such. Returns whether. */
static int differ(const struct overhead_pairs *pairs, double *differences)
{
	int is_ratio = 1;

	for (size_t i = 0; i < pairs->count; i++)
		is_ratio &= pairs->pair[i].value > 0 && pairs->pair[i].baseline_value > 0;
	for (size_t i = 0; i < pairs->count; i++) {
		const struct overhead_pair *pair = &pairs->pair[i];

		differences[i] = is_ratio ? log(pair->value / pair->baseline_value)
					  : pair->value - pair->baseline_value;
	}
	return is_ratio;
}

static int estimate(const struct overhead_options *options, const struct overhead_pairs *pairs,
		    struct pending *pending)
{
	double *scratch = calloc(pairs->count, sizeof(*scratch));
	int error = -ENOMEM;

	if (scratch)
		error = medians(pairs, scratch, &pending->row);
	if (!error) {
		pending->is_ratio = differ(pairs, scratch);
		error = overhead_estimate(scratch, pairs->count, options->resamples,
					  options->seed, &pending->estimate);
	}
	free(scratch);
	if (!error)
		describe(pending);
	return error;
}

/* --- a family of metrics --- */

/* Whether the clearest difference of so many pairs would be significant. */
static int are_enough(size_t pairs, size_t family)
{
	return ldexp((double)family, 1 - (int)(pairs < 1000 ? pairs : 1000)) < OVERHEAD_ALPHA;
}

/* How far a difference must reach because A/A's does; 0 where that shows none. */
static double repeat_bound(const struct overhead_row *row)
{
	if (isnan(row->repeat_low) || (row->repeat_low <= 0 && row->repeat_high >= 0))
		return 0;
	return fmax(fabs(row->repeat_low), fabs(row->repeat_high));
}

static enum overhead_verdict judge(const struct overhead_row *row, size_t family)
{
	double bound = repeat_bound(row);

	if (row->verdict == OVERHEAD_NOT_RESOLVED || row->verdict == OVERHEAD_MEASURED)
		return row->verdict;
	if (!are_enough(row->pairs, family))
		return OVERHEAD_TOO_FEW_PAIRS;
	if (!(row->adjusted < OVERHEAD_ALPHA) || (row->low <= 0 && row->high >= 0))
		return OVERHEAD_NONE_SEEN;
	if (row->low <= bound && row->high >= -bound)
		return OVERHEAD_WITHIN_REPEAT;
	return row->difference > 0 ? OVERHEAD_MORE : OVERHEAD_LESS;
}

/* The members of a family: where something could be claimed. */
static size_t gather(const struct pending *pending, size_t count, enum overhead_group group,
		     size_t *members)
{
	size_t family = 0;

	for (size_t i = 0; i < count; i++)
		if (pending[i].row.metric->group == group &&
		    pending[i].row.verdict != OVERHEAD_NOT_RESOLVED &&
		    pending[i].row.verdict != OVERHEAD_MEASURED)
			members[family++] = i;
	return family;
}

static void judge_group(struct pending *pending, size_t count, enum overhead_group group)
{
	size_t members[METRICS_MOST], family = gather(pending, count, group, members);
	double p[METRICS_MOST] = {0};

	for (size_t i = 0; i < family; i++)
		p[i] = pending[members[i]].row.p;
	if (family)
		statistics_holm(p, family, p);
	for (size_t i = 0; i < family; i++)
		pending[members[i]].row.adjusted = p[i];
	for (size_t i = 0; i < count; i++) {
		struct overhead_row *row = &pending[i].row;
		double detectable;

		if (row->metric->group != group)
			continue;
		row->verdict = judge(row, family);
		if (row->verdict == OVERHEAD_MEASURED || pending[i].estimate.count < 2)
			continue;
		detectable = overhead_detectable(
			&pending[i].estimate, OVERHEAD_ALPHA / (double)(family ? family : 1));
		row->detectable = in_unit(&pending[i], detectable);
		row->detectable_percent = in_percent(&pending[i], detectable);
		if (row->verdict == OVERHEAD_NOT_RESOLVED)
			withhold(row);
	}
}

/* --- an arm --- */

/* What the repeats of the baseline show of the same metric. */
static void set_repeat(const struct comparison *comparison, struct overhead_row *row)
{
	for (size_t i = 0; i < comparison->row_count; i++) {
		const struct overhead_row *repeat = &comparison->rows[i];

		if (repeat->metric != row->metric || strcmp(repeat->role, "repeat") ||
		    strcmp(repeat->command, row->command) || isnan(repeat->low) ||
		    repeat_bound(row) > fmax(fabs(repeat->low), fabs(repeat->high)))
			continue;
		row->repeat = repeat->difference;
		row->repeat_low = repeat->low;
		row->repeat_high = repeat->high;
		row->repeat_percent_low = repeat->percent_low;
		row->repeat_percent_high = repeat->percent_high;
	}
}

/* Returns 1 where there is nothing to be said of the metric. */
static int compare_metric(const struct comparison *comparison, const struct overhead_arm *arm,
			  const struct overhead_metric *metric, struct pending *pending)
{
	struct overhead_pairs pairs;
	int error =
		overhead_pairs_make(comparison->runs, comparison->count, arm, metric, &pairs);

	if (error)
		return error;
	*pending = (struct pending){
		.row = {.metric = metric,
			.command = arm->command,
			.arm = arm->name,
			.role = arm->role,
			.pairs = pairs.count,
			.left_out = pairs.left_out,
			.adjusted = NAN,
			.repeat = NAN,
			.repeat_low = NAN,
			.repeat_high = NAN,
			.repeat_percent_low = NAN,
			.repeat_percent_high = NAN,
			.detectable = NAN,
			.detectable_percent = NAN,
			.verdict = OVERHEAD_NONE_SEEN},
	};
	error = pairs.count ? estimate(comparison->options, &pairs, pending) : 1;
	if (!error && !pairs.pair[0].baseline) {
		pending->row.verdict = OVERHEAD_MEASURED;
		pending->row.baseline = pending->row.p = NAN;
	} else if (!error && !is_borne(metric, &pairs)) {
		pending->row.verdict = OVERHEAD_NOT_RESOLVED;
	}
	overhead_pairs_clear(&pairs);
	return error;
}

static int keep(struct comparison *comparison, const struct pending *pending, size_t count)
{
	if (comparison->row_count + count > comparison->room) {
		size_t room = 2 * comparison->room + METRICS_MOST;
		struct overhead_row *rows = reallocarray(comparison->rows, room, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		comparison->rows = rows;
		comparison->room = room;
	}
	for (size_t i = 0; i < count; i++)
		comparison->rows[comparison->row_count++] = pending[i].row;
	return 0;
}

static int compare_arm(struct comparison *comparison, const struct overhead_arm *arm)
{
	struct pending *pending = calloc(METRICS_MOST, sizeof(*pending));
	const struct overhead_metric *metric;
	size_t count = 0;
	int error = pending ? 0 : -ENOMEM;

	for (size_t i = 0; !error && (metric = overhead_metric(i)); i++) {
		if (!(comparison->options->groups >> metric->group & 1))
			continue;
		error = compare_metric(comparison, arm, metric, &pending[count]);
		if (!error && strcmp(arm->role, "repeat"))
			set_repeat(comparison, &pending[count].row);
		count += !error;
		error = error == 1 ? 0 : error;
	}
	for (int group = OVERHEAD_WORKLOAD; !error && group <= OVERHEAD_AGENT; group++)
		judge_group(pending, count, (enum overhead_group)group);
	if (!error)
		error = keep(comparison, pending, count);
	free(pending);
	return error;
}

int overhead_compare(const struct workload_row *runs, size_t count,
		     const struct overhead_options *options, struct overhead_row **rows,
		     size_t *row_count)
{
	struct comparison comparison = {.runs = runs, .count = count, .options = options};
	struct overhead_arm *arms;
	size_t arm_count;
	int error = overhead_arms(runs, count, &arms, &arm_count);

	if (error)
		return error;
	for (size_t i = 0; i < arm_count && !error; i++)
		error = compare_arm(&comparison, &arms[i]);
	free(arms);
	if (error) {
		free(comparison.rows);
		return error;
	}
	*rows = comparison.rows;
	*row_count = comparison.row_count;
	return 0;
}
