/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules by which metrics are judged, as a small text.
 */
#include "analyzer/compare/gate.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GATE_SIZE_MOST	(1U << 20)
#define GATE_RULES_MOST 10000
#define GATE_WORDS_MOST 16

enum rule_kind {
	RULE_METRIC,
	RULE_INFORM,
	RULE_IGNORE,
	RULE_REQUIRE,
	RULE_CONTEXT,
};

enum said {
	SAID_BETTER = 1,
	SAID_KIND = 2,
	SAID_THRESHOLD = 4,
	SAID_ABSENT = 8,
	SAID_TOLERANCE = 16,
	SAID_PER = 32,
	SAID_NEEDS = 64,
};

struct rule {
	enum rule_kind kind;
	char *pattern;
	char *needs; /* what metric.needs points to */
	unsigned int said;
	struct gate_rule metric;
	struct gate_context context;
};

struct gate {
	double alpha;
	size_t samples;
	struct rule *rules;
	size_t count;
};

/* Where a reader is. */
struct place {
	const char *name;
	size_t line;
	char **problem;
};

static int expected(const struct place *place, const char *word, const char *what)
{
	if (asprintf(place->problem, "%s:%zu: '%s': expected %s", place->name, place->line,
		     word, what) >= 0)
		return -EINVAL;
	*place->problem = NULL;
	return -ENOMEM;
}

/* Backtracks to the last * only: steps are at most the product of the lengths. */
int gate_fits(const char *pattern, const char *name)
{
	const char *star = NULL, *from = NULL;

	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			from = name;
		} else if (*pattern == '?' || *pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++from;
		} else {
			return 0;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* A number with or without %. Returns 0 or -EINVAL. */
static int number_of(const char *text, double *number, int *is_percent)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || !isfinite(value) || value < 0)
		return -EINVAL;
	*is_percent = *end == '%';
	if (end[*is_percent])
		return -EINVAL;
	*number = *is_percent ? value / 100 : value;
	return 0;
}

static int set_better(struct rule *rule, const char *value)
{
	rule->said |= SAID_BETTER;
	return *value ? metric_better_of(value, &rule->metric.better) : -EINVAL;
}

static int set_kind(struct rule *rule, const char *value)
{
	rule->said |= SAID_KIND;
	rule->metric.kind = metric_kind_of(value);
	return rule->metric.kind < 0 || rule->metric.kind == METRIC_CONTEXT ? -EINVAL : 0;
}

static int set_threshold(struct rule *rule, const char *value)
{
	rule->said |= SAID_THRESHOLD;
	return number_of(value, &rule->metric.threshold, &rule->metric.is_percent);
}

static int set_per(struct rule *rule, const char *value)
{
	rule->said |= SAID_PER;
	rule->metric.is_per_recording = !strcmp(value, "recording");
	return rule->metric.is_per_recording || !strcmp(value, "sample") ? 0 : -EINVAL;
}

/* Borrowed until the rule is kept. */
static int set_needs(struct rule *rule, const char *value)
{
	rule->said |= SAID_NEEDS;
	rule->metric.needs = value;
	return *value ? 0 : -EINVAL;
}

static int set_absent(struct rule *rule, const char *value)
{
	int is_percent, error = number_of(value, &rule->metric.absent, &is_percent);

	rule->said |= SAID_ABSENT;
	rule->metric.has_absent = 1;
	return error || is_percent ? -EINVAL : 0;
}

static int set_tolerance(struct rule *rule, const char *value)
{
	int is_percent, error = number_of(value, &rule->context.tolerance, &is_percent);

	rule->said |= SAID_TOLERANCE;
	return error || !is_percent ? -EINVAL : 0;
}

static const struct attribute {
	const char *name;
	enum rule_kind of;
	int (*set)(struct rule *rule, const char *value);
	const char *expected;
} attributes[] = {
	{"better", RULE_METRIC, set_better, "better=lower or better=higher"},
	{"kind", RULE_METRIC, set_kind, "kind=exact, kind=sampled or kind=proportion"},
	{"threshold", RULE_METRIC, set_threshold, "threshold=N or threshold=N%, N from 0"},
	{"per", RULE_METRIC, set_per, "per=sample or per=recording"},
	{"needs", RULE_METRIC, set_needs, "needs=PATTERN"},
	{"absent", RULE_METRIC, set_absent, "absent=N, N from 0"},
	{"tolerance", RULE_CONTEXT, set_tolerance, "tolerance=N%, N from 0"},
};

