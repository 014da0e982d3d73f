/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a candidate is better or worse than its baseline, as far as the values can tell.
 */
#include "analyzer/compare/judge.h"
#include "analyzer/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SHIFT_MOST 1024 /* values of each side that the shift is estimated from */
#define ROUNDING   1e-9 /* of two sums of the same numbers */

const char *judge_verdict_name(enum judge_verdict verdict)
{
	static const char *const names[] = {
		[JUDGE_REGRESSED] = "regressed",
		[JUDGE_MISSING] = "missing",
		[JUDGE_INCONCLUSIVE] = "inconclusive",
		[JUDGE_IMPROVED] = "improved",
		[JUDGE_SAME] = "same",
		[JUDGE_INFORMATION] = "information",
	};

	return names[verdict];
}

static int has_values(const struct judge_case *c, enum metric_side side)
{
	return c->side[side].count && (c->kind != METRIC_PROPORTION || c->side[side].whole > 0);
}

static int has_enough(const struct judge_case *c, const struct judge_rules *rules)
{
	return c->kind != METRIC_SAMPLED || (c->side[METRIC_BASELINE].count >= rules->samples &&
					     c->side[METRIC_CANDIDATE].count >= rules->samples);
}

static int differ(const struct metric_values *values)
{
	for (size_t i = 1; i < values->count; i++)
		if (values->values[i] != values->values[0])
			return 1;
	return 0;
}

/*
 * Whether recordings enough tell by how much a count or a share is another each time: then a
 * change must be more than that. One that may not change at all is judged as it is.
 */
static int tells_noise(const struct judge_case *c, const struct judge_rules *rules)
{
	const struct metric_values *base = &c->side[METRIC_BASELINE];
	const struct metric_values *next = &c->side[METRIC_CANDIDATE];

	return c->kind != METRIC_SAMPLED && c->threshold > 0 && base->count >= rules->samples &&
	       next->count >= rules->samples && (differ(base) || differ(next));
}

/* What gets no verdict is no member of the family. */
static int is_tested(const struct judge_case *c, const struct judge_rules *rules)
{
	return c->verdict != JUDGE_MISSING && c->is_gated && c->better && !c->is_unlike &&
	       !isnan(c->p) && has_enough(c, rules);
}

/* Every so manieth value, where there are more than the shift is estimated from. */
static size_t thin(const struct metric_values *from, double *to)
{
	size_t count = from->count < SHIFT_MOST ? from->count : SHIFT_MOST;

	for (size_t i = 0; i < count; i++)
		to[i] = from->values[i * from->count / count];
	return count;
}

static int measure_shift(struct judge_case *c, double alpha)
{
	double *thinned = calloc(2 * SHIFT_MOST, sizeof(*thinned));
	struct statistics_shift shift;
	int error = -ENOMEM;

	if (thinned) {
		size_t first = thin(&c->side[METRIC_BASELINE], thinned);
		size_t second = thin(&c->side[METRIC_CANDIDATE], thinned + SHIFT_MOST);

		error = statistics_shift(thinned, first, thinned + SHIFT_MOST, second,
					 1 - alpha, &shift);
	}
	free(thinned);
	if (error)
		return error;
	c->change = shift.shift;
	if (shift.confidence + ROUNDING >= 1 - alpha) {
		c->low = shift.low;
		c->high = shift.high;
	}
	return 0;
}

/* Never less than a p that there is already. */
static int test_ranks(struct judge_case *c)
{
	const struct metric_values *base = &c->side[METRIC_BASELINE];
	const struct metric_values *next = &c->side[METRIC_CANDIDATE];
	struct statistics_test test;
	int error = statistics_mann_whitney(base->values, base->count, next->values,
					    next->count, &test);

	if (error || c->p >= test.two_sided)
		return error;
	c->p = test.two_sided;
	c->is_exact = test.is_exact;
	return 0;
}

static int measure_samples(struct judge_case *c, double alpha)
{
	int error = test_ranks(c);

	return error ? error : measure_shift(c, alpha);
}

static int measure_shares(struct judge_case *c, double alpha)
{
	const struct metric_values *base = &c->side[METRIC_BASELINE];
	const struct metric_values *next = &c->side[METRIC_CANDIDATE];

	c->change = c->value[METRIC_CANDIDATE] - c->value[METRIC_BASELINE];
	statistics_newcombe(base->part, base->whole, next->part, next->whole, 1 - alpha,
			    &c->low, &c->high);
	c->p = statistics_fisher(base->part, base->whole, next->part, next->whole,
				 &c->is_exact);
	return isnan(c->p) ? -EINVAL : 0;
}

