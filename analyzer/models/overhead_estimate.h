/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pairs of noisy runs allow to be said of their differences.
 *
 * The estimate is that of Hodges and Lehmann (1963), the median of the Walsh averages: a few
 * wild runs do not move it, and where there are none it is nearly as sharp as the mean. Its
 * interval is the bootstrap's, between percentiles that are widened for few values (Hesterberg,
 * "What Teachers Should Know About the Bootstrap", 2015, 5.3): without that, those of 6 to 20
 * pairs reach 88 to 93 % instead of 95.
 */
#ifndef ANALYZER_MODELS_OVERHEAD_ESTIMATE_H
#define ANALYZER_MODELS_OVERHEAD_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

struct overhead_estimate {
	size_t count;
	double value;
	double low, high;      /* 95 %; NaN for fewer than two values */
	double standard_error; /* of the estimate, from its resamples; NaN likewise */
	double p;	       /* Wilcoxon's signed rank, two-sided */
	/* What the best interval that needs no assumption reaches: less than 0.95 for fewer
	 * than 6 values. */
	double confidence;
};

/*
 * The same values, resamples and seed give the same estimate. Returns 0, -EINVAL without a
 * value or with one that is not finite, or -ENOMEM.
 */
int overhead_estimate(const double *values, size_t count, size_t resamples, uint64_t seed,
		      struct overhead_estimate *estimate);

/*
 * The smallest true difference that would have had p below alpha in 3 or 4 of 5 such
 * experiments. Of an estimator that is about normal this needs no more than its standard error,
 * which here is the bootstrap's, so that it holds for any distribution of the values.
 */
double overhead_detectable(const struct overhead_estimate *estimate, double alpha);

#endif
