/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command flowrec import: capture files into a recording.
 */
#include "recorder/commands.h"
#include "recorder/duration.h"
#include "recorder/filter_options.h"
#include "recorder/import_table.h"
#include "recorder/importer.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SLICE_NS 5000000000ULL
#define LEAST_SLICE_NS	 100000000ULL
#define PROGRESS_NS	 200000000

static const char help[] =
	"Usage: flowrec import -o DIR [OPTION]... CAPTURE...\n"
	"\n"
	"Bring capture files (pcap and pcapng; - is standard input) into a recording. Every packet\n"
	"is accounted for: counted in a flow, or not counted and why.\n"
	"\n"
	"  -o, --output DIR     where the recording goes; made when it is missing\n"
	"      --append         add to the recording that DIR holds already\n"
	"      --streams LIST   flow,hop (default) and packet, every packet as it is: +packet adds it\n"
	"      --slice TIME     length of a slice of capture time (default 5s)\n"
	"      --only, --not RULE\n"
	"                       leave out packets that do not, or that do match, see below\n"
	"      --sample 1/N     one in N connections; --sample-seed NUMBER: which of them\n"
	"      --format FORMAT  of the account of files: text, json, jsonl, csv, markdown\n"
	"  -v, --verbose        name every file, also when there are more than 20\n"
	"  -h, --help           print this\n"
	"\n"
	"Exit status: 0 everything was read; 1 nothing was imported; 3 a file or a part of one\n"
	"could not be read, the rest was imported, or a segment could not be sealed; 64 misuse.\n"
	"\n"
	"Examples:\n"
	"  flowrec import -o incident/ eth0.pcap eth1.pcapng\n"
	"  tcpdump -i any -w - -G 60 -W 1 | flowrec import -o incident/ -\n"
	"  flowrec import -o incident/ --append --format json later.pcap\n"
	"  flowrec import -o incident/ --only net=192.0.2.7 --not port=53 eth0.pcap\n";

struct arguments {
	const char *output;
	int append;
	int verbose;
	uint64_t slice_ns;
	uint32_t streams;
	enum table_format format;
	char **paths;
	int path_count;
	struct filter *filter; /* NULL: none */
};

struct progress {
	int is_terminal;
	int was_printed;
	uint64_t printed_ns;
};

static volatile sig_atomic_t was_signalled;

static void on_signal(int number)
{
	was_signalled = number;
}

static int misuse(const char *what, const char *word)
{
	return command_misuse("import", what, word);
}

/* Returns -1 when the command goes on, else its exit status. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{"output", required_argument, NULL, 'o'},
		{"append", no_argument, NULL, 'a'},
		{"streams", required_argument, NULL, 'S'},
		{"slice", required_argument, NULL, 's'},
		{"format", required_argument, NULL, 'f'},
		FILTER_OPTIONS,
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	char letter[] = "-?";
	int option, format, status;

	*arguments = (struct arguments){.slice_ns = DEFAULT_SLICE_NS,
					.streams = 1U << STREAM_FLOW | 1U << STREAM_HOP};
	optind = 0;
	while ((option = getopt_long(argc, argv, ":o:vh", options, NULL)) != -1) {
		switch (option) {
		case 'o':
			arguments->output = optarg;
			break;
		case 'a':
			arguments->append = 1;
			break;
		case 'S':
			status = command_streams("import", optarg, &arguments->streams);
			if (status >= 0)
				return status;
			break;
		case 's':
			if (duration_parse(optarg, &arguments->slice_ns) ||
			    arguments->slice_ns < LEAST_SLICE_NS)
				return misuse("--slice takes a time of 100ms or more, not",
					      optarg);
			break;
		case 'f':
			format = table_format(optarg);
			if (format < 0)
				return misuse("--format takes text, json, jsonl, csv or "
					      "markdown, not",
					      optarg);
			arguments->format = (enum table_format)format;
			break;
		case 'v':
			arguments->verbose = 1;
			break;
		case 'h':
			fputs(help, stdout);
			filter_options_help(stdout, FILTER_OF_CAPTURES);
			return COMMAND_WHOLE;
		case FILTER_OPTION_ONLY:
		case FILTER_OPTION_NOT:
		case FILTER_OPTION_SAMPLE:
		case FILTER_OPTION_SEED:
			status = filter_option("import", option, optarg, &arguments->filter);
			if (status >= 0)
				return status;
			break;
		case ':':
			return misuse("a value is missing after", argv[optind - 1]);
		default:
			/* Within a cluster of letters only the letter is known. */
			if (optopt)
				letter[1] = (char)optopt;
			return misuse("unknown option", optopt ? letter : argv[optind - 1]);
		}
	}
	arguments->paths = argv + optind;
	arguments->path_count = argc - optind;
	if (!arguments->output)
		return misuse("no output directory is named (-o DIR)", NULL);
	if (arguments->path_count < 1)
		return misuse("no capture file is named", NULL);
	return filter_options_end("import", FILTER_OF_CAPTURES, arguments->filter);
}

