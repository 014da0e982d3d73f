/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows in aligned columns.
 *
 * The widths of columns must be known first: rows are held back until there are SAMPLE of them,
 * or no more. Later rows use those widths, so memory stays bounded.
 *
 * In text, a heading that is wider than its values stands in several lines, broken after "_":
 *
 *     source_  source_
 *     address     port
 *     10.0.0.1   40000
 */
#include "analyzer/grid.h"
#include "analyzer/escape.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLE 1000

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* A heading up to so many characters stays in one line. */
#define SHORT_HEADING 8

struct grid {
	unsigned int columns;
	unsigned int rows; /* held back */
	char *cells;	   /* their texts in order, each ended by a 0 byte */
	size_t cells_size;
	unsigned int *cell_widths;
	unsigned int *widths;	 /* of columns */
	unsigned char *has_text; /* of columns: a value that is neither a number nor NULL */
	unsigned char *has_number;
	size_t blanks; /* of this line of text that are written when something follows them */
};

static size_t put_blob(FILE *out, sqlite3_stmt *statement, int column)
{
	const unsigned char *bytes = sqlite3_column_blob(statement, column);
	int size = sqlite3_column_bytes(statement, column);

	for (int i = 0; i < size; i++)
		fprintf(out, "%02x", bytes[i]);
	return (size_t)size * 2;
}

