/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts, watches and ends what records in one arm.
 */
#include "recorder/bench/agent.h"
#include "recorder/bench/talk.h"
#include "recorder/commands.h"
#include "recorder/record_options.h"

#include "schema/stream.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wordexp.h>

#define LOOK_NS	   10000000L
#define START_MOST 6000 /* looks: a minute */
#define END_MOST   6000
#define STAT_SIZE  1024

struct agent {
	pid_t pid; /* and group */
	char *words, *log;
	int is_recorder, is_held;
	struct talk talk; /* held */
};

static int say(char **problem, int error, const struct arm *arm, const char *what,
	       const char *more)
{
	if (asprintf(problem, "arm %s: %s%s%s", arm->name, what, *more ? ": " : "", more) < 0)
		*problem = NULL;
	return error;
}

static void wait_a_little(void)
{
	nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
}

static void agent_free(struct agent *agent)
{
	talk_close(&agent->talk);
	free(agent->words);
	free(agent->log);
	free(agent);
}

/* --- the log --- */

/* Call visit with each line, without its end. */
static void each_line(const char *path, void (*visit)(void *context, const char *line),
		      void *context)
{
	FILE *log = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	while (log && getline(&line, &room, log) > 0) {
		line[strcspn(line, "\n")] = 0;
		visit(context, line);
	}
	free(line);
	if (log)
		fclose(log);
}

static void look_for_begin(void *is_there, const char *line)
{
	if (!strncmp(line, "recording to ", 13))
		*(int *)is_there = 1;
}

static void look_for_losses(void *lost, const char *line)
{
	uint64_t number;
	int end = 0;

	if (sscanf(line, "flowrec record: %" SCNu64 " lost;%n", &number, &end) == 1 && end)
		*(uint64_t *)lost = number;
}

static void keep_last(void *last, const char *line)
{
	if (*line)
		snprintf(last, 256, "%s", line);
}

/* --- its start --- */

/* Which reads and writes there; -1: nothing, and its log. */
_Noreturn static void become(const char *log, const int ends[2], char *const *words)
{
	int errors = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int input = ends[0] < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : ends[0];
	int output = ends[1] < 0 ? errors : ends[1];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	/* Nothing goes on when the experiment is gone. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (errors < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(errors, STDERR_FILENO) < 0)
		_exit(126);
	execv(words[0], words);
	_exit(127);
}

static int launch(struct agent *agent, char *const *words)
{
	int ends[2] = {-1, -1}, error = agent->is_held ? talk_open(&agent->talk, ends) : 0;

	if (error)
		return error;
	agent->pid = fork();
	if (!agent->pid)
		become(agent->log, ends, words);
	if (agent->pid < 0)
		error = -errno;
	for (int i = 0; i < 2 && agent->is_held; i++)
		close(ends[i]);
	/* The child does the same: whoever comes first. */
	if (!error)
		setpgid(agent->pid, agent->pid);
	return error;
}

/* After so many places for other words. */
static int split(const struct arm *arm, size_t places, wordexp_t *words)
{
	int error;

	words->we_offs = places;
	error = wordexp(arm->words ? arm->words : "", words,
			WRDE_NOCMD | WRDE_UNDEF | WRDE_DOOFFS);
	if (error == WRDE_NOSPACE)
		wordfree(words);
	return error == WRDE_NOSPACE ? -ENOMEM : error ? -EINVAL : 0;
}

static int check_words(const struct arm *arm, int argc, char **argv)
{
	struct record_options options;
	int status = record_options_parse(argc, argv, &options);

	if (status < 0 && (options.output || options.append || options.quiet ||
			   options.wants_help || options.duration_ns || options.is_switched))
		status =
			command_misuse("bench",
				       "where, when and how long to record, --quiet and --help "
				       "are not for an arm",
				       arm->name);
	record_options_free(&options);
	return status;
}

int agent_check(const struct arm *arm)
{
	wordexp_t words;
	int status;

	if (arm->kind != ARM_RECORDER)
		return -1;
	status = split(arm, 1, &words);
	if (status == -EINVAL)
		return command_misuse("bench", "options that cannot be told apart, of the arm",
				      arm->name);
	if (status)
		return COMMAND_TROUBLE;
	words.we_wordv[0] = "record";
	status = check_words(arm, (int)words.we_wordc + 1, words.we_wordv);
	words.we_wordv[0] = NULL;
	wordfree(&words);
	return status;
}

