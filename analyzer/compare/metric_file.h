/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of a result file: of a load tool (schema/workload_result.h), or JSON lines, each of
 * which is a metric or a figure:
 *
 *     {"metric": NAME, "unit": TEXT, "kind": KIND, "better": TEXT, "value": ..., "whole": N}
 *     {"name": NAME, "value": N, "unit": TEXT, "ratio": N, ...}
 *
 * The first is what `flowplay report metrics --format jsonl` prints. Of a figure the ratio to
 * its yardstick, where it has one, else the value is one sample.
 */
#ifndef ANALYZER_COMPARE_METRIC_FILE_H
#define ANALYZER_COMPARE_METRIC_FILE_H

#include "analyzer/compare/metric.h"

/*
 * Add what the text says. Returns 0, or a negative errno with *problem (what, where in the
 * text, what was expected), one line that the caller frees (NULL when memory is short).
 */
int metric_file_read(const char *text, size_t size, struct metrics *metrics,
		     enum metric_side side, char **problem);

#endif
