/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays sightings through designs and scores them.
 *
 * Each packet has a bit for each design that has counted it. A packet that is met for the first
 * time is one false positive for every design, until the design counts it; counted again, it is
 * a false negative. Flows are dismissed in the same way, until one of their packets is counted.
 */
#include "analyzer/models/dedup.h"

#include "analyzer/models/options.h"
#include "schema/flow_hash.h"

#include <errno.h>
#include <stdlib.h>

#define FLOW_GAP_NS 60000000000ULL

const struct dedup_options dedup_defaults = {
	.cpus = 16,
	.cache_entries = 100000,
	.eviction_ns = 5000000000ULL,
	.sampling = 1,
	.window_ns = 100000000ULL,
	.slice_ns = 5000000000ULL,
	.enrich_lag_ns = 20000,
	.drain_ns = 2000,
	.fallback = 1,
	.first_come = 1,
	.merge = 1,
};

const struct dedup_model *dedup_model(size_t i)
{
	static const struct dedup_model *const models[] = {
		&dedup_raw,	      &dedup_netobserv_1_7,
		&dedup_netobserv_1_8, &dedup_netobserv_1_8_netns,
		&dedup_netobserv_poc, &dedup_content,
		&dedup_flowtape,
	};

	return i < sizeof(models) / sizeof(models[0]) ? models[i] : NULL;
}

struct dedup_ticker dedup_evictions(const struct dedup_options *options)
{
	return (struct dedup_ticker){
		.interval_ns = options->eviction_ns,
		.instants = options->evict_at,
	};
}

uint64_t dedup_tick(struct dedup_ticker *ticker)
{
	uint64_t tick_ns = ticker->next_ns;

	if (ticker->instants && !options_instant(&ticker->instants, &ticker->next_ns))
		return tick_ns;
	ticker->instants = NULL;
	ticker->next_ns += ticker->interval_ns;
	return tick_ns;
}

void dedup_begin_ticks(struct dedup_ticker *ticker, uint64_t first_ns)
{
	if (ticker->next_ns)
		return;
	ticker->next_ns = first_ns;
	dedup_tick(ticker);
}

uint64_t dedup_due(struct dedup_ticker *ticker, uint64_t now_ns)
{
	uint64_t due = 0, more;

	dedup_begin_ticks(ticker, now_ns);
	for (; ticker->instants && ticker->next_ns <= now_ns; due++)
		dedup_tick(ticker);
	if (now_ns < ticker->next_ns)
		return due;
	more = (now_ns - ticker->next_ns) / ticker->interval_ns + 1;
	ticker->next_ns += more * ticker->interval_ns;
	return due + more;
}

void dedup_turn(struct aging *aging, uint64_t generations)
{
	for (uint64_t i = 0; i < generations && i < 2; i++)
		aging_turn(aging);
}

int dedup_is_sampled(const struct dedup_options *options, uint64_t row)
{
	return options->sampling <= 1 ||
	       !(flow_hash_mix(row + 0x9e3779b97f4a7c15ULL) % options->sampling);
}

/* --- scoring --- */

struct flow {
	uint64_t counted; /* a bit for each model */
	uint64_t is_known;
};

struct run {
	const struct dedup_model *const *models;
	size_t model_count;
	const struct dedup_options *options;
	struct dedup_truth *truth_out;
	struct dedup_result *results;
	void *states[DEDUP_MODELS];
	size_t begun;
	struct truth truth;
	struct aging flows;
	struct dedup_ticker flow_turn;
	unsigned char is_counted[DEDUP_MODELS][REPLAY_ROWS];
};

static int begin_model(struct run *run, size_t i)
{
	run->states[i] = calloc(1, run->models[i]->state_size + 1);
	if (!run->states[i])
		return -ENOMEM;
	run->begun = i + 1;
	run->results[i] = (struct dedup_result){.model = run->models[i]};
	return run->models[i]->begin(run->states[i], run->options);
}

static void end_models(struct run *run)
{
	for (size_t i = 0; i < run->begun; i++) {
		run->models[i]->end(run->states[i], &run->results[i].effort);
		free(run->states[i]);
	}
}

static void add_truth(struct run *run, const struct sightings *sightings, uint32_t i)
{
	struct dedup_truth *out = run->truth_out;

	out->sightings++;
	if (!run->truth.packet[i])
		out->unknown++;
	if (run->truth.change[i] != CHANGE_FIRST)
		return;
	out->packets++;
	out->wire_packets += sighting_wire_packets(sightings, i);
	out->wire_bytes += sighting_wire_bytes(sightings, i);
	out->frame_bytes += sighting_frame_bytes(sightings, i);
}

