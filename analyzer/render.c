/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the rows of statements.
 */
#include "analyzer/render.h"
#include "analyzer/escape.h"
#include "analyzer/grid.h"
#include "analyzer/html.h"

#include <math.h>
#include <string.h>

int render_format(const char *name)
{
	static const char *const names[] = {
		[RENDER_TEXT] = "text",		[RENDER_JSON] = "json",
		[RENDER_JSONL] = "jsonl",	[RENDER_CSV] = "csv",
		[RENDER_MARKDOWN] = "markdown", [RENDER_HTML] = "html",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return (int)i;
	return -1;
}

int render_is_prose(const struct render *render)
{
	return render->format == RENDER_TEXT || render->format == RENDER_MARKDOWN ||
	       render->format == RENDER_HTML;
}

void render_bold(struct render *render, int on)
{
	if (render->bold && render->format == RENDER_TEXT)
		fputs(on ? "\033[1m" : "\033[0m", render->out);
}

static void put_heading(struct render *render, const char *text)
{
	if (render->format == RENDER_MARKDOWN) {
		fputs(render->title ? "### " : "## ", render->out);
		escape_markdown(render->out, text, strlen(text));
		fputs("\n\n", render->out);
		return;
	}
	render_bold(render, 1);
	escape_text(render->out, text, strlen(text));
	render_bold(render, 0);
	putc('\n', render->out);
}

static void put_escaped(struct render *render, const char *text)
{
	if (render->format == RENDER_MARKDOWN)
		escape_markdown(render->out, text, strlen(text));
	else
		escape_text(render->out, text, strlen(text));
}

static void put_note(struct render *render, const char *text)
{
	put_escaped(render, text);
	fputs("\n\n", render->out);
}

void render_begin(struct render *render, const struct render_page *page)
{
	if (render->format == RENDER_HTML) {
		html_begin(render->out, page);
	} else if (render_is_prose(render)) {
		if (page->title)
			put_heading(render, page->title);
		if (page->summary)
			put_note(render, page->summary);
	}
	render->title = page->title;
}

void render_remark(struct render *render, const char *text)
{
	if (render->format == RENDER_HTML) {
		html_paragraph(render->out, "remark", text);
	} else if (render_is_prose(render)) {
		putc('\n', render->out);
		escape_text(render->out, text, strlen(text));
		putc('\n', render->out);
	}
}

void render_status(struct render *render, const char *text, int is_whole)
{
	if (render->format == RENDER_HTML)
		html_footer(render->out, is_whole ? "whole" : "lacking", text);
	else if (render_is_prose(render))
		fprintf(render->out, "\n%s\n", text);
}

/* Each row is a sentence. */
static int render_sentences(struct render *render, sqlite3_stmt *statement)
{
	int result, rows = 0;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);

		if (!text)
			continue;
		fputs("- ", render->out);
		put_escaped(render, text);
		putc('\n', render->out);
		rows++;
	}
	if (!rows)
		fputs("(nothing)\n", render->out);
	return result;
}

void render_blob(FILE *out, sqlite3_stmt *statement, int column)
{
	const unsigned char *bytes = sqlite3_column_blob(statement, column);
	int size = sqlite3_column_bytes(statement, column);

	for (int i = 0; i < size; i++)
		fprintf(out, "%02x", bytes[i]);
}

static void put_json_value(FILE *out, sqlite3_stmt *statement, int column)
{
	const char *text;

	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_NULL:
		fputs("null", out);
		return;
	case SQLITE_BLOB:
		putc('"', out);
		render_blob(out, statement, column);
		putc('"', out);
		return;
	case SQLITE_TEXT:
		text = (const char *)sqlite3_column_text(statement, column);
		escape_json(out, text ? text : "",
			    (size_t)sqlite3_column_bytes(statement, column));
		return;
	case SQLITE_FLOAT:
		if (!isfinite(sqlite3_column_double(statement, column))) {
			fputs("null", out);
			return;
		}
		/* fall through */
	default:
		text = (const char *)sqlite3_column_text(statement, column);
		fputs(text ? text : "null", out);
	}
}

