/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runs of a recording: its stream workload in memory.
 */
#ifndef ANALYZER_MODELS_OVERHEAD_RUNS_H
#define ANALYZER_MODELS_OVERHEAD_RUNS_H

#include "analyzer/recording.h"

#include "schema/stream.h"

/* Equal texts are one pointer. */
struct overhead_runs {
	struct workload_row *rows;
	size_t count, room;
	char **texts;
	size_t text_count;
};

/* Returns 0 or -ENOMEM. Clear them in both cases; *runs begins as all 0. */
int overhead_runs_read(struct recording *recording, const char *recording_id,
		       struct overhead_runs *runs);
void overhead_runs_clear(struct overhead_runs *runs);

#endif
