/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a report: SELECTs, each after comments that say what it is.
 */
#include "analyzer/report_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n;"

/*
 * The next comment before a statement: its text is *line, of *size bytes. Returns what follows
 * it, or NULL when the statement or the end comes first.
 */
static const char *next_comment(const char *sql, const char **line, size_t *size)
{
	sql += strspn(sql, BLANKS);
	if (strncmp(sql, "--", 2))
		return NULL;
	*line = sql + 2 + strspn(sql + 2, " \t");
	*size = strcspn(*line, "\r\n");
	return *line + *size;
}

/* The value when the comment has that key, else NULL; malloc'd. */
static char *take_value(const char *line, size_t size, const char *key)
{
	size_t key_size = strlen(key), blanks;

	if (size <= key_size || strncmp(line, key, key_size) || line[key_size] != ':')
		return NULL;
	line += key_size + 1;
	size -= key_size + 1;
	blanks = strspn(line, " \t");
	blanks = blanks < size ? blanks : size;
	line += blanks;
	size -= blanks;
	while (size && (line[size - 1] == ' ' || line[size - 1] == '\t'))
		size--;
	return strndup(line, size);
}

char *report_text_value(const char *sql, const char *key)
{
	const char *line;
	char *value = NULL;
	size_t size;

	while (!value && (sql = next_comment(sql, &line, &size)))
		value = take_value(line, size, key);
	return value;
}

__attribute__((format(printf, 2, 3))) static int wrong(char **problem, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(problem, format, arguments) < 0)
		*problem = NULL;
	va_end(arguments);
	return *problem ? -EINVAL : -ENOMEM;
}

static void section_free(struct report_section *section)
{
	sqlite3_finalize(section->statement);
	free((char *)section->render.name);
	free((void *)section->render.chart);
	for (size_t i = 0; i < section->render.note_count; i++)
		free(section->render.notes[i]);
	free(section->render.notes);
}

/* Takes value. */
static int set_once(const char **to, char *value, const char *key, char **problem)
{
	if (*to) {
		free(value);
		return wrong(problem, "two comments '-- %s:' before one SELECT; expected one",
			     key);
	}
	*to = value;
	return 0;
}

/* Takes value. */
static int add_note(struct render_section *render, char *value)
{
	char **notes = realloc(render->notes, (render->note_count + 1) * sizeof(*notes));

	if (!notes) {
		free(value);
		return -ENOMEM;
	}
	render->notes = notes;
	notes[render->note_count++] = value;
	return 0;
}

/* The comments before a SELECT; *chart is the one that can be read when the columns are known.
 */
static int take_comment(struct render_section *render, const char **chart, const char *line,
			size_t size, char **problem)
{
	char *value;
	int error = 0;

	if ((value = take_value(line, size, "section")))
		return set_once(&render->name, value, "section", problem);
	if ((value = take_value(line, size, "chart")))
		return set_once(chart, value, "chart", problem);
	if ((value = take_value(line, size, "note")))
		return add_note(render, value);
	if ((value = take_value(line, size, "prose"))) {
		render->is_prose = !strcmp(value, "yes");
		if (!render->is_prose && strcmp(value, "no"))
			error = wrong(problem, "prose: '%s'; expected yes or no", value);
		free(value);
	}
	return error;
}

static int set_chart(struct report_section *section, const char *comment, char **problem)
{
	struct chart_spec *spec = malloc(sizeof(*spec));
	int error = spec ? chart_parse(comment, section->statement, spec, problem) : -ENOMEM;

	if (error)
		free(spec);
	else
		section->render.chart = spec;
	return error;
}

/* The SELECT at *sql; *sql is what follows. */
static int prepare(sqlite3 *database, const char **sql, struct report_section *section,
		   const char *chart, char **problem)
{
	if (sqlite3_prepare_v2(database, *sql, -1, &section->statement, sql))
		return wrong(problem, "%s", sqlite3_errmsg(database));
	if (!section->statement || !sqlite3_column_count(section->statement))
		return wrong(problem, "expected a SELECT");
	if (section->render.is_prose && sqlite3_column_count(section->statement) != 1)
		return wrong(problem, "prose: the SELECT has %d columns; expected one",
			     sqlite3_column_count(section->statement));
	return chart ? set_chart(section, chart, problem) : 0;
}

/* Say of which section a problem is. */
static int place(const struct report_section *section, int error, char **problem)
{
	char *told = *problem;

	if (!told || !section->render.name)
		return error;
	error = wrong(problem, "section '%s': %s", section->render.name, told);
	free(told);
	return error;
}

/* The comments and the SELECT at *sql; *sql is what follows. -ENODATA: nothing is there. */
static int section_read(sqlite3 *database, const char **sql, struct report_section *section,
			char **problem)
{
	const char *line, *after, *chart = NULL;
	int error = 0;
	size_t size;

	while (!error && (after = next_comment(*sql, &line, &size))) {
		error = take_comment(&section->render, &chart, line, size, problem);
		*sql = after;
	}
	*sql += strspn(*sql, BLANKS);
	if (!error)
		error = **sql ? prepare(database, sql, section, chart, problem) : -ENODATA;
	free((char *)chart);
	return error;
}

static int add_section(struct report_text *text, const struct report_section *section)
{
	struct report_section *sections =
		realloc(text->sections, (text->count + 1) * sizeof(*sections));

	if (!sections)
		return -ENOMEM;
	text->sections = sections;
	sections[text->count++] = *section;
	return 0;
}

/* The keys of an object must differ. */
static int check_names(const struct report_text *text, char **problem)
{
	for (size_t i = 0; text->count > 1 && i < text->count; i++) {
		const char *name = text->sections[i].render.name;

		if (!name || !*name)
			return wrong(problem,
				     "SELECT %zu of %zu has no heading; expected a comment"
				     " '-- section: NAME' before each",
				     i + 1, text->count);
		for (size_t j = 0; j < i; j++)
			if (!strcmp(name, text->sections[j].render.name))
				return wrong(problem,
					     "two sections '%s'; expected names that differ",
					     name);
	}
	return 0;
}

int report_text_open(sqlite3 *database, const char *sql, struct report_text *out,
		     char **problem)
{
	struct report_text text = {.title = report_text_value(sql, "title"),
				   .summary = report_text_value(sql, "summary")};
	int error;

	*problem = NULL;
	do {
		struct report_section section = {0};

		error = section_read(database, &sql, &section, problem);
		if (!error)
			error = add_section(&text, &section);
		if (error) {
			error = place(&section, error, problem);
			section_free(&section);
		}
	} while (!error);
	if (error == -ENODATA)
		error = text.count ? check_names(&text, problem)
				   : wrong(problem, "expected a SELECT");
	if (error)
		report_text_close(&text);
	else
		*out = text;
	return error;
}

void report_text_close(struct report_text *text)
{
	for (size_t i = 0; i < text->count; i++)
		section_free(&text->sections[i]);
	free(text->sections);
	free(text->title);
	free(text->summary);
	*text = (struct report_text){0};
}