static int launch_recorder(struct agent *agent, const struct arm *arm, const char *directory)
{
	/* Statistics are kept in the runs that are for that, by who measures. */
	static char *const first[] = {"/proc/self/exe", "record", "--statistics", "off", "-o"};
	const size_t place = sizeof(first) / sizeof(first[0]);
	const size_t places = place + (agent->is_held ? 2 : 1);
	wordexp_t words;
	int error = split(arm, places, &words);

	if (error)
		return error;
	memcpy(words.we_wordv, first, sizeof(first));
	words.we_wordv[place] = (char *)directory;
	if (agent->is_held)
		words.we_wordv[place + 1] = "--switched";
	error = launch(agent, words.we_wordv);
	memset(words.we_wordv, 0, places * sizeof(*words.we_wordv));
	wordfree(&words);
	return error;
}

static int launch_command(struct agent *agent, const struct arm *arm)
{
	char *const words[] = {"/bin/sh", "-c", arm->words, NULL};

	return launch(agent, words);
}

/* Wait until it says that it records. */
static int wait_for_begin(struct agent *agent)
{
	int is_there = 0;

	for (int i = 0; i < START_MOST; i++) {
		each_line(agent->log, look_for_begin, &is_there);
		if (is_there)
			return 0;
		if (waitpid(agent->pid, NULL, WNOHANG)) {
			agent->pid = 0;
			return -ECHILD;
		}
		wait_a_little();
	}
	return -ETIMEDOUT;
}

static struct agent *agent_new(const struct arm *arm, const char *directory, int is_held)
{
	struct agent *agent = calloc(1, sizeof(*agent));

	if (!agent)
		return NULL;
	agent->is_recorder = arm->kind == ARM_RECORDER;
	agent->is_held = is_held;
	agent->talk = (struct talk){.tell = -1, .answer = -1};
	if (asprintf(&agent->log, "%s/agent.log", directory) < 0)
		agent->log = NULL;
	if (asprintf(&agent->words, "%s%s%s", agent->is_recorder ? "flowrec record" : "",
		     agent->is_recorder && arm->words ? " " : "",
		     arm->words ? arm->words : "") < 0)
		agent->words = NULL;
	if (agent->log && agent->words)
		return agent;
	agent_free(agent);
	return NULL;
}

/* It may do nothing more than answer that it is off. */
static int be_off(struct agent *agent, const struct arm *arm, char **problem)
{
	int error = talk_begin(&agent->talk);

	return error ? say(problem, error, arm,
			   "the agent does not answer \"off\" on its standard output",
			   strerror(-error))
		     : 0;
}

int agent_start(const struct arm *arm, const char *directory, int is_held, struct agent **out,
		char **problem)
{
	struct agent *agent;
	char last[256] = "";
	int error;

	*problem = NULL;
	if (arm->kind == ARM_NOTHING) {
		*out = NULL;
		return 0;
	}
	agent = agent_new(arm, directory, is_held);
	if (!agent)
		return -ENOMEM;
	error = agent->is_recorder ? launch_recorder(agent, arm, directory)
				   : launch_command(agent, arm);
	if (error)
		say(problem, error, arm, "cannot be started", strerror(-error));
	else if (agent->is_recorder && (error = wait_for_begin(agent))) {
		each_line(agent->log, keep_last, last);
		say(problem, error, arm, "flowrec record does not start", last);
	}
	if (!error && is_held)
		error = be_off(agent, arm, problem);
	if (!error) {
		*out = agent;
		return 0;
	}
	if (agent->pid) {
		kill(-agent->pid, SIGKILL);
		waitpid(agent->pid, NULL, 0);
	}
	agent_free(agent);
	return error;
}

int agent_turn(struct agent *agent, int on)
{
	return talk_turn(&agent->talk, on);
}

uint64_t agent_lost(const struct agent *agent)
{
	uint64_t lost = 0;

	if (agent->is_recorder)
		each_line(agent->log, look_for_losses, &lost);
	return lost;
}

const char *agent_words(const struct agent *agent)
{
	return agent->words;
}

pid_t agent_group(const struct agent *agent)
{
	return agent->pid;
}

/* --- what it uses --- */

static uint64_t ticks_ns(uint64_t ticks)
{
	return ticks * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* The process's own clock, which the ticks are only near to. */
static uint64_t process_cpu_ns(pid_t pid)
{
	struct timespec used = {0};
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used))
		return 0;
	return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/* What /proc/PID/stat has after the process's name, which may be anything; NULL: it is gone. */
static const char *read_stat(const char *process, char line[STAT_SIZE])
{
	char path[300];
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%s/stat", process);
	stat = fopen(path, "re");
	if (!stat)
		return NULL;
	if (!fgets(line, STAT_SIZE, stat))
		line[0] = 0;
	fclose(stat);
	return strrchr(line, ')');
}