static void add_counted(struct run *run, const struct sightings *sightings, size_t model,
			uint32_t i)
{
	struct dedup_result *result = &run->results[model];
	uint64_t weight = run->models[model]->counts_frames ? run->options->sampling : 1;

	result->sightings_counted++;
	if (run->models[model]->counts_frames) {
		result->packets_counted += weight;
		result->bytes_counted += weight * sighting_frame_bytes(sightings, i);
	} else {
		result->packets_counted += sighting_wire_packets(sightings, i);
		result->bytes_counted += sighting_wire_bytes(sightings, i);
	}
}

static void score_flow(struct run *run, uint64_t key, uint32_t counted)
{
	int is_new;
	struct flow *flow = aging_get(&run->flows, key, &is_new);
	uint32_t more = counted & ~(uint32_t)flow->counted;

	if (!flow->is_known) {
		flow->is_known = 1;
		run->truth_out->flows++;
		for (size_t i = 0; i < run->model_count; i++)
			run->results[i].flows_dismissed++;
	}
	flow->counted |= counted;
	for (; more; more &= more - 1)
		run->results[__builtin_ctz(more)].flows_dismissed--;
}

static void score_packet(struct run *run, const struct sightings *sightings, uint32_t i)
{
	struct truth_packet *packet = run->truth.packet[i];
	uint32_t counted = 0;

	if (run->truth.change[i] == CHANGE_FIRST) {
		packet->counted = 0;
		for (size_t model = 0; model < run->model_count; model++)
			run->results[model].false_positives++;
	}
	for (size_t model = 0; model < run->model_count; model++) {
		struct dedup_result *result = &run->results[model];

		if (!run->is_counted[model][i])
			continue;
		add_counted(run, sightings, model, i);
		if (!packet)
			continue;
		if (packet->counted & 1U << model)
			result->false_negatives++;
		else
			result->false_positives--;
		counted |= 1U << model;
	}
	if (!packet)
		return;
	packet->counted |= counted;
	score_flow(run, packet->flow, counted);
}

static int score(struct run *run, const struct sightings *sightings)
{
	int error;

	dedup_turn(&run->flows,
		   dedup_due(&run->flow_turn, sightings->column[SIGHTING_TIME][0]));
	error = aging_reserve(&run->flows, sightings->count);
	for (uint32_t i = 0; i < sightings->count && !error; i++) {
		add_truth(run, sightings, i);
		score_packet(run, sightings, i);
	}
	return error;
}

static int replay_all(struct run *run, struct sighting_reader *reader)
{
	const struct sightings *sightings;
	int error;

	while (!(error = sighting_next(reader, &sightings))) {
		error = truth_resolve(&run->truth, sightings);
		for (size_t i = 0; i < run->model_count && !error; i++) {
			memset(run->is_counted[i], 0, sightings->count);
			error = run->models[i]->sightings(run->states[i], sightings,
							  &run->truth, run->is_counted[i]);
		}
		if (!error)
			error = score(run, sightings);
		if (error)
			return error;
	}
	return error == -ENODATA ? 0 : error;
}

int dedup_run(struct recording *recording, const char *recording_id,
	      const struct dedup_options *options, const struct dedup_model *const *models,
	      size_t model_count, struct dedup_truth *out, struct dedup_result *results)
{
	struct run *run = calloc(1, sizeof(*run));
	struct sighting_reader *reader = NULL;
	int error;

	if (!run)
		return -ENOMEM;
	*out = (struct dedup_truth){0};
	run->models = models;
	run->model_count = model_count;
	run->options = options;
	run->truth_out = out;
	run->results = results;
	run->flow_turn.interval_ns = FLOW_GAP_NS;
	error = truth_init(&run->truth, (enum truth_source)options->truth, SIGHTING_WHOLE);
	if (!error)
		error = aging_init(&run->flows, sizeof(struct flow));
	for (size_t i = 0; i < model_count && !error; i++)
		error = begin_model(run, i);
	if (!error)
		error = sighting_open(recording, recording_id, SIGHTING_WHOLE, NULL, 0,
				      &reader);
	if (!error)
		error = replay_all(run, reader);
	end_models(run);
	sighting_close(reader);
	truth_clear(&run->truth);
	aging_clear(&run->flows);
	free(run);
	return error;
}