static int set_attribute(const struct place *place, struct rule *rule, const char *word)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		const struct attribute *attribute = &attributes[i];
		size_t size = strlen(attribute->name);

		if (attribute->of != rule->kind || strncmp(word, attribute->name, size) ||
		    word[size] != '=')
			continue;
		return attribute->set(rule, word + size + 1)
			       ? expected(place, word, attribute->expected)
			       : 0;
	}
	return expected(place, word,
			rule->kind == RULE_METRIC
				? "better=, kind=, threshold=, per=, needs= or absent="
			: rule->kind == RULE_CONTEXT ? "tolerance="
						     : "the end of the line");
}

static int set_action(const struct place *place, struct rule *rule, const char *word)
{
	static const char *const actions[] = {
		[GATE_WARN] = "warn", [GATE_REFUSE] = "refuse", [GATE_IGNORE] = "ignore"};

	for (size_t i = 0; word && i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(word, actions[i])) {
			rule->context.action = (enum gate_action)i;
			return 0;
		}
	return expected(place, word ? word : rule->pattern, "warn, refuse or ignore");
}

static int add_rule(struct gate *gate, const struct place *place, enum rule_kind kind,
		    char *const *words, size_t count)
{
	struct rule rule = {.kind = kind, .metric.kind = -1}, *larger;
	size_t first = 2;
	int error = 0;

	if (count < 2)
		return expected(place, words[0], "a pattern after it");
	if (strlen(words[1]) > METRIC_NAME_MOST)
		return expected(place, words[1], "a pattern of at most 200 bytes");
	if (gate->count == GATE_RULES_MOST)
		return expected(place, words[0], "no more than 10000 rules");
	rule.pattern = words[1];
	if (kind == RULE_CONTEXT) {
		error = set_action(place, &rule, count > 2 ? words[2] : NULL);
		first = 3;
	}
	for (size_t i = first; i < count && !error; i++)
		error = set_attribute(place, &rule, words[i]);
	if (error)
		return error;
	larger = reallocarray(gate->rules, gate->count + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	gate->rules = larger;
	rule.pattern = strdup(words[1]);
	rule.needs = rule.metric.needs ? strdup(rule.metric.needs) : NULL;
	rule.metric.needs = rule.needs;
	if (!rule.pattern || (rule.said & SAID_NEEDS && !rule.needs)) {
		free(rule.pattern);
		free(rule.needs);
		return -ENOMEM;
	}
	gate->rules[gate->count++] = rule;
	return 0;
}

static void clear(struct gate *gate)
{
	for (size_t i = 0; i < gate->count; i++) {
		free(gate->rules[i].pattern);
		free(gate->rules[i].needs);
	}
	gate->count = 0;
}

static int set_alpha(struct gate *gate, const struct place *place, const char *word)
{
	int is_percent;
	double alpha;

	if (number_of(word, &alpha, &is_percent) || is_percent || alpha <= 0 || alpha >= 1)
		return expected(place, word, "a number above 0 and below 1");
	gate->alpha = alpha;
	return 0;
}

static int set_samples(struct gate *gate, const struct place *place, const char *word)
{
	int is_percent;
	double samples;

	if (number_of(word, &samples, &is_percent) || is_percent || samples < 1 ||
	    samples > METRIC_SAMPLES_MOST || samples != floor(samples))
		return expected(place, word, "a whole number from 1");
	gate->samples = (size_t)samples;
	return 0;
}

static int read_words(struct gate *gate, const struct place *place, char *const *words,
		      size_t count)
{
	static const char *const rules[] = {
		[RULE_METRIC] = "metric",   [RULE_INFORM] = "inform",
		[RULE_IGNORE] = "ignore",   [RULE_REQUIRE] = "require",
		[RULE_CONTEXT] = "context",
	};
	const char *word = words[0];

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!strcmp(word, rules[i]))
			return add_rule(gate, place, (enum rule_kind)i, words, count);
	if (!strcmp(word, "clear")) {
		if (count > 1)
			return expected(place, words[1], "the end of the line");
		clear(gate);
		return 0;
	}
	if (strcmp(word, "alpha") && strcmp(word, "samples"))
		return expected(place, word,
				"metric, inform, ignore, require, context, alpha, samples or "
				"clear");
	if (count != 2)
		return expected(place, count > 2 ? words[2] : word,
				count > 2 ? "the end of the line" : "a number after it");
	return *word == 'a' ? set_alpha(gate, place, words[1])
			    : set_samples(gate, place, words[1]);
}