static int show_progress(void *context, const char *path, uint64_t packets)
{
	struct progress *progress = context;
	struct timespec now;
	uint64_t now_ns;

	if (progress->is_terminal) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
		if (now_ns - progress->printed_ns >= PROGRESS_NS) {
			progress->printed_ns = now_ns;
			progress->was_printed = 1;
			fprintf(stderr, "\r\033[K%" PRIu64 " packets  ", packets);
			import_table_safe(stderr, path);
		}
	}
	return was_signalled != 0;
}

static void clear_progress(struct progress *progress)
{
	if (progress->was_printed)
		fputs("\r\033[K", stderr);
	progress->was_printed = 0;
}

/* path may be NULL where the problem's words name the place. */
static void complain(const char *path, const char *problem)
{
	fputs("flowrec import: ", stderr);
	if (path) {
		import_table_safe(stderr, path);
		fputs(": ", stderr);
	}
	import_table_safe(stderr, problem);
	putc('\n', stderr);
}

/* A file of which something was not read; returns whether it is one. */
static int tell_problem(struct import_file *file)
{
	uint64_t unknown = file->verdicts[PACKET_UNKNOWN_LINK_TYPE];
	char words[160];

	if (file->problem) {
		complain(file->path, file->problem);
		return 1;
	}
	if (unknown) {
		snprintf(words, sizeof(words),
			 "link type %s is not one of Ethernet, raw IP, Linux cooked, BSD "
			 "loopback; %" PRIu64 " packets are not counted",
			 file->link_type, unknown);
		complain(file->path, words);
		return 1;
	}
	return 0;
}

struct outcome {
	size_t file_count; /* that were tried */
	size_t opened;
	size_t with_problem;
	int error; /* of the recording, or -ECANCELED */
};

static void import_files(struct importer *importer, const struct arguments *arguments,
			 struct progress *progress, struct import_file *files,
			 struct outcome *outcome)
{
	for (int i = 0; i < arguments->path_count && !outcome->error; i++) {
		struct import_file *file = &files[i];

		outcome->error = importer_file(importer, arguments->paths[i], file);
		if (outcome->error && outcome->error != -ECANCELED && !file->packets)
			break;
		outcome->file_count++;
		clear_progress(progress);
		outcome->opened += file->link_type != NULL;
		/* What stops the import is told once, at its end. */
		if (!outcome->error)
			outcome->with_problem += tell_problem(file);
		if (was_signalled)
			outcome->error = -ECANCELED;
	}
}

static uint64_t count_excluded(const struct import_file *files, size_t count)
{
	uint64_t excluded = 0;

	for (size_t i = 0; i < count; i++)
		for (int kind = 0; kind < RULES_KINDS; kind++)
			excluded += files[i].excluded[kind];
	return excluded;
}

static void print_recording(FILE *out, const char *directory,
			    const struct writer_status *status, uint64_t excluded)
{
	putc('\n', out);
	if (excluded)
		fprintf(out, "%" PRIu64 " of the packets counted are left out by the filter\n",
			excluded);
	import_table_safe(out, directory);
	fprintf(out, ": %" PRIu64 " flow rows, %" PRIu64 " hop rows, %" PRIu64 " bytes\n",
		status->rows[STREAM_FLOW], status->rows[STREAM_HOP], status->written_bytes);
}

