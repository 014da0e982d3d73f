/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes texts that attackers may have chosen so that they stay texts: in a terminal, in JSON,
 * CSV, Markdown and HTML.
 *
 * Everywhere, control characters (C0, DEL, C1) and characters that turn the direction of
 * writing are shown instead of being sent. Bytes that are not UTF-8 are shown as \xNN, in JSON
 * as U+FFFD.
 */
#ifndef ANALYZER_ESCAPE_H
#define ANALYZER_ESCAPE_H

#include <stdio.h>

/* For a terminal, in one line. Returns the width in characters. */
size_t escape_text(FILE *out, const char *text, size_t size);

/* A JSON string with its quotes. */
void escape_json(FILE *out, const char *text, size_t size);

/*
 * A CSV field (RFC 4180). Line feeds and tabs stay, in quotes; what a spreadsheet would take
 * for a formula gets an apostrophe in front.
 */
void escape_csv(FILE *out, const char *text, size_t size);

/* A cell of a Markdown table. Returns the width in characters. */
size_t escape_markdown(FILE *out, const char *text, size_t size);

/* Text or an attribute's value in HTML, XML and SVG. */
void escape_html(FILE *out, const char *text, size_t size);

#endif
