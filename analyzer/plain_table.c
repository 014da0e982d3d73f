/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain tables of a recording as SQL tables.
 *
 * Their rows lie in a database of our own, the store; what SQL sees are virtual tables that
 * fill their table in the store at first use. Constraints of equality go on to the store, as
 * hints: SQLite checks each row again, so a value goes on only where it has the column's type.
 * A table that is looked up by the same columns again and again gets an index of them.
 */
#include "analyzer/plain_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOKUPS 8 /* with the same columns, before there is an index */

struct store {
	sqlite3 *database;
	struct recording *recording;
	unsigned char is_loaded[PLAIN_COUNT];
};

struct table {
	sqlite3_vtab base; /* first: SQLite knows only this */
	struct store *store;
	const struct plain *plain;
	size_t number;
	uint64_t texts; /* a bit for each column that is a text; the others are integers */
};

struct cursor {
	sqlite3_vtab_cursor base; /* first: SQLite knows only this */
	sqlite3_stmt *scan;	  /* of all rows */
	sqlite3_stmt *lookup;	  /* of those that have the values of a plan */
	char *plan;
	unsigned int lookups; /* begun with this plan */
	sqlite3_stmt *rows;   /* one of the two */
	int at_end;
};

static void close_store(void *store)
{
	sqlite3_close(((struct store *)store)->database);
	free(store);
}

static struct store *open_store(struct recording *recording)
{
	struct store *store = calloc(1, sizeof(*store));
	int result;

	if (!store)
		return NULL;
	store->recording = recording;
	result = sqlite3_open(":memory:", &store->database);
	for (size_t i = 0; i < PLAIN_COUNT && !result; i++)
		result = plain_create(store->database, plain_get(i));
	if (result) {
		close_store(store);
		return NULL;
	}
	return store;
}

/* --- filling --- */

/* Rows come in the order of their segments, wherever they are read from. */
static struct plain_target make_target(struct recording *recording, size_t i)
{
	return (struct plain_target){
		.name = recording_segment(recording, i)->name,
		.rowid = ((int64_t)i << 32) + 1,
	};
}

static int load_catalog(struct store *store, const struct plain *plain, size_t i)
{
	struct recording *recording = store->recording;
	struct plain_target *targets;
	size_t count;
	struct catalog *catalog = recording_catalog(recording, i, &count);
	int result;

	if (!catalog)
		return SQLITE_OK;
	targets = calloc(count + 1, sizeof(*targets));
	if (!targets)
		return SQLITE_NOMEM;
	for (size_t j = 0; j < recording_segment_count(recording); j++) {
		const struct recording_segment *segment = recording_segment(recording, j);

		if (segment->catalog == catalog)
			targets[segment->file] = make_target(recording, j);
	}
	result = catalog_copy(catalog, plain, store->database, targets);
	free(targets);
	return result;
}

static int load_segment(struct store *store, const struct plain *plain, size_t i)
{
	struct segment_reader *reader = recording_reader(store->recording, i);
	struct plain_target target = make_target(store->recording, i);
	char *problem = NULL;
	int result;

	if (!reader)
		return SQLITE_OK; /* noted */
	result = plain_copy(store->database, plain, &target, reader, &problem);
	if (problem)
		recording_add_note(store->recording, "%s", problem);
	free(problem);
	return result;
}

