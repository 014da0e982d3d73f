/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of text and of JSON share.
 */
#ifndef SCHEMA_WORKLOAD_RESULT_PRIVATE_H
#define SCHEMA_WORKLOAD_RESULT_PRIVATE_H

#include "schema/workload_result.h"

struct workload_reader {
	struct workload_result result; /* built here */
	char *trouble;
	size_t trouble_size;
};

/* Say what is wrong, control characters replaced; returns the error. */
int workload_trouble(struct workload_reader *reader, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A number from 0 below 2^63 as an integer; returns 0 or -EBADMSG. */
int workload_whole(double number, uint64_t *whole);

/* Record seconds; returns 0, -EBADMSG or -ENOMEM. */
int workload_record(struct workload_result *result, double seconds);

/* Returns 0 or -EBADMSG where it does not rise, is no percentage, or there are too many. */
int workload_percentile(struct workload_result *result, double percent, double ns);

int workload_read_json(struct workload_reader *reader, const char *text, size_t size);

#endif
