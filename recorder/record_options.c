/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses the options of flowrec record.
 */
#include "recorder/record_options.h"
#include "recorder/commands.h"
#include "recorder/duration.h"
#include "recorder/filter_options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#define SECOND_NS      1000000000ULL
#define LEAST_SLICE_NS 100000000ULL
#define LEAST_TICK_NS  10000000ULL
#define LEAST_RING     (1U << 20)

static int misuse(const char *what, const char *word)
{
	return command_misuse("record", what, word);
}

#define DEFAULT_STREAMS (((1U << STREAM_COUNT) - 1) & ~(1U << STREAM_PACKET | BENCH_STREAMS))

static int parse_policy(const char *word, enum command_line_policy *policy)
{
	static const char *const words[] = {
		[COMMAND_LINE_REDACTED] = "redacted",
		[COMMAND_LINE_FULL] = "full",
		[COMMAND_LINE_OFF] = "off",
	};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i])) {
			*policy = (enum command_line_policy)i;
			return -1;
		}
	return misuse("--command-line takes redacted, full or off, not", word);
}

static int parse_statistics(const char *word, enum cost_statistics *statistics)
{
	static const char *const words[] = {
		[COST_STATISTICS_SAMPLED] = "sampled",
		[COST_STATISTICS_ALL] = "all",
		[COST_STATISTICS_OFF] = "off",
	};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i])) {
			*statistics = (enum cost_statistics)i;
			return -1;
		}
	return misuse("--statistics takes all, sampled or off, not", word);
}

static int is_ring_size(uint64_t size)
{
	return size >= LEAST_RING && size <= 1 << 30 && !(size & (size - 1));
}

/* One in N, as 1/N or N. */
static int parse_share(const char *text, uint32_t *rate)
{
	uint64_t number;

	if (!strncmp(text, "1/", 2))
		text += 2;
	if (size_parse(text, &number) || !number || number > FILTER_SAMPLE_MOST)
		return -EINVAL;
	*rate = (uint32_t)number;
	return 0;
}

enum long_option {
	DURATION = 256,
	STREAMS,
	SLICE,
	TICK,
	WHEN_FULL,
	RING,
	PACKET_RING,
	PACKET_SAMPLE,
	PACKET_BUDGET,
	MAX_FLOWS,
	SEGMENT_SIZE,
	SEGMENT_TIME,
	POLICY,
	STATISTICS,
	WITHOUT,
	SWITCHED
};

/* Returns -1 when the option is in order, else the exit status. */
static int parse_option(int option, struct record_options *options)
{
	uint64_t size;

	switch (option) {
	case DURATION:
		return duration_parse(optarg, &options->duration_ns) || !options->duration_ns
			       ? misuse("--duration takes a time such as 60s, not", optarg)
			       : -1;
	case SLICE:
		return duration_parse(optarg, &options->slice_ns) ||
				       options->slice_ns < LEAST_SLICE_NS
			       ? misuse("--slice takes a time of 100ms or more, not", optarg)
			       : -1;
	case TICK:
		return duration_parse(optarg, &options->tick_ns) ||
				       options->tick_ns < LEAST_TICK_NS ||
				       options->tick_ns > SECOND_NS
			       ? misuse("--tick takes a time from 10ms to 1s, not", optarg)
			       : -1;
	case WHEN_FULL:
		options->count_only = !strcmp(optarg, "count");
		return options->count_only || !strcmp(optarg, "ring")
			       ? -1
			       : misuse("--when-full takes ring or count, not", optarg);
	case PACKET_RING:
		if (size_parse(optarg, &size) || !is_ring_size(size))
			return misuse("--packet-ring takes a power of two from 1M to 1G, not",
				      optarg);
		options->sightings.ring_bytes = (uint32_t)size;
		return -1;
	case PACKET_SAMPLE:
		return parse_share(optarg, &options->sightings.sampling_rate)
			       ? misuse("--packet-sample takes 1/N, not", optarg)
			       : -1;
	case PACKET_BUDGET:
		return size_parse(optarg, &options->sightings.budget_bytes) ||
				       !options->sightings.budget_bytes
			       ? misuse("--packet-budget takes a size such as 1G, not", optarg)
			       : -1;
	case RING:
		return size_parse(optarg, &options->ring_bytes) ||
				       !is_ring_size(options->ring_bytes)
			       ? misuse("--ring takes a power of two from 1M to 1G, not",
					optarg)
			       : -1;
	case SEGMENT_TIME:
		return duration_parse(optarg, &options->segment_ns) || !options->segment_ns
			       ? misuse("--segment-time takes a time such as 1h, not", optarg)
			       : -1;
	case SEGMENT_SIZE:
		return size_parse(optarg, &options->segment_bytes) || !options->segment_bytes
			       ? misuse("--segment-size takes a size such as 64M, not", optarg)
			       : -1;
	case MAX_FLOWS:
		return size_parse(optarg, &options->flow_entries) ||
				       options->flow_entries < 16 ||
				       options->flow_entries > 1 << 24
			       ? misuse("--max-flows takes 16 to 16777216, not", optarg)
			       : -1;
	case STREAMS:
		return command_streams("record", optarg, &options->streams);
	case WITHOUT:
		options->without = optarg;
		return command_without("record", optarg);
	case SWITCHED:
		options->is_switched = 1;
		return -1;
	case STATISTICS:
		return parse_statistics(optarg, &options->statistics);
	case POLICY:
		return parse_policy(optarg, &options->command_line);
	default:
		return filter_option("record", option, optarg, &options->filter);
	}
}

