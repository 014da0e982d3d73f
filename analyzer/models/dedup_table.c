/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELECT * FROM dedup('netobserv-1.8,flowtape', 'window=2s'): the designs' scores, one row for
 * each recording and design; all designs when none is named.
 */
#include "analyzer/models/dedup.h"
#include "analyzer/models/model_table.h"
#include "analyzer/models/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#define OPTION(name, kind, member, ...)                                         \
	{                                                                       \
		name, kind, offsetof(struct dedup_options, member), __VA_ARGS__ \
	}

static const char *const truth_words[] = {"auto", "packet_id", "stamp", NULL};

static const struct option options[] = {
	OPTION("cpus", OPTION_COUNT, cpus, 1, 8192, NULL),
	OPTION("cache", OPTION_COUNT, cache_entries, 1, 1U << 24, NULL),
	OPTION("eviction", OPTION_DURATION, eviction_ns, 1000000, UINT64_MAX / 4, NULL),
	OPTION("expiry", OPTION_DURATION, expiry_ns, 0, UINT64_MAX / 4, NULL),
	OPTION("sampling", OPTION_COUNT, sampling, 1, 1U << 30, NULL),
	OPTION("window", OPTION_DURATION, window_ns, 1, UINT64_MAX / 4, NULL),
	OPTION("slice", OPTION_DURATION, slice_ns, 1000000, UINT64_MAX / 4, NULL),
	OPTION("enrich_lag", OPTION_DURATION, enrich_lag_ns, 0, UINT64_MAX / 4, NULL),
	OPTION("drain", OPTION_DURATION, drain_ns, 0, 1000000000, NULL),
	OPTION("fallback", OPTION_SWITCH, fallback, 0, 1, NULL),
	OPTION("first_come", OPTION_SWITCH, first_come, 0, 1, NULL),
	OPTION("mark", OPTION_SWITCH, mark, 0, 1, NULL),
	OPTION("merge", OPTION_SWITCH, merge, 0, 1, NULL),
	OPTION("loopback", OPTION_SWITCH, loopback, 0, 1, NULL),
	OPTION("truth", OPTION_WORD, truth, 0, 0, truth_words),
};

/* The models of a list of names with commas, all of them where there is none. */
static int choose(const char *names, const struct dedup_model **models, size_t *count,
		  char **problem)
{
	const struct dedup_model *model;

	*count = 0;
	if (!names || !*names || !strcmp(names, "all")) {
		while ((model = dedup_model(*count)))
			models[(*count)++] = model;
		return 0;
	}
	while (*names) {
		size_t size = strcspn(names, ","), i = 0;

		while ((model = dedup_model(i)) &&
		       (strlen(model->name) != size || memcmp(model->name, names, size)))
			i++;
		if (!model || *count == DEDUP_MODELS) {
			if (asprintf(problem, "there is no design '%.*s'", (int)size, names) >=
			    0)
				return -EINVAL;
			*problem = NULL;
			return -ENOMEM;
		}
		models[(*count)++] = model;
		names += size;
		names += *names == ',';
	}
	return 0;
}

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
	struct dedup_options chosen = dedup_defaults;
	struct dedup_truth truth;
	size_t count;
	int error = choose(arguments[0], models, &count, problem);

	if (!error)
		error = options_parse(arguments[1], options,
				      sizeof(options) / sizeof(options[0]), &chosen, problem);
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
