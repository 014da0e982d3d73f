/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command flowrec record: this host's traffic into a recording.
 */
#include "recorder/commands.h"
#include "recorder/filter_options.h"
#include "recorder/import_table.h"
#include "recorder/intake.h"
#include "recorder/orders.h"
#include "recorder/record_options.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS   1000000000ULL
#define PROGRESS_NS 500000000ULL
#define LOOK_NS	    50000000ULL

static const char help[] =
	"Usage: flowrec record -o DIR [OPTION]...\n"
	"\n"
	"Record the flows, translations and processes of this host, in every network namespace,\n"
	"until SIGINT or SIGTERM.\n"
	"\n"
	"  -o, --output DIR         where the recording goes; made when it is missing\n"
	"      --append             add to the recording that DIR holds already\n"
	"      --duration TIME      end after so long: 500ms, 60s, 5m, 1h\n"
	"      --streams LIST       flow,hop,nat,process,conntrack_rate,cost (default: all of these)\n"
	"                           and packet, every packet at every hop: +packet adds it\n"
	"      --slice TIME         length of a slice of a connection (default 5s)\n"
	"      --max-flows N        flows (tuple and namespace) that the kernel has room for until\n"
	"                           they are taken (default 65536, 18 MB: 64 bytes a flow, and 64\n"
	"                           for each three hops; more at fewer hops)\n"
	"      --tick TIME          take them that often (default 400ms), and when half of that room\n"
	"                           is used\n"
	"      --when-full HOW      packets that find no room: ring (default; told singly through a\n"
	"                           buffer of 1 MB, lost beyond that) or count (lost, and counted)\n"
	"      --ring SIZE          room for events until they are taken, a power of two (default\n"
	"                           16M: 120,000 translations, or 10,000 executions)\n"
	"      --packet-sample 1/N  of the stream packet, one in N connections, by the tuple where a\n"
	"                           packet begins; both directions where nothing translates\n"
	"      --packet-budget SIZE end the stream packet after so much, 248 bytes a packet and hop\n"
	"      --packet-ring SIZE   its room until it is taken, a power of two (default 64M)\n"
	"      --segment-size SIZE  begin a new segment past this size (default 256M)\n"
	"      --segment-time TIME  and past this age (default 1h)\n"
	"      --command-line HOW   of processes: redacted (default; values that look secret are\n"
	"                           masked), full, off\n"
	"      --statistics WHEN    have the kernel keep run-time statistics of programs: sampled\n"
	"                           (default; the first second, then one second in ten), all the\n"
	"                           time, off; each run of every program of the host costs more\n"
	"                           meanwhile\n"
	"      --without HOOK,...   leave out hooks that flowrec check lists: one (iter/task), a\n"
	"                           kind (kprobe), or all of a name (sched_process_exec)\n"
	"      --switched           take orders on standard input, a line each: off and on, answered\n"
	"                           by the same line on standard output when it is done. While it is\n"
	"                           off nothing is seen; it is ready to go on at once. Ends at the\n"
	"                           end of the input\n"
	"      --only, --not RULE   leave out what does not, or what does match, see below\n"
	"      --sample 1/N         one in N connections, see below\n"
	"      --sample-seed NUMBER which of them\n"
	"  -q, --quiet              only errors\n"
	"  -h, --help               print this\n"
	"\n"
	"A line \"recording to DIR\" on standard error says that every probe is attached.\n"
	"A segment that is full is sealed at low priority, the last one at the end: packed, and\n"
	"guarded by checksums. A second Ctrl-C leaves it as it is: whole, but *.live.segment.\n"
	"Needs root, or CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_ADMIN and CAP_SYS_PTRACE.\n"
	"\n"
	"Exit status: 0 everything was recorded; 1 nothing was; 3 something was lost, the recording\n"
	"says what, or is not sealed; 64 misuse.\n"
	"\n"
	"Examples:\n"
	"  flowrec record -o /var/tmp/incident --duration 5m\n"
	"  flowrec record -o ci/ --streams flow,nat,process &\n"
	"  flowrec record -o path/ --streams +packet --only net=192.0.2.7\n"
	"  flowrec record -o web/ --only exe=nginx --not net=127.0.0.0/8,::1\n";

/* The parts of a recording that runs, in the order in which they are made. */
struct run {
	struct inventory *inventory;
	struct ledger *ledger;
	struct probes *probes;
	struct writer *writer;
	struct intake *intake;
	struct command_sealing sealing;
	struct orders orders;
	int seal_error; /* that was told */
	uint64_t lost;	/* that was told */
	char *problem;
};

static int complain(const struct run *run, int error, const char *what)
{
	fprintf(stderr, "flowrec record: %s\n",
		run->problem ? run->problem
		: error	     ? strerror(-error)
			     : what);
	return COMMAND_TROUBLE;
}