static int conclude(const struct arguments *arguments, const struct import_file *files,
		    const struct outcome *outcome, int close_error, const char *problem,
		    const struct writer_status *status)
{
	int is_trouble = close_error || (outcome->error && outcome->error != -ECANCELED);
	char *unsealed = command_unsealed(status);

	if (is_trouble)
		complain(NULL, problem);
	else if (outcome->error)
		fprintf(stderr, "flowrec import: interrupted; what was read so far is kept\n");
	if (unsealed)
		complain(NULL, unsealed);
	free(unsealed);
	if (outcome->file_count) {
		import_table_print(stdout, arguments->format, arguments->verbose, files,
				   outcome->file_count);
		if (arguments->format == TABLE_TEXT && outcome->opened)
			print_recording(stdout, arguments->output, status,
					count_excluded(files, outcome->file_count));
	}
	if (fflush(stdout) || ferror(stdout))
		fprintf(stderr, "flowrec import: standard output: %s\n", strerror(errno));
	if (!outcome->opened || (is_trouble && !status->rows[STREAM_FLOW]))
		return COMMAND_TROUBLE;
	return is_trouble || outcome->error || outcome->with_problem || status->seal.left
		       ? COMMAND_PARTIAL
		       : COMMAND_WHOLE;
}

static int import(const struct arguments *arguments, struct inventory *inventory,
		  struct ledger *ledger, struct import_file *files)
{
	struct progress progress = {.is_terminal = isatty(STDERR_FILENO)};
	struct command_sealing sealing = {.is_terminal = progress.is_terminal};
	const struct importer_options options = {
		.writer = {.directory = arguments->output,
			   .append = arguments->append,
			   /* Captures lie years apart: only its size ends a segment. */
			   .segment_ns = UINT64_MAX,
			   .is_enough = command_sealing,
			   .is_enough_context = &sealing,
			   .inventory = inventory,
			   .ledger = ledger},
		.slice_ns = arguments->slice_ns,
		.streams = arguments->streams,
		.filter = arguments->filter,
		.progress = show_progress,
		.progress_context = &progress,
	};
	struct importer *importer = importer_new(&options);
	struct outcome outcome = {0};
	struct writer_status status;
	char problem[512];
	sigset_t signals;
	int error;

	if (!importer) {
		complain(NULL, strerror(ENOMEM));
		return COMMAND_TROUBLE;
	}
	import_files(importer, arguments, &progress, files, &outcome);
	snprintf(problem, sizeof(problem), "%s", importer_problem(importer));
	command_block_signals(&signals);
	error = importer_close(importer, &status);
	if (!*problem)
		snprintf(problem, sizeof(problem), "%s",
			 *status.problem ? status.problem : strerror(-error));
	return command_end(&status,
			   conclude(arguments, files, &outcome, error, problem, &status));
}

/*
 * Batches and connections come and go by the megabyte: memory that is kept is not faulted in,
 * and cleared by the kernel, again and again. Saves a seventh of the CPU time of an import.
 */
static void keep_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	mallopt(M_TOP_PAD, 16 << 20);
}

int import_command(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};
	struct arguments arguments;
	struct inventory *inventory = NULL;
	struct ledger *ledger = NULL;
	struct import_file *files = NULL;
	char *command_line;
	int status = parse_arguments(argc, argv, &arguments);

	if (status >= 0) {
		filter_free(arguments.filter);
		return status;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	keep_memory();
	command_line = command_words(argc, argv);
	if (command_line)
		inventory = inventory_new(0, command_line);
	ledger = ledger_new();
	files = calloc((size_t)arguments.path_count, sizeof(*files));
	if (inventory && ledger && files &&
	    !filter_options_store("import", arguments.filter, inventory)) {
		status = import(&arguments, inventory, ledger, files);
	} else {
		complain(NULL, strerror(ENOMEM));
		status = COMMAND_TROUBLE;
	}
	for (int i = 0; files && i < arguments.path_count; i++)
		import_file_clear(&files[i]);
	free(files);
	ledger_free(ledger);
	inventory_free(inventory);
	filter_free(arguments.filter);
	free(command_line);
	return status;
}
