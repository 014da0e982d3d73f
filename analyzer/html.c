/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTML page of headings, sentences, tables and charts.
 *
 * A table's head says which columns are numbers, which is known after the rows: they are held
 * back until there are HELD of them, all of them where a chart stands above. Memory stays
 * bounded without a chart.
 */
#include "analyzer/html.h"
#include "analyzer/chart.h"
#include "analyzer/chart_axis.h"
#include "analyzer/escape.h"

#include <stdlib.h>
#include <string.h>

#define HELD 1000

static const char style[] =
	":root{color-scheme:light dark;--ink:#1b1f24;--ground:#fff;--quiet:#57606a;--rule:#d5dae0;"
	"--band:#f5f7f9;--good:#1a7f37;--bad:#b3261e}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e4e8ec;--ground:#14181d;--quiet:#9aa4af;"
	"--rule:#363d46;--band:#1b2027;--good:#57b86e;--bad:#ff8a80}}\n"
	"body{margin:2rem auto;padding:0 1.5rem;max-width:80rem;color:var(--ink);"
	"background:var(--ground);font:15px/1.5 system-ui,sans-serif}\n"
	"h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.2rem;margin:2.25rem 0 .5rem}\n"
	"p{margin:.4rem 0;max-width:48rem}.summary{font-size:1.05rem}\n"
	".subject,.remark,.nothing{color:var(--quiet)}.subject{overflow-wrap:anywhere}\n"
	"figure{margin:1rem 0;overflow-x:auto}svg{max-width:100%;height:auto;display:block}\n"
	".wide{overflow-x:auto;margin:.75rem 0}\n"
	"table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
	"th,td{padding:.2rem .7rem;text-align:left;vertical-align:top;"
	"border-bottom:1px solid var(--rule)}\n"
	"th{vertical-align:bottom;font-weight:600}th span{display:block;font-weight:400;"
	"color:var(--quiet)}\n"
	"tbody tr:nth-child(even){background:var(--band)}.n{text-align:right}\n"
	"td{white-space:pre-wrap;overflow-wrap:anywhere;min-width:3rem}td.n{white-space:nowrap}\n"
	"footer{margin-top:2.25rem;padding-top:.75rem;border-top:1px solid var(--rule)}\n"
	".whole{color:var(--good)}.lacking{color:var(--bad);font-weight:600}\n"
	"@media print{:root{--ink:#000;--ground:#fff;--quiet:#444;--rule:#bbb;--band:#fff;"
	"--good:#000;--bad:#000}body{margin:0;padding:0;max-width:none;font-size:10pt}"
	".wide,figure{overflow:visible}thead{display:table-header-group}"
	"tr,figure{break-inside:avoid}h2{break-after:avoid}}\n";

static void put(FILE *out, const char *text)
{
	escape_html(out, text, strlen(text));
}

void html_begin(FILE *out, const struct render_page *page)
{
	const char *title = page->title ? page->title : page->name;

	fputs("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\"/>\n"
	      "<meta http-equiv=\"Content-Security-Policy\""
	      " content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width\"/>\n"
	      "<meta name=\"generator\" content=\"flowplay " FLOWTAPE_VERSION "\"/>\n<title>",
	      out);
	put(out, title);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n<h1>", style);
	put(out, title);
	fputs("</h1>\n", out);
	if (page->summary)
		html_paragraph(out, "summary", page->summary);
	if (page->subject)
		html_paragraph(out, "subject", page->subject);
	fputs("</header>\n<main>\n", out);
}

void html_paragraph(FILE *out, const char *class, const char *text)
{
	fprintf(out, "<p class=\"%s\">", class);
	put(out, text);
	fputs("</p>\n", out);
}

void html_footer(FILE *out, const char *class, const char *text)
{
	fputs("</main>\n<footer>\n", out);
	html_paragraph(out, class, text);
	fputs("</footer>\n", out);
}

void html_end(FILE *out)
{
	fputs("</body>\n</html>\n", out);
}

static void put_cell(FILE *out, sqlite3_stmt *statement, int column)
{
	const char *text;

	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_NULL:
		fputs("<td></td>", out);
		return;
	case SQLITE_BLOB:
		fputs("<td>", out);
		render_blob(out, statement, column);
		break;
	case SQLITE_TEXT:
		fputs("<td>", out);
		text = (const char *)sqlite3_column_text(statement, column);
		escape_html(out, text ? text : "",
			    (size_t)sqlite3_column_bytes(statement, column));
		break;
	default:
		text = (const char *)sqlite3_column_text(statement, column);
		fprintf(out, "<td class=\"n\">%s", text ? text : "");
	}
	fputs("</td>", out);
}

struct table {
	struct render *render;
	sqlite3_stmt *statement;
	const struct render_section *section;
	struct chart *chart; /* or NULL */
	FILE *rows;	     /* where they are held back; NULL: they are not any more */
	char *text;	     /* what is held back */
	size_t size;
	size_t count;
	unsigned char *has_text, *has_number; /* of columns */
};

