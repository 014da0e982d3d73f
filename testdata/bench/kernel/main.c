/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What watching packets costs in the kernel, Flowtape's programs beside the yardsticks:
 *
 *     kernel flows WORKLOAD ROUNDS NEAR FAR
 *
 * NEAR and FAR are network namespaces joined by a veth pair, veth0 in each; kernel.sh makes
 * them, and makes tables of what comes out: lines of words with tabs between.
 */
#include "testdata/bench/kernel/kernel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void fail(const char *what, ...)
{
	int error = errno;
	va_list values;

	fputs("kernel: ", stderr);
	va_start(values, what);
	vfprintf(stderr, what, values);
	va_end(values);
	fprintf(stderr, "%s%s\n", error ? ": " : "", error ? strerror(error) : "");
	exit(1);
}

static int misuse(void)
{
	fputs("usage: kernel flows WORKLOAD ROUNDS NEAR FAR | tables ROUNDS ROUTER | "
	      "nat ROUNDS CLIENT ROUTER\n",
	      stderr);
	return 64;
}

static int is_rounds(const char *word, int *rounds)
{
	*rounds = atoi(word);
	return *rounds > 0 && *rounds <= ROUNDS_MOST;
}

int main(int argc, char **argv)
{
	struct place near, far;
	int rounds;

	if (argc == 6 && !strcmp(argv[1], "flows") && is_rounds(argv[3], &rounds)) {
		near = place_find(argv[4], "veth0");
		far = place_find(argv[5], "veth0");
		return flows_part(argv[2], rounds, &near, &far) ? misuse() : 0;
	}
	if (argc == 4 && !strcmp(argv[1], "tables") && is_rounds(argv[2], &rounds)) {
		near = place_find(argv[3], "tap0");
		far = place_find(argv[3], "tap1");
		tables_part(rounds, &near, &far);
		return 0;
	}
	if (argc == 5 && !strcmp(argv[1], "nat") && is_rounds(argv[2], &rounds)) {
		near = place_find(argv[3], NULL);
		far = place_find(argv[4], NULL);
		nat_part(rounds, &near, &far);
		return 0;
	}
	return misuse();
}