/* Cut a line into words, up to a comment. */
static int read_line(struct gate *gate, const struct place *place, char *line)
{
	char *words[GATE_WORDS_MOST], *rest = line, *word;
	size_t count = 0;

	while ((word = strsep(&rest, " \t\r"))) {
		if (!*word)
			continue;
		if (*word == '#')
			break;
		if (count == GATE_WORDS_MOST)
			return expected(place, word, "at most 16 words");
		words[count++] = word;
	}
	return count ? read_words(gate, place, words, count) : 0;
}

int gate_read(struct gate *gate, const char *name, const char *text, size_t size,
	      char **problem)
{
	struct place place = {.name = name, .problem = problem};
	char *copy, *rest, *line;
	int error = 0;

	*problem = NULL;
	if (size > GATE_SIZE_MOST || memchr(text, 0, size)) {
		place.line = 1;
		return expected(&place, "", "a text without zero bytes, of at most 1 MiB");
	}
	copy = rest = strndup(text, size);
	if (!copy)
		return -ENOMEM;
	while (!error && (line = strsep(&rest, "\n"))) {
		place.line++;
		error = read_line(gate, &place, line);
	}
	free(copy);
	return error;
}

struct gate *gate_new(void)
{
	struct gate *gate = calloc(1, sizeof(*gate));

	if (gate)
		*gate = (struct gate){.alpha = 0.005, .samples = 10};
	return gate;
}

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	clear(gate);
	free(gate->rules);
	free(gate);
}

double gate_alpha(const struct gate *gate)
{
	return gate->alpha;
}

size_t gate_samples(const struct gate *gate)
{
	return gate->samples;
}

static void override(struct gate_rule *answer, const struct rule *rule)
{
	if (rule->kind == RULE_INFORM || rule->kind == RULE_METRIC) {
		answer->is_gated = rule->kind == RULE_METRIC;
		answer->is_ignored = 0;
	}
	if (rule->kind == RULE_IGNORE)
		answer->is_ignored = 1;
	if (rule->said & SAID_BETTER)
		answer->better = rule->metric.better;
	if (rule->said & SAID_KIND)
		answer->kind = rule->metric.kind;
	if (rule->said & SAID_THRESHOLD) {
		answer->threshold = rule->metric.threshold;
		answer->is_percent = rule->metric.is_percent;
	}
	if (rule->said & SAID_PER)
		answer->is_per_recording = rule->metric.is_per_recording;
	if (rule->said & SAID_NEEDS)
		answer->needs = rule->metric.needs;
	if (rule->said & SAID_ABSENT) {
		answer->has_absent = 1;
		answer->absent = rule->metric.absent;
	}
}

struct gate_rule gate_rule(const struct gate *gate, const char *metric)
{
	struct gate_rule answer = {.kind = -1, .threshold = 0.05, .is_percent = 1};

	for (size_t i = 0; i < gate->count; i++)
		if (gate->rules[i].kind <= RULE_IGNORE &&
		    gate_fits(gate->rules[i].pattern, metric))
			override(&answer, &gate->rules[i]);
	return answer;
}

struct gate_context gate_context(const struct gate *gate, const char *key)
{
	struct gate_context answer = {.action = GATE_WARN};

	for (size_t i = 0; i < gate->count; i++) {
		const struct rule *rule = &gate->rules[i];

		if (rule->kind != RULE_CONTEXT || !gate_fits(rule->pattern, key))
			continue;
		answer.action = rule->context.action;
		if (rule->said & SAID_TOLERANCE)
			answer.tolerance = rule->context.tolerance;
	}
	return answer;
}

const char *gate_required(const struct gate *gate, size_t i)
{
	for (size_t j = 0; j < gate->count; j++)
		if (gate->rules[j].kind == RULE_REQUIRE && !i--)
			return gate->rules[j].pattern;
	return NULL;
}
