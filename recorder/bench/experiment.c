/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recording that a paired experiment makes: a delivery for each run.
 */
#include "recorder/bench/experiment.h"
#include "recorder/ledger.h"
#include "recorder/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char stage[] = "experiment";

struct experiment {
	struct inventory *inventory;
	struct ledger *ledger;
	struct writer *writer;
	struct delivery *delivery; /* what goes with the next run; NULL: nothing */
	int64_t epoch_offset_ns;
};

static void dispose(struct experiment *experiment)
{
	delivery_free(experiment->delivery);
	inventory_free(experiment->inventory);
	ledger_free(experiment->ledger);
	free(experiment);
}

int experiment_open(const char *directory, const char *command_line, struct experiment **out,
		    char **problem)
{
	struct experiment *experiment = calloc(1, sizeof(*experiment));
	struct writer_options options = {.directory = directory};
	int error = -ENOMEM;

	*problem = NULL;
	if (!experiment)
		return -ENOMEM;
	options.inventory = experiment->inventory = inventory_new(1, command_line);
	options.ledger = experiment->ledger = ledger_new();
	if (options.inventory && options.ledger) {
		experiment->epoch_offset_ns = inventory_clock(experiment->inventory);
		error = writer_open(&options, &experiment->writer, problem);
	}
	if (error) {
		dispose(experiment);
		return error;
	}
	*out = experiment;
	return 0;
}

int64_t experiment_epoch_offset_ns(const struct experiment *experiment)
{
	return experiment->epoch_offset_ns;
}

struct inventory *experiment_inventory(struct experiment *experiment)
{
	return experiment->inventory;
}

static int add_row(struct experiment *experiment, enum stream_id stream, const void *row)
{
	if (!experiment->delivery)
		experiment->delivery = delivery_new();
	return experiment->delivery ? delivery_row(experiment->delivery, stream, row) : -ENOMEM;
}

static int add_buckets(struct experiment *experiment, const struct workload_row *run,
		       const struct histogram *latency)
{
	struct latency_row row = {.time_ns = run->start_ns,
				  .pair = run->pair,
				  .arm = run->arm,
				  .command = run->command};
	struct histogram_bucket bucket;
	unsigned int at = 0;
	int error = 0;

	while (!error && !histogram_next(latency, &at, &bucket)) {
		row.lowest_ns = bucket.lowest;
		row.highest_ns = bucket.highest;
		row.count = bucket.count;
		error = add_row(experiment, STREAM_LATENCY, &row);
	}
	return error;
}

static void describe(struct workload_row *run, const struct histogram *latency)
{
	run->latency_mean_ns = (uint64_t)histogram_mean(latency);
	run->latency_p50_ns = (uint64_t)histogram_spread_quantile(latency, 0.5);
	run->latency_p90_ns = (uint64_t)histogram_spread_quantile(latency, 0.9);
	run->latency_p95_ns = (uint64_t)histogram_spread_quantile(latency, 0.95);
	run->latency_p99_ns = (uint64_t)histogram_spread_quantile(latency, 0.99);
	run->latency_p999_ns = (uint64_t)histogram_spread_quantile(latency, 0.999);
	run->latency_max_ns = latency->max;
}

static int deliver(struct experiment *experiment)
{
	int error = experiment->delivery
			    ? writer_deliver(experiment->writer, experiment->delivery, 1)
			    : 0;

	if (!error)
		experiment->delivery = NULL;
	return error;
}

int experiment_run(struct experiment *experiment, const struct workload_row *run,
		   const struct histogram *latency)
{
	struct workload_row row = *run;
	int error = 0;

	if (latency && latency->count) {
		describe(&row, latency);
		error = add_buckets(experiment, run, latency);
	}
	if (!error)
		error = add_row(experiment, STREAM_WORKLOAD, &row);
	if (error)
		return error;
	ledger_stage(experiment->ledger, stage, "workload", 1, 1, 0);
	experiment->delivery->covered_ns = run->end_ns;
	return deliver(experiment);
}

int experiment_cost(struct experiment *experiment, const struct cost_row *row)
{
	return add_row(experiment, STREAM_COST, row);
}

int experiment_close(struct experiment *experiment, char **problem)
{
	struct writer_status status = {0};
	int error = deliver(experiment), close_error;

	*problem = NULL;
	close_error = writer_close(experiment->writer, &status);
	if (close_error)
		*problem = strdup(status.problem);
	dispose(experiment);
	return close_error ? close_error : error;
}
