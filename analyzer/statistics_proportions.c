/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two proportions: their difference, and whether it is chance.
 */
#include "analyzer/statistics.h"

#include <math.h>

#define EXACT_STEPS 1000000.0 /* tables that are summed up at most */
#define LOG_TINY    (-745.0)  /* e to this is no more than 0 */
#define EQUAL	    1e-7      /* R's: probabilities that differ by rounding alone */

void statistics_newcombe(double part, double whole, double other_part, double other_whole,
			 double confidence, double *low, double *high)
{
	double p = part / whole, q = other_part / other_whole, a, b, c, d;

	statistics_wilson(part, whole, confidence, &a, &b);
	statistics_wilson(other_part, other_whole, confidence, &c, &d);
	*low = q - p - hypot(q - c, b - p);
	*high = q - p + hypot(d - q, p - a);
}

static double log_choose(double n, double k)
{
	return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/* The normal test with the pooled variance. */
static double by_normal(double part, double whole, double other_part, double other_whole)
{
	double pooled = (part + other_part) / (whole + other_whole);
	double variance = pooled * (1 - pooled) * (1 / whole + 1 / other_whole);
	double difference = other_part / other_whole - part / whole;

	return variance > 0 ? erfc(fabs(difference) / sqrt(2 * variance)) : 1;
}

double statistics_fisher(double part, double whole, double other_part, double other_whole,
			 int *is_exact)
{
	double parts = part + other_part, all = whole + other_whole;
	double first = fmax(0, parts - whole), last = fmin(parts, other_whole);
	double base, seen, sum = 0, total = 0;

	*is_exact = last - first <= EXACT_STEPS;
	if (!(part >= 0 && whole > 0 && part <= whole && other_part >= 0 && other_whole > 0 &&
	      other_part <= other_whole && isfinite(all)))
		return NAN;
	if (!*is_exact)
		return by_normal(part, whole, other_part, other_whole);
	base = log_choose(all, parts);
	seen = log_choose(other_whole, other_part) + log_choose(whole, part) - base;
	for (double k = first; k <= last; k++) {
		double probability =
			log_choose(other_whole, k) + log_choose(whole, parts - k) - base;

		if (probability > LOG_TINY)
			total += exp(probability);
		if (probability > LOG_TINY && probability <= seen + EQUAL)
			sum += exp(probability);
	}
	return total > 0 ? fmin(1, sum / total) : 1;
}
