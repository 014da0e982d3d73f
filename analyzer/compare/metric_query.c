/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of a recording, by SQL.
 */
#include "analyzer/compare/metric_query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	COLUMN_METRIC,
	COLUMN_UNIT,
	COLUMN_KIND,
	COLUMN_BETTER,
	COLUMN_VALUE,
	COLUMN_WHOLE,
	COLUMNS,
};

static const char *const names[COLUMNS] = {
	"metric", "unit", "kind", "better", "value", "whole",
};

static int say(char **problem, const char *format, const char *word)
{
	if (asprintf(problem, format, word) >= 0)
		return -EINVAL;
	*problem = NULL;
	return -ENOMEM;
}

/* Which column of the statement each of ours is; -1: it is not there. */
static int find_columns(sqlite3_stmt *statement, int places[COLUMNS], char **problem)
{
	for (int i = 0; i < COLUMNS; i++) {
		places[i] = -1;
		for (int j = 0; j < sqlite3_column_count(statement); j++)
			if (!strcmp(sqlite3_column_name(statement, j), names[i]))
				places[i] = j;
		if (places[i] < 0 && i != COLUMN_WHOLE && i != COLUMN_UNIT)
			return say(problem, "expected a column '%s'", names[i]);
	}
	return 0;
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
	const char *text =
		column < 0 ? NULL : (const char *)sqlite3_column_text(statement, column);

	return text ? text : "";
}

static int add_row(sqlite3_stmt *statement, const int places[COLUMNS], struct metrics *metrics,
		   enum metric_side side, char **problem)
{
	const char *name = text_of(statement, places[COLUMN_METRIC]);
	const char *kind = text_of(statement, places[COLUMN_KIND]);
	const char *better = text_of(statement, places[COLUMN_BETTER]);
	int number = metric_kind_of(kind);
	struct metric_sample sample = {
		.name = name,
		.unit = text_of(statement, places[COLUMN_UNIT]),
		.kind = (enum metric_kind)number,
		.value = sqlite3_column_double(statement, places[COLUMN_VALUE]),
	};

	if (number < 0)
		return say(problem, "kind '%s': expected exact, sampled, proportion or context",
			   kind);
	if (metric_better_of(better, &sample.better))
		return say(problem, "better '%s': expected lower, higher or nothing", better);
	if (places[COLUMN_WHOLE] >= 0)
		sample.whole = sqlite3_column_double(statement, places[COLUMN_WHOLE]);
	switch (sqlite3_column_type(statement, places[COLUMN_VALUE])) {
	case SQLITE_NULL:
		return 0;
	case SQLITE_TEXT:
	case SQLITE_BLOB:
		sample.text = text_of(statement, places[COLUMN_VALUE]);
		break;
	default:
		break;
	}
	return metrics_add(metrics, side, &sample, problem);
}

/* One statement, and nothing behind it. */
static int prepare(sqlite3 *database, const char *sql, sqlite3_stmt **out, char **problem)
{
	sqlite3_stmt *more = NULL;
	const char *rest = "";
	int result = sqlite3_prepare_v2(database, sql, -1, out, &rest);

	while (!result && !more && *rest)
		result = sqlite3_prepare_v2(database, rest, -1, &more, &rest);
	if (!result && *out && !more)
		return 0;
	sqlite3_finalize(*out);
	sqlite3_finalize(more);
	return say(problem, "%s", result ? sqlite3_errmsg(database) : "expected one SELECT");
}

static void bind(sqlite3_stmt *statement, const char *name, const char *text)
{
	int parameter = sqlite3_bind_parameter_index(statement, name);

	if (parameter && text)
		sqlite3_bind_text(statement, parameter, text, -1, SQLITE_STATIC);
}

int metric_query(sqlite3 *database, const char *sql, const struct metric_choice *choice,
		 struct metrics *metrics, enum metric_side side, char **problem)
{
	int places[COLUMNS], result, error;
	sqlite3_stmt *statement = NULL;

	*problem = NULL;
	error = prepare(database, sql, &statement, problem);
	if (error)
		return error;
	error = find_columns(statement, places, problem);
	bind(statement, ":recipe", choice->recipe);
	bind(statement, ":arm", choice->arm);
	while (!error && (result = sqlite3_step(statement)) != SQLITE_DONE)
		error = result == SQLITE_ROW
				? add_row(statement, places, metrics, side, problem)
				: say(problem, "%s", sqlite3_errmsg(database));
	sqlite3_finalize(statement);
	return error;
}
