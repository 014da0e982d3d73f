/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every stream as an SQLite virtual table.
 *
 * xBestIndex tells xFilter through idxStr which columns are used and which constraints come as
 * arguments: "USED;column operator;column operator;..." with USED the colUsed mask in
 * hexadecimal. Constraints are only hints (omit stays 0): SQLite checks each row again with its
 * own rules of affinity and collation, so a value is pushed down only where it has exactly the
 * column's type. Beside the stored columns, the hidden one with the segment's name is a
 * constraint, too.
 */
#include "analyzer/table.h"
#include "analyzer/address.h"
#include "analyzer/derived.h"
#include "analyzer/scan.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a module's pAux points to. */
struct source {
	struct recording *recording;
	enum stream_id stream;
};

struct table {
	sqlite3_vtab base; /* first: SQLite knows only this */
	struct source source;
	const struct stream *stream;
	double rows;
};

struct cursor {
	sqlite3_vtab_cursor base; /* first: SQLite knows only this */
	struct table *table;
	struct scan *scan;
	int at_end;
};

enum hidden_column {
	HIDDEN_SEGMENT,
	HIDDEN_RECORDING_ID,
	HIDDEN_COLUMNS,
};

static unsigned int derived_count(const struct stream *stream)
{
	unsigned int count = 0;

	while (derived_column(stream, count))
		count++;
	return count;
}

/* Number of the hidden column that has the segment's name. */
static int hidden_segment(const struct stream *stream)
{
	return (int)(stream->column_count + derived_count(stream)) + HIDDEN_SEGMENT;
}

static void declare_column(sqlite3_str *sql, const struct column *column)
{
	int is_text = column->type == COLUMN_ADDRESS || column->type == COLUMN_TEXT;

	sqlite3_str_appendf(sql, "\"%w\" %s%s, ", column->name, is_text ? "TEXT" : "INTEGER",
			    column->optional ? "" : " NOT NULL");
}

static int declare(sqlite3 *database, const struct stream *stream)
{
	sqlite3_str *sql = sqlite3_str_new(database);
	char *text;
	int result;

	sqlite3_str_appendf(sql, "CREATE TABLE \"%w\"(", stream->name);
	for (unsigned int i = 0; i < stream->column_count; i++)
		declare_column(sql, &stream->columns[i]);
	for (unsigned int i = 0; derived_column(stream, i); i++)
		declare_column(sql, &derived_column(stream, i)->column);
	sqlite3_str_appendall(sql, "segment TEXT HIDDEN, recording_id TEXT HIDDEN)");
	text = sqlite3_str_finish(sql);
	result = text ? sqlite3_declare_vtab(database, text) : SQLITE_NOMEM;
	sqlite3_free(text);
	return result;
}

/* The rows of a stream that a segment holds, without opening it where its catalog knows. */
static double segment_rows(struct recording *recording, size_t i, enum stream_id stream)
{
	const struct recording_segment *segment = recording_segment(recording, i);
	const struct zone *zone = segment->catalog
					  ? catalog_zone(segment->catalog, segment->file,
							 stream, stream_get(stream)->first_time)
					  : NULL;
	struct segment_reader *reader;
	struct chunk *chunks;
	double rows = 0;
	size_t count;

	if (zone)
		return (double)zone->row_count;
	reader = recording_reader(recording, i);
	if (!reader)
		return 0;
	if (segment_chunks(reader, stream, NULL, 0, &chunks, &count)) {
		recording_add_note(recording, "%s; no row of stream %s in it is used",
				   segment_problem(reader), stream_get(stream)->name);
		return 0;
	}
	for (size_t j = 0; j < count; j++)
		rows += chunks[j].row_count;
	free(chunks);
	return rows;
}

/* All rows of the stream: the planner needs to know small tables from large ones. */
static double count_rows(struct recording *recording, enum stream_id stream)
{
	double rows = 0;

	for (size_t i = 0; i < recording_segment_count(recording); i++)
		rows += segment_rows(recording, i, stream);
	return rows;
}

