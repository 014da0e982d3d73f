/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands of flowrec have in common.
 */
#include "recorder/commands.h"
#include "recorder/plan.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LONG_NS 1000000000ULL /* a wait of which something is to be seen */

int command_misuse(const char *command, const char *what, const char *word)
{
	fprintf(stderr, "flowrec %s: %s%s%s; see flowrec %s --help\n", command, what,
		word ? ": " : "", word ? word : "", command);
	return COMMAND_MISUSE;
}

int command_streams(const char *command, char *list, uint32_t *streams)
{
	char *rest;

	if (*list == '+')
		list++;
	else
		*streams = 0;
	for (char *word = strtok_r(list, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		int stream = stream_find(word);

		if (stream < 0 || BENCH_STREAMS >> stream & 1)
			return command_misuse(command, "no such stream", word);
		*streams |= 1U << stream;
	}
	return -1;
}

int command_without(const char *command, const char *words)
{
	char *copy = strdup(words), *rest = NULL;
	int status = -1;

	for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word && status < 0;
	     word = strtok_r(NULL, ",", &rest))
		if (!plan_has_hook(word))
			status = command_misuse(command, "no such hook", word);
	free(copy);
	return status;
}

char *command_words(int argc, char **argv)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("flowrec", out);
	for (int i = 0; i < argc; i++)
		fprintf(out, " %s", argv[i]);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

void command_block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
}

int command_sealing(void *context, uint32_t left)
{
	const struct timespec at_once = {0};
	struct command_sealing *sealing = context;
	struct timespec now;
	uint64_t now_ns;
	sigset_t signals;
	int is_enough;

	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (!sealing->begin_ns)
		sealing->begin_ns = now_ns;
	command_block_signals(&signals);
	is_enough = sigtimedwait(&signals, NULL, &at_once) > 0;
	if (sealing->is_terminal && !is_enough && now_ns - sealing->begin_ns > LONG_NS) {
		fprintf(stderr, "\r\033[Ksealing: %u left; Ctrl-C leaves them as they are",
			left);
		sealing->was_printed = 1;
	}
	if (sealing->was_printed && (is_enough || !left)) {
		fputs("\r\033[K", stderr);
		sealing->was_printed = 0;
	}
	return is_enough;
}

char *command_unsealed(const struct writer_status *status)
{
	const struct sealer_status *seal = &status->seal;
	char *line;

	if (!seal->left)
		return NULL;
	if (asprintf(&line,
		     "%s; %u segment%s left live: nothing is lost, flowplay reads %s all the "
		     "same, and the next flowrec with --append seals %s",
		     seal->was_stopped ? "interrupted" : seal->problem, seal->left,
		     seal->left == 1 ? " is" : "s are", seal->left == 1 ? "it" : "them",
		     seal->left == 1 ? "it" : "them") < 0)
		return NULL;
	return line;
}

int command_end(const struct writer_status *status, int exit_status)
{
	if (!status->seal.was_stopped)
		return exit_status;
	/* exit() would tear down libraries under that thread. */
	fflush(NULL);
	_exit(exit_status);
}
