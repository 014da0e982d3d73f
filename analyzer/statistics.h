/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What small noisy samples allow to be said: tests by ranks, shifts with intervals, bootstrap.
 *
 * Values are in whatever unit the caller measured; estimates and limits come back in it.
 * Nothing is kept, nothing the caller passes is changed. Functions that return int return 0 or
 *
 *     -EINVAL  an empty sample, a NaN, or an argument out of its range
 *     -E2BIG   more than STATISTICS_DIFFERENCES_MAX differences
 *     -ENOMEM
 *
 * and then leave what they would have written. An infinite value is a value to the tests by
 * ranks, and -EINVAL where differences are taken.
 */
#ifndef ANALYZER_STATISTICS_H
#define ANALYZER_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

#define STATISTICS_EXACT_MAX	   50 /* values in each sample, up to which p is exact */
#define STATISTICS_DIFFERENCES_MAX (1 << 24)

/* --- plain descriptions --- */

void statistics_sort(double *values, size_t count);

/*
 * The quantile at 0..1 of sorted values: type 7 of Hyndman and Fan, "Sample quantiles in
 * statistical packages" (1996). NaN where there are none.
 */
double statistics_quantile(const double *sorted, size_t count, double at);

double statistics_mean(const double *values, size_t count);

/* The standard deviation of a sample (n - 1). NaN for fewer than two values. */
double statistics_deviation(const double *values, size_t count);

int statistics_median(const double *values, size_t count, double *median);

/* The median distance from the median, not scaled: 1.4826 of it estimate a normal deviation. */
int statistics_mad(const double *values, size_t count, double *mad);

/* --- distributions --- */

/* The value below which the part 0..1 of a standard normal distribution lies. */
double statistics_normal_quantile(double part);

/*
 * The same of Student's distribution; freedom is at least 1. Found by bisection of Abramowitz
 * and Stegun, 26.7.3 and 26.7.4, in time proportional to freedom.
 */
double statistics_student_quantile(double part, size_t freedom);

/* --- tests by ranks --- */

struct statistics_test {
	double statistic;
	double two_sided;
	double less, greater; /* p of one side: the second sample, the differences, are so */
	int is_exact;
};

/*
 * Mann and Whitney, "On a test of whether one of two random variables is stochastically larger
 * than the other" (1947). The statistic is U of the second sample: in how many pairs its value
 * is the larger one, equal ones counting half.
 *
 * Up to STATISTICS_EXACT_MAX values in each sample p is exact, with ties too: the share of all
 * divisions of the pooled midranks that are as extreme. Above it is normal, the variance
 * corrected for ties and U for continuity, as R's wilcox.test has it. (R takes the normal one
 * wherever there are ties.) Two-sided p is twice the smaller tail, at most 1; it differs from
 * counting distances from the mean where ties make the distribution lopsided. Where all values
 * are equal p is 1.
 */
int statistics_mann_whitney(const double *first, size_t first_count, const double *second,
			    size_t second_count, struct statistics_test *test);

/*
 * Wilcoxon, "Individual comparisons by ranking methods" (1945), of paired differences. Zeros
 * are left out. The statistic is the sum of the ranks of the positive ones. Exact up to
 * STATISTICS_EXACT_MAX differences that are not zero, normal above, as before.
 */
int statistics_signed_rank(const double *differences, size_t count,
			   struct statistics_test *test);

/* --- shifts --- */

struct statistics_shift {
	double shift, low, high;
	double confidence; /* what low..high reaches: few values may bear less than asked for */
};

/*
 * Hodges and Lehmann, "Estimates of location based on rank tests" (1963): the median of all
 * differences, second minus first, and those between which the shift lies whatever the
 * distribution (Hollander and Wolfe, "Nonparametric Statistical Methods", 4.3). confidence is
 * above 0 and below 1. Which differences: by the exact distribution of U up to
 * STATISTICS_EXACT_MAX in each sample, by the normal one above. Ties make the interval reach
 * more than it says, never less. Without ties, and where confidence reaches what was asked for,
 * it holds just the shifts whose exact two-sided p is not below 1 - confidence.
 */
