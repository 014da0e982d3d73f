/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the rows of statements: for people as text or Markdown, for programs as JSON, JSON
 * lines or CSV, with keys equal to the column names; and as an HTML page for who has no
 * terminal.
 */
#ifndef ANALYZER_RENDER_H
#define ANALYZER_RENDER_H

#include "analyzer/chart.h"

#include <sqlite3.h>
#include <stdio.h>

enum render_format {
	RENDER_TEXT,
	RENDER_JSON,
	RENDER_JSONL,
	RENDER_CSV,
	RENDER_MARKDOWN,
	RENDER_HTML, /* needs render_begin and render_status */
};

/* The format of that name, or -1. */
int render_format(const char *name);

struct render {
	FILE *out;
	enum render_format format;
	int bold;	    /* headings, in text */
	int sections;	    /* each statement is a titled section; JSON is one object of them */
	const char *title;  /* above the sections, or NULL */
	unsigned int count; /* statements so far */
};

/* What stands above all sections. title is borrowed until the end of the output. */
struct render_page {
	const char *name;    /* in the place of a title that is not there */
	const char *title;   /* or NULL, as those that follow */
	const char *summary; /* what it answers */
	const char *subject; /* what it is about; only HTML shows it */
};

/* What stands around the rows of a statement. */
struct render_section {
	const char *name;  /* the heading; NULL: none, which only a single statement can have */
	char **notes;	   /* lines under the heading, in prose */
	size_t note_count; /* of them */
	const struct chart_spec *chart; /* how HTML draws the rows; NULL: not at all */
	int is_upright;			/* in text, a row is lines "column  value" */
	int is_prose; /* for people each row is a sentence: its first column */
};

/* Whether people read the format, so that titles and remarks may stand around the rows. */
int render_is_prose(const struct render *render);

/* Begin or end bold letters where they are wanted. */
void render_bold(struct render *render, int on);

/* The title and the summary, in prose. */
void render_begin(struct render *render, const struct render_page *page);

/* Step through a statement and print its rows. Returns 0 or SQLite's result code. */
int render_section(struct render *render, sqlite3_stmt *statement,
		   const struct render_section *section);

/* The same with nothing around the rows. */
int render_statement(struct render *render, sqlite3_stmt *statement);

/* In prose: a remark below the rows; how complete all of them are, which comes last. */
void render_remark(struct render *render, const char *text);
void render_status(struct render *render, const char *text, int is_whole);

/* The bytes of a blob as hexadecimal digits. */
void render_blob(FILE *out, sqlite3_stmt *statement, int column);

/* End the output; needed once after all statements. */
void render_end(struct render *render);

#endif
