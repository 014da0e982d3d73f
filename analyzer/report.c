/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowplay report: answers with one of the SQL files that are embedded, or with the user's own.
 */
#include "analyzer/command.h"
#include "analyzer/report_text.h"
#include "analyzer/reports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_SIZE (1U << 20)

static const char help[] =
	"flowplay report                          lists the reports\n"
	"flowplay report NAME RECORDING...        prints one of them\n"
	"flowplay report ./FILE.sql RECORDING...  prints one of your own\n"
	"\n"
	"A RECORDING is a directory of *.segment files, or one such file. Below the rows stands\n"
	"whether the recording is complete (with json, jsonl and csv: on standard error).\n"
	"\n"
	"A report is a SELECT after comments:\n"
	"\n"
	"  -- title: Bytes by port\n"
	"  -- summary: Which services moved how much.\n"
	"  SELECT destination_port, sum(source_bytes) AS source_bytes FROM flow GROUP BY 1\n"
	"\n"
	"or several, with ';' between them and a heading before each. Comments before any SELECT:\n"
	"\n"
	"  -- section: NAME   its heading; in json the key of its rows\n"
	"  -- note: TEXT      a line under the heading; there may be more\n"
	"  -- prose: yes      its one column is sentences: people get paragraphs\n"
	"  -- chart: CHART    how html draws its rows, one of\n"
	"       bar label=COLUMN value=COLUMN [series=COLUMN] [low=COLUMN high=COLUMN]\n"
	"       interval label=COLUMN value=COLUMN low=COLUMN high=COLUMN [series=COLUMN]\n"
	"       line x=COLUMN y=COLUMN [series=COLUMN] [xscale=log] [yscale=log]\n"
	"     label=A+B joins columns; value=A,B and y=A,B draw several. Up to 40 labels, 6 series\n"
	"     and 2,000 points are drawn.\n"
	"\n"
	"  --format FORMAT  text (the default), json, jsonl, csv, markdown, or html: a page with\n"
	"                   charts that needs nothing beside it\n"
	"  --help           this text\n"
	"\n"
	"Examples:\n"
	"  flowplay report summary build/demo\n"
	"  flowplay report nat --format json build/demo\n"
	"  flowplay report talkers --format html build/demo >talkers.html\n"
	"  flowplay report ./ports.sql host-a host-b\n";

/* One row "name, summary" for each report, in the renderer's hands like any other answer. */
static int list(struct command_line *line)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);
	sqlite3 *database = NULL;
	sqlite3_stmt *statement = NULL;
	char *text;
	int result = sqlite3_open(":memory:", &database);

	for (size_t i = 0; embedded_reports[i].name; i++) {
		char *summary = report_text_value(embedded_reports[i].sql, "summary");

		sqlite3_str_appendf(sql, "%s SELECT %Q AS report, %Q AS summary",
				    i ? " UNION ALL" : "", embedded_reports[i].name, summary);
		free(summary);
	}
	text = sqlite3_str_finish(sql);
	if (!result)
		result = text ? sqlite3_prepare_v2(database, text, -1, &statement, NULL)
			      : SQLITE_NOMEM;
	if (!result)
		result = render_statement(&line->render, statement);
	if (result)
		command_say("%s", sqlite3_errmsg(database));
	sqlite3_finalize(statement);
	sqlite3_close(database);
	sqlite3_free(text);
	return result ? COMMAND_TROUBLE : COMMAND_WHOLE;
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = malloc(REPORT_SIZE + 1);
	size_t size = 0;

	if (file && text)
		size = fread(text, 1, REPORT_SIZE + 1, file);
	if (!file || !text || ferror(file) || size > REPORT_SIZE) {
		command_say("%s: %s", path,
			    size > REPORT_SIZE ? "larger than a report can be (1 MiB)"
					       : strerror(errno));
		free(text);
		text = NULL;
	} else {
		text[size] = 0;
	}
	if (file)
		fclose(file);
	return text;
}

/* Whose recording it is, and from when to when; malloc'd. NULL when it cannot be told. */
static char *read_subject(sqlite3 *database)
{
	static const char sql[] =
		"SELECT concat_host || coalesce(': ' || rfc3339(min(first_ns), 3) || ' to ' ||"
		" rfc3339(max(last_ns), 3) || printf(' (%.1f s)', (max(last_ns) - min(first_ns)) / 1e9),"
		" '')"
		" FROM (SELECT group_concat(name, ', ') AS concat_host FROM (SELECT DISTINCT"
		" coalesce(host_name, 'unnamed host') AS name FROM host ORDER BY 1)), stream_size";
	sqlite3_stmt *statement = NULL;
	char *subject = NULL;

	if (!sqlite3_prepare_v2(database, sql, -1, &statement, NULL) &&
	    sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
		subject = strdup((const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return subject;
}

static int print_sections(struct command_session *session, struct render *render,
			  const char *name, const struct report_text *text)
{
	struct render_page page = {
		.name = name, .title = text->title, .summary = text->summary};
	char *subject = render->format == RENDER_HTML ? read_subject(session->database) : NULL;
	int status;

	page.subject = subject;
	render->sections = text->count > 1;
	render_begin(render, &page);
	free(subject);
	for (size_t i = 0; i < text->count; i++) {
		if (render_section(render, text->sections[i].statement,
				   &text->sections[i].render)) {
			command_say("report %s: %s", name, sqlite3_errmsg(session->database));
			return COMMAND_TROUBLE;
		}
	}
	status = command_finish(session, render, 0);
	render_end(render);
	return status;
}

static int print(struct command_session *session, struct render *render, const char *name,
		 const char *sql)
{
	struct report_text text;
	char *problem;
	int status;

	if (report_text_open(session->database, sql, &text, &problem)) {
		command_say("report %s: %s", name, problem ? problem : strerror(ENOMEM));
		free(problem);
		return COMMAND_TROUBLE;
	}
	status = print_sections(session, render, name, &text);
	report_text_close(&text);
	return status;
}

static const char *find(const char *name)
{
	for (size_t i = 0; embedded_reports[i].name; i++)
		if (!strcmp(embedded_reports[i].name, name))
			return embedded_reports[i].sql;
	return NULL;
}

static int is_file_name(const char *name)
{
	size_t size = strlen(name);

	return strchr(name, '/') || (size > 4 && !strcmp(name + size - 4, ".sql"));
}

static int answer(const struct command *command, struct command_line *line)
{
	const char *name = line->words[0], *sql = find(name);
	struct command_session session;
	char *own = NULL;
	int status;

	if (!sql && !is_file_name(name))
		return command_misuse(command, "there is no report '%s'", name);
	if (line->word_count < 2)
		return command_misuse(command, "report '%s': no recording is named", name);
	if (!sql) {
		own = read_file(name);
		if (!own)
			return COMMAND_TROUBLE;
	}
	status = command_open(&session, line->words + 1, line->word_count - 1);
	if (status < 0) {
		status = print(&session, &line->render, name, own ? own : sql);
		command_close(&session);
	}
	free(own);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_line line;
	int status = command_parse(command, argc, argv, &line);

	if (status < 0)
		status = line.word_count ? answer(command, &line) : list(&line);
	free(line.words);
	return status;
}

const struct command report_command = {
	.name = "report",
	.summary = "answer with one of the reports; without a name, list them",
	.help = help,
	.has_html = 1,
	.run = run,
};
