/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What flowplay's commands share.
 */
#include "analyzer/command.h"
#include "analyzer/completeness.h"
#include "analyzer/database.h"
#include "analyzer/escape.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(const char *prefix, const char *format, va_list arguments, const char *suffix)
{
	char *text = NULL;
	int size = vasprintf(&text, format, arguments);

	fputs(prefix, stderr);
	if (size >= 0)
		escape_text(stderr, text, (size_t)size);
	fprintf(stderr, "%s\n", suffix);
	if (size >= 0)
		free(text);
}

void command_say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("flowplay: ", format, arguments, "");
	va_end(arguments);
}

int command_misuse(const struct command *command, const char *format, ...)
{
	char prefix[64], suffix[64];
	va_list arguments;

	snprintf(prefix, sizeof(prefix), "flowplay %s: ", command->name);
	snprintf(suffix, sizeof(suffix), "; see flowplay %s --help", command->name);
	va_start(arguments, format);
	say(prefix, format, arguments, suffix);
	va_end(arguments);
	return COMMAND_MISUSE;
}

static int wants_bold(void)
{
	const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       !(terminal && !strcmp(terminal, "dumb"));
}

static int set_format(const struct command *command, struct command_line *line,
		      const char *name)
{
	int format = render_format(name);

	if (format < 0 || (format == RENDER_HTML && !command->has_html))
		return command_misuse(
			command, "unknown format '%s'; text, json, jsonl, csv%s", name,
			command->has_html ? ", markdown or html" : " or markdown");
	line->render.format = (enum render_format)format;
	return -1;
}

/* The option that a word is, alone or before "=" and its value. */
static const struct command_option *find_option(const struct command_option *options,
						const char *word, const char **value)
{
	for (; options->name; options++) {
		size_t size = strlen(options->name);

		*value = NULL;
		if (!strcmp(word, options->name) ||
		    (options->letter && !strcmp(word, options->letter)))
			return options;
		if (!strncmp(word, options->name, size) && word[size] == '=') {
			*value = word + size + 1;
			return options;
		}
	}
	return NULL;
}

int command_parse_options(const struct command *command, int argc, char **argv,
			  struct command_line *line, const struct command_option *options)
{
	int status = -1, only_words = 0;

	*line = (struct command_line){
		.render = {.out = stdout, .format = RENDER_TEXT, .bold = wants_bold()},
		.words = calloc((size_t)argc + 1, sizeof(*line->words)),
	};
	if (!line->words)
		return COMMAND_TROUBLE;
	for (int i = 1; i < argc && status < 0; i++) {
		const struct command_option *option;
		const char *word = argv[i], *value;

		if (only_words || word[0] != '-' || !word[1]) {
			line->words[line->word_count++] = word;
		} else if (!strcmp(word, "--")) {
			only_words = 1;
		} else if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
			fputs(command->help, stdout);
			status = COMMAND_WHOLE;
		} else if ((option = find_option(options, word, &value))) {
			if (!value)
				value = argv[++i]; /* argv ends with NULL */
			if (!value)
				status = command_misuse(command, "%s needs a value", word);
			*option->value = value;
		} else {
			status = command_misuse(command, "unknown option '%s'", word);
		}
	}
	return status;
}

int command_parse(const struct command *command, int argc, char **argv,
		  struct command_line *line)
{
	const char *format = NULL;
	const struct command_option options[] = {{.name = "--format", .value = &format}, {0}};
	int status = command_parse_options(command, argc, argv, line, options);

	return status < 0 && format ? set_format(command, line, format) : status;
}

/* Put the remarks out, below the rows; NULL: on standard error. */
static void put_remarks(struct command_session *session, struct render *render)
{
	char *line;

	while ((line = recording_take_remark(session->recording))) {
		session->lacks_answers = 1;
		if (render)
			render_remark(render, line);
		else
			command_say("%s", line);
		free(line);
	}
}

void command_tell(struct command_session *session)
{
	for (; session->told < recording_note_count(session->recording); session->told++)
		command_say("%s", recording_note(session->recording, session->told));
	put_remarks(session, NULL);
}

int command_open(struct command_session *session, const char *const *paths, size_t count)
{
	char *problem = NULL;

	*session = (struct command_session){0};
	if (recording_open(paths, count, &session->recording, &problem)) {
		for (char *line = problem, *end; line; line = end) {
			end = strchr(line, '\n');
			if (end)
				*end++ = 0;
			command_say("%s", line);
		}
		free(problem);
		return COMMAND_TROUBLE;
	}
	if (database_open(session->recording, &session->database, &problem)) {
		command_say("%s", problem ? problem : "out of memory");
		free(problem);
		command_close(session);
		return COMMAND_TROUBLE;
	}
	command_tell(session);
	return -1;
}

void command_close(struct command_session *session)
{
	sqlite3_close(session->database);
	recording_close(session->recording);
}

int command_finish(struct command_session *session, struct render *render, int quiet)
{
	char *line = NULL;
	int answer;

	if (render_is_prose(render) && !quiet)
		put_remarks(session, render);
	command_tell(session);
	answer = completeness_line(session->database, session->recording, &line);
	if (answer < 0) {
		command_say("whether the recording is complete cannot be told: %s",
			    answer == -ENOMEM ? "out of memory"
					      : sqlite3_errmsg(session->database));
		return COMMAND_TROUBLE;
	}
	if (render_is_prose(render) && !quiet)
		render_status(render, line, answer == COMPLETE);
	else if (answer == INCOMPLETE || (answer == COMPLETE && !quiet))
		fprintf(stderr, "flowplay: %s\n", line);
	free(line);
	return recording_is_partial(session->recording) || session->lacks_answers
		       ? COMMAND_PARTIAL
		       : COMMAND_WHOLE;
}
