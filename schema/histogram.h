/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A histogram of durations with log-linear buckets. A value below 256 has a bucket of its own;
 * above, each power of two is cut into 128 buckets, so that a bucket's width is at most 1/128
 * of its lowest value. Every 64-bit value has a bucket: nothing is cut off.
 */
#ifndef SCHEMA_HISTOGRAM_H
#define SCHEMA_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_PRECISION 7U
#define HISTOGRAM_BUCKETS   ((64U - HISTOGRAM_PRECISION + 1U) << HISTOGRAM_PRECISION)

/* Plain data of 58 KiB that owns nothing; all 0 is an empty histogram. */
struct histogram {
	uint64_t count; /* of all buckets */
	uint64_t min;	/* ns; these two where count is not 0 */
	uint64_t max;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

struct histogram_bucket {
	uint64_t lowest; /* ns, both inclusive */
	uint64_t highest;
	uint64_t count;
};

/* The bounds of the bucket of a value; its count is 0. */
struct histogram_bucket histogram_bounds(uint64_t ns);

/* Both return 0, or -EOVERFLOW where the count would pass 64 bits (nothing is recorded). */
int histogram_record(struct histogram *histogram, uint64_t ns);
int histogram_record_many(struct histogram *histogram, uint64_t ns, uint64_t count);

/*
 * Add a bucket as histogram_next gave it, or a sum of such. A histogram rebuilt so has the same
 * buckets, quantiles and mean; its min and max are bounds of buckets. Returns 0, -EBADMSG where
 * these are not the bounds of one bucket, or -EOVERFLOW.
 */
int histogram_add_bucket(struct histogram *histogram, const struct histogram_bucket *bucket);

/* Add all of `from`: exact, in any order. Returns 0, or -EOVERFLOW (nothing is added). */
int histogram_merge(struct histogram *histogram, const struct histogram *from);

/*
 * The next bucket that is not empty, lowest first; *at begins as 0. Returns 0, or -ENODATA
 * after the last.
 */
int histogram_next(const struct histogram *histogram, unsigned int *at,
		   struct histogram_bucket *bucket);

/*
 * The bucket with the value of rank ceil(share * count), the first for share 0: the true
 * quantile lies between its bounds. Returns 0, -ENODATA when empty, or -EINVAL for a share
 * outside 0 to 1.
 */
int histogram_quantile(const struct histogram *histogram, double share,
		       struct histogram_bucket *bucket);

/*
 * The value of that rank in ns, were those of a bucket spread evenly over it, and never outside
 * min to max: what tells samples apart whose quantiles differ by less than a bucket is wide. 0
 * when empty.
 */
double histogram_spread_quantile(const struct histogram *histogram, double share);

/* In ns, each value taken as its bucket's middle: within 1/256 of the true mean. 0 when empty.
 */
double histogram_mean(const struct histogram *histogram);

#endif