int statistics_shift(const double *first, size_t first_count, const double *second,
		     size_t second_count, double confidence, struct statistics_shift *shift);

/*
 * The same of paired differences, by their Walsh averages (Hollander and Wolfe, 3.3): the mean
 * of every two, each with itself too. Zeros count, as they are evidence of no shift.
 */
int statistics_paired_shift(const double *differences, size_t count, double confidence,
			    struct statistics_shift *shift);

/* --- proportions, families, resolution --- */

/*
 * Wilson, "Probable inference, the law of succession, and statistical inference" (1927): where
 * the probability lies when so many of so many were seen. NaN where there are none.
 */
void statistics_wilson(double part, double whole, double confidence, double *low, double *high);

/*
 * Newcombe, "Interval estimation for the difference between independent proportions" (1998),
 * method 10: where the second probability minus the first one lies.
 */
void statistics_newcombe(double part, double whole, double other_part, double other_whole,
			 double confidence, double *low, double *high);

/*
 * Fisher's exact test, "The logic of inductive inference" (1935): p that both probabilities are
 * one, two-sided, as the sum of all tables that are no likelier. *is_exact is 0 where there are
 * more than a million: p is normal then, with the pooled variance. NaN where a part is not 0 to
 * its whole, or a whole is 0.
 */
double statistics_fisher(double part, double whole, double other_part, double other_whole,
			 int *is_exact);

/*
 * Holm, "A simple sequentially rejective multiple test procedure" (1979): p values such that
 * comparing each with alpha keeps the chance of any false alarm in the family below alpha.
 * adjusted has count values, in the order of p, and may be p.
 */
int statistics_holm(const double *p, size_t count, double *adjusted);

/*
 * The smallest true mean difference that so many pairs, whose differences have this standard
 * deviation, would have shown as significant at alpha (two-sided) with this power:
 * (t(1 - alpha/2) + t(power)) deviation / sqrt(pairs), with pairs - 1 degrees of freedom.
 * Bloom, "Minimum detectable effects" (1995). Infinite for fewer than two pairs, which show
 * nothing.
 */
double statistics_detectable(double deviation, size_t pairs, double alpha, double power);

/* --- bootstrap --- */

struct statistics_sample {
	double *values;
	size_t count;
};

/* What is estimated from the samples: the callback may reorder their values, not keep them. */
typedef double statistics_estimator(struct statistics_sample *samples, void *closure);

struct statistics_bootstrap {
	statistics_estimator *estimator;
	void *closure;
	size_t resamples; /* 2000 or more for 95 % */
	uint64_t seed;	  /* the same seed gives the same interval on every machine */
	double confidence;
};

struct statistics_estimate {
	double value;
	double percentile_low, percentile_high;
	double low, high; /* BCa: corrected for bias and for a spread that changes */
};

/*
 * Efron, "Better bootstrap confidence intervals" (1987); the quantiles of the resamples as in
 * Davison and Hinkley, "Bootstrap Methods and their Application" (1997), 5.8. Each of the
 * samples (one, or two or more independent ones) is drawn from by itself; paired data is one
 * sample of differences. -EINVAL when the estimator gives what is not finite. Of a median or
 * another quantile of few values the jackknife says little, so prefer the percentiles there.
 */
int statistics_bootstrap(const struct statistics_bootstrap *bootstrap,
			 const struct statistics_sample *samples, size_t sample_count,
			 struct statistics_estimate *estimate);

/*
 * The interval from resamples that are there. They are sorted, finite and at least one;
 * acceleration is Efron's a.
 */
struct statistics_estimate statistics_bootstrap_interval(double value, double acceleration,
							 const double *resamples, size_t count,
							 double confidence);

/*
 * Efron's a by the jackknife: one sixth of the third moment of the influences by the second one
 * to 3/2, influences being distances from the mean of what the jackknife gives. 0 where each
 * sample's values have the same influence. Samples of one value have none.
 */
int statistics_acceleration(statistics_estimator *estimator, void *closure,
			    const struct statistics_sample *samples, size_t sample_count,
			    double *acceleration);

#endif