static int load(struct store *store, const struct plain *plain)
{
	struct recording *recording = store->recording;
	int result = sqlite3_exec(store->database, "BEGIN", NULL, NULL, NULL);

	for (size_t i = 0; plain->is_small && i < recording_catalog_count(recording) && !result;
	     i++)
		result = load_catalog(store, plain, i);
	for (size_t i = 0; i < recording_segment_count(recording) && !result; i++) {
		const struct recording_segment *segment = recording_segment(recording, i);

		if (!plain->is_small || !segment->catalog ||
		    !catalog_entry(segment->catalog, segment->file))
			result = load_segment(store, plain, i);
	}
	if (!result)
		return sqlite3_exec(store->database, "COMMIT", NULL, NULL, NULL);
	sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

/* --- the virtual tables --- */

static int declare(sqlite3 *database, struct table *table)
{
	sqlite3_str *sql = sqlite3_str_new(database);
	sqlite3_stmt *columns = NULL;
	char *text;
	int result = sqlite3_prepare_v2(table->store->database,
					"SELECT name, type FROM pragma_table_info(?)", -1,
					&columns, NULL);

	sqlite3_str_appendf(sql, "CREATE TABLE \"%w\"", table->plain->name);
	if (!result)
		result = sqlite3_bind_text(columns, 1, table->plain->name, -1, SQLITE_STATIC);
	for (int i = 0; !result && (result = sqlite3_step(columns)) == SQLITE_ROW; i++) {
		const char *type = (const char *)sqlite3_column_text(columns, 1);

		sqlite3_str_appendf(sql, "%s\"%w\" %s", i ? ", " : "(",
				    sqlite3_column_text(columns, 0), type);
		if (type && !strcmp(type, "TEXT"))
			table->texts |= 1ULL << i;
		result = SQLITE_OK;
	}
	sqlite3_str_appendall(sql, ")");
	sqlite3_finalize(columns);
	text = sqlite3_str_finish(sql);
	if (result == SQLITE_DONE)
		result = text ? sqlite3_declare_vtab(database, text) : SQLITE_NOMEM;
	sqlite3_free(text);
	return result;
}

static int connect_table(sqlite3 *database, void *auxiliary, int argc, const char *const *argv,
			 sqlite3_vtab **out, char **problem)
{
	struct table *table = sqlite3_malloc(sizeof(*table));
	int result;

	if (!table)
		return SQLITE_NOMEM;
	*table = (struct table){.store = auxiliary, .plain = plain_find(argv[2])};
	while (table->plain && plain_get(table->number) != table->plain)
		table->number++;
	result = table->plain ? declare(database, table) : SQLITE_ERROR;
	if (result) {
		sqlite3_free(table);
		return result;
	}
	sqlite3_vtab_config(database, SQLITE_VTAB_INNOCUOUS);
	*out = &table->base;
	return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *base)
{
	sqlite3_free(base);
	return SQLITE_OK;
}

/*
 * idxStr has the numbers of the columns whose values come as arguments: ";0;3". The estimates
 * are SQLite's own for an ordinary table with an index: in a join, the stream is scanned once
 * and the plain table looked up.
 */
static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
	sqlite3_str *plan = sqlite3_str_new(NULL);
	int arguments = 0;

	for (int i = 0; i < info->nConstraint; i++) {
		if (!info->aConstraint[i].usable || info->aConstraint[i].iColumn < 0 ||
		    info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ ||
		    sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY"))
			continue;
		info->aConstraintUsage[i].argvIndex = ++arguments;
		sqlite3_str_appendf(plan, ";%d", info->aConstraint[i].iColumn);
	}
	info->estimatedRows = arguments ? 10 : 1 << 20;
	info->estimatedCost = arguments ? 30 : 3 << 20;
	if (!arguments) {
		sqlite3_free(sqlite3_str_finish(plan));
		return SQLITE_OK;
	}
	info->idxStr = sqlite3_str_finish(plan);
	info->needToFreeIdxStr = 1;
	return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	struct cursor *cursor = sqlite3_malloc(sizeof(*cursor));

	if (!cursor)
		return SQLITE_NOMEM;
	*cursor = (struct cursor){.at_end = 1};
	*out = &cursor->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
	struct cursor *cursor = (struct cursor *)base;

	sqlite3_finalize(cursor->scan);
	sqlite3_finalize(cursor->lookup);
	sqlite3_free(cursor->plan);
	sqlite3_free(cursor);
	return SQLITE_OK;
}

/* Say why on the table, for sqlite3_errmsg. */
static int fail(sqlite3_vtab *base, int result)
{
	struct table *table = (struct table *)base;

	sqlite3_free(base->zErrMsg);
	base->zErrMsg = sqlite3_mprintf("table %s: %s", table->plain->name,
					sqlite3_errmsg(table->store->database));
	return result;
}

static int prepare_scan(const struct table *table, struct cursor *cursor)
{
	char *sql = sqlite3_mprintf("SELECT rowid, * FROM \"%w\"", table->plain->name);
	int result =
		sql ? sqlite3_prepare_v2(table->store->database, sql, -1, &cursor->scan, NULL)
		    : SQLITE_NOMEM;

	sqlite3_free(sql);
	return result;
}

/* The next column of a plan, or -1. */
static int next_column(const char **plan)
{
	return **plan == ';' ? (int)strtol(*plan + 1, (char **)plan, 10) : -1;
}

/* The scan with a condition for each column of the plan. */
static int prepare_lookup(const struct table *table, struct cursor *cursor, const char *plan)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);
	char *text;
	int result, column;

	sqlite3_finalize(cursor->lookup);
	sqlite3_free(cursor->plan);
	cursor->lookup = NULL;
	cursor->lookups = 0;
	cursor->plan = sqlite3_mprintf("%s", plan);
	sqlite3_str_appendf(sql, "SELECT rowid, * FROM \"%w\" WHERE 1", table->plain->name);
	while ((column = next_column(&plan)) >= 0)
		sqlite3_str_appendf(sql, " AND \"%w\" = ?",
				    sqlite3_column_name(cursor->scan, column + 1));
	text = sqlite3_str_finish(sql);
	result = text && cursor->plan ? sqlite3_prepare_v2(table->store->database, text, -1,
							   &cursor->lookup, NULL)
				      : SQLITE_NOMEM;
	sqlite3_free(text);
	return result;
}

