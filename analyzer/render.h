/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the rows of statements: for people as text or Markdown, for programs as JSON, JSON
 * lines or CSV, with keys equal to the column names.
 */
#ifndef ANALYZER_RENDER_H
#define ANALYZER_RENDER_H

#include <sqlite3.h>
#include <stdio.h>

enum render_format {
	RENDER_TEXT,
	RENDER_JSON,
	RENDER_JSONL,
	RENDER_CSV,
	RENDER_MARKDOWN,
};

/* The format of that name, or -1. */
int render_format(const char *name);

struct render {
	FILE *out;
	enum render_format format;
	int bold;	    /* headings, in text */
	int sections;	    /* each statement is a titled section; JSON is one object of them */
	unsigned int count; /* statements so far */
};

/* Whether people read the format, so that titles and remarks may stand around the rows. */
int render_is_prose(const struct render *render);

/* Begin or end bold letters where they are wanted. */
void render_bold(struct render *render, int on);

/* A heading in prose; nothing else prints it. */
void render_heading(struct render *render, const char *text);

/*
 * Step through a statement and print its rows. With sections, title is the section's name; in
 * text with upright, a row is shown as lines "column  value". Returns 0 or SQLite's result
 * code.
 */
int render_statement(struct render *render, sqlite3_stmt *statement, const char *title,
		     int upright);

/* End the output; needed once after all statements. */
void render_end(struct render *render);

#endif
