/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads any bytes as a result file of both sides, and judges what they say.
 */
#include "analyzer/compare/comparison.h"
#include "analyzer/compare/metric_file.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct metrics metrics = {0};
	struct gate *gate = gate_new();
	struct comparison comparison;
	char *problem = NULL;
	int error = 0;

	if (gate)
		gate_read(gate, "built-in", gate_default, strlen(gate_default), &problem);
	for (int side = 0; side < METRIC_SIDES && gate && !error; side++)
		error = metric_file_read((const char *)data, size, &metrics,
					 (enum metric_side)side, &problem);
	assert(!error || problem);
	if (gate && !error && !comparison_make(&metrics, gate, 0, &comparison)) {
		/* Nothing is worse than itself. */
		assert(!comparison.verdicts[JUDGE_REGRESSED]);
		assert(!comparison.verdicts[JUDGE_IMPROVED]);
		assert(!comparison.difference_count);
		comparison_free(&comparison);
	}
	free(problem);
	metrics_free(&metrics);
	gate_free(gate);
	return 0;
}
