/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELECT * FROM dedup('netobserv-1.8,flowtape', 'window=2s'): the designs' scores, one row for
 * each recording and design; all designs when none is named.
 */
#include "analyzer/models/dedup_arguments.h"
#include "analyzer/models/model_table.h"

#include <math.h>

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : NAN;
}

static void put_result(struct model_rows *rows, const char *recording_id,
		       const struct dedup_truth *truth, const struct dedup_result *result)
{
	const struct dedup_effort *effort = &result->effort;
	int is_frames = result->model->counts_frames;

	model_put_text(rows, recording_id);
	model_put_text(rows, result->model->name);
	model_put_text(rows, result->model->meaning);
	model_put_integer(rows, truth->sightings);
	model_put_integer(rows, truth->unknown);
	model_put_integer(rows, truth->packets);
	model_put_integer(rows, truth->wire_packets);
	model_put_integer(rows, truth->wire_bytes);
	model_put_integer(rows, truth->flows);
	model_put_integer(rows, effort->records);
	model_put_integer(rows, effort->peak_entries);
	model_put_integer(rows, effort->peak_bytes);
	model_put_integer(rows, result->packets_counted);
	model_put_integer(rows, result->bytes_counted);
	model_put_real(rows, ratio(result->sightings_counted, truth->packets));
	model_put_real(rows, ratio(result->packets_counted, truth->wire_packets));
	model_put_real(rows, ratio(result->bytes_counted, truth->wire_bytes));
	model_put_real(rows, ratio(result->bytes_counted,
				   is_frames ? truth->frame_bytes : truth->wire_bytes));
	model_put_integer(rows, result->false_positives);
	model_put_integer(rows, result->false_negatives);
	model_put_real(rows, ratio(result->false_positives, truth->packets));
	model_put_real(rows, ratio(result->false_negatives,
				   truth->sightings - truth->unknown - truth->packets));
	model_put_integer(rows, result->flows_dismissed);
	model_put_integer(rows, effort->partial_flows);
	model_put_integer(rows, effort->interfaces_missed);
	model_put_integer(rows, effort->map_full);
	model_put_integer(rows, effort->collisions);
}

static int run(struct recording *recording, const char *recording_id,
	       const char *const *arguments, struct model_rows *rows, char **problem)
{
	const struct dedup_model *models[DEDUP_MODELS];
	struct dedup_result results[DEDUP_MODELS];
	struct dedup_options chosen;
	struct dedup_truth truth;
	size_t count;
	int error = dedup_arguments(arguments, models, &count, &chosen, problem);

	if (!error)
		error = dedup_run(recording, recording_id, &chosen, models, count, &truth,
				  results);
	for (size_t i = 0; i < count && !error && truth.sightings; i++)
		put_result(rows, recording_id, &truth, &results[i]);
	return error;
}

const struct model dedup_table_model = {
	.name = "dedup",
	.columns = "model TEXT, meaning TEXT, sightings INTEGER, unknown_sightings INTEGER, "
		   "true_skbs INTEGER, true_packets INTEGER, true_bytes INTEGER, "
		   "true_flows INTEGER, records INTEGER, peak_entries INTEGER, "
		   "peak_bytes INTEGER, packets INTEGER, bytes INTEGER, times_counted REAL, "
		   "packets_ratio REAL, bytes_ratio REAL, own_bytes_ratio REAL, "
		   "false_positives INTEGER, "
		   "false_negatives INTEGER, false_positive_rate REAL, "
		   "false_negative_rate REAL, flows_dismissed INTEGER, partial_flows INTEGER, "
		   "interfaces_missed INTEGER, map_full INTEGER, collisions INTEGER",
	.arguments = "models TEXT, options TEXT",
	.run = run,
};
