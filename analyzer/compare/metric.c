/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is compared: metrics, each with what the baseline and the candidate said of it.
 */
#include "analyzer/compare/metric.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {
	[METRIC_EXACT] = "exact",
	[METRIC_SAMPLED] = "sampled",
	[METRIC_PROPORTION] = "proportion",
	[METRIC_CONTEXT] = "context",
};

int metric_kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(name, kinds[i]))
			return (int)i;
	return -1;
}

const char *metric_kind_name(enum metric_kind kind)
{
	return kinds[kind];
}

int metric_better_of(const char *name, int *better)
{
	if (!strcmp(name, "lower"))
		*better = -1;
	else if (!strcmp(name, "higher"))
		*better = 1;
	else if (!*name)
		*better = 0;
	else
		return -EINVAL;
	return 0;
}

__attribute__((format(printf, 3, 4))) static int say(char **problem, int error,
						     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(problem, format, arguments) < 0) {
		*problem = NULL;
		error = -ENOMEM;
	}
	va_end(arguments);
	return error;
}

/* The place of the name, or where it would stand; *is_there says which. */
static size_t place_of(const struct metrics *metrics, const char *name, int *is_there)
{
	size_t low = 0, high = metrics->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(metrics->list[middle].name, name);

		if (!order) {
			*is_there = 1;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*is_there = 0;
	return low;
}

const struct metric *metrics_find(const struct metrics *metrics, const char *name)
{
	int is_there;
	size_t place = place_of(metrics, name, &is_there);

	return is_there ? &metrics->list[place] : NULL;
}

/* An array doubles its room whenever its count is a power of two. */
static int make_room(void **array, size_t count, size_t size)
{
	void *larger;

	if (count & (count - 1))
		return 0;
	larger = reallocarray(*array, count ? 2 * count : 1, size);
	if (!larger)
		return -ENOMEM;
	*array = larger;
	return 0;
}

static int insert(struct metrics *metrics, size_t place, const struct metric_sample *sample)
{
	struct metric metric = {
		.name = strdup(sample->name),
		.unit = strdup(sample->unit ? sample->unit : ""),
		.kind = sample->kind,
		.better = sample->better,
	};

	if (!metric.name || !metric.unit ||
	    make_room((void **)&metrics->list, metrics->count, sizeof(metric))) {
		free(metric.name);
		free(metric.unit);
		return -ENOMEM;
	}
	memmove(metrics->list + place + 1, metrics->list + place,
		(metrics->count - place) * sizeof(metric));
	metrics->list[place] = metric;
	metrics->count++;
	return 0;
}

static int check(const struct metric_sample *sample, char **problem)
{
	const char *unit = sample->unit ? sample->unit : "";

	if (!*sample->name || strlen(sample->name) > METRIC_NAME_MOST)
		return say(problem, -EINVAL, "a metric's name: expected 1 to %d bytes",
			   METRIC_NAME_MOST);
	if (strlen(unit) > METRIC_NAME_MOST)
		return say(problem, -EINVAL, "%s: unit: expected at most %d bytes",
			   sample->name, METRIC_NAME_MOST);
	if (sample->text)
		return sample->kind == METRIC_CONTEXT &&
				       strlen(sample->text) <= METRIC_TEXT_MOST
			       ? 0
			       : say(problem, -EINVAL,
				     "%s: expected a number, or a context's text of at most "
				     "%d bytes",
				     sample->name, METRIC_TEXT_MOST);
	if (!isfinite(sample->value))
		return say(problem, -EINVAL, "%s: expected a finite value", sample->name);
	if (sample->kind == METRIC_PROPORTION &&
	    !(isfinite(sample->whole) && sample->value >= 0 && sample->whole >= sample->value))
		return say(problem, -EINVAL,
			   "%s: expected a part (value) from 0 to the whole, not %g of %g",
			   sample->name, sample->value, sample->whole);
	return 0;
}

static int agree(struct metric *metric, const struct metric_sample *sample, char **problem)
{
	const char *unit = sample->unit ? sample->unit : "";

	if (strcmp(metric->unit, unit))
		return say(problem, -EINVAL, "%s: unit '%s' does not fit '%s' before",
			   metric->name, unit, metric->unit);
	if (metric->kind != sample->kind)
		return say(problem, -EINVAL, "%s: kind %s does not fit %s before", metric->name,
			   kinds[sample->kind], kinds[metric->kind]);
	if (!metric->better)
		metric->better = sample->better;
	if (sample->better && metric->better != sample->better)
		return say(problem, -EINVAL, "%s: better %s does not fit the other before",
			   metric->name, sample->better < 0 ? "lower" : "higher");
	return 0;
}

static int add_text(struct metric_values *values, const char *text)
{
	size_t place = 0;
	char *own;

	while (place < values->text_count && strcmp(values->texts[place], text) < 0)
		place++;
	if (place < values->text_count && !strcmp(values->texts[place], text))
		return 0;
	own = strdup(text);
	if (!own || make_room((void **)&values->texts, values->text_count, sizeof(own))) {
		free(own);
		return -ENOMEM;
	}
	memmove(values->texts + place + 1, values->texts + place,
		(values->text_count - place) * sizeof(own));
	values->texts[place] = own;
	values->text_count++;
	return 0;
}

int metrics_add(struct metrics *metrics, enum metric_side side,
		const struct metric_sample *sample, char **problem)
{
	int is_there, error = check(sample, problem);
	struct metric_values *values;

	if (error)
		return error;
	is_there = metrics->last < metrics->count &&
		   !strcmp(metrics->list[metrics->last].name, sample->name);
	if (!is_there)
		metrics->last = place_of(metrics, sample->name, &is_there);
	if (!is_there) {
		if (metrics->count == METRIC_COUNT_MOST)
			return say(problem, -E2BIG, "%s: more than %d metrics", sample->name,
				   METRIC_COUNT_MOST);
		error = insert(metrics, metrics->last, sample);
	} else {
		error = agree(&metrics->list[metrics->last], sample, problem);
	}
	if (error)
		return error;
	values = &metrics->list[metrics->last].side[side];
	if (sample->text)
		return add_text(values, sample->text);
	if (values->count == METRIC_SAMPLES_MOST)
		return say(problem, -E2BIG, "%s: more than %u samples", sample->name,
			   METRIC_SAMPLES_MOST);
	error = make_room((void **)&values->values, values->count, sizeof(double));
	if (!error)
		error = make_room((void **)&values->sources, values->count, sizeof(size_t));
	if (error)
		return error;
	values->sources[values->count] = metrics->source;
	values->values[values->count++] = sample->kind == METRIC_PROPORTION && sample->whole > 0
						  ? sample->value / sample->whole
						  : sample->value;
	values->part += sample->value;
	values->whole += sample->whole;
	return 0;
}

void metrics_free(struct metrics *metrics)
{
	for (size_t i = 0; i < metrics->count; i++) {
		struct metric *metric = &metrics->list[i];

		free(metric->name);
		free(metric->unit);
		for (int side = 0; side < METRIC_SIDES; side++) {
			free(metric->side[side].values);
			free(metric->side[side].sources);
			for (size_t j = 0; j < metric->side[side].text_count; j++)
				free(metric->side[side].texts[j]);
			free(metric->side[side].texts);
		}
	}
	free(metrics->list);
	*metrics = (struct metrics){0};
}
