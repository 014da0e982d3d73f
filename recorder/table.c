/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints rows of texts. What is no printable ASCII is shown as a question mark.
 */
#include "recorder/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int table_format(const char *name)
{
	static const char *const names[] = {
		[TABLE_TEXT] = "text", [TABLE_JSON] = "json",	      [TABLE_JSONL] = "jsonl",
		[TABLE_CSV] = "csv",   [TABLE_MARKDOWN] = "markdown",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return (int)i;
	return -1;
}

int table_is_prose(enum table_format format)
{
	return format == TABLE_TEXT || format == TABLE_MARKDOWN;
}

static void put_json(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

static void put_csv(FILE *out, const char *text)
{
	int is_quoted = !*text || strpbrk(text, ",\"") != NULL;

	if (is_quoted)
		putc('"', out);
	if (*text && strchr("=+-@", *text))
		putc('\'', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	if (is_quoted)
		putc('"', out);
}

static void put_markdown(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '<' || *text == '>' || *text == '&')
			fprintf(out, "&%s;", *text == '<' ? "lt" : *text == '>' ? "gt" : "amp");
		else {
			if (strchr("\\`*_{}[]|~", *text))
				putc('\\', out);
			putc(*text, out);
		}
}

void table_section(struct table *table, const char *title, const char *const *names,
		   unsigned int columns)
{
	table->title = title;
	table->names = names;
	table->columns = columns;
	table->cells = NULL;
	table->count = 0;
}

void table_row(struct table *table, const char *const *texts)
{
	char **cells =
		realloc(table->cells, (table->count + table->columns) * sizeof(*table->cells));

	if (!cells) {
		table->error = -ENOMEM;
		return;
	}
	table->cells = cells;
	for (unsigned int i = 0; i < table->columns; i++) {
		char *cell = strdup(texts[i]);

		if (!cell) {
			table->error = -ENOMEM;
			return;
		}
		cells[table->count++] = cell;
		for (; *cell; cell++)
			if (*cell < ' ' || *cell > '~')
				*cell = '?';
	}
}

static void put_line(struct table *table, const char *const *cells, const int *widths)
{
	int gap = 0;

	for (unsigned int i = 0; i < table->columns; i++) {
		if (!*cells[i]) {
			gap += widths[i] + 2;
			continue;
		}
		fprintf(table->out, "%*s%s", gap, "", cells[i]);
		gap = widths[i] - (int)strlen(cells[i]) + 2;
	}
	putc('\n', table->out);
}

static void print_text(struct table *table)
{
	int widths[TABLE_COLUMNS] = {0};

	for (unsigned int i = 0; i < table->columns; i++)
		widths[i] = (int)strlen(table->names[i]);
	for (size_t i = 0; i < table->count; i++)
		if ((int)strlen(table->cells[i]) > widths[i % table->columns])
			widths[i % table->columns] = (int)strlen(table->cells[i]);
	fprintf(table->out, "%s%s\n", table->sections ? "\n" : "", table->title);
	put_line(table, table->names, widths);
	for (size_t i = 0; i < table->count; i += table->columns)
		put_line(table, (const char *const *)table->cells + i, widths);
}

static void print_markdown(struct table *table)
{
	fprintf(table->out, "%s## ", table->sections ? "\n" : "");
	put_markdown(table->out, table->title);
	fputs("\n\n|", table->out);
	for (unsigned int i = 0; i < table->columns; i++) {
		putc(' ', table->out);
		put_markdown(table->out, table->names[i]);
		fputs(" |", table->out);
	}
	fputs("\n|", table->out);
	for (unsigned int i = 0; i < table->columns; i++)
		fputs(" --- |", table->out);
	for (size_t i = 0; i < table->count; i++) {
		fputs(i % table->columns ? " " : "\n| ", table->out);
		put_markdown(table->out, table->cells[i]);
		fputs(" |", table->out);
	}
	putc('\n', table->out);
}

static void put_object(struct table *table, char *const *cells)
{
	for (unsigned int i = 0; i < table->columns; i++) {
		if (i)
			putc(',', table->out);
		put_json(table->out, table->names[i]);
		putc(':', table->out);
		put_json(table->out, cells[i]);
	}
	putc('}', table->out);
}

static void print_json(struct table *table)
{
	fputs(table->sections ? ",\n" : "{\n", table->out);
	put_json(table->out, table->title);
	fputs(":[", table->out);
	for (size_t i = 0; i < table->count; i += table->columns) {
		fputs(i ? ",\n{" : "\n{", table->out);
		put_object(table, table->cells + i);
	}
	fputs(table->count ? "\n]" : "]", table->out);
}

static void print_jsonl(struct table *table)
{
	for (size_t i = 0; i < table->count; i += table->columns) {
		fputs("{\"section\":", table->out);
		put_json(table->out, table->title);
		putc(',', table->out);
		put_object(table, table->cells + i);
		putc('\n', table->out);
	}
}

static void print_csv(struct table *table)
{
	fputs("section", table->out);
	for (unsigned int i = 0; i < table->columns; i++) {
		putc(',', table->out);
		put_csv(table->out, table->names[i]);
	}
	for (size_t i = 0; i < table->count; i++) {
		if (i % table->columns == 0) {
			fputs("\r\n", table->out);
			put_csv(table->out, table->title);
		}
		putc(',', table->out);
		put_csv(table->out, table->cells[i]);
	}
	fputs("\r\n", table->out);
}

void table_end_section(struct table *table)
{
	static void (*const print[])(struct table * table) = {
		[TABLE_TEXT] = print_text,	   [TABLE_JSON] = print_json,
		[TABLE_JSONL] = print_jsonl,	   [TABLE_CSV] = print_csv,
		[TABLE_MARKDOWN] = print_markdown,
	};

	if (!table->error)
		print[table->format](table);
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->count = 0;
	table->sections++;
	fflush(table->out);
}

int table_end(struct table *table)
{
	if (table->format == TABLE_JSON)
		fputs(table->sections ? "\n}\n" : "{}\n", table->out);
	if (fflush(table->out) || ferror(table->out))
		return -EIO;
	return table->error;
}
