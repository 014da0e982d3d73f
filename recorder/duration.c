/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations and sizes as people write them.
 */
#include "recorder/duration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *suffix;
	uint64_t factor;
};

static int parse(const char *text, const struct unit *units, uint64_t *out)
{
	unsigned long long number;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno)
		return -EINVAL;
	for (; units->suffix; units++)
		if (!strcmp(end, units->suffix) && number <= UINT64_MAX / units->factor) {
			*out = number * units->factor;
			return 0;
		}
	return -EINVAL;
}

int duration_parse(const char *text, uint64_t *ns)
{
	static const struct unit units[] = {
		{"", 1000000000},
		{"ms", 1000000},
		{"s", 1000000000},
		{"m", 60 * 1000000000ULL},
		{"h", 3600 * 1000000000ULL},
		{"d", 86400 * 1000000000ULL},
		{0},
	};

	return parse(text, units, ns);
}

int size_parse(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"T", 1ULL << 40}, {0},
	};

	return parse(text, units, bytes);
}
