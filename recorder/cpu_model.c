/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the model of a CPU.
 */
#include "recorder/cpu_model.h"

#include <stdlib.h>
#include <string.h>

/* The value of a line "key<blanks>: value", or NULL when it has another key or no value. */
static const char *value_of(char *line, const char *key)
{
	size_t size = strlen(key);
	const char *value;

	if (strncmp(line, key, size) || !strchr(" \t:", line[size]))
		return NULL;
	line[strcspn(line, "\n")] = 0;
	value = strchr(line, ':');
	if (!value)
		return NULL;
	value += 1 + strspn(value + 1, " \t");
	return *value ? value : NULL;
}

char *cpu_model_read(FILE *cpuinfo)
{
	char line[512], implementer[32] = "", part[32] = "", *text = NULL;
	const char *value;

	while (fgets(line, sizeof(line), cpuinfo)) {
		value = value_of(line, "model name");
		if (value)
			return strdup(value);
		value = value_of(line, "CPU implementer");
		if (value && !implementer[0])
			snprintf(implementer, sizeof(implementer), "%.31s", value);
		value = value_of(line, "CPU part");
		if (value && !part[0])
			snprintf(part, sizeof(part), "%.31s", value);
	}
	if (implementer[0] && part[0] &&
	    asprintf(&text, "implementer %s, part %s", implementer, part) < 0)
		return NULL;
	return text;
}
