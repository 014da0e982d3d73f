/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds any bytes to the reader of load tools' results. What it takes is checked for what its
 * header promises.
 */
#include "schema/workload_result.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct workload_result *result)
{
	assert(result->tool && result->percentiles <= MOST_PERCENTILES);
	assert(!result->latency || !(result->known & WORKLOAD_OPERATIONS) ||
	       result->latency->count <= result->operations);
	for (unsigned int i = 0; i < result->percentiles; i++) {
		const struct workload_percentile *one = &result->percentile[i];

		assert(one->percent >= 0 && one->percent <= 100 && one->ns >= 0);
		assert(!i || (one[-1].percent < one->percent && one[-1].ns <= one->ns));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct workload_result result;
	char trouble[120] = "";
	/* Memory of its own, so that a read past its end shows. */
	char *text = malloc(size ? size : 1);
	int error;

	if (!text)
		return 0;
	memcpy(text, data, size);
	error = workload_result_read(text, size, &result, trouble, sizeof(trouble));
	if (!error) {
		check(&result);
		workload_result_close(&result);
	}
	assert(!error || error == -ENOMEM || (*trouble && strlen(trouble) < sizeof(trouble)));
	free(text);
	return 0;
}