static void put_row(struct table *table)
{
	FILE *out = table->rows ? table->rows : table->render->out;

	fputs("<tr>", out);
	for (int i = 0; i < sqlite3_column_count(table->statement); i++) {
		int type = sqlite3_column_type(table->statement, i);

		if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
			table->has_number[i] = 1;
		else if (type != SQLITE_NULL)
			table->has_text[i] = 1;
		put_cell(out, table->statement, i);
	}
	fputs("</tr>\n", out);
	table->count++;
}

/* A column's name in words, and its unit below. */
static void put_heading(FILE *out, const char *name, int is_number)
{
	size_t stem;
	const char *unit = chart_unit(name, &stem);

	fprintf(out, "<th scope=\"col\"%s title=\"", is_number ? " class=\"n\"" : "");
	put(out, name);
	fputs("\">", out);
	for (size_t i = 0; i < stem; i++) {
		if (name[i] == '_' && i && i + 1 < stem) {
			putc(' ', out);
			continue;
		}
		size_t size = strcspn(name + i + 1, "_") + 1;

		size = size < stem - i ? size : stem - i;
		escape_html(out, name + i, size);
		i += size - 1;
	}
	if (*unit && name[stem])
		fprintf(out, "<span>%s</span>", unit);
	fputs("</th>", out);
}

static void put_chart(struct table *table)
{
	struct render *render = table->render;
	const char *title = table->section->name ? table->section->name : render->title;

	if (!table->chart || chart_is_empty(table->chart))
		return;
	fputs("<figure>\n", render->out);
	chart_draw(table->chart, render->out, render->count + 1, title ? title : "chart");
	fputs("</figure>\n", render->out);
}

/* Write what was held back, below the chart and the table's head. */
static int release(struct table *table)
{
	FILE *out = table->render->out;

	if (!table->rows)
		return SQLITE_OK;
	if (fclose(table->rows)) {
		table->rows = NULL;
		return SQLITE_NOMEM;
	}
	table->rows = NULL;
	put_chart(table);
	fputs("<div class=\"wide\"><table>\n<thead><tr>", out);
	for (int i = 0; i < sqlite3_column_count(table->statement); i++)
		put_heading(out, sqlite3_column_name(table->statement, i),
			    table->has_number[i] && !table->has_text[i]);
	fputs("</tr></thead>\n<tbody>\n", out);
	fwrite(table->text, 1, table->size, out);
	return SQLITE_OK;
}

static int put_rows(struct table *table)
{
	int result;

	while ((result = sqlite3_step(table->statement)) == SQLITE_ROW) {
		put_row(table);
		if (table->chart && chart_add(table->chart, table->statement))
			return SQLITE_NOMEM;
		if (table->count == HELD && !table->chart && release(table))
			return SQLITE_NOMEM;
	}
	return result;
}

static int open_table(struct table *table)
{
	size_t columns = (size_t)sqlite3_column_count(table->statement);

	table->has_text = calloc(columns, 1);
	table->has_number = calloc(columns, 1);
	table->rows = open_memstream(&table->text, &table->size);
	if (!table->has_text || !table->has_number || !table->rows)
		return SQLITE_NOMEM;
	if (!table->section->chart)
		return SQLITE_OK;
	return chart_new(table->section->chart, table->statement, &table->chart) ? SQLITE_NOMEM
										 : SQLITE_OK;
}

static int put_table(struct render *render, sqlite3_stmt *statement,
		     const struct render_section *section)
{
	struct table table = {.render = render, .statement = statement, .section = section};
	int result = open_table(&table);

	if (!result)
		result = put_rows(&table);
	if (result == SQLITE_DONE && release(&table))
		result = SQLITE_NOMEM;
	if (result == SQLITE_DONE) {
		fputs("</tbody>\n</table></div>\n", render->out);
		if (!table.count)
			html_paragraph(render->out, "nothing", "(nothing)");
	}
	if (table.rows)
		fclose(table.rows);
	free(table.text);
	free(table.has_text);
	free(table.has_number);
	chart_free(table.chart);
	return result;
}

static int put_sentences(FILE *out, sqlite3_stmt *statement)
{
	int result, rows = 0;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);

		if (!text)
			continue;
		fputs(rows++ ? "<li>" : "<ul>\n<li>", out);
		escape_html(out, text, (size_t)sqlite3_column_bytes(statement, 0));
		fputs("</li>\n", out);
	}
	if (rows)
		fputs("</ul>\n", out);
	else
		html_paragraph(out, "nothing", "(nothing)");
	return result;
}

int html_section(struct render *render, sqlite3_stmt *statement,
		 const struct render_section *section)
{
	FILE *out = render->out;
	int result;

	fprintf(out, "<section id=\"section-%u\">\n", render->count + 1);
	if (section->name) {
		fputs("<h2>", out);
		put(out, section->name);
		fputs("</h2>\n", out);
	}
	for (size_t i = 0; i < section->note_count; i++)
		html_paragraph(out, "note", section->notes[i]);
	result = section->is_prose ? put_sentences(out, statement)
				   : put_table(render, statement, section);
	if (result == SQLITE_DONE)
		fputs("</section>\n", out);
	return result;
}
