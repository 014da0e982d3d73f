/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of a result file.
 */
#include "analyzer/compare/metric_file.h"
#include "schema/workload_result.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the metrics go. */
struct reader {
	struct metrics *metrics;
	enum metric_side side;
	char **problem;
	size_t line; /* of JSON lines */
};

static int wrong(const struct reader *reader, const char *what, const char *expected)
{
	if (asprintf(reader->problem, "line %zu: %s: expected %s", reader->line, what,
		     expected) >= 0)
		return -EINVAL;
	*reader->problem = NULL;
	return -ENOMEM;
}

/* --- JSON lines --- */

static int add_at_line(struct reader *reader, const struct metric_sample *sample)
{
	char *problem = NULL;
	int error = metrics_add(reader->metrics, reader->side, sample, &problem);

	if (problem && asprintf(reader->problem, "line %zu: %s", reader->line, problem) < 0)
		*reader->problem = NULL;
	free(problem);
	return error;
}

/* The text of a key; `otherwise` where there is none. NULL: it is no text. */
static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
	const json_t *value = json_object_get(object, key);

	return !value || json_is_null(value) ? otherwise : json_string_value(value);
}

static int read_metric(struct reader *reader, const json_t *object)
{
	const json_t *value = json_object_get(object, "value");
	const json_t *whole = json_object_get(object, "whole");
	const char *kind = text_of(object, "kind", ""), *better = text_of(object, "better", "");
	struct metric_sample sample = {
		.name = text_of(object, "metric", NULL),
		.unit = text_of(object, "unit", ""),
		.value = json_number_value(value),
		.whole = json_number_value(whole),
		.text = json_string_value(value),
	};
	int number = kind ? metric_kind_of(kind) : -1;

	if (!sample.name)
		return wrong(reader, "metric", "a text");
	if (!sample.unit)
		return wrong(reader, "unit", "a text");
	if (number < 0)
		return wrong(reader, "kind", "exact, sampled, proportion or context");
	if (!better || metric_better_of(better, &sample.better))
		return wrong(reader, "better", "lower, higher or nothing");
	if (!json_is_number(value) && !json_is_string(value))
		return wrong(reader, "value", "a number or a text");
	sample.kind = (enum metric_kind)number;
	return add_at_line(reader, &sample);
}

static int ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);

	return size >= end_size && !strcmp(text + size - end_size, end);
}

/* Rates are better higher, times and sizes lower; of others nothing is known. */
static int better_by_unit(const char *unit)
{
	static const char *const lower[] = {
		"ns", "us", "ms", "s", "seconds", "bytes", "B", "KiB", "MiB", "kB", "MB",
	};

	if (ends_with(unit, "/s") || ends_with(unit, "a second") || strstr(unit, "/CPU s"))
		return 1;
	for (size_t i = 0; i < sizeof(lower) / sizeof(lower[0]); i++) {
		size_t size = strlen(lower[i]);

		if (!strncmp(unit, lower[i], size) && (!unit[size] || strchr(" /", unit[size])))
			return -1;
	}
	return 0;
}

static int read_figure(struct reader *reader, const json_t *object)
{
	const json_t *ratio = json_object_get(object, "ratio");
	const json_t *value = json_is_number(ratio) ? ratio : json_object_get(object, "value");
	const char *unit = text_of(object, "unit", ""),
		   *better = text_of(object, "better", NULL);
	struct metric_sample sample = {
		.name = text_of(object, "name", NULL),
		.unit = value == ratio ? "ratio" : unit,
		.kind = METRIC_SAMPLED,
		.value = json_number_value(value),
	};

	if (!sample.name)
		return wrong(reader, "name", "a text");
	if (!unit)
		return wrong(reader, "unit", "a text");
	if (!json_is_number(value))
		return wrong(reader, "value", "a number");
	sample.better = better_by_unit(unit);
	if (better && metric_better_of(better, &sample.better))
		return wrong(reader, "better", "lower, higher or nothing");
	return add_at_line(reader, &sample);
}

static int read_line(struct reader *reader, const char *line, size_t size)
{
	json_error_t trouble;
	json_t *object = json_loadb(line, size, 0, &trouble);
	int error;

	if (!object)
		return wrong(reader, trouble.text, "an object in one line");
	if (json_object_get(object, "metric"))
		error = read_metric(reader, object);
	else if (json_object_get(object, "name"))
		error = read_figure(reader, object);
	else
		error = wrong(reader, "an object", "a key \"metric\" or \"name\"");
	json_decref(object);
	return error;
}

