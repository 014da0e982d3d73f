/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores of fingerprints as rows of a table.
 */
#include "analyzer/models/fingerprint_rows.h"
#include "analyzer/models/options.h"
#include "analyzer/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

static const char *const pair_names[FINGERPRINT_PAIRS] = {
	"unrelated",	 "switched",
	"routed",	 "translated",
	"segmented",	 "merged",
	"fragmented",	 "encapsulated",
	"retransmitted", "duplicated by the application",
};

static const char *const protocol_names[FINGERPRINT_PROTOCOLS] = {"tcp", "udp", "icmp",
								  "other"};

/* Packets a second, up to which. */
static const char *const rate_names[FINGERPRINT_RATES] = {
	"< 100", "< 1000", "< 10000", "< 100000", "< 1000000", "< 10000000", ">= 10000000",
};

void fingerprint_all_windows(struct fingerprint *fingerprint)
{
	static const uint64_t windows[] = {1000000, 10000000, 100000000, 1000000000,
					   2000000000};

	memcpy(fingerprint->windows, windows, sizeof(windows));
	fingerprint->window_count = sizeof(windows) / sizeof(windows[0]);
}

int fingerprint_parse_windows(struct fingerprint *fingerprint, const char *text, char **problem)
{
	fingerprint->window_count = 0;
	while (*text) {
		size_t size = strcspn(text, ",");
		uint64_t *window = &fingerprint->windows[fingerprint->window_count];

		if (fingerprint->window_count == FINGERPRINT_WINDOWS ||
		    options_duration(text, size, window) || !*window) {
			if (asprintf(problem, "no window, or one too many: '%.*s'", (int)size,
				     text) >= 0)
				return -EINVAL;
			*problem = NULL;
			return -ENOMEM;
		}
		fingerprint->window_count++;
		text += size;
		text += *text == ',';
	}
	return 0;
}

static void put_ratio(struct model_rows *rows, double part, double whole)
{
	double low, high;

	statistics_wilson(part, whole, 0.95, &low, &high);
	model_put_real(rows, whole > 0 ? part / whole : NAN);
	model_put_real(rows, low);
	model_put_real(rows, high);
}

static void put_score(struct model_rows *rows, const struct fingerprint_score *score)
{
	double right = (double)score->true_positives;
	double wrong = (double)score->false_positives, missed = (double)score->false_negatives;

	model_put_integer(rows, score->sightings);
	model_put_integer(rows, score->packets);
	model_put_integer(rows, score->true_positives + score->false_negatives);
	model_put_integer(rows, score->true_positives + score->false_positives);
	model_put_integer(rows, score->true_positives);
	model_put_integer(rows, score->false_positives);
	model_put_integer(rows, score->false_negatives);
	model_put_integer(rows, score->dismissed);
	model_put_real(rows, score->packets ? (double)score->dismissed / (double)score->packets
					    : NAN);
	put_ratio(rows, right, right + wrong);
	put_ratio(rows, right, right + missed);
	/* F1 = right / (right + the mean of both errors). */
	put_ratio(rows, right, right + (wrong + missed) / 2);
}

struct place {
	struct model_rows *rows;
	const char *recording_id, *fields;
	const struct recipe *recipe;
	const struct fingerprint *fingerprint;
	const struct fingerprint_result *result;
	size_t window;
};

static void put_row(const struct place *place, const char *split, const char *value,
		    const struct fingerprint_score *score)
{
	const struct fingerprint *fingerprint = place->fingerprint;
	struct model_rows *rows = place->rows;
	uint64_t entries = place->result->peak_entries[place->window];

	if (fingerprint->entries && entries > fingerprint->entries)
		entries = fingerprint->entries;
	model_put_text(rows, place->recording_id);
	model_put_text(rows, place->recipe ? place->recipe->name : NULL);
	model_put_text(rows, place->recipe ? place->recipe->publication : NULL);
	model_put_text(rows, place->fields);
	model_put_text(rows, digest_function_names[fingerprint->digest.function]);
	model_put_integer(rows, fingerprint->digest.width);
	model_put_integer(rows, fingerprint->windows[place->window]);
	if (fingerprint->entries)
		model_put_integer(rows, fingerprint->entries);
	else
		model_put_real(rows, NAN);
	model_put_text(rows, split);
	model_put_text(rows, value);
	put_score(rows, score);
	model_put_integer(rows, entries);
	model_put_integer(rows, fingerprint_state_bytes(fingerprint, place->window, entries));
	model_put_integer(rows, digest_bytes(&fingerprint->digest));
	model_put_real(rows, digest_ns(&fingerprint->digest));
}

/* The sum of all scores whose index in each dimension is the given one, if it is not negative.
 */
static struct fingerprint_score sum(const struct fingerprint_result *result, size_t window,
				    int pair, int protocol, int rate)
{
	struct fingerprint_score total = {0};

	for (int i = 0; i < FINGERPRINT_PAIRS; i++)
		for (int j = 0; j < FINGERPRINT_PROTOCOLS; j++)
			for (int k = 0; k < FINGERPRINT_RATES; k++)
				if ((pair < 0 || i == pair) &&
				    (protocol < 0 || j == protocol) && (rate < 0 || k == rate))
					fingerprint_add(&total,
							&result->score[window][i][j][k]);
	return total;
}

struct fingerprint_score fingerprint_sum(const struct fingerprint_result *result, size_t window)
{
	return sum(result, window, -1, -1, -1);
}

static void put_split(const struct place *place, const char *split, const char *value,
		      struct fingerprint_score score)
{
	if (score.sightings || score.false_positives)
		put_row(place, split, value, &score);
}

void fingerprint_put(struct model_rows *rows, const char *recording_id,
		     const struct recipe *recipe, const char *fields,
		     const struct fingerprint *fingerprint,
		     const struct fingerprint_result *result, int is_split)
{
	for (size_t i = 0; i < fingerprint->window_count; i++) {
		const struct place place = {
			rows, recording_id, fields, recipe, fingerprint, result, i,
		};

		put_split(&place, "all", NULL, fingerprint_sum(result, i));
		for (int j = 0; is_split && j < FINGERPRINT_PAIRS; j++)
			put_split(&place, "pair", pair_names[j], sum(result, i, j, -1, -1));
		for (int j = 0; is_split && j < FINGERPRINT_PROTOCOLS; j++)
			put_split(&place, "protocol", protocol_names[j],
				  sum(result, i, -1, j, -1));
		for (int j = 0; is_split && j < FINGERPRINT_RATES; j++)
			put_split(&place, "rate", rate_names[j], sum(result, i, -1, -1, j));
	}
}
