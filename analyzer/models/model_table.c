/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models as SQLite table-valued functions.
 *
 * The columns are the recording's id, the model's, and what is lacking; the arguments are
 * hidden columns behind them; idxNum has a bit for each that the statement gives. A model is
 * run when its rows are first asked for, once for each recording that is open, and its rows are
 * kept until the statement ends.
 */
#include "analyzer/models/model_table.h"
#include "analyzer/models/losses.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum cell_kind {
	CELL_NULL,
	CELL_INTEGER,
	CELL_REAL,
	CELL_TEXT,
};

struct cell {
	enum cell_kind kind;
	union {
		uint64_t integer;
		double real;
		char *text;
	};
};

struct model_rows {
	struct cell *cells;
	size_t count, capacity;
	int none_is_an_answer;
	int is_short; /* of memory */
};

#define LACKING "lost_sightings INTEGER, complete TEXT"
#define LACKS	2 /* columns, of models on sightings */

/* What a row lacks. */
struct lack {
	uint64_t lost;
	int is_complete;
};

/* What a module's pAux points to. */
struct source {
	struct recording *recording;
	const struct model *model;
};

struct table {
	sqlite3_vtab base; /* first: SQLite knows only this */
	struct source source;
	sqlite3 *database;
	int column_count; /* of those that the model fills */
	int lack_count;
	int argument_count;
};

struct cursor {
	sqlite3_vtab_cursor base; /* first: SQLite knows only this */
	struct model_rows rows;
	struct lack *lacks; /* of each row */
	char *arguments[MODEL_ARGUMENTS];
	size_t row;
};

/* --- rows --- */

static void put(struct model_rows *rows, struct cell cell)
{
	if (rows->count == rows->capacity) {
		size_t capacity = rows->capacity ? 2 * rows->capacity : 256;
		struct cell *cells = reallocarray(rows->cells, capacity, sizeof(*cells));

		if (!cells) {
			rows->is_short = 1;
			if (cell.kind == CELL_TEXT)
				free(cell.text);
			return;
		}
		rows->cells = cells;
		rows->capacity = capacity;
	}
	rows->cells[rows->count++] = cell;
}

void model_put_integer(struct model_rows *rows, uint64_t value)
{
	put(rows, (struct cell){.kind = CELL_INTEGER, .integer = value});
}

void model_put_real(struct model_rows *rows, double value)
{
	put(rows, (struct cell){.kind = isnan(value) ? CELL_NULL : CELL_REAL, .real = value});
}

void model_none_is_an_answer(struct model_rows *rows)
{
	rows->none_is_an_answer = 1;
}

void model_put_text(struct model_rows *rows, const char *text)
{
	struct cell cell = {.kind = CELL_NULL};

	if (text) {
		cell.kind = CELL_TEXT;
		cell.text = strdup(text);
		if (!cell.text) {
			rows->is_short = 1;
			cell.kind = CELL_NULL;
		}
	}
	put(rows, cell);
}

static void forget_rows(struct cursor *cursor)
{
	for (size_t i = 0; i < cursor->rows.count; i++)
		if (cursor->rows.cells[i].kind == CELL_TEXT)
			free(cursor->rows.cells[i].text);
	free(cursor->rows.cells);
	free(cursor->lacks);
	for (int i = 0; i < MODEL_ARGUMENTS; i++)
		free(cursor->arguments[i]);
	memset(cursor->arguments, 0, sizeof(cursor->arguments));
	cursor->rows = (struct model_rows){0};
	cursor->lacks = NULL;
	cursor->row = 0;
}

/* --- the virtual table --- */

static int count_columns(const char *columns)
{
	int count = 1;

	for (; *columns; columns++)
		count += *columns == ','; /* our types have none */
	return count;
}

