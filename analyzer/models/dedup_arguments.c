/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the designs and the options that functions over them are told.
 */
#include "analyzer/models/dedup_arguments.h"

#include "analyzer/models/options.h"
#include "analyzer/models/truth.h"

#include <errno.h>
#include <stdio.h>

#define OPTION(name, kind, member, ...)                                         \
	{                                                                       \
		name, kind, offsetof(struct dedup_options, member), __VA_ARGS__ \
	}

static const struct option options[] = {
	OPTION("cpus", OPTION_COUNT, cpus, 1, 8192, NULL),
	OPTION("cache", OPTION_COUNT, cache_entries, 1, 1U << 24, NULL),
	OPTION("eviction", OPTION_DURATION, eviction_ns, 1000000, UINT64_MAX / 4, NULL),
	OPTION("evict_at", OPTION_INSTANTS, evict_at, 0, 0, NULL),
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
	OPTION("truth", OPTION_WORD, truth, 0, 0, truth_source_names),
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

int dedup_arguments(const char *const *arguments, const struct dedup_model **models,
		    size_t *count, struct dedup_options *out, char **problem)
{
	struct dedup_options chosen = dedup_defaults;
	int error = choose(arguments[0], models, count, problem);

	if (!error)
		error = options_parse(arguments[1], options,
				      sizeof(options) / sizeof(options[0]), &chosen, problem);
	if (!error)
		*out = chosen;
	return error;
}
