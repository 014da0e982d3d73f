/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rounds give: medians and quartiles, and CPU time to begin with.
 */
#include "testdata/bench/kernel/kernel.h"

#include <stdlib.h>
#include <time.h>

void samples_add(struct samples *samples, double value)
{
	if (samples->count < ROUNDS_MOST)
		samples->values[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Between the two nearest values, as R and NumPy do by default. */
static double quantile(const struct samples *sorted, double part)
{
	double at = part * (sorted->count - 1);
	int below = (int)at;
	int above = below + 1 < sorted->count ? below + 1 : below;

	return sorted->values[below] +
	       (at - below) * (sorted->values[above] - sorted->values[below]);
}

struct summary samples_summary(const struct samples *samples)
{
	struct samples sorted = *samples;

	if (!sorted.count)
		return (struct summary){0};
	qsort(sorted.values, (size_t)sorted.count, sizeof(*sorted.values), compare);
	return (struct summary){
		.median = quantile(&sorted, 0.5),
		.low = quantile(&sorted, 0.25),
		.high = quantile(&sorted, 0.75),
	};
}

double thread_cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