/* An index of the columns of the plan. */
static int make_index(const struct table *table, const struct cursor *cursor)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);
	const char *plan = cursor->plan;
	char *text;
	int result, column;

	sqlite3_str_appendf(sql, "CREATE INDEX IF NOT EXISTS \"%w%w\" ON \"%w\"",
			    table->plain->name, plan, table->plain->name);
	for (int i = 0; (column = next_column(&plan)) >= 0; i++)
		sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "(",
				    sqlite3_column_name(cursor->scan, column + 1));
	sqlite3_str_appendall(sql, ")");
	text = sqlite3_str_finish(sql);
	result = text ? sqlite3_exec(table->store->database, text, NULL, NULL, NULL)
		      : SQLITE_NOMEM;
	sqlite3_free(text);
	return result;
}

/* Whether each value has the type of its column. */
static int has_types(const struct table *table, const char *plan, int argc,
		     sqlite3_value **values)
{
	for (int i = 0; i < argc; i++) {
		int column = next_column(&plan);
		int type = column >= 0 && table->texts >> column & 1 ? SQLITE_TEXT
								     : SQLITE_INTEGER;

		if (sqlite3_value_type(values[i]) != type)
			return 0;
	}
	return 1;
}

static int begin_lookup(const struct table *table, struct cursor *cursor, const char *plan,
			int argc, sqlite3_value **values)
{
	int result = SQLITE_OK;

	if (!cursor->plan || strcmp(cursor->plan, plan))
		result = prepare_lookup(table, cursor, plan);
	if (!result && ++cursor->lookups == LOOKUPS)
		result = make_index(table, cursor);
	cursor->rows = cursor->lookup;
	for (int i = 0; i < argc && !result; i++)
		result = sqlite3_bind_value(cursor->lookup, i + 1, values[i]);
	return result;
}

static int next(sqlite3_vtab_cursor *base)
{
	struct cursor *cursor = (struct cursor *)base;
	int result = sqlite3_step(cursor->rows);

	cursor->at_end = result != SQLITE_ROW;
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK
							     : fail(base->pVtab, result);
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *plan, int argc,
		  sqlite3_value **values)
{
	struct cursor *cursor = (struct cursor *)base;
	struct table *table = (struct table *)base->pVtab;
	int result = SQLITE_OK;

	if (!table->store->is_loaded[table->number]) {
		result = load(table->store, table->plain);
		table->store->is_loaded[table->number] = !result;
	}
	if (!result && !cursor->scan)
		result = prepare_scan(table, cursor);
	if (cursor->rows)
		sqlite3_reset(cursor->rows);
	cursor->rows = cursor->scan;
	if (!result && argc && has_types(table, plan, argc, values))
		result = begin_lookup(table, cursor, plan, argc, values);
	return result ? fail(base->pVtab, result) : next(base);
}

static int at_end(sqlite3_vtab_cursor *base)
{
	return ((struct cursor *)base)->at_end;
}

static int give_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int i)
{
	sqlite3_result_value(context,
			     sqlite3_column_value(((struct cursor *)base)->rows, i + 1));
	return SQLITE_OK;
}

static int give_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
	*out = sqlite3_column_int64(((struct cursor *)base)->rows, 0);
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.iVersion = 1,
	.xCreate = connect_table,
	.xConnect = connect_table,
	.xBestIndex = best_index,
	.xDisconnect = disconnect,
	.xDestroy = disconnect,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = filter,
	.xNext = next,
	.xEof = at_end,
	.xColumn = give_column,
	.xRowid = give_rowid,
};

/* --- what the header promises --- */

static int execute(sqlite3 *database, char *sql)
{
	int result = sql ? sqlite3_exec(database, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(sql);
	return result;
}

int plain_table_register(sqlite3 *database, struct recording *recording)
{
	struct store *store = open_store(recording);
	int result = SQLITE_NOMEM;

	if (store)
		result = sqlite3_create_module_v2(database, "plain", &module, store,
						  close_store);
	for (size_t i = 0; i < PLAIN_COUNT && !result; i++)
		result = execute(database,
				 sqlite3_mprintf("CREATE VIRTUAL TABLE \"%w\" USING plain",
						 plain_get(i)->name));
	return result;
}
