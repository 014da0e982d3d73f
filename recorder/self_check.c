/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The self-test: makes a recording of its own traffic and reads it back.
 */
#include "recorder/self_check.h"
#include "recorder/intake.h"
#include "recorder/self_judge.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MINUTE_NS 60000000000ULL

struct self_check {
	char directory[PATH_MAX];
	struct self_traffic traffic;
};

static int say(char **problem, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(problem, format, arguments) < 0)
		*problem = NULL;
	va_end(arguments);
	return error;
}

int self_check_begin(struct self_check **out, char **problem)
{
	struct self_check *test = calloc(1, sizeof(*test));
	const char *place = getenv("TMPDIR");
	int error;

	*problem = NULL;
	if (!test)
		return -ENOMEM;
	snprintf(test->directory, sizeof(test->directory), "%s/flowrec.XXXXXX",
		 place ? place : "/tmp");
	if (!mkdtemp(test->directory)) {
		error = say(problem, -errno, "no directory for a temporary recording: %s: %s",
			    test->directory, strerror(errno));
		free(test);
		return error;
	}
	error = self_traffic_begin(&test->traffic, test->directory);
	if (error) {
		say(problem, error, "no process for the traffic: %s", strerror(-error));
		self_check_free(test);
		return error;
	}
	*out = test;
	return 0;
}

/* A recording while the traffic is made; everything in it is on disk when this returns. */
static int record(struct self_check *test, struct probes *probes, struct self_report *report,
		  char **problem)
{
	struct writer_options writer = {.directory = test->directory, .append = 1};
	struct intake_options intake = {
		.probes = probes,
		.slice_ns = MINUTE_NS,
		.idle_ns = MINUTE_NS,
		.command_line = COMMAND_LINE_FULL,
		.streams = (1U << STREAM_COUNT) - 1,
		.statistics = COST_STATISTICS_OFF,
	};
	struct writer_status written = {0};
	struct intake *running = NULL;
	int error = -ENOMEM, late, how;

	intake.inventory = writer.inventory = inventory_new(1, "flowrec check");
	intake.ledger = writer.ledger = ledger_new();
	if (writer.inventory && writer.ledger) {
		intake.epoch_offset_ns = inventory_clock(intake.inventory);
		intake.boot_digest = inventory_boot_digest(intake.inventory);
		error = writer_open(&writer, &intake.writer, problem);
	}
	if (!error)
		error = intake_start(&intake, &running);
	how = (probes_have(probes, FEATURE_NAT) ? SELF_TRANSLATE : 0) |
	      (probes_capture(probes) ? SELF_STAY_HERE : 0);
	if (!error)
		error = self_traffic_run(&test->traffic, how, report);
	late = running ? intake_stop(running) : 0;
	error = error ? error : late;
	if (intake.writer && writer_close(intake.writer, &written) && !error)
		error = say(problem, -EIO, "%s", written.problem);
	inventory_free(intake.inventory);
	ledger_free(intake.ledger);
	return error;
}

/* Call visit for every file of the directory whose name has the text in it; first error. */
static int each_file(const char *directory, const char *text,
		     int (*visit)(const char *path, void *context), void *context)
{
	DIR *files = opendir(directory);
	struct dirent *entry;
	char path[PATH_MAX + sizeof(entry->d_name)];
	int error = 0;

	if (!files)
		return -errno;
	while (!error && (entry = readdir(files))) {
		if (entry->d_name[0] == '.' || !strstr(entry->d_name, text))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		error = visit(path, context);
	}
	closedir(files);
	return error;
}

struct reading {
	struct self_judge *judge;
	char **problem;
};

static int read_segment(const char *path, void *context)
{
	static int (*const take[STREAM_COUNT])(void *judge, const void *row) = {
		[STREAM_FLOW] = self_judge_flow,
		[STREAM_NAT] = self_judge_nat,
		[STREAM_PROCESS] = self_judge_process,
	};
	struct reading *reading = context;
	struct segment_reader *segment;
	int error;

	if (strcmp(path + strlen(path) - 8, ".segment"))
		return 0; /* a database's other files */
	error = segment_open(path, &segment, reading->problem);
	if (error)
		return error;
	for (int i = 0; i < STREAM_COUNT && !error; i++)
		if (take[i])
			error = read_back(segment, i, take[i], reading->judge);
	if (error)
		say(reading->problem, error, "%s", segment_problem(segment));
	segment_reader_close(segment);
	return error;
}

int self_check_run(struct self_check *test, struct probes *probes,
		   struct self_check_line *lines, size_t *count, char **problem)
{
	struct self_report report = {0};
	struct self_judge judge = {.report = &report, .probes = probes};
	struct reading reading = {&judge, problem};
	int error;

	*problem = NULL;
	error = record(test, probes, &report, problem);
	if (!error)
		error = each_file(test->directory, ".segment", read_segment, &reading);
	if (!error)
		*count = self_judge_lines(&judge, lines);
	return error;
}

static int remove_file(const char *path, void *context)
{
	unlink(path);
	return 0;
}

void self_check_free(struct self_check *test)
{
	if (!test)
		return;
	if (test->traffic.pid > 0)
		self_traffic_end(&test->traffic);
	each_file(test->directory, "", remove_file, NULL);
	rmdir(test->directory);
	free(test);
}
