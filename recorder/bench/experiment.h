/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recording that a paired experiment makes: streams workload, latency and cost.
 */
#ifndef RECORDER_BENCH_EXPERIMENT_H
#define RECORDER_BENCH_EXPERIMENT_H

#include "recorder/inventory.h"

#include "schema/histogram.h"
#include "schema/stream.h"

struct experiment;

/*
 * Begin the recording in a directory, which is made when it is missing. command_line is what
 * the segment says of this program. On failure (-EEXIST: there is a recording) *problem is one
 * line that the caller frees.
 */
int experiment_open(const char *directory, const char *command_line, struct experiment **out,
		    char **problem);

/* Epoch minus boot time; the inventory takes interfaces and probes. */
int64_t experiment_epoch_offset_ns(const struct experiment *experiment);
struct inventory *experiment_inventory(struct experiment *experiment);

/*
 * Add a run. Its latency columns are filled from the histogram, whose buckets become rows of
 * the stream latency; NULL: they stay as they are. Returns 0 or a negative errno.
 */
int experiment_run(struct experiment *experiment, const struct workload_row *run,
		   const struct histogram *latency);

/* Add what a part of an agent cost during one run: time_ns is the run's end_ns. */
int experiment_cost(struct experiment *experiment, const struct cost_row *row);

/*
 * Write what is left and seal. Frees the experiment. Returns 0, or a negative errno with its
 * words in *problem, which the caller frees, when something handed over is not on disk.
 */
int experiment_close(struct experiment *experiment, char **problem);

#endif
