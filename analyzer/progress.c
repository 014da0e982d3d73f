/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a long command is.
 */
#include "analyzer/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_NS 100000000U

void progress_show(struct progress *progress, uint64_t done)
{
	struct timespec now;
	uint64_t now_ns;

	if (!isatty(STDERR_FILENO))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (progress->is_shown && now_ns - progress->shown_ns < INTERVAL_NS)
		return;
	progress->shown_ns = now_ns;
	progress->is_shown = 1;
	fprintf(stderr, "\r%s: %.1f of %.1f %s\033[K", progress->what,
		(double)done / progress->scale, (double)progress->total / progress->scale,
		progress->unit);
	fflush(stderr);
}

void progress_clear(struct progress *progress)
{
	if (progress->is_shown)
		fputs("\r\033[K", stderr);
	progress->is_shown = 0;
}
