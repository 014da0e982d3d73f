/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELECT * FROM fingerprint('ip_identification,network_bytes', '100ms', 'width=32'): the score
 * of a fingerprint, of a published recipe by its name, or of all recipes when none is named.
 *
 * For each window one row where split is 'all', and one for each kind of pair, protocol and
 * rate that there was. Without a window: that of the recipe, or all of 1 ms to 2 s.
 */
#include "analyzer/models/choice.h"
#include "analyzer/models/fingerprint_rows.h"
#include "analyzer/models/options.h"
#include "analyzer/models/truth.h"

#include <errno.h>
#include <stdlib.h>

struct chosen {
	struct choice_shape shape;
	struct fingerprint_options run;
};

#define OPTION(name, kind, member, ...)                                  \
	{                                                                \
		name, kind, offsetof(struct chosen, member), __VA_ARGS__ \
	}

static const struct option options[] = {
	OPTION("function", OPTION_WORD, shape.function, 0, 0, digest_function_names),
	OPTION("width", OPTION_COUNT, shape.width, 1, 64, NULL),
	OPTION("entries", OPTION_COUNT, shape.entries, 0, 1U << 26, NULL),
	OPTION("sightings", OPTION_COUNT, run.sightings, 0, UINT64_MAX, NULL),
	OPTION("truth", OPTION_WORD, run.truth, 0, 0, truth_source_names),
	OPTION("split", OPTION_SWITCH, run.split, 0, 1, NULL),
};

static int set_windows(struct choice *choice, const char *window, char **problem)
{
	int error = 0;

	for (size_t i = 0; i < choice->count && window && *window && !error; i++)
		error = fingerprint_parse_windows(&choice->fingerprints[i], window, problem);
	return error;
}

static int run_choice(struct recording *recording, const char *recording_id,
		      const struct chosen *chosen, const struct choice *choice,
		      struct model_rows *rows)
{
	struct fingerprint_result *results = calloc(choice->count, sizeof(*results));
	int error = -ENOMEM;

	if (results)
		error = fingerprint_run(recording, recording_id, &chosen->run,
					choice->fingerprints, choice->count, results);
	for (size_t i = 0; i < choice->count && !error; i++)
		fingerprint_put(rows, recording_id, choice->recipes[i], choice->fields[i],
				&choice->fingerprints[i], &results[i], (int)chosen->run.split);
	free(results);
	return error;
}

static int run(struct recording *recording, const char *recording_id,
	       const char *const *arguments, struct model_rows *rows, char **problem)
{
	struct chosen chosen = {.shape.width = 64, .run.split = 1};
	struct choice *choice = calloc(1, sizeof(*choice));
	int error = -ENOMEM;

	if (choice)
		error = options_parse(arguments[2], options,
				      sizeof(options) / sizeof(options[0]), &chosen, problem);
	if (!error)
		error = choice_make(choice, arguments[0], &chosen.shape, problem);
	if (!error)
		error = set_windows(choice, arguments[1], problem);
	if (!error)
		error = run_choice(recording, recording_id, &chosen, choice, rows);
	free(choice);
	return error;
}

const struct model fingerprint_table_model = {
	.name = "fingerprint",
	.columns = FINGERPRINT_COLUMNS,
	.arguments = "fingerprint TEXT, given_windows TEXT, options TEXT",
	.run = run,
};
