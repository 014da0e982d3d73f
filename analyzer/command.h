/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What flowplay's commands share: their options, opening a recording, telling what is missing,
 * and the exit status.
 */
#ifndef ANALYZER_COMMAND_H
#define ANALYZER_COMMAND_H

#include "analyzer/recording.h"
#include "analyzer/render.h"

#include <sqlite3.h>

enum command_status {
	COMMAND_WHOLE = 0,
	COMMAND_TROUBLE = 1,
	COMMAND_BAD_NEWS = 2,
	COMMAND_PARTIAL = 3,
	COMMAND_MISUSE = 64,
};

struct command {
	const char *name;
	const char *summary;
	const char *help;
	int has_html; /* --format html is one of its formats */
	int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command info_command, report_command, sql_command, verify_command,
	export_command;

/* The words of a command line that are not options. */
struct command_line {
	struct render render;
	const char **words;
	size_t word_count;
};

/* An option with a value. The last one has no name. */
struct command_option {
	const char *name;   /* "--output" */
	const char *letter; /* "-o", or NULL */
	const char **value;
};

/*
 * Take in the options that every command with rows has. Returns -1 to go on, or the exit status
 * when all is said. The caller frees line->words.
 */
int command_parse(const struct command *command, int argc, char **argv,
		  struct command_line *line);

/* The same for a command with options of its own, and no rows to format. */
int command_parse_options(const struct command *command, int argc, char **argv,
			  struct command_line *line, const struct command_option *options);

/* One line on standard error that names the wrong word. Returns COMMAND_MISUSE. */
int command_misuse(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One line on standard error, fit for a terminal whatever the words hold. */
void command_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct command_session {
	struct recording *recording;
	sqlite3 *database;
	size_t told;	   /* notes that are on standard error already */
	int lacks_answers; /* remarks have been made */
};

/* Returns -1 to go on, or the exit status. Close with command_close. */
int command_open(struct command_session *session, const char *const *paths, size_t count);
void command_close(struct command_session *session);

/* Tell the notes that are new, and the remarks. */
void command_tell(struct command_session *session);

/*
 * End a command's answer: tell on standard error (or in prose, after the rows) whether the
 * recording is complete; with quiet, only when it is not. Returns the exit status.
 */
int command_finish(struct command_session *session, struct render *render, int quiet);

#endif
