/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds any text to filter_add: each line is a rule, behind + (only) or - (not), or a share to
 * sample behind 1. What came of it is looked at, and asked about a tuple.
 */
#include "recorder/filter.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_values(const struct filter_values *values, uint32_t prefix_most)
{
	assert(values->count <= FILTER_VALUES_MOST);
	for (size_t i = 0; i < values->count; i++) {
		const struct filter_value *value = &values->list[i];

		assert(value->bits && value->bits < 1 << 2 * RULE_SECOND);
		assert(value->net.prefix_bits <= prefix_most);
		assert(!value->text || *value->text == '/');
	}
}

static void check(const struct filter *filter, const uint8_t *data, size_t size)
{
	struct flow_key key = {.protocol = 6};
	uint32_t kinds = filter->settings.kinds, kind;

	assert(!(filter->settings.allows & ~kinds));
	check_values(&filter->nets, 128);
	check_values(&filter->interfaces, 160);
	check_values(&filter->executables, 160);
	check_values(&filter->namespaces, 0);
	check_values(&filter->cgroups, 0);
	for (size_t i = 0; i < filter->nets.count; i++) {
		const struct net_key *net = &filter->nets.list[i].net;
		uint8_t bits = filter_bits(&filter->nets, net, sizeof(*net));

		assert((bits & filter->nets.list[i].bits) == filter->nets.list[i].bits);
	}
	memcpy(&key, data, size < sizeof(key) ? size : sizeof(key));
	kind = filter_excludes(filter, &key);
	assert(!(kind & ~kinds) && !(kind & (kind - 1)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct filter *filter = filter_new();
	char *text = malloc(size + 1), *rest, *line;
	int error = 0;

	if (text && filter) {
		memcpy(text, data, size);
		text[size] = 0;
		rest = text;
		while (!error && (line = strsep(&rest, "\n"))) {
			struct filter_problem problem = {0};

			if (*line == '1')
				error = filter_sample(filter, line, &problem);
			else if (*line)
				error = filter_add(filter,
						   *line == '-' ? RULE_DENY : RULE_ALLOW,
						   line + 1, &problem);
			assert((error != -EINVAL && error != -E2BIG) || problem.what);
		}
		if (!error)
			check(filter, data, size);
	}
	filter_free(filter);
	free(text);
	return 0;
}