static int connect_table(sqlite3 *database, void *auxiliary, int argc, const char *const *argv,
			 sqlite3_vtab **out, char **problem)
{
	const struct source *source = auxiliary;
	struct table *table;
	int result = declare(database, stream_get(source->stream));

	if (result)
		return result;
	table = sqlite3_malloc(sizeof(*table));
	if (!table)
		return SQLITE_NOMEM;
	sqlite3_vtab_config(database, SQLITE_VTAB_INNOCUOUS);
	*table = (struct table){
		.source = *source,
		.stream = stream_get(source->stream),
		.rows = count_rows(source->recording, source->stream),
	};
	*out = &table->base;
	return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *base)
{
	sqlite3_free(base);
	return SQLITE_OK;
}

static char operator_letter(unsigned char operator)
{
	switch (operator) {
	case SQLITE_INDEX_CONSTRAINT_EQ:
		return '=';
	case SQLITE_INDEX_CONSTRAINT_GT:
		return '>';
	case SQLITE_INDEX_CONSTRAINT_GE:
		return 'g';
	case SQLITE_INDEX_CONSTRAINT_LT:
		return '<';
	case SQLITE_INDEX_CONSTRAINT_LE:
		return 'l';
	default:
		return 0;
	}
}

/* The letter of a constraint that a scan has bounds for, else 0. */
static char pushable(const struct table *table, sqlite3_index_info *info, int i)
{
	const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];
	char letter = operator_letter(constraint->op);
	enum column_type type;

	if (!constraint->usable || constraint->iColumn < 0)
		return 0;
	if (constraint->iColumn == hidden_segment(table->stream))
		return letter == '=' && !sqlite3_stricmp(sqlite3_vtab_collation(info, i),
							 "BINARY")
			       ? letter
			       : 0;
	if ((unsigned int)constraint->iColumn >= table->stream->column_count)
		return 0;
	type = table->stream->columns[constraint->iColumn].type;
	if (type == COLUMN_INTEGER || type == COLUMN_TIME)
		return letter;
	if (letter != '=' || sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY"))
		return 0;
	return letter;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
	const struct table *table = (const struct table *)base;
	sqlite3_str *plan = sqlite3_str_new(NULL);
	double rows = table->rows + 1, cost = rows;
	int arguments = 0;

	sqlite3_str_appendf(plan, "%llx", info->colUsed);
	for (int i = 0; i < info->nConstraint; i++) {
		char letter = pushable(table, info, i);

		if (!letter)
			continue;
		info->aConstraintUsage[i].argvIndex = ++arguments;
		sqlite3_str_appendf(plan, ";%d%c", info->aConstraint[i].iColumn, letter);
		rows /= letter == '=' ? 20 : 3;
		cost /= letter == '=' ? 8 : 2;
	}
	info->idxStr = sqlite3_str_finish(plan);
	info->needToFreeIdxStr = 1;
	info->estimatedRows = (sqlite3_int64)rows + 1;
	/* More than linear: of two tables in a join the larger one should be scanned once. */
	info->estimatedCost = pow(cost, 1.1) + 10;
	return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	struct table *table = (struct table *)base;
	struct cursor *cursor = sqlite3_malloc(sizeof(*cursor));

	if (!cursor)
		return SQLITE_NOMEM;
	memset(cursor, 0, sizeof(*cursor));
	cursor->table = table;
	cursor->scan = scan_new(table->source.recording, table->source.stream);
	if (!cursor->scan) {
		sqlite3_free(cursor);
		return SQLITE_NOMEM;
	}
	*out = &cursor->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
	struct cursor *cursor = (struct cursor *)base;

	scan_free(cursor->scan);
	sqlite3_free(cursor);
	return SQLITE_OK;
}