static int store_plan(struct run *run)
{
	size_t count;
	const struct probe *plan = probes_plan(run->probes, &count);
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = inventory_probe(run->inventory, plan[i].feature, plan[i].variant,
					plan[i].state == PROBE_CHOSEN, plan[i].explanation);
	return error;
}

static int start(struct run *run, const struct record_options *options,
		 const char *command_line)
{
	const struct probes_options probes = record_options_probes(options);
	struct writer_options writer = {
		.directory = options->output,
		.append = options->append,
		.segment_bytes = options->segment_bytes,
		.segment_ns = options->segment_ns,
		.gentle = 1,
		.is_enough = command_sealing,
		.is_enough_context = &run->sealing,
	};
	struct intake_options intake = {
		.slice_ns = options->slice_ns,
		.tick_ns = options->tick_ns,
		.idle_ns = 120 * SECOND_NS,
		.command_line = options->command_line,
		.streams = options->streams,
		.statistics = options->statistics,
		.packet_sampling_rate = options->sightings.sampling_rate,
		.filter = options->filter,
	};
	int error;

	writer.inventory = intake.inventory = run->inventory = inventory_new(1, command_line);
	writer.ledger = intake.ledger = run->ledger = ledger_new();
	if (!run->inventory || !run->ledger)
		return -ENOMEM;
	intake.epoch_offset_ns = inventory_clock(run->inventory);
	intake.boot_digest = inventory_boot_digest(run->inventory);
	error = probes_open(&probes, &run->probes, &run->problem);
	if (!error && options->is_switched && probes_capture(run->probes)) {
		run->problem =
			strdup("no program may count packets here, and what captures them "
			       "cannot be switched");
		error = -EOPNOTSUPP;
	}
	if (!error)
		error = store_plan(run);
	if (!error)
		error = filter_options_store("record", options->filter, run->inventory);
	if (!error)
		error = writer_open(&writer, &run->writer, &run->problem);
	if (error)
		return error;
	intake.probes = run->probes;
	intake.writer = run->writer;
	return intake_start(&intake, &run->intake);
}

/* Once for each number of them. */
static void tell_losses(struct run *run, const struct record_options *options)
{
	uint64_t lost = ledger_lost(run->ledger);

	if (lost != run->lost)
		fprintf(stderr,
			"flowrec record: %" PRIu64 " lost; see flowplay report losses %s\n",
			lost, options->output);
	run->lost = lost;
}

/* Ends what runs and frees it; returns the exit status. */
static int stop(struct run *run, const struct record_options *options, int status)
{
	struct writer_status written = {0};
	uint64_t rows = 0;
	char *unsealed;
	int error = run->intake ? intake_stop(run->intake) : 0;

	if (error) {
		fprintf(stderr, "flowrec record: the intake ended early: %s\n",
			strerror(-error));
		status = COMMAND_PARTIAL;
	}
	if (run->writer && writer_close(run->writer, &written)) {
		fprintf(stderr, "flowrec record: %s\n", written.problem);
		status = COMMAND_PARTIAL;
	}
	for (int i = 0; i < STREAM_COUNT; i++)
		rows += written.rows[i];
	if (run->intake && ledger_lost(run->ledger) && !status) {
		tell_losses(run, options);
		status = COMMAND_PARTIAL;
	}
	unsealed = command_unsealed(&written);
	if (unsealed)
		fprintf(stderr, "flowrec record: %s\n", unsealed);
	if (written.seal.left && !status)
		status = COMMAND_PARTIAL;
	free(unsealed);
	if (run->intake && !options->quiet)
		fprintf(stderr,
			"recorded %" PRIu64 " rows (flow %" PRIu64 ", nat %" PRIu64
			", process %" PRIu64 ") in %" PRIu64 " kB\n",
			rows, written.rows[STREAM_FLOW], written.rows[STREAM_NAT],
			written.rows[STREAM_PROCESS], written.written_bytes / 1000);
	probes_close(run->probes);
	inventory_free(run->inventory);
	ledger_free(run->ledger);
	free(run->problem);
	return command_end(&written, status);
}

static void show_progress(const struct run *run, uint64_t elapsed_ns)
{
	struct intake_status intake;
	struct writer_status writer;

	intake_status(run->intake, &intake);
	writer_status(run->writer, &writer);
	fprintf(stderr,
		"%" PRIu64 " s  %" PRIu64 " events  %" PRIu64 " connections  %" PRIu64
		" kB  %" PRIu64 " lost",
		(uint64_t)(elapsed_ns / SECOND_NS), intake.events, intake.connections,
		writer.written_bytes / 1000, ledger_lost(run->ledger));
}