/* The value of a side: its median, share or mean. */
static int describe(struct judge_case *c, enum metric_side side)
{
	const struct metric_values *values = &c->side[side];

	if (c->kind == METRIC_SAMPLED)
		return statistics_median(values->values, values->count, &c->value[side]);
	c->value[side] = c->kind == METRIC_PROPORTION
				 ? values->part / values->whole
				 : statistics_mean(values->values, values->count);
	return 0;
}

static int measure(struct judge_case *c, const struct judge_rules *rules)
{
	int error = 0;

	c->value[METRIC_BASELINE] = c->value[METRIC_CANDIDATE] = NAN;
	c->change = c->low = c->high = c->part = c->p = c->p_family = NAN;
	c->limit = c->is_relative ? NAN : c->threshold;
	c->reason = JUDGE_CLEAR;
	c->is_exact = 0;
	c->verdict = JUDGE_INFORMATION;
	for (int side = 0; side < METRIC_SIDES && !error; side++)
		if (!has_values(c, side))
			c->verdict = JUDGE_MISSING;
		else
			error = describe(c, side);
	if (error || c->verdict == JUDGE_MISSING)
		return error;
	if (c->kind == METRIC_SAMPLED)
		error = measure_samples(c, rules->alpha);
	else if (c->kind == METRIC_PROPORTION)
		error = measure_shares(c, rules->alpha);
	else
		c->change = c->value[METRIC_CANDIDATE] - c->value[METRIC_BASELINE];
	if (!error && tells_noise(c, rules))
		error = test_ranks(c);
	if (error)
		return error;
	if (!isfinite(c->change))
		return -EINVAL;
	if (c->value[METRIC_BASELINE] != 0)
		c->part = c->change / fabs(c->value[METRIC_BASELINE]);
	if (c->is_relative)
		c->limit = c->threshold * fabs(c->value[METRIC_BASELINE]);
	return 0;
}

/* Holm over what is tested. */
static int adjust(struct judge_case *cases, size_t count, const struct judge_rules *rules)
{
	double *p = calloc(count + 1, sizeof(*p));
	size_t tested = 0;
	int error = p ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !error; i++)
		if (is_tested(&cases[i], rules))
			p[tested++] = cases[i].p;
	if (!error)
		error = statistics_holm(p, tested, p);
	tested = 0;
	for (size_t i = 0; i < count && !error; i++)
		if (is_tested(&cases[i], rules))
			cases[i].p_family = p[tested++];
	free(p);
	return error;
}

static enum judge_verdict decide(struct judge_case *c, const struct judge_rules *rules)
{
	double rounding = ROUNDING * fmax(fabs(c->value[0]), fabs(c->value[1]));
	int is_beyond = fabs(c->change) > c->limit + rounding;
	int is_significant = isnan(c->p) || c->p_family < rules->alpha;

	if (c->is_unlike) {
		c->reason = JUDGE_UNLIKE;
		return JUDGE_INCONCLUSIVE;
	}
	if (!has_enough(c, rules)) {
		c->reason = JUDGE_FEW;
		return JUDGE_INCONCLUSIVE;
	}
	if (is_beyond && is_significant)
		return c->change * c->better > 0 ? JUDGE_IMPROVED : JUDGE_REGRESSED;
	if (c->kind == METRIC_EXACT
		    ? !is_beyond
		    : c->low >= -c->limit - rounding && c->high <= c->limit + rounding)
		return JUDGE_SAME;
	c->reason = c->kind == METRIC_EXACT ? JUDGE_SMALL
		    : isnan(c->low)	    ? JUDGE_FEW
		    : is_significant	    ? JUDGE_SMALL
					    : JUDGE_WIDE;
	return JUDGE_INCONCLUSIVE;
}

int judge(struct judge_case *cases, size_t count, const struct judge_rules *rules)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = measure(&cases[i], rules);
	if (!error)
		error = adjust(cases, count, rules);
	for (size_t i = 0; i < count && !error; i++)
		if (cases[i].verdict != JUDGE_MISSING && cases[i].is_gated && cases[i].better)
			cases[i].verdict = decide(&cases[i], rules);
	return error;
}