/* Whether column i is used; bit 63 stands for all columns from 63 on. */
static int is_used(uint64_t mask, unsigned int i)
{
	return mask >> (i < 63 ? i : 63) & 1;
}

static int find_inputs(const struct stream *stream, const struct derived_column *derived,
		       unsigned int inputs[DERIVED_INPUTS])
{
	for (unsigned int i = 0; i < DERIVED_INPUTS && derived->inputs[i]; i++) {
		int column = stream_column(stream, derived->inputs[i]);

		if (column < 0)
			return -EINVAL;
		inputs[i] = (unsigned int)column;
	}
	return 0;
}

static void mark_needed(const struct stream *stream, uint64_t mask, unsigned char *needed)
{
	const struct derived_column *derived;

	for (unsigned int i = 0; i < stream->column_count; i++)
		needed[i] = (unsigned char)is_used(mask, i);
	for (unsigned int i = 0; (derived = derived_column(stream, i)); i++) {
		unsigned int inputs[DERIVED_INPUTS];

		if (!is_used(mask, stream->column_count + i) ||
		    find_inputs(stream, derived, inputs))
			continue;
		for (unsigned int j = 0; j < DERIVED_INPUTS && derived->inputs[j]; j++)
			needed[inputs[j]] = 1;
	}
}

static int bound_integer(struct scan_bound *bound, char letter, sqlite3_value *value)
{
	int64_t number = sqlite3_value_int64(value);

	if (sqlite3_value_type(value) != SQLITE_INTEGER)
		return 0;
	bound->low = INT64_MIN;
	bound->high = INT64_MAX;
	switch (letter) {
	case '>':
		if (number == INT64_MAX)
			return 0;
		bound->low = number + 1;
		return 1;
	case 'g':
		bound->low = number;
		return 1;
	case '<':
		if (number == INT64_MIN)
			return 0;
		bound->high = number - 1;
		return 1;
	case 'l':
		bound->high = number;
		return 1;
	default:
		bound->low = bound->high = number;
		return 1;
	}
}

/* Fill in a bound for a constraint's value. Returns whether the value has the column's type. */
static int make_bound(struct scan_bound *bound, const struct column *column, char letter,
		      sqlite3_value *value)
{
	if (column->type == COLUMN_INTEGER || column->type == COLUMN_TIME)
		return bound_integer(bound, letter, value);
	if (sqlite3_value_type(value) != SQLITE_TEXT)
		return 0;
	bound->text = (const char *)sqlite3_value_text(value);
	bound->text_size = (size_t)sqlite3_value_bytes(value);
	if (!bound->text || !bound->text_size)
		return 0;
	if (column->type == COLUMN_ADDRESS) {
		int error = address_parse(bound->text, &bound->address);

		bound->text = NULL;
		return !error;
	}
	return 1;
}

static int advance(struct cursor *cursor)
{
	int error = scan_next(cursor->scan);

	cursor->at_end = error == -ENODATA;
	return error && error != -ENODATA ? SQLITE_NOMEM : SQLITE_OK;
}

/* To the segment of that name. */
static void limit(struct scan *scan, sqlite3_value *name)
{
	if (sqlite3_value_type(name) == SQLITE_TEXT)
		scan_limit(scan, (const char *)sqlite3_value_text(name));
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *plan, int argc,
		  sqlite3_value **values)
{
	struct cursor *cursor = (struct cursor *)base;
	const struct stream *stream = cursor->table->stream;
	struct scan_bound *bounds = calloc((size_t)argc + 1, sizeof(*bounds));
	unsigned char *needed = calloc(stream->column_count, 1);
	size_t bound_count = 0;
	int error = -ENOMEM;
	char *end;

	scan_limit(cursor->scan, NULL);
	if (bounds && needed) {
		mark_needed(stream, strtoull(plan, &end, 16), needed);
		for (int i = 0; i < argc && *end == ';'; i++, end++) {
			unsigned int column = (unsigned int)strtoul(end + 1, &end, 10);

			if (column >= stream->column_count) {
				limit(cursor->scan, values[i]);
				continue;
			}
			bounds[bound_count].column = column;
			if (make_bound(&bounds[bound_count], &stream->columns[column], *end,
				       values[i]))
				bound_count++;
			else
				memset(&bounds[bound_count], 0, sizeof(*bounds));
		}
		error = scan_begin(cursor->scan, needed, bounds, bound_count);
	}
	free(bounds);
	free(needed);
	return error ? SQLITE_NOMEM : advance(cursor);
}