static int declare(sqlite3 *database, const struct model *model)
{
	sqlite3_str *sql = sqlite3_str_new(database);
	const char *argument = model->arguments;
	char *text;
	int result;

	sqlite3_str_appendf(sql, "CREATE TABLE x(recording_id TEXT, %s%s", model->columns,
			    model->remedy ? "" : ", " LACKING);
	while (*argument) {
		size_t size = strcspn(argument, ",");

		sqlite3_str_appendf(sql, ", %.*s HIDDEN", (int)size, argument);
		argument += size;
		argument += strspn(argument, ", ");
	}
	sqlite3_str_appendall(sql, ")");
	text = sqlite3_str_finish(sql);
	result = text ? sqlite3_declare_vtab(database, text) : SQLITE_NOMEM;
	sqlite3_free(text);
	return result;
}

static int connect_table(sqlite3 *database, void *auxiliary, int argc, const char *const *argv,
			 sqlite3_vtab **out, char **problem)
{
	const struct source *source = auxiliary;
	struct table *table;
	int result = declare(database, source->model);

	if (result)
		return result;
	table = sqlite3_malloc(sizeof(*table));
	if (!table)
		return SQLITE_NOMEM;
	sqlite3_vtab_config(database, SQLITE_VTAB_INNOCUOUS);
	*table = (struct table){
		.source = *source,
		.database = database,
		.column_count = count_columns(source->model->columns) + 1,
		.lack_count = source->model->remedy ? 0 : LACKS,
		.argument_count = count_columns(source->model->arguments),
	};
	*out = &table->base;
	return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *base)
{
	sqlite3_free(base);
	return SQLITE_OK;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
	const struct table *table = (const struct table *)base;
	int constraint[MODEL_ARGUMENTS], arguments = 0;

	memset(constraint, -1, sizeof(constraint));
	for (int i = 0; i < info->nConstraint; i++) {
		int argument =
			info->aConstraint[i].iColumn - table->column_count - table->lack_count;

		if (argument < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		if (!info->aConstraint[i].usable)
			return SQLITE_CONSTRAINT;
		constraint[argument] = i;
	}
	for (int argument = 0; argument < table->argument_count; argument++) {
		if (constraint[argument] < 0)
			continue;
		info->idxNum |= 1 << argument;
		info->aConstraintUsage[constraint[argument]].argvIndex = ++arguments;
		info->aConstraintUsage[constraint[argument]].omit = 1;
	}
	info->estimatedRows = 10;
	info->estimatedCost = 1e9; /* to be run once */
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	struct cursor *cursor = sqlite3_malloc(sizeof(*cursor));

	if (!cursor)
		return SQLITE_NOMEM;
	memset(cursor, 0, sizeof(*cursor));
	*out = &cursor->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
	forget_rows((struct cursor *)base);
	sqlite3_free(base);
	return SQLITE_OK;
}

static int keep_arguments(struct cursor *cursor, int mask, int argc, sqlite3_value **values)
{
	for (int i = 0, given = 0; i < MODEL_ARGUMENTS && given < argc; i++) {
		const char *text;

		if (!(mask >> i & 1))
			continue;
		text = (const char *)sqlite3_value_text(values[given++]);
		if (!text)
			continue;
		cursor->arguments[i] = strdup(text);
		if (!cursor->arguments[i])
			return -ENOMEM;
	}
	return 0;
}

/* Whether an earlier segment is of the same recording. */
static int is_known(struct recording *recording, size_t segment)
{
	const char *id = recording_segment(recording, segment)->recording_id;

	for (size_t i = 0; i < segment; i++)
		if (!strcmp(recording_segment(recording, i)->recording_id, id))
			return 1;
	return 0;
}

static struct lack lack_of(const struct table *table, const struct losses *losses,
			   const struct cell *row)
{
	const struct model *model = table->source.model;
	uint64_t lost = model->start_column
				? losses_within(losses, row[model->start_column].integer,
						row[model->end_column].integer)
				: losses_count(losses);

	return (struct lack){.lost = lost, .is_complete = !lost && losses_are_all(losses)};
}

/* The directory of a segment, or the file where it was named by itself. */
static int place_size(const struct recording_segment *segment)
{
	const char *end = segment->catalog ? strrchr(segment->path, '/') : NULL;

	return (int)(end ? (size_t)(end - segment->path) : strlen(segment->path));
}

/* Whether rows of the model's stream could not be read, which is said already. */
static int is_damaged(const struct table *table, const char *recording_id)
{
	const struct recording *recording = table->source.recording;
	const struct recording_gap *gap;

	for (size_t i = 0; (gap = recording_gap(recording, i)); i++)
		if (gap->stream == table->source.model->stream &&
		    !strcmp(recording_segment(recording, gap->segment)->recording_id,
			    recording_id))
			return 1;
	return 0;
}

/* The same of a model on another stream. */
static void remark_remedy(const struct table *table, size_t segment)
{
	struct recording *recording = table->source.recording;
	const struct recording_segment *first = recording_segment(recording, segment);

	if (!is_damaged(table, first->recording_id))
		recording_add_remark(recording, "%.*s holds %s", place_size(first), first->path,
				     table->source.model->remedy);
}

/* No rows: say why, where nothing else does. */
static void remark(const struct table *table, size_t segment, const struct losses *losses)
{
	struct recording *recording = table->source.recording;
	const char *path = recording_segment(recording, segment)->path;
	int size = place_size(recording_segment(recording, segment));

	if (losses_are_damage(losses) ||
	    (losses_stored(losses) && !table->source.model->needs_packets))
		return;
	if (losses_stored(losses))
		recording_add_remark(recording,
				     "%.*s: of none of its %" PRIu64 " packet sightings is it "
				     "known which packet it is of; 'flowrec record --streams "
				     "+packet' tells, captures do not",
				     size, path, losses_stored(losses));
	else if (losses_attempted(losses))
		recording_add_remark(recording,
				     "%.*s: none of its %" PRIu64 " packet sightings was "
				     "stored; 'flowplay report losses' tells why",
				     size, path, losses_attempted(losses));
	else
		recording_add_remark(
			recording,
			"%.*s holds no packet sightings; 'flowrec record --streams "
			"+packet' records them, 'flowrec import --streams +packet' "
			"takes them from captures",
			size, path);
}

/* What the rows lack from number first on, which are of the recording of that segment. */
static int find_lacks(const struct table *table, struct cursor *cursor, size_t first,
		      size_t segment, char **problem)
{
	struct recording *recording = table->source.recording;
	size_t width = (size_t)table->column_count, count = cursor->rows.count / width;
	struct lack *lacks = reallocarray(cursor->lacks, count + 1, sizeof(*lacks));
	struct losses *losses;

	if (!lacks)
		return -ENOMEM;
	cursor->lacks = lacks;
	if (losses_read(table->database, recording,
			recording_segment(recording, segment)->recording_id, &losses)) {
		*problem = strdup(sqlite3_errmsg(table->database));
		return -EIO;
	}
	for (size_t i = first; i < count; i++)
		lacks[i] = lack_of(table, losses, &cursor->rows.cells[i * width]);
	if (first == count)
		remark(table, segment, losses);
	losses_free(losses);
	return 0;
}

static int run(const struct table *table, struct cursor *cursor, char **problem)
{
	struct recording *recording = table->source.recording;
	size_t width = (size_t)table->column_count;
	int error = 0;

	for (size_t i = 0; i < recording_segment_count(recording) && !error; i++) {
		const char *id = recording_segment(recording, i)->recording_id;
		size_t before = cursor->rows.count;

		if (is_known(recording, i))
			continue;
		cursor->rows.none_is_an_answer = 0;
		error = table->source.model->run(recording, id,
						 (const char *const *)cursor->arguments,
						 &cursor->rows, problem);
		if (!error && (cursor->rows.is_short || (cursor->rows.count - before) % width))
			error = -ENOMEM;
		if (!error && !table->lack_count && cursor->rows.count == before &&
		    !cursor->rows.none_is_an_answer)
			remark_remedy(table, i);
		if (!error && table->lack_count)
			error = find_lacks(table, cursor, before / width, i, problem);
	}
	return error;
}

static int filter(sqlite3_vtab_cursor *base, int mask, const char *plan, int argc,
		  sqlite3_value **values)
{
	struct cursor *cursor = (struct cursor *)base;
	struct table *table = (struct table *)base->pVtab;
	char *problem = NULL;
	int error;

	forget_rows(cursor);
	error = keep_arguments(cursor, mask, argc, values);
	if (!error)
		error = run(table, cursor, &problem);
	if (problem) {
		sqlite3_free(table->base.zErrMsg);
		table->base.zErrMsg =
			sqlite3_mprintf("%s: %s", table->source.model->name, problem);
		free(problem);
	}
	return !error ? SQLITE_OK : error == -ENOMEM ? SQLITE_NOMEM : SQLITE_ERROR;
}

static int next(sqlite3_vtab_cursor *base)
{
	((struct cursor *)base)->row++;
	return SQLITE_OK;
}

static size_t row_count(const struct cursor *cursor)
{
	const struct table *table = (const struct table *)cursor->base.pVtab;

	return cursor->rows.count / (size_t)table->column_count;
}

static int at_end(sqlite3_vtab_cursor *base)
{
	const struct cursor *cursor = (const struct cursor *)base;

	return cursor->row >= row_count(cursor);
}

static void give_argument(const struct cursor *cursor, int i, sqlite3_context *context)
{
	if (i < MODEL_ARGUMENTS && cursor->arguments[i])
		sqlite3_result_text(context, cursor->arguments[i], -1, SQLITE_TRANSIENT);
}

/* A column that the model does not fill. */
static void give_other(const struct cursor *cursor, int i, sqlite3_context *context)
{
	int lack_count = ((const struct table *)cursor->base.pVtab)->lack_count;

	if (i >= lack_count)
		give_argument(cursor, i - lack_count, context);
	else if (i == 0)
		sqlite3_result_int64(context, (sqlite3_int64)cursor->lacks[cursor->row].lost);
	else
		sqlite3_result_text(context,
				    cursor->lacks[cursor->row].is_complete ? "yes" : "no", -1,
				    SQLITE_STATIC);
}

static int give_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int i)
{
	const struct cursor *cursor = (const struct cursor *)base;
	const struct table *table = (const struct table *)base->pVtab;
	const struct cell *cell;

	if (i >= table->column_count) {
		give_other(cursor, i - table->column_count, context);
		return SQLITE_OK;
	}
	cell = &cursor->rows.cells[cursor->row * (size_t)table->column_count + (size_t)i];
	if (cell->kind == CELL_INTEGER)
		sqlite3_result_int64(context, (sqlite3_int64)cell->integer);
	else if (cell->kind == CELL_REAL)
		sqlite3_result_double(context, cell->real);
	else if (cell->kind == CELL_TEXT)
		sqlite3_result_text(context, cell->text, -1, SQLITE_TRANSIENT);
	return SQLITE_OK;
}

static int give_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
	*out = (sqlite3_int64)((const struct cursor *)base)->row + 1;
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

int model_table_register(sqlite3 *database, struct recording *recording)
{
	static const struct model *const models[] = {
		&dedup_table_model,    &dedup_flows_table_model, &fingerprint_table_model,
		&identity_table_model, &overhead_table_model,	 &rate_table_model,
		&sweep_table_model,
	};
	int result = SQLITE_OK;

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]) && !result; i++) {
		struct source *source = sqlite3_malloc(sizeof(*source));

		if (!source)
			return SQLITE_NOMEM;
		*source = (struct source){.recording = recording, .model = models[i]};
		result = sqlite3_create_module_v2(database, models[i]->name, &module, source,
						  sqlite3_free);
	}
	return result;
}
