/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command of an experiment.
 */
#include "recorder/bench/bench_workload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESULT_MOST (256LL << 20)
#define END_MOST    500 /* looks of 10 ms after SIGTERM */

/* --- CPU times of the machine --- */

struct machine {
	uint64_t user, system, interrupt, idle; /* in ticks */
};

static int machine_read(struct machine *machine)
{
	unsigned long long user, nice, system, idle, wait, hard, soft;
	FILE *stat = fopen("/proc/stat", "re");
	int fields = stat ? fscanf(stat, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice,
				   &system, &idle, &wait, &hard, &soft)
			  : 0;

	if (stat)
		fclose(stat);
	if (fields != 7)
		return -EIO;
	*machine = (struct machine){user + nice, system, hard + soft, idle + wait};
	return 0;
}

static uint64_t ticks_ns(uint64_t before, uint64_t after)
{
	/* Idle ticks can go back a little. */
	return after > before ? (after - before) * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK))
			      : 0;
}

/* --- the command --- */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

_Noreturn static void become(const struct bench_workload *workload, int output, int errors)
{
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(errors, STDERR_FILENO) < 0)
		_exit(126);
	execvp(workload->words[0], workload->words);
	dprintf(STDERR_FILENO, "%s: %s\n", workload->words[0], strerror(errno));
	_exit(127);
}

struct child {
	pid_t pid;
	int is_over, was_told, left; /* to end; looks until it is killed */
	int status;
	struct rusage used;
};

/* Until it has ended, or that time has come. A signal that ends the experiment ends the
 * command.
 */
static void wait_until(struct child *child, const sigset_t *ends, uint64_t time_ns)
{
	sigset_t signals = *ends;
	uint64_t now_ns;

	sigaddset(&signals, SIGCHLD);
	while (!(child->is_over =
			 wait4(child->pid, &child->status, WNOHANG, &child->used) != 0) &&
	       (now_ns = clock_ns(CLOCK_MONOTONIC)) < time_ns) {
		uint64_t most_ns = child->was_told ? 10000000 : 200000000;
		const struct timespec a_while = {
			.tv_nsec =
				(long)(time_ns - now_ns < most_ns ? time_ns - now_ns : most_ns),
		};
		int signal = sigtimedwait(&signals, NULL, &a_while);

		if (signal > 0 && signal != SIGCHLD && !child->was_told) {
			child->was_told = 1;
			kill(-child->pid, SIGTERM);
		}
		if (child->was_told && !child->left--)
			kill(-child->pid, SIGKILL);
	}
}

static uint64_t time_of(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_usec * 1000;
}

static int start(const struct bench_workload *workload, int output, int errors,
		 struct child *child)
{
	sigset_t signal;

	sigemptyset(&signal);
	sigaddset(&signal, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signal, NULL);
	*child = (struct child){.pid = fork(), .left = END_MOST};
	if (!child->pid)
		become(workload, output, errors);
	if (child->pid < 0)
		return -errno;
	/* The child does the same: whoever comes first. */
	setpgid(child->pid, child->pid);
	return 0;
}

/* What is measured begins now; *before, and the time of both clocks. */
static int begin(const struct bench_workload *workload, struct machine *before,
		 struct workload_row *row, uint64_t *began_ns)
{
	int error = workload->begins ? workload->begins(workload->context) : 0;

	if (!error)
		error = machine_read(before);
	row->start_ns = clock_ns(CLOCK_REALTIME);
	*began_ns = clock_ns(CLOCK_MONOTONIC);
	return error;
}

/* It is started, and when it has warmed up, what is measured begins. */
static int start_and_begin(const struct bench_workload *workload, int output, int errors,
			   struct child *child, struct machine *before,
			   struct workload_row *row, uint64_t *began_ns)
{
	int error = workload->lead_in_ns ? 0 : begin(workload, before, row, began_ns);

	if (!error)
		error = start(workload, output, errors, child);
	if (error || !workload->lead_in_ns)
		return error;
	wait_until(child, &workload->signals, clock_ns(CLOCK_MONOTONIC) + workload->lead_in_ns);
	error = begin(workload, before, row, began_ns);
	if (error && !child->is_over) {
		kill(-child->pid, SIGKILL);
		wait_until(child, &workload->signals, UINT64_MAX);
	}
	return error;
}

static uint64_t exit_status(int status)
{
	return WIFEXITED(status) ? (uint64_t)WEXITSTATUS(status)
				 : 128 + (uint64_t)WTERMSIG(status);
}

static int run(const struct bench_workload *workload, int output, int errors,
	       struct workload_row *row, char **problem)
{
	struct machine before, after;
	struct child child = {.is_over = 0};
	uint64_t began_ns;
	int error = start_and_begin(workload, output, errors, &child, &before, row, &began_ns);
	int was_early = child.is_over;

	if (error)
		return error;
	if (!was_early)
		wait_until(&child, &workload->signals, UINT64_MAX);
	row->end_ns = row->start_ns + (clock_ns(CLOCK_MONOTONIC) - began_ns);
	error = machine_read(&after);
	if (error || child.was_told)
		return child.was_told ? -ECANCELED : error;
	row->exit_status = exit_status(child.status);
	if (was_early && !row->exit_status) {
		row->exit_status = BENCH_UNREADABLE;
		*problem = strdup("it ended before what is to be measured began (--lead-in)");
	}
	row->command_user_cpu_ns = time_of(&child.used.ru_utime);
	row->command_system_cpu_ns = time_of(&child.used.ru_stime);
	row->machine_user_cpu_ns = ticks_ns(before.user, after.user);
	row->machine_system_cpu_ns = ticks_ns(before.system, after.system);
	row->machine_interrupt_cpu_ns = ticks_ns(before.interrupt, after.interrupt);
	row->machine_idle_cpu_ns = ticks_ns(before.idle, after.idle);
	return 0;
}

