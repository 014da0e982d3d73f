/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of texts, for people and for programs.
 *
 * One after the other, a command prints sections: each has a title, column names and rows. In
 * JSON they are the keys of one object, in JSON lines and CSV each row names its section.
 */
#ifndef RECORDER_TABLE_H
#define RECORDER_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS 8

enum table_format {
	TABLE_TEXT,
	TABLE_JSON,
	TABLE_JSONL,
	TABLE_CSV,
	TABLE_MARKDOWN,
};

/* The format of that name, or -1. */
int table_format(const char *name);

/* Whether people read it. */
int table_is_prose(enum table_format format);

struct table {
	FILE *out;
	enum table_format format;
	unsigned int sections; /* so far */
	const char *title;     /* of this section */
	const char *const *names;
	unsigned int columns;
	char **cells; /* of this section's rows, held until it ends */
	size_t count;
	int error; /* -ENOMEM: a row is missing */
};

void table_section(struct table *table, const char *title, const char *const *names,
		   unsigned int columns);

/* One text for each column, copied. */
void table_row(struct table *table, const char *const *texts);
void table_end_section(struct table *table);

/* After the last section. Returns 0, -ENOMEM, or -EIO when it could not be written. */
int table_end(struct table *table);

#endif