static int is_number(int type)
{
	return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

/* A value for people. Returns its width. */
static size_t put_cell(struct render *render, FILE *out, sqlite3_stmt *statement, int type,
		       int column)
{
	const char *text;

	switch (type) {
	case SQLITE_NULL:
		if (render->format == RENDER_TEXT)
			putc('-', out);
		return render->format == RENDER_TEXT;
	case SQLITE_BLOB:
		return put_blob(out, statement, column);
	case SQLITE_TEXT:
		text = (const char *)sqlite3_column_text(statement, column);
		return (render->format == RENDER_TEXT ? escape_text : escape_markdown)(
			out, text ? text : "", (size_t)sqlite3_column_bytes(statement, column));
	default:
		text = (const char *)sqlite3_column_text(statement, column);
		fputs(text ? text : "", out);
		return text ? strlen(text) : 0;
	}
}

static void grid_free(struct grid *grid)
{
	free(grid->cells);
	free(grid->cell_widths);
	free(grid->widths);
	free(grid->has_text);
	free(grid->has_number);
}

static int grid_new(struct grid *grid, sqlite3_stmt *statement)
{
	unsigned int columns = (unsigned int)sqlite3_column_count(statement);

	*grid = (struct grid){
		.columns = columns,
		.cell_widths = calloc((size_t)columns * SAMPLE, sizeof(*grid->cell_widths)),
		.widths = calloc(columns, sizeof(*grid->widths)),
		.has_text = calloc(columns, 1),
		.has_number = calloc(columns, 1),
	};
	if (!grid->cell_widths || !grid->widths || !grid->has_text || !grid->has_number) {
		grid_free(grid);
		return SQLITE_NOMEM;
	}
	return SQLITE_OK;
}

static void hold_row(struct render *render, struct grid *grid, FILE *cells,
		     sqlite3_stmt *statement)
{
	for (unsigned int i = 0; i < grid->columns; i++) {
		int type = sqlite3_column_type(statement, (int)i);
		size_t width = put_cell(render, cells, statement, type, (int)i);

		putc(0, cells);
		grid->cell_widths[grid->rows * grid->columns + i] = (unsigned int)width;
		if (width > grid->widths[i])
			grid->widths[i] = (unsigned int)width;
		grid->has_number[i] |= is_number(type);
		grid->has_text[i] |= !is_number(type) && type != SQLITE_NULL;
	}
	grid->rows++;
}

/* Hold rows back. Returns SQLITE_ROW when there are more, SQLITE_DONE, or an error. */
static int hold_rows(struct render *render, struct grid *grid, sqlite3_stmt *statement)
{
	FILE *cells = open_memstream(&grid->cells, &grid->cells_size);
	int result = SQLITE_ROW;

	if (!cells)
		return SQLITE_NOMEM;
	while (grid->rows < SAMPLE && (result = sqlite3_step(statement)) == SQLITE_ROW)
		hold_row(render, grid, cells, statement);
	return fclose(cells) ? SQLITE_NOMEM : result;
}

static int is_right(const struct grid *grid, unsigned int column)
{
	return grid->has_number[column] && !grid->has_text[column];
}

static void put_blanks(struct render *render, struct grid *grid)
{
	static const char blanks[] = "                                ";
	size_t part;

	for (; grid->blanks; grid->blanks -= part) {
		part = grid->blanks < sizeof(blanks) - 1 ? grid->blanks : sizeof(blanks) - 1;
		fwrite(blanks, 1, part, render->out);
	}
}

/* What stands before a cell of that width; blanks at the end of a line are not written. */
static void put_before(struct render *render, struct grid *grid, unsigned int i, size_t width)
{
	if (render->format == RENDER_MARKDOWN)
		fputs("| ", render->out);
	else if (i)
		grid->blanks += 2;
	if (is_right(grid, i) && width < grid->widths[i])
		grid->blanks += grid->widths[i] - width;
	if (width || render->format == RENDER_MARKDOWN)
		put_blanks(render, grid);
}

static void put_after(struct render *render, struct grid *grid, unsigned int i, size_t width)
{
	int is_last = i + 1 == grid->columns;

	if (!is_right(grid, i) && width < grid->widths[i])
		grid->blanks += grid->widths[i] - width;
	if (render->format == RENDER_MARKDOWN) {
		grid->blanks++;
		put_blanks(render, grid);
		fputs(is_last ? "|" : "", render->out);
	}
	if (is_last) {
		putc('\n', render->out);
		grid->blanks = 0;
	}
}

/*
 * How many bytes of a heading go into its next line: up to the last "_" that fits the width, or
 * that the first piece needs. Expressions are not broken.
 */
static size_t heading_line(const char *text, size_t width)
{
	size_t taken = 0, size = strlen(text);

	if (size <= width || text[strspn(text, NAME_LETTERS)])
		return size;
	for (size_t i = 0; i < size; i++)
		if ((text[i] == '_' || i + 1 == size) && (!taken || i + 1 <= width))
			taken = i + 1;
	return taken;
}

/* Fit the column to the lines of its heading. Returns how many those are. */
static unsigned int fit_heading(unsigned int *width, const char *text)
{
	size_t limit = SHORT_HEADING, size, longest;
	unsigned int lines;

	do {
		if (limit < *width)
			limit = *width;
		longest = lines = 0;
		for (const char *rest = text; *rest; rest += size) {
			size = heading_line(rest, limit);
			longest = size > longest ? size : longest;
			lines++;
		}
		if (longest > *width)
			*width = (unsigned int)longest;
	} while (longest > limit);
	return lines;
}

static void put_heading(struct render *render, struct grid *grid, unsigned int i,
			const char *text, size_t size)
{
	size_t width;

	put_before(render, grid, i, size);
	render_bold(render, 1);
	if (render->format == RENDER_TEXT)
		width = escape_text(render->out, text, size);
	else
		width = escape_markdown(render->out, text, size);
	render_bold(render, 0);
	put_after(render, grid, i, width);
}

static int put_text_headings(struct render *render, struct grid *grid, sqlite3_stmt *statement)
{
	unsigned int *lines = calloc(grid->columns, sizeof(*lines)), most = 0;

	if (!lines)
		return SQLITE_NOMEM;
	for (unsigned int i = 0; i < grid->columns; i++) {
		lines[i] =
			fit_heading(&grid->widths[i], sqlite3_column_name(statement, (int)i));
		most = lines[i] > most ? lines[i] : most;
	}
	for (unsigned int line = 0; line < most; line++) {
		for (unsigned int i = 0; i < grid->columns; i++) {
			const char *text = sqlite3_column_name(statement, (int)i);
			unsigned int skip = most - lines[i];

			for (unsigned int above = skip; above < line; above++)
				text += heading_line(text, grid->widths[i]);
			put_heading(render, grid, i, text,
				    line < skip ? 0 : heading_line(text, grid->widths[i]));
		}
	}
	free(lines);
	return SQLITE_OK;
}

static void put_markdown_headings(struct render *render, struct grid *grid,
				  sqlite3_stmt *statement)
{
	for (unsigned int i = 0; i < grid->columns; i++) {
		const char *name = sqlite3_column_name(statement, (int)i);
		unsigned int width = (unsigned int)strlen(name);

		width = width < 3 ? 3 : width;
		grid->widths[i] = width > grid->widths[i] ? width : grid->widths[i];
		put_heading(render, grid, i, name, strlen(name));
	}
	for (unsigned int i = 0; i < grid->columns; i++) {
		fputs("| ", render->out);
		for (unsigned int j = 0; j < grid->widths[i]; j++)
			putc(is_right(grid, i) && j + 1 == grid->widths[i] ? ':' : '-',
			     render->out);
		fputs(i + 1 == grid->columns ? " |\n" : " ", render->out);
	}
}

static void put_held_rows(struct render *render, struct grid *grid)
{
	const char *cell = grid->cells;

	for (unsigned int row = 0; row < grid->rows; row++) {
		for (unsigned int i = 0; i < grid->columns; i++) {
			size_t width = grid->cell_widths[row * grid->columns + i];

			put_before(render, grid, i, width);
			fputs(cell, render->out);
			put_after(render, grid, i, width);
			cell += strlen(cell) + 1;
		}
	}
}

static void put_row(struct render *render, struct grid *grid, sqlite3_stmt *statement)
{
	for (unsigned int i = 0; i < grid->columns; i++) {
		int type = sqlite3_column_type(statement, (int)i);
		size_t width = grid->widths[i];

		if (is_number(type))
			width = (size_t)sqlite3_column_bytes(statement, (int)i);
		else if (type == SQLITE_NULL)
			width = render->format == RENDER_TEXT;
		put_before(render, grid, i, width);
		put_after(render, grid, i,
			  put_cell(render, render->out, statement, type, (int)i));
	}
}

int grid_print(struct render *render, sqlite3_stmt *statement)
{
	struct grid grid;
	int result = grid_new(&grid, statement);

	if (result)
		return result;
	result = hold_rows(render, &grid, statement);
	if (result == SQLITE_ROW || result == SQLITE_DONE) {
		int error = SQLITE_OK;

		if (render->format == RENDER_TEXT)
			error = put_text_headings(render, &grid, statement);
		else
			put_markdown_headings(render, &grid, statement);
		put_held_rows(render, &grid);
		result = error ? error : result;
	}
	while (result == SQLITE_ROW && (result = sqlite3_step(statement)) == SQLITE_ROW)
		put_row(render, &grid, statement);
	grid_free(&grid);
	return result;
}

int grid_print_upright(struct render *render, sqlite3_stmt *statement)
{
	int columns = sqlite3_column_count(statement), width = 0, result;

	for (int i = 0; i < columns; i++) {
		int length = (int)strlen(sqlite3_column_name(statement, i));

		width = length > width ? length : width;
	}
	for (int row = 0; (result = sqlite3_step(statement)) == SQLITE_ROW; row++) {
		if (row)
			putc('\n', render->out);
		for (int i = 0; i < columns; i++) {
			fprintf(render->out, "%-*s  ", width,
				sqlite3_column_name(statement, i));
			put_cell(render, render->out, statement,
				 sqlite3_column_type(statement, i), i);
			putc('\n', render->out);
		}
	}
	return result;
}
