/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole comparison: every metric judged by its rule, and what is not alike on both sides.
 */
#include "analyzer/compare/comparison.h"
#include "analyzer/compare/evidence.h"
#include "analyzer/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_required(const struct gate *gate, const char *metric)
{
	const char *pattern;

	for (size_t i = 0; (pattern = gate_required(gate, i)); i++)
		if (gate_fits(pattern, metric))
			return 1;
	return 0;
}

/* --- what is judged --- */

static double mean_of(const struct metric_values *values)
{
	double sum = 0;

	for (size_t i = 0; i < values->count; i++)
		sum += values->values[i];
	return sum / (double)values->count;
}

static int is_alike(const struct metric *metric, double tolerance)
{
	const struct metric_values *a = &metric->side[METRIC_BASELINE];
	const struct metric_values *b = &metric->side[METRIC_CANDIDATE];

	/* Older recordings do not say all. */
	if (!(a->count || a->text_count) || !(b->count || b->text_count))
		return 1;
	if (a->count && b->count && !a->text_count && !b->text_count)
		return fabs(mean_of(b) - mean_of(a)) <=
		       tolerance * fmax(fabs(mean_of(a)), fabs(mean_of(b)));
	if (a->text_count != b->text_count)
		return 0;
	for (size_t i = 0; i < a->text_count; i++)
		if (strcmp(a->texts[i], b->texts[i]))
			return 0;
	return 1;
}

/* The first of the contexts that is needed and is not alike, or NULL. */
static const char *find_unlike(const struct metrics *metrics, const struct gate *gate,
			       const char *needs)
{
	for (size_t i = 0; needs && i < metrics->count; i++) {
		const struct metric *metric = &metrics->list[i];

		if (metric->kind == METRIC_CONTEXT && gate_fits(needs, metric->name) &&
		    !is_alike(metric, gate_context(gate, metric->name).tolerance))
			return metric->name;
	}
	return NULL;
}

/* The median of each source is a value; those of a source lie in a row. */
static int take_medians(struct comparison_row *row, enum metric_side side)
{
	const struct metric_values *from = &row->metric->side[side];
	struct metric_values to = {.values = calloc(from->count + 1, sizeof(double))};
	int error = to.values ? 0 : -ENOMEM;

	row->medians[side] = to.values;
	for (size_t i = 0, next; i < from->count && !error; i = next) {
		next = i + 1;
		while (next < from->count && from->sources[next] == from->sources[i])
			next++;
		error = statistics_median(from->values + i, next - i, &to.values[to.count++]);
	}
	row->judged.side[side] = to;
	return error;
}

static int prepare(struct comparison_row *row, const struct metric *metric,
		   struct gate_rule *rule)
{
	struct judge_case *judged = &row->judged;
	int error = 0;

	row->metric = metric;
	row->name = metric->name;
	judged->kind = rule->kind < 0 ? metric->kind : (enum metric_kind)rule->kind;
	judged->better = rule->better ? rule->better : metric->better;
	judged->is_gated = rule->is_gated;
	judged->threshold = rule->threshold;
	judged->is_relative = rule->is_percent && judged->kind != METRIC_PROPORTION;
	row->is_per_recording = rule->is_per_recording && judged->kind == METRIC_SAMPLED;
	for (int side = 0; side < METRIC_SIDES && !error; side++) {
		judged->side[side] = metric->side[side];
		if (!metric->side[side].count && rule->has_absent)
			judged->side[side] =
				(struct metric_values){.values = &rule->absent, .count = 1};
		else if (row->is_per_recording)
			error = take_medians(row, (enum metric_side)side);
	}
	return error;
}

/* The judge takes cases in a row; the values that stand for absent ones live in the rules. */
static int judge_rows(struct comparison *out, const struct metrics *metrics,
		      const struct gate *gate)
{
	struct gate_rule *rules = calloc(metrics->count + 1, sizeof(*rules));
	struct judge_case *cases = calloc(metrics->count + 1, sizeof(*cases));
	int error = rules && cases ? 0 : -ENOMEM;

	for (size_t i = 0; i < metrics->count && !error; i++) {
		const struct metric *metric = &metrics->list[i];
		struct comparison_row *row;

		rules[i] = gate_rule(gate, metric->name);
		if (metric->kind == METRIC_CONTEXT || rules[i].is_ignored)
			continue;
		row = &out->rows[out->count];
		error = prepare(row, metric, &rules[i]);
		row->unlike = find_unlike(metrics, gate, rules[i].needs);
		row->judged.is_unlike = row->unlike != NULL;
		cases[out->count++] = row->judged;
	}
	if (!error)
		error = judge(cases, out->count, &out->rules);
	for (size_t i = 0; i < out->count && !error; i++) {
		struct comparison_row *row = &out->rows[i];

		row->judged = cases[i];
		out->tests += !isnan(cases[i].p_family);
		for (int side = 0; side < METRIC_SIDES; side++)
			if (!row->is_per_recording) /* no value of a rule's */
				row->judged.side[side] = row->metric->side[side];
	}
	free(rules);
	free(cases);
	return error;
}

