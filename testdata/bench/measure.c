/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs commands in turn and measures what each costs:
 *
 *     measure ROUNDS NAME COMMAND [NAME COMMAND]...
 *
 * A command is for the shell; what stands before " ;; " in it prepares the run and is not
 * measured. Every round runs every command once, each round beginning with the next one, so
 * that what slows the machine for a while slows all alike. For each command a line comes out:
 * name, median CPU seconds (user and system), median elapsed seconds, largest peak memory in
 * bytes, separated by tabs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MOST   99
#define COMMANDS_MOST 16

struct command {
	const char *name;
	char *prepare; /* NULL: nothing */
	const char *run;
	double cpu_s[ROUNDS_MOST];
	double elapsed_s[ROUNDS_MOST];
	double peak_bytes;
};

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int shell(const char *command, struct rusage *usage)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		/* The figures alone go to standard output. */
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, usage) != child || status != 0) {
		fprintf(stderr, "measure: failed: %s\n", command);
		return -1;
	}
	return 0;
}

static int run(struct command *command, int round)
{
	struct rusage usage;
	double began_s;

	if (command->prepare && shell(command->prepare, &usage))
		return -1;
	began_s = now_s();
	if (shell(command->run, &usage))
		return -1;
	command->elapsed_s[round] = now_s() - began_s;
	command->cpu_s[round] = seconds(&usage.ru_utime) + seconds(&usage.ru_stime);
	if ((double)usage.ru_maxrss * 1024 > command->peak_bytes)
		command->peak_bytes = (double)usage.ru_maxrss * 1024;
	return 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static int split(struct command *command, const char *name, const char *text)
{
	const char *separator = strstr(text, " ;; ");

	command->name = name;
	command->run = text;
	if (separator) {
		command->prepare = strndup(text, (size_t)(separator - text));
		command->run = separator + strlen(" ;; ");
		if (!command->prepare)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct command commands[COMMANDS_MOST];
	int rounds = argc > 1 ? atoi(argv[1]) : 0;
	int count = (argc - 2) / 2;

	if (rounds < 1 || rounds > ROUNDS_MOST || argc < 4 || argc % 2 ||
	    count > COMMANDS_MOST) {
		fputs("usage: measure ROUNDS NAME COMMAND [NAME COMMAND]...\n", stderr);
		return 64;
	}
	for (int i = 0; i < count; i++)
		if (split(&commands[i], argv[2 + 2 * i], argv[3 + 2 * i]))
			return 1;
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++)
			if (run(&commands[(round + i) % count], round))
				return 1;
	for (int i = 0; i < count; i++) {
		printf("%s\t%.6f\t%.6f\t%.0f\n", commands[i].name,
		       median(commands[i].cpu_s, rounds), median(commands[i].elapsed_s, rounds),
		       commands[i].peak_bytes);
		free(commands[i].prepare);
	}
	return 0;
}
