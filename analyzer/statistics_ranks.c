/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests by ranks and the shifts that belong to them.
 *
 * Exact distributions are counted, not listed. Ranks are doubled, so that midranks are whole
 * numbers; ways[k * width + s] is in how many ways k of the ranks so far have the sum s. Each
 * further rank r adds ways[k - 1][s - r] to ways[k][s]. Where the number of ranks does not
 * matter (signed ranks) there is one row only. Counts are up to 10^29 and stand in doubles.
 */
#include "analyzer/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct ranked {
	double value;
	uint32_t rank; /* doubled */
	int is_second;
};

struct ways {
	double *count; /* by sum */
	size_t width;
	double total;
	double *memory;
};

static int by_value(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	return (a->value > b->value) - (a->value < b->value);
}

/* Sorts and ranks. Returns the sum over the ties of t^3 - t. */
static double rank(struct ranked *ranked, size_t count)
{
	double ties = 0;

	qsort(ranked, count, sizeof(*ranked), by_value);
	for (size_t i = 0, end; i < count; i = end) {
		double tied;

		for (end = i + 1; end < count && ranked[end].value == ranked[i].value;)
			end++;
		tied = (double)(end - i);
		ties += tied * tied * tied - tied;
		for (size_t j = i; j < end; j++)
			ranked[j].rank = (uint32_t)(i + end + 1);
	}
	return ties;
}

/* Of subsets of so many of the ranks. chosen 0: of any number. */
static int ways_count(const struct ranked *ranked, size_t count, size_t chosen,
		      struct ways *ways)
{
	size_t width = 1, step = chosen ? 1 : 0;

	for (size_t i = 0; i < count; i++)
		width += ranked[i].rank;
	ways->memory = calloc((chosen + 1) * width, sizeof(double));
	if (!ways->memory)
		return -ENOMEM;
	ways->memory[0] = 1;
	for (size_t i = 0, sum = 0; i < count; i++) {
		sum += ranked[i].rank;
		for (size_t k = chosen + 1; k-- > step;) {
			double *to = &ways->memory[k * width];
			const double *from = &ways->memory[(k - step) * width];

			for (size_t s = sum + 1; s-- > ranked[i].rank;)
				to[s] += from[s - ranked[i].rank];
		}
	}
	ways->count = &ways->memory[chosen * width];
	ways->width = width;
	ways->total = 0;
	for (size_t s = 0; s < width; s++)
		ways->total += ways->count[s];
	return 0;
}

static void test_exactly(const struct ways *ways, size_t sum, struct statistics_test *test)
{
	double below = 0, above = 0;

	for (size_t s = 0; s <= sum; s++)
		below += ways->count[s];
	for (size_t s = sum; s < ways->width; s++)
		above += ways->count[s];
	test->less = fmin(1, below / ways->total);
	test->greater = fmin(1, above / ways->total);
	test->two_sided = fmin(1, 2 * fmin(test->less, test->greater));
	test->is_exact = 1;
}

static void test_normally(double distance, double variance, struct statistics_test *test)
{
	double scale = sqrt(2 * variance);

	test->is_exact = 0;
	test->less = test->greater = test->two_sided = 1;
	if (!(variance > 0))
		return;
	test->greater = erfc((distance - 0.5) / scale) / 2;
	test->less = erfc(-(distance + 0.5) / scale) / 2;
	if (distance != 0)
		test->two_sided = fmin(1, erfc((fabs(distance) - 0.5) / scale));
}

static int has_values(const double *values, size_t count, int finite)
{
	for (size_t i = 0; i < count; i++)
		if (isnan(values[i]) || (finite && isinf(values[i])))
			return 0;
	return count > 0;
}

/* The larger sample is left over when the smaller one is chosen, so that its sum is known. */
static int mann_whitney_exactly(const struct ranked *ranked, size_t first, size_t second,
				struct statistics_test *test)
{
	int chooses_second = second <= first;
	size_t sum = 0;
	struct ways ways;
	double less;
	int error = ways_count(ranked, first + second, chooses_second ? second : first, &ways);

	if (error)
		return error;
	for (size_t i = 0; i < first + second; i++)
		if (ranked[i].is_second == chooses_second)
			sum += ranked[i].rank;
	test_exactly(&ways, sum, test);
	free(ways.memory);
	if (!chooses_second) {
		less = test->less;
		test->less = test->greater;
		test->greater = less;
	}
	return 0;
}

int statistics_mann_whitney(const double *first, size_t first_count, const double *second,
			    size_t second_count, struct statistics_test *test)
{
	size_t count = first_count + second_count;
	double a = (double)first_count, b = (double)second_count, ties, sum = 0;
	struct statistics_test result = {0};
	struct ranked *ranked;
	int error = 0;

	if (!has_values(first, first_count, 0) || !has_values(second, second_count, 0))
		return -EINVAL;
	if (count > STATISTICS_DIFFERENCES_MAX)
		return -E2BIG;
	ranked = calloc(count, sizeof(*ranked));
	if (!ranked)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		ranked[i].is_second = i >= first_count;
		ranked[i].value = i < first_count ? first[i] : second[i - first_count];
	}
	ties = rank(ranked, count);
	for (size_t i = 0; i < count; i++)
		if (ranked[i].is_second)
			sum += ranked[i].rank / 2.0;
	result.statistic = sum - b * (b + 1) / 2;
	if (first_count <= STATISTICS_EXACT_MAX && second_count <= STATISTICS_EXACT_MAX)
		error = mann_whitney_exactly(ranked, first_count, second_count, &result);
	else
		test_normally(result.statistic - a * b / 2,
			      a * b / 12 * (a + b + 1 - ties / ((a + b) * (a + b - 1))),
			      &result);
	free(ranked);
	if (!error)
		*test = result;
	return error;
}

