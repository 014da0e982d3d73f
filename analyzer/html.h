/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTML page of headings, sentences, tables and charts, complete in itself: no script, and
 * nothing is fetched. It is well-formed XML, too. All texts are escaped.
 */
#ifndef ANALYZER_HTML_H
#define ANALYZER_HTML_H

#include "analyzer/render.h"

#include <sqlite3.h>

/* The beginning of the page. */
void html_begin(FILE *out, const struct render_page *page);

/* A statement's rows with what stands around them. Returns SQLITE_DONE or an error. */
int html_section(struct render *render, sqlite3_stmt *statement,
		 const struct render_section *section);

/* A paragraph of that class: "note", "remark". */
void html_paragraph(FILE *out, const char *class, const char *text);

/* What ends the page: a paragraph below all sections, and the end. */
void html_footer(FILE *out, const char *class, const char *text);
void html_end(FILE *out);

#endif