int record_options_parse(int argc, char **argv, struct record_options *options)
{
	static const struct option known[] = {
		{"output", required_argument, NULL, 'o'},
		{"append", no_argument, NULL, 'a'},
		{"duration", required_argument, NULL, DURATION},
		{"streams", required_argument, NULL, STREAMS},
		{"slice", required_argument, NULL, SLICE},
		{"tick", required_argument, NULL, TICK},
		{"when-full", required_argument, NULL, WHEN_FULL},
		{"ring", required_argument, NULL, RING},
		{"packet-ring", required_argument, NULL, PACKET_RING},
		{"packet-sample", required_argument, NULL, PACKET_SAMPLE},
		{"packet-budget", required_argument, NULL, PACKET_BUDGET},
		{"max-flows", required_argument, NULL, MAX_FLOWS},
		{"segment-size", required_argument, NULL, SEGMENT_SIZE},
		{"segment-time", required_argument, NULL, SEGMENT_TIME},
		{"command-line", required_argument, NULL, POLICY},
		{"statistics", required_argument, NULL, STATISTICS},
		{"without", required_argument, NULL, WITHOUT},
		{"switched", no_argument, NULL, SWITCHED},
		FILTER_OPTIONS,
		{"quiet", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option, status = -1;

	*options = (struct record_options){
		.slice_ns = 5 * SECOND_NS,
		.streams = DEFAULT_STREAMS,
		.command_line = COMMAND_LINE_REDACTED,
	};
	optind = 0;
	while (status < 0 && (option = getopt_long(argc, argv, ":o:qh", known, NULL)) != -1) {
		if (option == 'o')
			options->output = optarg;
		else if (option == 'a')
			options->append = 1;
		else if (option == 'q')
			options->quiet = 1;
		else if (option == 'h') {
			options->wants_help = 1;
			return -1;
		} else if (option == '?')
			return misuse("unknown option", argv[optind - 1]);
		else if (option == ':')
			return misuse("a value is missing after", argv[optind - 1]);
		else
			status = parse_option(option, options);
	}
	if (status >= 0)
		return status;
	if (optind < argc)
		return misuse("unexpected word", argv[optind]);
	options->sightings.are_wanted = options->streams >> STREAM_PACKET & 1;
	return filter_options_end("record", UINT32_MAX, options->filter);
}

void record_options_free(struct record_options *options)
{
	filter_free(options->filter);
	options->filter = NULL;
}

struct probes_options record_options_probes(const struct record_options *options)
{
	return (struct probes_options){
		.flow_entries = (uint32_t)options->flow_entries,
		.count_only = options->count_only,
		.ring_bytes = (uint32_t)options->ring_bytes,
		.without = options->without,
		.filter = options->filter,
		.sightings = options->sightings,
	};
}
