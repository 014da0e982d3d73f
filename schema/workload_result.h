/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a load tool says of one run, whichever tool it was: wrk and wrk2 (text), hey (summary,
 * or CSV of each request), oha (JSON), iperf3 (-J), hyperfine (--export-json), or a command's
 * wall time.
 */
#ifndef SCHEMA_WORKLOAD_RESULT_H
#define SCHEMA_WORKLOAD_RESULT_H

#include "schema/histogram.h"

#include <stddef.h>

#define MOST_PERCENTILES 32

enum workload_field {
	WORKLOAD_OPERATIONS = 1,
	WORKLOAD_ERRORS = 2,
	WORKLOAD_DURATION = 4,
	WORKLOAD_BYTES = 8,
	WORKLOAD_RATE = 16,
};

struct workload_percentile {
	double percent; /* 0 to 100 */
	double ns;
};

struct workload_result {
	const char *tool; /* static; "wrk", "hey", "oha", "iperf3", "hyperfine", "command" */
	const char
		*operation;  /* static; "request", "packet" or "run"; NULL: a stream of bytes */
	unsigned int known;  /* which of the next five the tool said */
	uint64_t operations; /* iperf3 over UDP: packets sent */
	uint64_t errors;     /* failed operations, statuses other than 2xx and 3xx; UDP: packets
				lost */
	uint64_t duration_ns;
	uint64_t bytes; /* received */
	double rate;	/* operations a second; where operation is NULL bytes a second */
	/* Every operation's latency where the tool gives that, else NULL; owned by the result.
	 */
	struct histogram *latency;
	/* Else the tool's own percentiles, rising. They cannot be merged. */
	unsigned int percentiles;
	struct workload_percentile percentile[MOST_PERCENTILES];
};

/*
 * Read a tool's whole output; which tool is seen from the content. Bytes need no end; unknown
 * keys are skipped. Close the result after success. Returns 0; or one of these, with one line
 * in `trouble` (what, where, what was expected) and the result untouched: -EBADMSG where it is
 * cut or wrong, -EPROTONOSUPPORT where no known tool wrote it or in a newer schema, -EREMOTEIO
 * where the tool itself says that it failed, -ENOMEM.
 */
int workload_result_read(const char *text, size_t size, struct workload_result *result,
			 char *trouble, size_t trouble_size);

/* One run of any command that took so long. Returns 0 or -ENOMEM. */
int workload_result_wall(uint64_t ns, struct workload_result *result);

void workload_result_close(struct workload_result *result);

#endif
