/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of flowrec record, as they were given.
 */
#ifndef RECORDER_RECORD_OPTIONS_H
#define RECORDER_RECORD_OPTIONS_H

#include "recorder/cost.h"
#include "recorder/filter.h"
#include "recorder/image.h"
#include "recorder/probes.h"

struct record_options {
	const char *output, *without; /* NULL: not given */
	int append, quiet, count_only, wants_help, is_switched;
	uint64_t duration_ns, slice_ns, tick_ns, segment_ns, segment_bytes, flow_entries,
		ring_bytes; /* 0: the default, or no end */
	uint32_t streams;
	struct sighting_options sightings;
	enum command_line_policy command_line;
	enum cost_statistics statistics;
	struct filter *filter; /* owned; NULL: none */
};

/*
 * argv[0] is not an option; the words must outlive the options, lists are cut up. Returns -1
 * where they are in order, else the exit status, and what is wrong has been told. To be freed
 * in either case. After --help no more words are looked at.
 */
int record_options_parse(int argc, char **argv, struct record_options *options);
void record_options_free(struct record_options *options);

/* What of them concerns the kernel; borrows from them. */
struct probes_options record_options_probes(const struct record_options *options);

#endif