static int read_lines(struct reader *reader, const char *text, size_t size)
{
	int error = 0;

	for (size_t at = 0; at < size && !error;) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t length = end ? (size_t)(end - text) - at : size - at, blank = 0;

		reader->line++;
		while (blank < length && strchr(" \t\r", text[at + blank]) && text[at + blank])
			blank++;
		if (blank < length)
			error = read_line(reader, text + at, length);
		at += length + 1;
	}
	return error;
}

/* Whether the first line is an object by itself: no tool writes such. */
static int is_lines(const char *text, size_t size)
{
	const char *end = memchr(text, '\n', size);
	json_t *object = json_loadb(text, end ? (size_t)(end - text) : size, 0, NULL);
	int answer = json_is_object(object) &&
		     (json_object_get(object, "metric") || json_object_get(object, "name"));

	json_decref(object);
	return answer;
}

/* --- load tools --- */

static int add(struct reader *reader, const struct workload_result *result, const char *what,
	       const char *unit, enum metric_kind kind, int better, double value, double whole)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", result->tool, what);
	return metrics_add(reader->metrics, reader->side,
			   &(struct metric_sample){.name = name,
						   .unit = unit,
						   .kind = kind,
						   .better = better,
						   .value = value,
						   .whole = whole},
			   reader->problem);
}

/* hyperfine's operations are runs: each is a sample. */
static int add_times(struct reader *reader, const struct workload_result *result)
{
	struct histogram_bucket bucket;
	unsigned int at = 0;
	int error = 0;

	while (!error && !histogram_next(result->latency, &at, &bucket))
		for (uint64_t i = 0; i < bucket.count && !error; i++)
			error = add(reader, result, "time", "ns", METRIC_SAMPLED, -1,
				    ((double)bucket.lowest + (double)bucket.highest) / 2, 0);
	return error;
}

static const double percents[] = {50, 90, 95, 99, 99.9};

static int add_percentile(struct reader *reader, const struct workload_result *result,
			  double percent, double ns)
{
	char what[32];

	snprintf(what, sizeof(what), "latency_p%g", percent);
	if (strchr(what, '.'))
		memmove(strchr(what, '.'), strchr(what, '.') + 1, strlen(strchr(what, '.')));
	return add(reader, result, what, "ns", METRIC_SAMPLED, -1, ns, 0);
}

/* One sample a file of each percentile. */
static int add_latency(struct reader *reader, const struct workload_result *result)
{
	int error = 0;

	for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]) && !error; i++) {
		struct histogram_bucket bucket;

		if (result->latency) {
			if (!histogram_quantile(result->latency, percents[i] / 100, &bucket))
				error = add_percentile(
					reader, result, percents[i],
					((double)bucket.lowest + (double)bucket.highest) / 2);
			continue;
		}
		for (unsigned int j = 0; j < result->percentiles && !error; j++)
			if (result->percentile[j].percent == percents[i])
				error = add_percentile(reader, result, percents[i],
						       result->percentile[j].ns);
	}
	return error;
}

static int add_result(struct reader *reader, const struct workload_result *result)
{
	int is_runs = !strcmp(result->tool, "hyperfine"), error = 0;
	char unit[32];

	if (is_runs && result->latency)
		error = add_times(reader, result);
	else
		error = add_latency(reader, result);
	snprintf(unit, sizeof(unit), "%s%s/s", result->operation ? result->operation : "bytes",
		 result->operation ? "s" : "");
	if (!error && !is_runs && result->known & WORKLOAD_RATE)
		error = add(reader, result, "rate", unit, METRIC_SAMPLED, 1, result->rate, 0);
	if (!error && is_runs && result->known & WORKLOAD_ERRORS)
		error = add(reader, result, "errors", "runs", METRIC_EXACT, -1,
			    (double)result->errors, 0);
	else if (!error && result->known & WORKLOAD_ERRORS &&
		 result->known & WORKLOAD_OPERATIONS && result->operations >= result->errors &&
		 result->operations)
		error = add(reader, result, "errors", "operations", METRIC_PROPORTION, -1,
			    (double)result->errors, (double)result->operations);
	return error;
}

int metric_file_read(const char *text, size_t size, struct metrics *metrics,
		     enum metric_side side, char **problem)
{
	struct reader reader = {.metrics = metrics, .side = side, .problem = problem};
	struct workload_result result;
	char trouble[512];
	int error;

	*problem = NULL;
	if (is_lines(text, size))
		return read_lines(&reader, text, size);
	error = workload_result_read(text, size, &result, trouble, sizeof(trouble));
	if (error) {
		*problem = error == -ENOMEM ? NULL : strdup(trouble);
		return error;
	}
	error = add_result(&reader, &result);
	workload_result_close(&result);
	return error;
}
