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
	fputs("usage: kernel flows WORKLOAD ROUNDS NEAR FAR\n", stderr);
	return 64;
}

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[3]) : 0;
	struct place near, far;

	if (argc != 6 || rounds < 1 || rounds > ROUNDS_MOST || strcmp(argv[1], "flows"))
		return misuse();
	near = place_find(argv[4], "veth0");
	far = place_find(argv[5], "veth0");
	return flows_part(argv[2], rounds, &near, &far) ? misuse() : 0;
}
