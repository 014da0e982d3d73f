/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says in one line whether a recording holds all of the span that it covers.
 *
 * Three things make it less than complete: notes of the reader (PARTIAL), losses that the
 * recorder counted, and accounts that do not add up or captures that could not be read to their
 * end. Features that were never recorded are told, too, but a recording without them can be
 * whole.
 */
#include "analyzer/completeness.h"
#include "analyzer/escape.h"
#include "analyzer/functions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char span_sql[] =
	"SELECT min(first_ns), max(max(last_ns), (SELECT max(covered_ns) FROM segment))"
	" FROM stream_size";

static const char lost_sql[] =
	"WITH reason AS (SELECT stage || ': ' || reason || ' ' || sum(count) AS words,"
	" sum(count) AS count FROM loss GROUP BY stage, reason HAVING sum(count) > 0"
	" ORDER BY sum(count) DESC)"
	" SELECT (SELECT sum(count) FROM reason) || ' lost (' || group_concat(words, ', ')"
	" || CASE WHEN (SELECT count(*) FROM reason) > 3 THEN ', ...)' ELSE ')' END"
	" FROM (SELECT words FROM reason LIMIT 3) HAVING count(*)";

static const char unbalanced_sql[] =
	"WITH account(stage, stream, missing) AS"
	" (SELECT stage, stream, attempted - stored - excluded FROM stage"
	" UNION ALL SELECT stage, stream, -count FROM loss)"
	" SELECT 'the account of ' || stage || ' (' || stream || ') does not add up: '"
	" || abs(sum(missing)) || CASE WHEN sum(missing) > 0 THEN ' not accounted for'"
	" ELSE ' more than were attempted' END"
	" FROM account GROUP BY stage, stream"
	" HAVING sum(missing) <> 0 AND (stage, stream) IN (SELECT stage, stream FROM stage)";

static const char capture_sql[] =
	"SELECT count(*) || CASE count(*) WHEN 1 THEN ' capture' ELSE ' captures' END"
	" || ' could not be read to the end (' || path || ': ' || problem"
	" || CASE count(*) WHEN 1 THEN ')' ELSE '; ...)' END"
	" FROM (SELECT * FROM capture WHERE problem IS NOT NULL ORDER BY segment, capture_id)"
	" HAVING count(*)";

/*
 * Not a loss: what this kernel did not allow, or was not asked for. What a filter names but the
 * host does not have is no feature.
 */
static const char without_sql[] =
	"SELECT 'recorded without ' || group_concat(feature, ', ') FROM (SELECT DISTINCT feature"
	" FROM (SELECT feature FROM probe WHERE feature <> 'filter' GROUP BY segment, feature"
	" HAVING max(chosen) = 0) ORDER BY feature) HAVING count(*)";

/* Write each row's text as a clause. Returns how many, or -EIO. */
static int put_clauses(FILE *out, sqlite3 *database, const char *sql, int has_clauses)
{
	sqlite3_stmt *statement;
	int count = 0, result;

	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL))
		return -EIO;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);

		if (!text)
			continue;
		fputs(has_clauses || count ? "; " : ", ", out);
		escape_text(out, text, strlen(text));
		count++;
	}
	sqlite3_finalize(statement);
	return result == SQLITE_DONE ? count : -EIO;
}

static int put_notes(FILE *out, const struct recording *recording)
{
	size_t count = recording_note_count(recording);

	if (!count)
		return recording_is_partial(recording);
	fputs(", ", out);
	escape_text(out, recording_note(recording, 0), strlen(recording_note(recording, 0)));
	if (count > 1)
		fprintf(out, "; and %zu more", count - 1);
	return (int)count;
}

static int put_span(FILE *out, sqlite3 *database)
{
	char first[FUNCTIONS_TIME_SIZE], last[FUNCTIONS_TIME_SIZE];
	sqlite3_stmt *statement;
	int error = -EIO;

	if (sqlite3_prepare_v2(database, span_sql, -1, &statement, NULL))
		return -EIO;
	if (sqlite3_step(statement) == SQLITE_ROW) {
		error = 0;
		functions_rfc3339(sqlite3_column_int64(statement, 0), 3, first);
		functions_rfc3339(sqlite3_column_int64(statement, 1), 3, last);
		if (sqlite3_column_type(statement, 0) == SQLITE_NULL)
			fputs("no rows", out);
		else
			fprintf(out, "%s to %s", first, last);
	}
	sqlite3_finalize(statement);
	return error;
}

int completeness_line(sqlite3 *database, const struct recording *recording, char **line)
{
	static const char *const losses[] = {lost_sql, unbalanced_sql, capture_sql};
	static const char *const words[] = {
		[COMPLETE] = "complete", [INCOMPLETE] = "INCOMPLETE", [PARTIAL] = "PARTIAL"};
	char *text = NULL, *whole = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int error, notes, lost = 0;
	enum completeness answer;

	if (!out)
		return -ENOMEM;
	error = put_span(out, database);
	notes = put_notes(out, recording);
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]) && !error; i++) {
		int count = put_clauses(out, database, losses[i], notes + lost);

		if (count < 0)
			error = count;
		else
			lost += count;
	}
	answer = notes ? PARTIAL : lost ? INCOMPLETE : COMPLETE;
	if (answer == COMPLETE)
		fputs(", nothing lost", out);
	if (!error && put_clauses(out, database, without_sql, 1) < 0)
		error = -EIO;
	if (fclose(out) || (!error && asprintf(&whole, "%s: %s", words[answer], text) < 0))
		error = -ENOMEM;
	free(text);
	if (error)
		return error;
	*line = whole;
	return answer;
}
