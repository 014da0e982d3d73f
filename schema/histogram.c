/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations counted in log-linear buckets; a bucket's index is its values' magnitude.
 */
#include "schema/histogram.h"
#include "schema/magnitude.h"

#include <errno.h>
#include <math.h>

static struct histogram_bucket bucket_at(unsigned int index)
{
	unsigned int bits = index >> HISTOGRAM_PRECISION;
	struct histogram_bucket bucket = {0};

	bits = bits ? bits - 1 : 0;
	bucket.lowest = (uint64_t)(index - (bits << HISTOGRAM_PRECISION)) << bits;
	bucket.highest = bucket.lowest + ((1ULL << bits) - 1);
	return bucket;
}

struct histogram_bucket histogram_bounds(uint64_t ns)
{
	return bucket_at(magnitude(ns, HISTOGRAM_PRECISION));
}

static void widen(struct histogram *histogram, uint64_t min, uint64_t max)
{
	if (!histogram->count || min < histogram->min)
		histogram->min = min;
	if (!histogram->count || max > histogram->max)
		histogram->max = max;
}

static int add(struct histogram *histogram, uint64_t min, uint64_t max, uint64_t count)
{
	if (!count)
		return 0;
	if (count > UINT64_MAX - histogram->count)
		return -EOVERFLOW;
	widen(histogram, min, max);
	histogram->buckets[magnitude(min, HISTOGRAM_PRECISION)] += count;
	histogram->count += count;
	return 0;
}

int histogram_record_many(struct histogram *histogram, uint64_t ns, uint64_t count)
{
	return add(histogram, ns, ns, count);
}

int histogram_record(struct histogram *histogram, uint64_t ns)
{
	return add(histogram, ns, ns, 1);
}

int histogram_add_bucket(struct histogram *histogram, const struct histogram_bucket *bucket)
{
	struct histogram_bucket bounds = histogram_bounds(bucket->lowest);

	if (bounds.lowest != bucket->lowest || bounds.highest != bucket->highest)
		return -EBADMSG;
	return add(histogram, bucket->lowest, bucket->highest, bucket->count);
}

int histogram_merge(struct histogram *histogram, const struct histogram *from)
{
	if (!from->count)
		return 0;
	if (from->count > UINT64_MAX - histogram->count)
		return -EOVERFLOW;
	widen(histogram, from->min, from->max);
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		histogram->buckets[i] += from->buckets[i];
	histogram->count += from->count;
	return 0;
}

int histogram_next(const struct histogram *histogram, unsigned int *at,
		   struct histogram_bucket *bucket)
{
	while (*at < HISTOGRAM_BUCKETS && !histogram->buckets[*at])
		++*at;
	if (*at >= HISTOGRAM_BUCKETS)
		return -ENODATA;
	*bucket = bucket_at(*at);
	bucket->count = histogram->buckets[(*at)++];
	return 0;
}

int histogram_quantile(const struct histogram *histogram, double share,
		       struct histogram_bucket *bucket)
{
	struct histogram_bucket here = {0};
	uint64_t below = 0;
	unsigned int at = 0;
	long double rank;

	if (!(share >= 0 && share <= 1))
		return -EINVAL;
	rank = ceill((long double)share * histogram->count);
	while (!histogram_next(histogram, &at, &here)) {
		below += here.count;
		if (below >= rank)
			break;
	}
	if (!here.count)
		return -ENODATA;
	*bucket = here;
	return 0;
}

double histogram_spread_quantile(const struct histogram *histogram, double share)
{
	long double rank = (long double)share * histogram->count, value;
	struct histogram_bucket bucket = {0};
	uint64_t below = 0;
	unsigned int at = 0;

	if (!histogram->count)
		return 0;
	while (!histogram_next(histogram, &at, &bucket) && below + bucket.count < rank)
		below += bucket.count;
	value = bucket.lowest +
		(long double)(bucket.highest - bucket.lowest) * (rank - below) / bucket.count;
	if (value < histogram->min)
		return (double)histogram->min;
	return value > histogram->max ? (double)histogram->max : (double)value;
}

double histogram_mean(const struct histogram *histogram)
{
	struct histogram_bucket bucket;
	long double sum = 0;
	unsigned int at = 0;

	while (!histogram_next(histogram, &at, &bucket))
		sum += (bucket.lowest + (bucket.highest - bucket.lowest) / 2.0L) * bucket.count;
	return histogram->count ? (double)(sum / histogram->count) : 0;
}
