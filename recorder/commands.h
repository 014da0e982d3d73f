/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of flowrec. argv[0] is the command's name; the answer is the exit status: 0 the
 * whole answer, 1 trouble and no answer, 3 a partial answer, 64 misuse.
 */
#ifndef RECORDER_COMMANDS_H
#define RECORDER_COMMANDS_H

enum command_status {
	COMMAND_WHOLE = 0,
	COMMAND_TROUBLE = 1,
	COMMAND_PARTIAL = 3,
	COMMAND_MISUSE = 64,
};

int record_command(int argc, char **argv);
int import_command(int argc, char **argv);
int check_command(int argc, char **argv);

/* One line on standard error that names the wrong word (NULL: there is none); COMMAND_MISUSE. */
int command_misuse(const char *command, const char *what, const char *word);

/* The command line as one text, which the caller frees. NULL when memory is short. */
char *command_words(int argc, char **argv);

#endif
