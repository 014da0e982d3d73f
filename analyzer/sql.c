/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowplay sql: SQL over recordings.
 */
#include "analyzer/command.h"
#include "analyzer/shell.h"

#include <stdlib.h>
#include <unistd.h>

static const char help[] =
	"flowplay sql RECORDING... [SQL]\n"
	"\n"
	"Runs SQL statements over recordings; without SQL, reads them from standard input. A\n"
	"RECORDING is a directory of *.segment files, or one such file. Nothing is changed.\n"
	"\n"
	"Each stream is a table (flow, hop, nat, conntrack_rate, process, cost), and so are the\n"
	"plain tables of segments (segment, host, clock, interface, probe, stage, loss, capture).\n"
	"Table stream_column says what each column means; segment and recording_id, hidden columns\n"
	"of each stream, say where a row is from. Times are nanoseconds since the Unix epoch.\n"
	"Functions: rfc3339(ns [, digits])  ip_in(address, '10.0.0.0/8')  tcp_flags(number)\n"
	"arg_max(value, by)\n"
	"\n"
	"  --format FORMAT  text (the default), json, jsonl, csv or markdown\n"
	"  --help           this text\n"
	"\n"
	"Examples:\n"
	"  flowplay sql build/demo 'SELECT sum(source_bytes + destination_bytes) FROM flow'\n"
	"  flowplay sql build/demo \"SELECT * FROM flow WHERE ip_in(source_address, '10.0.0.0/8')\"\n"
	"  echo .schema flow | flowplay sql build/demo\n";

/* The last word is SQL unless it names a file, or is the only word. */
static const char *take_sql(struct command_line *line)
{
	const char *last = line->words[line->word_count - 1];

	if (line->word_count < 2 || !access(last, F_OK))
		return NULL;
	line->word_count--;
	return last;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_session session;
	struct command_line line;
	const char *sql = NULL;
	int status = command_parse(command, argc, argv, &line), error;

	if (status < 0 && !line.word_count)
		status = command_misuse(command, "no recording is named");
	if (status < 0) {
		sql = take_sql(&line);
		status = command_open(&session, line.words, line.word_count);
	}
	if (status < 0) {
		if (sql)
			error = shell_execute(&session, &line.render, sql);
		else
			error = shell_run(&session, &line.render, stdin,
					  isatty(STDIN_FILENO) && isatty(STDOUT_FILENO));
		status = command_finish(&session, &line.render, 1);
		if (error)
			status = COMMAND_TROUBLE;
		command_close(&session);
	}
	free(line.words);
	return status;
}

const struct command sql_command = {
	.name = "sql",
	.summary = "SQL over recordings; a shell when no SQL is given",
	.help = help,
	.run = run,
};
