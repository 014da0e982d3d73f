/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The yardstick: the same rows as rows of one SQLite table.
 */
#include "testdata/bench/segment/stores.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREPARE "PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"

static int failed(const char *path, sqlite3 *database)
{
	fprintf(stderr, "segment: %s: %s\n", path, sqlite3_errmsg(database));
	sqlite3_close(database);
	return -1;
}

/* "BEFORE one, two, three AFTER", where each column is written as format (or by its name). */
static char *statement_text(const struct rows *rows, const char *before, const char *format,
			    const char *after)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	fputs(before, out);
	for (unsigned int i = 0; i < rows->column_count; i++)
		fprintf(out, "%s%s", i ? ", " : "",
			format ? format : rows_column(rows, i)->name);
	fputs(after, out);
	fclose(out);
	return text;
}

/* The texts of all addresses, column by column, made before the clock runs. */
static char (*address_texts(const struct rows *rows))[INET6_ADDRSTRLEN]
{
	char(*texts)[INET6_ADDRSTRLEN];

	texts = calloc(rows->count * rows->column_count, sizeof(*texts));
	for (unsigned int i = 0; texts && i < rows->column_count; i++)
		for (size_t row = 0; row < rows->count; row++)
			if (rows_column(rows, i)->type == COLUMN_ADDRESS)
				address_text(row_address(&rows->rows[row],
							 rows_column(rows, i)),
					     texts[i * rows->count + row]);
	return texts;
}

static void bind_value(const struct rows *rows, size_t row, unsigned int i,
		       char (*texts)[INET6_ADDRSTRLEN], sqlite3_stmt *insert)
{
	const struct column *column = rows_column(rows, i);
	const struct flow_row *from = &rows->rows[row];

	if (column->type == COLUMN_ADDRESS && texts)
		sqlite3_bind_text(insert, (int)i + 1, texts[i * rows->count + row], -1,
				  SQLITE_STATIC);
	else if (column->type == COLUMN_ADDRESS)
		sqlite3_bind_blob(insert, (int)i + 1, row_address(from, column), 16,
				  SQLITE_STATIC);
	else if (column->type == COLUMN_TEXT)
		sqlite3_bind_text(insert, (int)i + 1, row_text(from, column), -1,
				  SQLITE_STATIC);
	else
		sqlite3_bind_int64(insert, (int)i + 1,
				   (sqlite3_int64)row_integer(from, column));
}

static int insert_all(const struct rows *rows, char (*texts)[INET6_ADDRSTRLEN],
		      sqlite3 *database, sqlite3_stmt *insert)
{
	if (sqlite3_exec(database, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return -1;
	for (size_t row = 0; row < rows->count; row++) {
		for (unsigned int i = 0; i < rows->column_count; i++)
			bind_value(rows, row, i, texts, insert);
		if (sqlite3_step(insert) != SQLITE_DONE)
			return -1;
		sqlite3_reset(insert);
	}
	return sqlite3_exec(database, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

int sqlite_store(const struct rows *rows, const char *path, int address_text, double *cost)
{
	char *create = statement_text(rows, PREPARE "CREATE TABLE flow(", NULL, ")");
	char *sql = statement_text(rows, "INSERT INTO flow VALUES(", "?", ")");
	char(*texts)[INET6_ADDRSTRLEN] = address_text ? address_texts(rows) : NULL;
	sqlite3 *database = NULL;
	sqlite3_stmt *insert = NULL;
	double began_s;
	int error;

	unlink(path);
	error = sqlite3_open(path, &database) != SQLITE_OK ||
		sqlite3_exec(database, create, NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(database, sql, -1, &insert, NULL) != SQLITE_OK;
	began_s = cpu_s();
	if (!error)
		error = insert_all(rows, texts, database, insert);
	*cost = cpu_s() - began_s;
	sqlite3_finalize(insert);
	if (!error)
		error = sqlite3_exec(database, "VACUUM", NULL, NULL, NULL) != SQLITE_OK;
	free(create);
	free(sql);
	free(texts);
	if (error)
		return failed(path, database);
	sqlite3_close(database);
	return 0;
}

/* --- reading --- */

/* Where values go: numbers, or the bytes of texts and addresses one after another. */
struct memory {
	uint64_t *numbers;
	char *bytes;
	size_t used, room;
};

static int keep_bytes(struct memory *memory, sqlite3_stmt *select, int i)
{
	const void *bytes = sqlite3_column_blob(select, i);
	size_t size = (size_t)sqlite3_column_bytes(select, i);

	if (memory->room - memory->used < size) {
		char *more = realloc(memory->bytes, memory->room * 2 + size + 4096);

		if (!more)
			return -1;
		memory->bytes = more;
		memory->room = memory->room * 2 + size + 4096;
	}
	if (size)
		memcpy(memory->bytes + memory->used, bytes, size);
	memory->used += size;
	return 0;
}

static int is_number(const struct column *column)
{
	return column->type == COLUMN_INTEGER || column->type == COLUMN_TIME;
}

static int select_all(const struct rows *rows, sqlite3_stmt *select, struct memory *memory)
{
	size_t row;

	for (row = 0; sqlite3_step(select) == SQLITE_ROW; row++) {
		if (row == rows->count)
			return -1;
		for (unsigned int i = 0; i < rows->column_count; i++)
			if (is_number(rows_column(rows, i)))
				memory[i].numbers[row] =
					(uint64_t)sqlite3_column_int64(select, (int)i);
			else if (keep_bytes(&memory[i], select, (int)i))
				return -1;
	}
	return row == rows->count ? 0 : -1;
}

static int same_numbers(const struct rows *rows, const struct memory *memory)
{
	for (unsigned int i = 0; i < rows->column_count; i++) {
		const struct column *column = rows_column(rows, i);

		for (size_t row = 0; row < rows->count && is_number(column); row++)
			if (memory[i].numbers[row] != row_integer(&rows->rows[row], column))
				return 0;
	}
	return 1;
}

int sqlite_load(const struct rows *rows, const char *path, double *cost)
{
	char *sql = statement_text(rows, "SELECT ", NULL, " FROM flow");
	struct memory memory[COLUMNS_MOST] = {{NULL}};
	sqlite3 *database = NULL;
	sqlite3_stmt *select = NULL;
	double began_s;
	int error;

	for (unsigned int i = 0; i < rows->column_count; i++) {
		memory[i].numbers = malloc(rows->count * sizeof(uint64_t));
		if (!memory[i].numbers)
			abort();
		/* The kernel hands the pages over before the clock runs. */
		memset(memory[i].numbers, 1, rows->count * sizeof(uint64_t));
	}
	error = sqlite3_open(path, &database) != SQLITE_OK ||
		sqlite3_prepare_v2(database, sql, -1, &select, NULL) != SQLITE_OK;
	began_s = cpu_s();
	if (!error)
		error = select_all(rows, select, memory);
	*cost = cpu_s() - began_s;
	sqlite3_finalize(select);
	if (!error && !same_numbers(rows, memory)) {
		fprintf(stderr, "segment: %s: other numbers than were put in\n", path);
		error = 1;
	}
	for (unsigned int i = 0; i < rows->column_count; i++) {
		free(memory[i].numbers);
		free(memory[i].bytes);
	}
	free(sql);
	if (error)
		return failed(path, database);
	sqlite3_close(database);
	return 0;
}
