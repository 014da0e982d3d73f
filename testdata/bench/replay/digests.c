/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the digests' functions take, beside what analyzer/models/digest.c says that they take:
 * for each function and some sizes a line of function, bytes, measured ns, said ns, separated
 * by tabs; and for each function the line through what was measured, as the table there has it.
 *
 *     digests
 *
 * Inputs are rows of a block in the cache, as in a replay: independent of each other.
 */
#include "analyzer/models/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROWS   256
#define PASSES 4000
#define ROUNDS 9
#define SIZES  8

/* What recipes have. */
static const unsigned int sizes[SIZES] = {2, 4, 8, 16, 24, 32, 40, 48};

struct rows {
	unsigned char bytes[ROWS][64];
	uint64_t sum; /* so that nothing is left out */
};

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* One pass for each function: a call by pointer would cost more than some of them. */
static void pass(struct rows *rows, enum digest_function function, size_t size)
{
	for (size_t row = 0; row < ROWS; row++) {
		const unsigned char *bytes = rows->bytes[row];

		if (function == DIGEST_XXH3)
			rows->sum += digest_xxh3(bytes, size);
		else if (function == DIGEST_CRC32)
			rows->sum += digest_crc32(bytes, size);
		else if (function == DIGEST_BOB)
			rows->sum += digest_bob(bytes, size);
		else
			rows->sum += digest_ipsx(bytes, size);
	}
}

/* The fastest round: what disturbs only makes it slower. */
static double measure(struct rows *rows, enum digest_function function, size_t size)
{
	double least = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double begin = now_ns(), ns;

		for (int i = 0; i < PASSES; i++)
			pass(rows, function, size);
		ns = (now_ns() - begin) / ROWS / PASSES;
		if (!round || ns < least)
			least = ns;
	}
	return least;
}

/* The line with the least squares of what it is off by, as a part of what was measured. */
static struct digest_cost fit(const double *ns)
{
	double weights = 0, x = 0, y = 0, xx = 0, xy = 0, slope;

	for (size_t i = 0; i < SIZES; i++) {
		double weight = 1 / (ns[i] * ns[i]);

		weights += weight;
		x += weight * sizes[i];
		y += weight * ns[i];
		xx += weight * sizes[i] * sizes[i];
		xy += weight * sizes[i] * ns[i];
	}
	slope = (weights * xy - x * y) / (weights * xx - x * x);
	return (struct digest_cost){(y - slope * x) / weights, slope};
}

int main(void)
{
	struct rows *rows = malloc(sizeof(*rows));

	if (!rows)
		return 1;
	for (size_t i = 0; i < sizeof(rows->bytes); i++)
		rows->bytes[i / 64][i % 64] = (unsigned char)(i * 2654435761U >> 16);
	rows->sum = 0;
	for (int i = 0; i < DIGEST_FUNCTIONS; i++) {
		const struct digest_cost *said = &digest_costs[i];
		struct digest_cost line;
		double ns[SIZES];

		for (size_t j = 0; j < SIZES; j++) {
			ns[j] = measure(rows, (enum digest_function)i, sizes[j]);
			printf("%s\t%u\t%.2f\t%.2f\n", digest_function_names[i], sizes[j],
			       ns[j], said->ns + said->ns_per_byte * sizes[j]);
		}
		line = fit(ns);
		printf("%s\tline\t%.2f\t%.3f\n", digest_function_names[i], line.ns,
		       line.ns_per_byte);
	}
	fprintf(stderr, "%s", rows->sum ? "" : "no sum\n");
	free(rows);
	return 0;
}