static void add_stat(pid_t pid, const char *process, struct agent_usage *usage)
{
	unsigned long user = 0, system = 0;
	long pages = 0, children_user = 0, children_system = 0;
	char line[STAT_SIZE];
	const char *rest = read_stat(process, line);

	if (!rest || sscanf(rest,
			    ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld %*d "
			    "%*d %*d %*d %*u %*u %ld",
			    &user, &system, &children_user, &children_system, &pages) != 5)
		return;
	usage->cpu_ns += process_cpu_ns(pid) +
			 ticks_ns((uint64_t)children_user + (uint64_t)children_system);
	usage->user_ticks += user + (uint64_t)children_user;
	usage->system_ticks += system + (uint64_t)children_system;
	usage->memory_bytes += (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int is_zombie(const char *process)
{
	char line[STAT_SIZE];
	const char *rest = read_stat(process, line);

	return !rest || !strncmp(rest, ") Z", 3) || !strncmp(rest, ") X", 3);
}

static void add_io(const char *process, struct agent_usage *usage)
{
	unsigned long long number;
	char path[300], line[128];
	FILE *io;

	snprintf(path, sizeof(path), "/proc/%s/io", process);
	io = fopen(path, "re");
	while (io && fgets(line, sizeof(line), io)) {
		if (sscanf(line, "syscw: %llu", &number) == 1)
			usage->write_count += number;
		if (sscanf(line, "write_bytes: %llu", &number) == 1)
			usage->written_bytes += number;
	}
	if (io)
		fclose(io);
}

int agent_usage(const struct agent *agent, struct agent_usage *usage)
{
	DIR *processes = opendir("/proc");
	struct agent_usage sum = {0};
	siginfo_t ended = {.si_pid = 0};
	struct dirent *process;

	if (!processes)
		return -errno;
	while ((process = readdir(processes))) {
		pid_t pid = (pid_t)strtol(process->d_name, NULL, 10);

		if (pid <= 0 || getpgid(pid) != agent->pid)
			continue;
		add_stat(pid, process->d_name, &sum);
		add_io(process->d_name, &sum);
	}
	closedir(processes);
	*usage = sum;
	waitid(P_PID, (id_t)agent->pid, &ended, WEXITED | WNOHANG | WNOWAIT);
	return ended.si_pid ? -ESRCH : 0;
}

/* A process that ended takes with it what nobody waited for: less is then there than before. */
static uint64_t growth(uint64_t before, uint64_t after)
{
	return after > before ? after - before : 0;
}

void agent_usage_between(const struct agent_usage *before, const struct agent_usage *after,
			 struct workload_row *row)
{
	uint64_t total_ns = growth(before->cpu_ns, after->cpu_ns);
	uint64_t user = growth(before->user_ticks, after->user_ticks);
	uint64_t system = growth(before->system_ticks, after->system_ticks);

	/* Where no tick fell on it, as it was until now. */
	if (!(user + system)) {
		user = after->user_ticks;
		system = after->system_ticks;
	}
	row->agent_user_cpu_ns =
		user + system
			? (uint64_t)((double)total_ns * (double)user / (double)(user + system))
			: total_ns;
	row->agent_system_cpu_ns = total_ns - row->agent_user_cpu_ns;
	row->agent_memory_bytes = after->memory_bytes;
	row->written_bytes = growth(before->written_bytes, after->written_bytes);
	row->write_count = growth(before->write_count, after->write_count);
}

/* --- its end --- */

/* Whether a process of the group runs; those that ended and nobody waits for do not. */
static int is_group_alive(pid_t group)
{
	DIR *processes = opendir("/proc");
	struct dirent *process;
	int is_alive = 0;

	while (processes && !is_alive && (process = readdir(processes))) {
		pid_t pid = (pid_t)strtol(process->d_name, NULL, 10);

		is_alive = pid > 0 && getpgid(pid) == group && !is_zombie(process->d_name);
	}
	if (processes)
		closedir(processes);
	return is_alive;
}

/* Its shell may be gone before those that it started. Returns the shell's wait status. */
static int end(pid_t pid)
{
	int status = 0;

	kill(-pid, SIGTERM);
	for (int i = 0; i < END_MOST && is_group_alive(pid); i++)
		wait_a_little();
	kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	return status;
}

int agent_stop(struct agent *agent, uint64_t *lost, char **problem)
{
	char last[256] = "";
	int status, error = 0;

	talk_finish(&agent->talk);
	status = end(agent->pid);
	*problem = NULL;
	*lost = agent_lost(agent);
	if (agent->is_recorder) {
		/* 3: something was lost, or is not sealed. */
		if (!WIFEXITED(status) ||
		    (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 3)) {
			error = -ECHILD;
			each_line(agent->log, keep_last, last);
			if (asprintf(problem, "%s failed: %s", agent->words, last) < 0)
				*problem = NULL;
		}
	}
	agent_free(agent);
	return error;
}
