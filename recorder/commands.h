/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of flowrec. argv[0] is the command's name; the answer is the exit status: 0 the
 * whole answer, 1 trouble and no answer, 3 a partial answer, 64 misuse.
 */
#ifndef RECORDER_COMMANDS_H
#define RECORDER_COMMANDS_H

#include "recorder/writer.h"

#include <signal.h>

enum command_status {
	COMMAND_WHOLE = 0,
	COMMAND_TROUBLE = 1,
	COMMAND_BAD = 2,
	COMMAND_PARTIAL = 3,
	COMMAND_MISUSE = 64,
};

/* Streams of experiments, which flowrec bench alone makes. */
#define BENCH_STREAMS (1U << STREAM_WORKLOAD | 1U << STREAM_LATENCY)

int record_command(int argc, char **argv);
int import_command(int argc, char **argv);
int check_command(int argc, char **argv);
int bench_command(int argc, char **argv);

/* One line on standard error that names the wrong word (NULL: there is none); COMMAND_MISUSE.
 */
int command_misuse(const char *command, const char *what, const char *word);

/*
 * The words of an option --without: -1 when each names a hook, else COMMAND_MISUSE, told. Words
 * that an option repeats are not added up.
 */
int command_without(const char *command, const char *words);

/*
 * The words of an option --streams, into one bit for each stream that is named; a list that
 * begins with + adds to those that are given. -1, or COMMAND_MISUSE, told. The list is cut up.
 */
int command_streams(const char *command, char *list, uint32_t *streams);

/* Block the signals that end a command, before any thread begins or its last part does. */
void command_block_signals(sigset_t *signals);

/*
 * For writer_options: while the last segments are sealed, says so on a terminal when it takes
 * long, and ends that at a signal, all of them being blocked.
 */
struct command_sealing {
	int is_terminal;
	uint64_t begin_ns; /* 0 before the first call */
	int was_printed;
};

int command_sealing(void *sealing, uint32_t left);

/*
 * What is to be said of segments that are not sealed, as one line which the caller frees; NULL:
 * all are sealed, or memory is short.
 */
char *command_unsealed(const struct writer_status *status);

/*
 * The end of a command: returns the status, or ends the program with it at once where a thread
 * was stopped in the middle of sealing.
 */
int command_end(const struct writer_status *status, int exit_status);

/* The command line as one text, which the caller frees. NULL when memory is short. */
char *command_words(int argc, char **argv);

#endif
