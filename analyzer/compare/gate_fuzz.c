/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads any bytes as a gate file, after the built-in rules, and asks it about names that are
 * made of them.
 */
#include "analyzer/compare/gate.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct gate *gate, const uint8_t *data, size_t size)
{
	char name[64] = "";
	struct gate_context context;
	struct gate_rule rule;

	memcpy(name, data, size < sizeof(name) - 1 ? size : sizeof(name) - 1);
	rule = gate_rule(gate, name);
	assert(isfinite(rule.threshold) && rule.threshold >= 0);
	assert(rule.better >= -1 && rule.better <= 1);
	assert(rule.kind >= -1 && rule.kind < METRIC_CONTEXT);
	context = gate_context(gate, name);
	assert(context.action <= GATE_IGNORE && context.tolerance >= 0);
	assert(gate_alpha(gate) > 0 && gate_alpha(gate) < 1 && gate_samples(gate) > 0);
	for (size_t i = 0; gate_required(gate, i); i++)
		assert(*gate_required(gate, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gate *gate = gate_new();
	char *problem = NULL;
	int error;

	if (!gate)
		return 0;
	error = gate_read(gate, "built-in", gate_default, strlen(gate_default), &problem);
	assert(!error);
	error = gate_read(gate, "fuzz", (const char *)data, size, &problem);
	assert(error != -EINVAL || (problem && !strncmp(problem, "fuzz:", 5)));
	ask(gate, data, size);
	free(problem);
	gate_free(gate);
	return 0;
}