static int signed_rank_exactly(const struct ranked *ranked, size_t count,
			       struct statistics_test *test)
{
	struct ways ways;
	int error = ways_count(ranked, count, 0, &ways);

	if (error)
		return error;
	test_exactly(&ways, (size_t)lrint(2 * test->statistic), test);
	free(ways.memory);
	return 0;
}

int statistics_signed_rank(const double *differences, size_t count,
			   struct statistics_test *test)
{
	struct statistics_test result = {0};
	struct ranked *ranked;
	double ties, n;
	size_t kept = 0;
	int error = 0;

	if (!has_values(differences, count, 0))
		return -EINVAL;
	if (count > STATISTICS_DIFFERENCES_MAX)
		return -E2BIG;
	ranked = calloc(count, sizeof(*ranked));
	if (!ranked)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (differences[i] != 0)
			ranked[kept++] = (struct ranked){.value = fabs(differences[i]),
							 .is_second = differences[i] > 0};
	ties = rank(ranked, kept);
	for (size_t i = 0; i < kept; i++)
		if (ranked[i].is_second)
			result.statistic += ranked[i].rank / 2.0;
	n = (double)kept;
	if (kept <= STATISTICS_EXACT_MAX)
		error = signed_rank_exactly(ranked, kept, &result);
	else
		test_normally(result.statistic - n * (n + 1) / 4,
			      n * (n + 1) * (2 * n + 1) / 24 - ties / 48, &result);
	free(ranked);
	if (!error)
		*test = result;
	return error;
}

/* --- shifts --- */

/* Which differences bound the interval: the place-th from both ends, counted from 1. */
static size_t place_exactly(const struct ways *ways, size_t least, double confidence,
			    double *reached)
{
	double tail = (1 - confidence) / 2 * ways->total, below = 0;
	size_t place = 0;

	for (;;) {
		double ways_here = ways->count[least + 2 * place];

		/* A p of exactly 1 - confidence is not below it, however it was rounded. */
		if (place && below + ways_here >= tail * (1 - 1e-12))
			break;
		below += ways_here;
		place++;
	}
	*reached = 1 - 2 * below / ways->total;
	return place;
}

static size_t place_normally(double mean, double variance, double confidence, double *reached)
{
	double z = statistics_normal_quantile((1 + confidence) / 2);
	double place = fmax(1, floor(mean + 0.5 - z * sqrt(variance)));

	*reached = 1 - erfc((mean - place + 0.5) / sqrt(2 * variance));
	return (size_t)place;
}

static int exact_place(size_t count, size_t chosen, double confidence, size_t *place,
		       double *reached)
{
	struct ranked untied[2 * STATISTICS_EXACT_MAX];
	struct ways ways;
	int error;

	for (size_t i = 0; i < count; i++)
		untied[i].rank = 2 * (uint32_t)(i + 1);
	error = ways_count(untied, count, chosen, &ways);
	if (error)
		return error;
	*place = place_exactly(&ways, chosen * (chosen + 1), confidence, reached);
	free(ways.memory);
	return 0;
}

static void shift_between(double *differences, size_t count, size_t place, double reached,
			  struct statistics_shift *shift)
{
	statistics_sort(differences, count);
	*shift = (struct statistics_shift){
		.shift = statistics_quantile(differences, count, 0.5),
		.low = differences[place - 1],
		.high = differences[count - place],
		.confidence = reached,
	};
}

int statistics_shift(const double *first, size_t first_count, const double *second,
		     size_t second_count, double confidence, struct statistics_shift *shift)
{
	double a = (double)first_count, b = (double)second_count, reached, *differences;
	size_t place;
	int error = 0;

	if (!has_values(first, first_count, 1) || !has_values(second, second_count, 1) ||
	    !(confidence > 0 && confidence < 1))
		return -EINVAL;
	if (first_count > STATISTICS_DIFFERENCES_MAX / second_count)
		return -E2BIG;
	if (first_count <= STATISTICS_EXACT_MAX && second_count <= STATISTICS_EXACT_MAX)
		error = exact_place(first_count + second_count,
				    first_count < second_count ? first_count : second_count,
				    confidence, &place, &reached);
	else
		place = place_normally(a * b / 2, a * b * (a + b + 1) / 12, confidence,
				       &reached);
	if (error)
		return error;
	differences = calloc(first_count * second_count, sizeof(*differences));
	if (!differences)
		return -ENOMEM;
	for (size_t i = 0; i < first_count; i++)
		for (size_t j = 0; j < second_count; j++)
			differences[i * second_count + j] = second[j] - first[i];
	shift_between(differences, first_count * second_count, place, reached, shift);
	free(differences);
	return 0;
}

int statistics_paired_shift(const double *differences, size_t count, double confidence,
			    struct statistics_shift *shift)
{
	double n = (double)count, reached, *averages;
	size_t place, kept = 0;
	int error = 0;

	if (!has_values(differences, count, 1) || !(confidence > 0 && confidence < 1))
		return -EINVAL;
	if (count > STATISTICS_DIFFERENCES_MAX / (count + 1) * 2)
		return -E2BIG;
	if (count <= STATISTICS_EXACT_MAX)
		error = exact_place(count, 0, confidence, &place, &reached);
	else
		place = place_normally(n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24,
				       confidence, &reached);
	if (error)
		return error;
	averages = calloc(count * (count + 1) / 2, sizeof(*averages));
	if (!averages)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		for (size_t j = i; j < count; j++)
			averages[kept++] = differences[i] / 2 + differences[j] / 2;
	shift_between(averages, kept, place, reached, shift);
	free(averages);
	return 0;
}
