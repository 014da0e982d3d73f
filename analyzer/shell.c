/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small SQL shell.
 */
#include "analyzer/shell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Statements end with a semicolon and may take several lines.\n"
	"  .tables          the tables\n"
	"  .schema [TABLE]  columns, types, units and meanings\n"
	"  .help            this text\n"
	"  .quit            or the end of the input\n"
	"Functions: rfc3339(ns [, digits])  ip_in(address, '10.0.0.0/8')  tcp_flags(number)\n"
	"arg_max(value, by)\n";

/* Streams by their description, plain tables by what they are. */
static const char tables_sql[] =
	"SELECT stream AS \"table\", count(*) AS columns, (SELECT coalesce(sum(rows), 0)"
	" FROM stream_size AS z WHERE z.stream = c.stream) || ' rows' AS contents"
	" FROM stream_column AS c GROUP BY stream UNION ALL SELECT * FROM"
	" (SELECT l.name, l.ncol, CASE l.schema WHEN 'main' THEN 'of each segment'"
	" ELSE 'temporary' END FROM pragma_table_list AS l"
	" WHERE l.name NOT LIKE 'sqlite_%' AND l.name <> 'stream_column'"
	" ORDER BY l.name)"
	" UNION ALL SELECT 'stream_column', 10, 'what each column means'";

static const char schema_sql[] =
	"SELECT \"table\", \"column\", type, unit, meaning FROM"
	" (SELECT stream AS \"table\", name AS \"column\", type, unit, meaning, rowid AS position"
	" FROM stream_column UNION ALL SELECT l.name, c.name, lower(c.type), '', '', c.cid"
	" FROM pragma_table_list AS l, pragma_table_info(l.name) AS c"
	" WHERE l.name NOT LIKE 'sqlite_%')"
	" WHERE ?1 IS NULL OR \"table\" = ?1 ORDER BY \"table\", position";

int shell_execute(struct command_session *session, struct render *render, const char *sql)
{
	while (*sql) {
		sqlite3_stmt *statement = NULL;
		int result = sqlite3_prepare_v2(session->database, sql, -1, &statement, &sql);

		if (!result && statement && sqlite3_column_count(statement))
			result = render_statement(render, statement);
		else if (!result && statement && sqlite3_step(statement) != SQLITE_DONE)
			result = sqlite3_errcode(session->database);
		if (result)
			command_say("%s%s", sqlite3_errmsg(session->database),
				    result == SQLITE_AUTH ? "; statements can only read" : "");
		sqlite3_finalize(statement);
		if (result)
			return -EIO;
	}
	return 0;
}

static int show(struct command_session *session, struct render *render, const char *sql,
		const char *table)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(session->database, sql, -1, &statement, NULL);

	if (!result && table)
		result = sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
	if (!result)
		result = render_statement(render, statement);
	sqlite3_finalize(statement);
	if (result)
		command_say("%s", sqlite3_errmsg(session->database));
	return result ? -EIO : 0;
}

/* A line that begins with a dot. Returns 0, -EIO, or -ENODATA to end. */
static int dot_line(struct command_session *session, struct render *render, char *line)
{
	char *rest, *word = strtok_r(line, " \t\r\n;", &rest);
	char *argument = strtok_r(NULL, " \t\r\n;", &rest);

	if (!strcmp(word, ".quit") || !strcmp(word, ".exit"))
		return -ENODATA;
	if (!strcmp(word, ".tables"))
		return show(session, render, tables_sql, NULL);
	if (!strcmp(word, ".schema"))
		return show(session, render, schema_sql, argument);
	if (!strcmp(word, ".help")) {
		fputs(help, render->out);
		return 0;
	}
	command_say("unknown word '%s'; .help lists those there are", word);
	return -EIO;
}

static int is_blank(const char *text)
{
	return !text[strspn(text, " \t\r\n;")];
}

/* Append a line to the statement. */
static int gather(char **statement, const char *line)
{
	size_t size = *statement ? strlen(*statement) : 0;
	char *longer = realloc(*statement, size + strlen(line) + 1);

	if (!longer)
		return -ENOMEM;
	strcpy(longer + size, line);
	*statement = longer;
	return 0;
}

int shell_run(struct command_session *session, struct render *render, FILE *in, int prompt)
{
	char *line = NULL, *statement = NULL;
	size_t capacity = 0;
	int failed = 0, error = 0;

	while (error != -ENODATA && error != -ENOMEM) {
		if (prompt) {
			fputs(statement ? "     ...> " : "flowplay> ", stdout);
			fflush(stdout);
		}
		if (getline(&line, &capacity, in) < 0)
			break;
		error = 0;
		if (!statement && line[0] == '.') {
			error = dot_line(session, render, line);
		} else if (statement || !is_blank(line)) {
			error = gather(&statement, line);
			if (!error && sqlite3_complete(statement)) {
				error = shell_execute(session, render, statement);
				free(statement);
				statement = NULL;
			}
		}
		failed |= error == -EIO;
		fflush(render->out);
		command_tell(session);
	}
	/* The last statement may lack its semicolon. */
	if (statement && !is_blank(statement) && !prompt && error != -ENODATA)
		failed |= shell_execute(session, render, statement) != 0;
	free(statement);
	free(line);
	return failed || error == -ENOMEM ? -EIO : 0;
}