static int next(sqlite3_vtab_cursor *base)
{
	return advance((struct cursor *)base);
}

static int at_end(sqlite3_vtab_cursor *base)
{
	return ((struct cursor *)base)->at_end;
}

static void give_stored(const struct scan *scan, unsigned int i, const struct column *column,
			sqlite3_context *context)
{
	char text[ADDRESS_TEXT_SIZE];
	const char *words;
	size_t size;

	switch (column->type) {
	case COLUMN_ADDRESS:
		if (column->optional && address_is_zero(scan_address(scan, i)))
			return;
		size = address_format(scan_address(scan, i), text);
		sqlite3_result_text(context, text, (int)size, SQLITE_TRANSIENT);
		return;
	case COLUMN_TEXT:
		words = scan_text(scan, i, &size);
		if (words)
			sqlite3_result_text64(context, words, size, SQLITE_TRANSIENT,
					      SQLITE_UTF8);
		else if (!column->optional)
			sqlite3_result_text(context, "", 0, SQLITE_STATIC);
		return;
	case COLUMN_INTEGER:
	case COLUMN_TIME:
		if (!column->optional || scan_integer(scan, i))
			sqlite3_result_int64(context, (sqlite3_int64)scan_integer(scan, i));
		return;
	}
}

static int give_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
	const struct cursor *cursor = (const struct cursor *)base;
	const struct stream *stream = cursor->table->stream;
	const struct derived_column *derived;
	unsigned int i = (unsigned int)number, inputs[DERIVED_INPUTS];

	if (i < stream->column_count) {
		give_stored(cursor->scan, i, &stream->columns[i], context);
		return SQLITE_OK;
	}
	i -= stream->column_count;
	derived = derived_column(stream, i);
	if (derived) {
		if (find_inputs(stream, derived, inputs))
			return SQLITE_INTERNAL;
		derived->compute(cursor->scan, inputs, context);
		return SQLITE_OK;
	}
	i -= derived_count(stream);
	sqlite3_result_text(context,
			    i == HIDDEN_SEGMENT ? scan_segment(cursor->scan)->name
						: scan_segment(cursor->scan)->recording_id,
			    -1, SQLITE_STATIC);
	return SQLITE_OK;
}

/* The same for a row in every query: segment, chunk, row. */
static int give_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
	const struct scan *scan = ((const struct cursor *)base)->scan;

	*out = (sqlite3_int64)((uint64_t)scan_segment_number(scan) << 48 |
			       ((uint64_t)scan_chunk_id(scan) & 0xffffffff) << 16 |
			       scan_row(scan));
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.iVersion = 1,
	.xConnect = connect_table,
	.xBestIndex = best_index,
	.xDisconnect = disconnect,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = filter,
	.xNext = next,
	.xEof = at_end,
	.xColumn = give_column,
	.xRowid = give_rowid,
};

int table_register(sqlite3 *database, struct recording *recording)
{
	int result = SQLITE_OK;

	for (int i = 0; i < STREAM_COUNT && !result; i++) {
		struct source *source = sqlite3_malloc(sizeof(*source));

		if (!source)
			return SQLITE_NOMEM;
		*source = (struct source){.recording = recording, .stream = i};
		result = sqlite3_create_module_v2(database, stream_get(i)->name, &module,
						  source, sqlite3_free);
	}
	return result;
}
