/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of an import as people and programs read it: one row for each capture file.
 */
#ifndef RECORDER_IMPORT_TABLE_H
#define RECORDER_IMPORT_TABLE_H

#include "recorder/importer.h"
#include "recorder/table.h"

/*
 * Print the files; text and Markdown also get their sum, and, when there are many files and all
 * is not set, only those with a problem and the sum. Columns are those of the table capture.
 */
void import_table_print(FILE *out, enum table_format format, int all,
			const struct import_file *files, size_t count);

/* A file name or message for a terminal: control characters are escaped. */
void import_table_safe(FILE *out, const char *text);

#endif