/* What a rule requires and no metric fits is a row of its own. */
static void add_required(struct comparison *out, const struct gate *gate)
{
	const char *pattern;

	for (size_t i = 0; (pattern = gate_required(gate, i)); i++) {
		int is_there = 0;

		for (size_t j = 0; j < out->count && !is_there; j++)
			is_there = out->rows[j].metric && gate_fits(pattern, out->rows[j].name);
		if (!is_there)
			out->rows[out->count++] = (struct comparison_row){
				.name = pattern, .judged = {.verdict = JUDGE_MISSING}};
	}
}

static int by_verdict(const void *left, const void *right)
{
	const struct comparison_row *a = left, *b = right;

	if (a->judged.verdict != b->judged.verdict)
		return a->judged.verdict < b->judged.verdict ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* --- what is not alike --- */

static char *words_of(const struct metric_values *values)
{
	char *words = NULL;
	size_t size;
	FILE *out = open_memstream(&words, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < values->text_count; i++)
		fprintf(out, "%s%s", i ? "; " : "", values->texts[i]);
	if (values->count && !values->text_count)
		evidence_number(out, mean_of(values));
	if (fclose(out)) {
		free(words);
		words = NULL;
	}
	return words;
}

static int find_differences(struct comparison *out, const struct metrics *metrics,
			    const struct gate *gate)
{
	for (size_t i = 0; i < metrics->count; i++) {
		const struct metric *metric = &metrics->list[i];
		struct gate_context context = gate_context(gate, metric->name);
		struct comparison_difference *difference =
			&out->differences[out->difference_count];

		if (metric->kind != METRIC_CONTEXT || context.action == GATE_IGNORE ||
		    is_alike(metric, context.tolerance))
			continue;
		out->difference_count++;
		difference->key = metric->name;
		difference->action = context.action;
		for (int side = 0; side < METRIC_SIDES; side++) {
			difference->value[side] = words_of(&metric->side[side]);
			if (!difference->value[side])
				return -ENOMEM;
		}
	}
	return 0;
}

static void mark_failure(struct comparison *out, struct comparison_row *row,
			 const struct gate *gate, int missing_fails)
{
	int is_missing = row->judged.verdict == JUDGE_MISSING;
	int is_wanted = is_missing && is_required(gate, row->name);

	out->required += is_wanted != 0;
	row->is_failure = row->judged.verdict == JUDGE_REGRESSED || is_wanted ||
			  (is_missing && missing_fails && row->judged.is_gated);
	out->failures += row->is_failure != 0;
}

static size_t count_required(const struct gate *gate)
{
	size_t count = 0;

	while (gate_required(gate, count))
		count++;
	return count;
}

int comparison_make(const struct metrics *metrics, const struct gate *gate, int missing_fails,
		    struct comparison *out)
{
	size_t most = metrics->count + count_required(gate) + 1;
	int error = 0;

	*out = (struct comparison){
		.rules = {.alpha = gate_alpha(gate), .samples = gate_samples(gate)},
		.rows = calloc(most, sizeof(*out->rows)),
		.differences = calloc(most, sizeof(*out->differences)),
	};
	if (!out->rows || !out->differences)
		error = -ENOMEM;
	if (!error)
		error = judge_rows(out, metrics, gate);
	if (!error)
		error = find_differences(out, metrics, gate);
	if (!error) {
		add_required(out, gate);
		qsort(out->rows, out->count, sizeof(*out->rows), by_verdict);
	}
	for (size_t i = 0; i < out->count && !error; i++) {
		struct comparison_row *row = &out->rows[i];

		out->verdicts[row->judged.verdict]++;
		mark_failure(out, row, gate, missing_fails);
		row->evidence = evidence_of(row, &out->rules);
		error = row->evidence ? 0 : -ENOMEM;
	}
	if (error)
		comparison_free(out);
	return error;
}

void comparison_free(struct comparison *comparison)
{
	for (size_t i = 0; comparison->rows && i < comparison->count; i++) {
		free(comparison->rows[i].evidence);
		for (int side = 0; side < METRIC_SIDES; side++)
			free(comparison->rows[i].medians[side]);
	}
	for (size_t i = 0; comparison->differences && i < comparison->difference_count; i++)
		for (int side = 0; side < METRIC_SIDES; side++)
			free(comparison->differences[i].value[side]);
	free(comparison->rows);
	free(comparison->differences);
	*comparison = (struct comparison){0};
}