static void put_json_row(struct render *render, sqlite3_stmt *statement, const char *title)
{
	FILE *out = render->out;

	putc('{', out);
	if (title) {
		fputs("\"section\":", out);
		escape_json(out, title, strlen(title));
		putc(',', out);
	}
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const char *name = sqlite3_column_name(statement, i);

		if (i)
			putc(',', out);
		escape_json(out, name, strlen(name));
		putc(':', out);
		put_json_value(out, statement, i);
	}
	putc('}', out);
}

static int render_json(struct render *render, sqlite3_stmt *statement, const char *title)
{
	FILE *out = render->out;
	int result, rows = 0;

	if (render->sections) {
		fputs(render->count ? ",\n" : "{\n", out);
		escape_json(out, title, strlen(title));
		putc(':', out);
	}
	putc('[', out);
	for (; (result = sqlite3_step(statement)) == SQLITE_ROW; rows++) {
		fputs(rows ? ",\n" : "\n", out);
		put_json_row(render, statement, NULL);
	}
	fputs(rows ? "\n]" : "]", out);
	if (!render->sections)
		putc('\n', out);
	return result;
}

static int render_jsonl(struct render *render, sqlite3_stmt *statement, const char *title)
{
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		put_json_row(render, statement, render->sections ? title : NULL);
		putc('\n', render->out);
	}
	return result;
}

static void put_csv_value(FILE *out, sqlite3_stmt *statement, int column)
{
	const char *text;

	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_NULL:
		return;
	case SQLITE_BLOB:
		render_blob(out, statement, column);
		return;
	case SQLITE_TEXT:
		text = (const char *)sqlite3_column_text(statement, column);
		escape_csv(out, text ? text : "",
			   (size_t)sqlite3_column_bytes(statement, column));
		return;
	default:
		text = (const char *)sqlite3_column_text(statement, column);
		fputs(text ? text : "", out);
	}
}

static int render_csv(struct render *render, sqlite3_stmt *statement, const char *title)
{
	int columns = sqlite3_column_count(statement), result;
	FILE *out = render->out;

	if (render->sections)
		fputs("section,", out);
	for (int i = 0; i < columns; i++) {
		const char *name = sqlite3_column_name(statement, i);

		if (i)
			putc(',', out);
		escape_csv(out, name, strlen(name));
	}
	fputs("\r\n", out);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		if (render->sections) {
			escape_csv(out, title, strlen(title));
			putc(',', out);
		}
		for (int i = 0; i < columns; i++) {
			if (i)
				putc(',', out);
			put_csv_value(out, statement, i);
		}
		fputs("\r\n", out);
	}
	return result;
}

/* For people: the heading, the notes, the rows. */
static int render_prose(struct render *render, sqlite3_stmt *statement,
			const struct render_section *section)
{
	if (section->name)
		put_heading(render, section->name);
	for (size_t i = 0; i < section->note_count; i++)
		put_note(render, section->notes[i]);
	if (section->is_prose)
		return render_sentences(render, statement);
	if (section->is_upright && render->format == RENDER_TEXT)
		return grid_print_upright(render, statement);
	return grid_print(render, statement);
}

int render_section(struct render *render, sqlite3_stmt *statement,
		   const struct render_section *section)
{
	int result = SQLITE_DONE;

	if (render->count && render->format != RENDER_JSON && render->format != RENDER_JSONL &&
	    render->format != RENDER_HTML)
		fputs(render->format == RENDER_CSV ? "\r\n" : "\n", render->out);
	switch (render->format) {
	case RENDER_TEXT:
	case RENDER_MARKDOWN:
		result = render_prose(render, statement, section);
		break;
	case RENDER_HTML:
		result = html_section(render, statement, section);
		break;
	case RENDER_JSON:
		result = render_json(render, statement, section->name);
		break;
	case RENDER_JSONL:
		result = render_jsonl(render, statement, section->name);
		break;
	case RENDER_CSV:
		result = render_csv(render, statement, section->name);
		break;
	}
	render->count++;
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

int render_statement(struct render *render, sqlite3_stmt *statement)
{
	return render_section(render, statement, &(struct render_section){0});
}

void render_end(struct render *render)
{
	if (render->sections && render->format == RENDER_JSON)
		fputs(render->count ? "\n}\n" : "{}\n", render->out);
	if (render->format == RENDER_HTML)
		html_end(render->out);
}
