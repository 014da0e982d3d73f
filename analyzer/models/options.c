/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a model is told.
 */
#include "analyzer/models/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_number(const char *text, size_t size, uint64_t *out, size_t *used)
{
	uint64_t number = 0;
	size_t i = 0;

	for (; i < size && text[i] >= '0' && text[i] <= '9'; i++) {
		if (number > (UINT64_MAX - 9) / 10)
			return -EINVAL;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	*used = i;
	*out = number;
	return i ? 0 : -EINVAL;
}

int options_duration(const char *text, size_t size, uint64_t *out)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"", 1}, {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000},
	};
	uint64_t number;
	size_t used;

	if (parse_number(text, size, &number, &used))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == size - used &&
		    !memcmp(units[i].name, text + used, size - used)) {
			if (number > UINT64_MAX / 2 / units[i].ns)
				return -EINVAL;
			*out = number * units[i].ns;
			return 0;
		}
	return -EINVAL;
}

int options_instant(const char **text, uint64_t *out)
{
	size_t size = strcspn(*text, ",;"), used;
	uint64_t instant;

	if (!size)
		return -ENODATA;
	if (parse_number(*text, size, &instant, &used) || used != size)
		return -EINVAL;
	*text += size;
	*text += **text == ';';
	*out = instant;
	return 0;
}

static int are_instants(const char *text)
{
	uint64_t before = 0, instant;
	int error;

	while (!(error = options_instant(&text, &instant)) && instant > before)
		before = instant;
	return error == -ENODATA && before && text[-1] != ';';
}

static int parse_value(const struct option *option, const char *text, size_t size,
		       uint64_t *out)
{
	static const char *const switches[] = {"no", "yes", NULL};
	const char *const *words = option->kind == OPTION_SWITCH ? switches : option->words;
	uint64_t number;
	size_t used;

	if (option->kind == OPTION_DURATION)
		return options_duration(text, size, out);
	for (size_t i = 0; words && words[i]; i++)
		if (strlen(words[i]) == size && !memcmp(words[i], text, size)) {
			*out = i;
			return 0;
		}
	if (option->kind == OPTION_WORD || parse_number(text, size, &number, &used) ||
	    used != size)
		return -EINVAL;
	*out = number;
	return 0;
}

static int refuse(char **problem, const char *what, const char *text, size_t size)
{
	if (asprintf(problem, "%s '%.*s'", what, (int)size, text) >= 0)
		return -EINVAL;
	*problem = NULL;
	return -ENOMEM;
}

static int set(const struct option *option, const char *text, size_t size, void *out,
	       char **problem)
{
	uint64_t value;

	if (option->kind == OPTION_INSTANTS) {
		if (!are_instants(text))
			return refuse(problem, "there is no such value", text, size);
		memcpy((char *)out + option->offset, &text, sizeof(text));
		return 0;
	}
	if (parse_value(option, text, size, &value) || value < option->least ||
	    (option->kind != OPTION_WORD && value > option->most))
		return refuse(problem, "there is no such value", text, size);
	memcpy((char *)out + option->offset, &value, sizeof(value));
	return 0;
}

int options_parse(const char *text, const struct option *options, size_t count, void *out,
		  char **problem)
{
	while (text && *text) {
		size_t size = strcspn(text, ","), name_size = strcspn(text, "=,"), i = 0;
		int error;

		while (i < count && (strlen(options[i].name) != name_size ||
				     memcmp(options[i].name, text, name_size)))
			i++;
		if (i == count)
			return refuse(problem, "there is no option", text, name_size);
		if (name_size == size)
			return refuse(problem, "there is no value for", text, name_size);
		error = set(&options[i], text + name_size + 1, size - name_size - 1, out,
			    problem);
		if (error)
			return error;
		text += size;
		text += *text == ',';
	}
	return 0;
}
