/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELECT * FROM fingerprint_sweep: sets of the fields that a path may leave alone, at 64
 * bits, in every window; the sets that err least in some window at fewer bits, too, and the
 * very best of them as lists of a few digests; and the published recipes, for comparison.
 * Which are worth their state is for SQL to say.
 *
 * At few bits CRC-32 is tried beside XXH3: it is linear, so that what differs in its last bits
 * only, as identifications that run, collides less than by chance.
 */
#include "analyzer/models/fingerprint_rows.h"
#include "analyzer/models/options.h"
#include "analyzer/models/recipe.h"
#include "analyzer/models/truth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* What a set is made of; fields that only make sense together count as one. */
static const char *const parts[] = {
	"network_iana_number",
	"network_bytes:16",
	"ip_identification:16",
	"tcp_sequence_number,tcp_acknowledgement_number,tcp_flags",
	"payload_first",
	"payload_hash",
	"source_address,destination_address,source_port,destination_port",
	"ip_fragment:8",
	"skb_time_ns",
	"skb_head",
	"skb_time_ns|ip_identification:16",
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

/*
 * The last four are tried by themselves, and with one other: 8 bits of where a fragment
 * belongs, which are 0 for the whole and its first fragment, and what is not on the wire.
 */
#define APART (15U << (PARTS - 4))

#define SETS	  (1U << PARTS) /* the empty one is left out */
#define BEST	  4
#define SET_BYTES 512

static const struct {
	enum digest_function function;
	unsigned int width;
} narrow[] = {
	{DIGEST_XXH3, 16},  {DIGEST_XXH3, 20},	{DIGEST_XXH3, 24},
	{DIGEST_XXH3, 32},  {DIGEST_XXH3, 48},	{DIGEST_CRC32, 16},
	{DIGEST_CRC32, 20}, {DIGEST_CRC32, 24}, {DIGEST_CRC32, 32},
};

/* Lists that only their size ends. */
static const uint32_t tables[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 80, 96, 128};
static const unsigned int table_widths[] = {8, 12, 16, 20, 24};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct option options[] = {
	{"sightings", OPTION_COUNT, offsetof(struct fingerprint_options, sightings), 0,
	 UINT64_MAX, NULL},
	{"truth", OPTION_WORD, offsetof(struct fingerprint_options, truth), 0, 0,
	 truth_source_names},
};

/* A group of fingerprints that are replayed in one pass. */
struct group {
	struct fingerprint fingerprints[FINGERPRINTS];
	unsigned int sets[FINGERPRINTS];
	size_t count;
};

struct sweep {
	struct recording *recording;
	const char *recording_id;
	struct fingerprint_options options;
	struct model_rows *rows;
	struct group group;
	struct fingerprint_result *results;
	uint64_t errors[SETS][FINGERPRINT_WINDOWS]; /* at 64 bits; all ones: not tried */
	unsigned char is_best[SETS];		    /* 2: the best in some window */
};

static void name_set(unsigned int set, char *out)
{
	size_t size = 0;

	*out = 0;
	for (size_t i = 0; i < PARTS; i++)
		if (set >> i & 1)
			size += (size_t)snprintf(out + size, SET_BYTES - size, "%s%s",
						 size ? "," : "", parts[i]);
}

static int run_group(struct sweep *sweep)
{
	struct group *group = &sweep->group;
	int error = fingerprint_run(sweep->recording, sweep->recording_id, &sweep->options,
				    group->fingerprints, group->count, sweep->results);

	for (size_t i = 0; i < group->count && !error; i++) {
		const struct fingerprint *fingerprint = &group->fingerprints[i];
		char fields[SET_BYTES];

		name_set(group->sets[i], fields);
		fingerprint_put(sweep->rows, sweep->recording_id, NULL, fields, fingerprint,
				&sweep->results[i], 0);
		for (size_t j = 0; j < fingerprint->window_count; j++) {
			struct fingerprint_score score = fingerprint_sum(&sweep->results[i], j);

			if (fingerprint->digest.width == 64) /* in all windows */
				sweep->errors[group->sets[i]][j] =
					score.false_positives + score.false_negatives;
		}
	}
	group->count = 0;
	return error;
}

/* To the group, which is replayed when it is full. */
static int add(struct sweep *sweep, unsigned int set, enum digest_function function,
	       unsigned int width, uint32_t entries)
{
	struct group *group = &sweep->group;
	struct fingerprint *fingerprint = &group->fingerprints[group->count];
	char fields[SET_BYTES], *problem = NULL;
	int error;

	*fingerprint = (struct fingerprint){
		.digest.function = function, .digest.width = width, .entries = entries};
	name_set(set, fields);
	if (entries)
		fingerprint->windows[fingerprint->window_count++] = FINGERPRINT_FOREVER;
	else
		fingerprint_all_windows(fingerprint);
	error = digest_parse(&fingerprint->digest, fields, &problem);
	free(problem);
	if (error)
		return error;
	group->sets[group->count++] = set;
	return group->count == FINGERPRINTS ? run_group(sweep) : 0;
}

/* Of each window, the sets with the fewest errors; of equal ones, those with the fewest parts.
 */
static void find_best(struct sweep *sweep, size_t window)
{
	unsigned char is_taken[SETS] = {0};

	for (size_t i = 0; i < BEST; i++) {
		unsigned int best = 0;

		for (unsigned int set = 1; set < SETS; set++) {
			uint64_t errors = sweep->errors[set][window];
			uint64_t least = best ? sweep->errors[best][window] : UINT64_MAX;

			if (!is_taken[set] &&
			    (errors < least ||
			     (errors == least &&
			      __builtin_popcount(set) < __builtin_popcount(best))))
				best = set;
		}
		is_taken[best] = 1;
		if (!i || !sweep->is_best[best])
			sweep->is_best[best] = i ? 1 : 2;
	}
}

/* The best sets, in less state. */
static int sweep_best(struct sweep *sweep, unsigned int set)
{
	int error = 0;

	for (size_t i = 0; i < COUNT(narrow) && !error; i++)
		error = add(sweep, set, narrow[i].function, narrow[i].width, 0);
	if (sweep->is_best[set] < 2)
		return error;
	for (size_t i = 0; i < COUNT(tables); i++)
		for (size_t j = 0; j < COUNT(table_widths) && !error; j++)
			error = add(sweep, set, DIGEST_CRC32, table_widths[j], tables[i]);
	return error;
}

static int sweep_sets(struct sweep *sweep)
{
	struct fingerprint windows;
	int error = 0;

	memset(sweep->errors, 0xff, sizeof(sweep->errors));
	for (unsigned int set = 1; set < SETS && !error; set++)
		if (!(set & APART) || __builtin_popcount(set) <= 2)
			error = add(sweep, set, DIGEST_XXH3, 64, 0);
	if (!error && sweep->group.count)
		error = run_group(sweep);
	fingerprint_all_windows(&windows);
	for (size_t i = 0; i < windows.window_count && !error; i++)
		find_best(sweep, i);
	for (unsigned int set = 1; set < SETS && !error; set++)
		if (sweep->is_best[set])
			error = sweep_best(sweep, set);
	return error || !sweep->group.count ? error : run_group(sweep);
}

/* Each with its own table, in its own window and in ours. */
static int run_recipes(struct sweep *sweep)
{
	struct fingerprint *fingerprints = sweep->group.fingerprints;
	const struct recipe *recipe;
	char *problem = NULL;
	size_t count = 0;
	int error = 0;

	for (; (recipe = recipe_get(count)) && !error; count++) {
		struct fingerprint *fingerprint = &fingerprints[count];

		error = recipe_take(recipe, fingerprint, &problem);
		free(problem);
		fingerprint_all_windows(fingerprint);
		fingerprint->windows[fingerprint->window_count++] = recipe->window_ns;
		for (size_t i = 0; i + 1 < fingerprint->window_count; i++)
			if (fingerprint->windows[i] == recipe->window_ns) {
				fingerprint->window_count--;
				break;
			}
	}
	if (!error)
		error = fingerprint_run(sweep->recording, sweep->recording_id, &sweep->options,
					fingerprints, count, sweep->results);
	for (size_t i = 0; i < count && !error; i++)
		fingerprint_put(sweep->rows, sweep->recording_id, recipe_get(i),
				recipe_get(i)->fields, &fingerprints[i], &sweep->results[i], 0);
	return error;
}

static int run(struct recording *recording, const char *recording_id,
	       const char *const *arguments, struct model_rows *rows, char **problem)
{
	struct sweep *sweep = calloc(1, sizeof(*sweep));
	int error = -ENOMEM;

	if (sweep) {
		sweep->recording = recording;
		sweep->recording_id = recording_id;
		sweep->rows = rows;
		sweep->options.sightings = 1000000;
		sweep->results = calloc(FINGERPRINTS, sizeof(*sweep->results));
	}
	if (sweep && sweep->results)
		error = options_parse(arguments[0], options,
				      sizeof(options) / sizeof(options[0]), &sweep->options,
				      problem);
	if (!error)
		error = run_recipes(sweep);
	if (!error)
		error = sweep_sets(sweep);
	if (sweep)
		free(sweep->results);
	free(sweep);
	return error;
}

const struct model sweep_table_model = {
	.name = "fingerprint_sweep",
	.columns = FINGERPRINT_COLUMNS,
	.arguments = "options TEXT",
	.needs_packets = 1,
	.run = run,
};