/* Once for each kind of trouble: it does not end the recording. */
static void tell_seal_trouble(struct run *run)
{
	struct writer_status status;

	writer_status(run->writer, &status);
	if (status.seal.error && status.seal.error != run->seal_error)
		fprintf(stderr,
			"flowrec record: %s; it stays as it is and is tried again with the next "
			"one\n",
			status.seal.problem);
	run->seal_error = status.seal.error;
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* Do what was ordered; whether to go on. */
static int obey(struct run *run, const struct record_options *options, int *status)
{
	enum order order = orders_take(&run->orders);
	int on = order == ORDER_ON, error = 0;

	if (order == ORDER_UNKNOWN) {
		fputs("flowrec record: a line of standard input is neither on nor off: ",
		      stderr);
		import_table_safe(stderr, run->orders.line);
		fputc('\n', stderr);
	}
	if (order != ORDER_ON && order != ORDER_OFF)
		return order != ORDER_END;
	error = intake_turn(run->intake, on);
	/* No loss; but reports are to tell that something is left out. */
	if (!error && !on)
		error = inventory_probe(run->inventory, "times when it was off", "switched", 0,
					"its standard input said off");
	if (error) {
		fprintf(stderr, "flowrec record: cannot go %s: %s\n", on ? "on" : "off",
			strerror(-error));
		*status = COMMAND_PARTIAL;
		return 0;
	}
	tell_losses(run, options);
	puts(on ? "on" : "off");
	fflush(stdout);
	return 1;
}

/* Whether to go on after a wait of so long at most: orders end it, signals are looked for then.
 */
static int wait_a_little(struct run *run, const struct record_options *options,
			 uint64_t wait_ns, const sigset_t *signals, int *status)
{
	struct pollfd input = {.fd = run->orders.fd, .events = POLLIN};
	const struct timespec at_once = {0}, wait = {.tv_nsec = (long)wait_ns};
	int is_ordered = ppoll(&input, 1, &wait, NULL) > 0;

	if (sigtimedwait(signals, NULL, &at_once) > 0)
		return 0;
	return !is_ordered || obey(run, options, status);
}

/* Until a signal, the last order or the end of the time; a progress line on a terminal. */
static int wait_for_end(struct run *run, const struct record_options *options,
			const sigset_t *signals)
{
	uint64_t begin = monotonic_ns(), elapsed = 0, told = 0;
	int terminal = run->sealing.is_terminal, status = COMMAND_WHOLE;

	while (!options->duration_ns || elapsed < options->duration_ns) {
		uint64_t left_ns = options->duration_ns - elapsed;

		if (!wait_a_little(run, options,
				   options->duration_ns && left_ns < LOOK_NS ? left_ns
									     : LOOK_NS,
				   signals, &status))
			break;
		intake_look_after(run->intake);
		elapsed = monotonic_ns() - begin;
		if (elapsed < told + (terminal ? PROGRESS_NS : SECOND_NS))
			continue;
		told = elapsed;
		if (terminal)
			fputs("\r\033[K", stderr);
		tell_seal_trouble(run);
		if (terminal)
			show_progress(run, elapsed);
	}
	if (terminal)
		fputs("\r\033[K", stderr);
	return status;
}

int record_command(int argc, char **argv)
{
	struct record_options options;
	struct run run = {0};
	sigset_t signals;
	char *command_line = command_words(argc, argv);
	int error, status = record_options_parse(argc, argv, &options);

	if (status < 0 && options.wants_help) {
		fputs(help, stdout);
		filter_options_help(stdout, UINT32_MAX);
		status = COMMAND_WHOLE;
	} else if (status < 0 && !options.output)
		status =
			command_misuse("record", "no output directory is named (-o DIR)", NULL);
	if (status >= 0) {
		record_options_free(&options);
		free(command_line);
		return status;
	}
	/* Blocked before any thread begins, so that only wait_for_end takes them. */
	command_block_signals(&signals);
	signal(SIGPIPE, SIG_IGN);
	status = COMMAND_WHOLE;
	run.sealing.is_terminal = isatty(STDERR_FILENO) && !options.quiet;
	run.orders.fd = options.is_switched ? STDIN_FILENO : -1;
	error = start(&run, &options, command_line);
	free(command_line);
	if (error)
		status = complain(&run, error, "cannot start");
	else {
		if (probes_capture(run.probes))
			fputs("flowrec record: no program may count packets here: libpcap captures "
			      "those of this network namespace; flowrec check says why\n",
			      stderr);
		if (!options.quiet)
			fprintf(stderr, "recording to %s\n", options.output);
		status = wait_for_end(&run, &options, &signals);
	}
	status = stop(&run, &options, status);
	record_options_free(&options);
	return status;
}