/* --- what it said --- */

/* The whole file, which the caller frees. Returns its size or a negative errno. */
static ssize_t read_all(int file, char **text)
{
	struct stat status;
	ssize_t size = 0, part = 1;
	char *bytes;

	if (fstat(file, &status))
		return -errno;
	if (status.st_size > RESULT_MOST)
		return -EFBIG;
	bytes = malloc((size_t)status.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	while (size < status.st_size && part > 0) {
		part = pread(file, bytes + size, (size_t)(status.st_size - size), size);
		size += part > 0 ? part : 0;
	}
	bytes[size] = 0;
	*text = bytes;
	return size;
}

/* The last line that says something, of those that it said to people. */
static char *last_line(int file)
{
	char *text, *line = NULL, *rest, *last = NULL;

	if (read_all(file, &text) < 0)
		return NULL;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (line[strspn(line, " \t\r")])
			last = line;
	last = last ? strdup(last) : NULL;
	free(text);
	return last;
}

static void take_percentiles(const struct workload_result *result, struct workload_row *row)
{
	static const struct {
		double percent;
		size_t offset;
	} columns[] = {
		{50, offsetof(struct workload_row, latency_p50_ns)},
		{90, offsetof(struct workload_row, latency_p90_ns)},
		{95, offsetof(struct workload_row, latency_p95_ns)},
		{99, offsetof(struct workload_row, latency_p99_ns)},
		{99.9, offsetof(struct workload_row, latency_p999_ns)},
		{100, offsetof(struct workload_row, latency_max_ns)},
	};

	for (unsigned int i = 0; i < result->percentiles; i++)
		for (size_t k = 0; k < sizeof(columns) / sizeof(columns[0]); k++)
			if (result->percentile[i].percent == columns[k].percent)
				*(uint64_t *)((char *)row + columns[k].offset) =
					(uint64_t)result->percentile[i].ns;
}

static void take_result(const struct workload_result *result, struct workload_row *row)
{
	row->tool = result->tool;
	row->operation = result->operation;
	if (result->known & WORKLOAD_OPERATIONS)
		row->operations = result->operations;
	if (result->known & WORKLOAD_ERRORS)
		row->errors = result->errors;
	if (result->known & WORKLOAD_DURATION)
		row->duration_ns = result->duration_ns;
	if (result->known & WORKLOAD_BYTES)
		row->bytes = result->bytes;
	take_percentiles(result, row);
}

/* An output that is no known tool's is that of a command which took its time. */
static int read_result(int file, int is_named, struct workload_row *row,
		       struct workload_result *result, char **problem)
{
	char trouble[256] = "", *text;
	ssize_t size = read_all(file, &text);
	int error;

	if (size < 0)
		return (int)size;
	error = workload_result_read(text, (size_t)size, result, trouble, sizeof(trouble));
	free(text);
	if (error == -EPROTONOSUPPORT && !is_named && !strstr(trouble, "schema"))
		error = workload_result_wall(row->end_ns - row->start_ns, result);
	if (error == -ENOMEM)
		return error;
	if (error) {
		row->exit_status = BENCH_UNREADABLE;
		*problem = strdup(trouble);
		return 0;
	}
	take_result(result, row);
	return 0;
}

/* Returns the file that has the result, or a negative errno. */
static int result_file(const struct bench_workload *workload, int output)
{
	int file;

	if (!workload->result)
		return output;
	file = open(workload->result, O_RDONLY | O_CLOEXEC);
	return file < 0 ? -errno : file;
}

static int run_and_read(const struct bench_workload *workload, int output, int errors,
			struct workload_row *row, struct workload_result *result,
			char **problem)
{
	int error = run(workload, output, errors, row, problem), file;

	if (error)
		return error;
	if (row->exit_status) {
		if (!*problem)
			*problem = last_line(errors);
		if (!*problem)
			*problem = last_line(output);
		return 0;
	}
	file = result_file(workload, output);
	if (file < 0) {
		row->exit_status = BENCH_UNREADABLE;
		if (asprintf(problem, "%s: %s", workload->result, strerror(-file)) < 0)
			*problem = NULL;
		return 0;
	}
	error = read_result(file, workload->result != NULL, row, result, problem);
	if (file != output)
		close(file);
	return error;
}

int bench_workload_run(const struct bench_workload *workload, struct workload_row *row,
		       struct workload_result *result, char **problem)
{
	int output = memfd_create("output", MFD_CLOEXEC);
	int errors = memfd_create("errors", MFD_CLOEXEC);
	int error = output < 0 || errors < 0 ? -errno : 0;

	*problem = NULL;
	*result = (struct workload_result){0};
	/* What an earlier run left is not this one's. */
	if (!error && workload->result)
		unlink(workload->result);
	if (!error)
		error = run_and_read(workload, output, errors, row, result, problem);
	if (output >= 0)
		close(output);
	if (errors >= 0)
		close(errors);
	return error;
}
