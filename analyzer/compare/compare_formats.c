/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints a comparison as tables, by the one renderer.
 */
#include "analyzer/compare/compare_formats.h"
#include "analyzer/render.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void compare_headline(FILE *out, const struct comparison *comparison)
{
	size_t judged = 0;

	for (int i = 0; i < COMPARISON_VERDICTS; i++)
		if (i != JUDGE_INFORMATION && i != JUDGE_MISSING)
			judged += comparison->verdicts[i];
	fprintf(out, "%s: ", comparison->failures ? "REGRESSED" : "no regression");
	for (int i = 0; i < JUDGE_INFORMATION; i++)
		if (comparison->verdicts[i])
			fprintf(out, "%zu %s, ", comparison->verdicts[i],
				judge_verdict_name((enum judge_verdict)i));
	fprintf(out, "of %zu judged", judged);
}

/* --- tables --- */

static const char tables[] =
	"CREATE TABLE summary(verdict, regressed, missing, inconclusive, improved, same,"
	" information, alpha, tests, samples);"
	"CREATE TABLE metric(verdict, metric, unit, kind, better, baseline, candidate, change,"
	" change_low, change_high, change_percent, threshold, p, p_family, baseline_samples,"
	" candidate_samples, evidence);"
	"CREATE TABLE difference(key, action, baseline, candidate);";

static void bind_number(sqlite3_stmt *statement, int place, double value)
{
	if (isfinite(value) && fabs(value) < 1e15 && value == floor(value))
		sqlite3_bind_int64(statement, place, (sqlite3_int64)value);
	else if (isfinite(value))
		sqlite3_bind_double(statement, place, value);
}

/* What was estimated: six digits, so that every machine's library tells the same. */
static void bind_estimate(sqlite3_stmt *statement, int place, double value)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.6g", value);
	bind_number(statement, place, strtod(digits, NULL));
}

static void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
	sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

/* What the columns baseline and candidate are in. */
static void bind_unit(sqlite3_stmt *insert, const struct comparison_row *row)
{
	char unit[METRIC_NAME_MOST + 16];

	snprintf(unit, sizeof(unit), "%s%s",
		 row->judged.kind == METRIC_PROPORTION ? "share of " : "", row->metric->unit);
	sqlite3_bind_text(insert, 3, unit, -1, SQLITE_TRANSIENT);
}

static int insert_row(sqlite3_stmt *insert, const struct comparison_row *row)
{
	static const char *const betters[] = {"lower", "", "higher"};
	const struct judge_case *judged = &row->judged;
	const double estimates[] = {
		judged->change,
		judged->low,
		judged->high,
		100 * judged->part,
		judged->verdict == JUDGE_INFORMATION ? NAN : judged->limit,
		judged->p,
		judged->p_family,
	};

	bind_text(insert, 1, judge_verdict_name(judged->verdict));
	bind_text(insert, 2, row->name);
	if (row->metric) {
		bind_unit(insert, row);
		bind_text(insert, 4, metric_kind_name(judged->kind));
		bind_text(insert, 5, betters[judged->better + 1]);
		for (int side = 0; side < METRIC_SIDES; side++) {
			bind_number(insert, 6 + side, judged->value[side]);
			sqlite3_bind_int64(insert, 15 + side,
					   (sqlite3_int64)judged->side[side].count);
		}
		for (size_t i = 0; i < sizeof(estimates) / sizeof(estimates[0]); i++)
			bind_estimate(insert, (int)i + 8, estimates[i]);
	}
	bind_text(insert, 17, row->evidence);
	sqlite3_step(insert);
	sqlite3_clear_bindings(insert);
	return sqlite3_reset(insert);
}

static int fill_metrics(sqlite3 *database, const struct comparison *comparison)
{
	sqlite3_stmt *insert = NULL;
	int result = sqlite3_prepare_v2(database,
					"INSERT INTO metric VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, "
					"?, ?, ?, ?, ?, ?, ?, ?)",
					-1, &insert, NULL);

	for (size_t i = 0; i < comparison->count && !result; i++)
		result = insert_row(insert, &comparison->rows[i]);
	sqlite3_finalize(insert);
	return result;
}

static int fill_differences(sqlite3 *database, const struct comparison *comparison)
{
	static const char *const actions[] = {
		[GATE_WARN] = "warn", [GATE_REFUSE] = "refuse", [GATE_IGNORE] = "ignore"};
	sqlite3_stmt *insert = NULL;
	int result = sqlite3_prepare_v2(database, "INSERT INTO difference VALUES(?, ?, ?, ?)",
					-1, &insert, NULL);

	for (size_t i = 0; i < comparison->difference_count && !result; i++) {
		const struct comparison_difference *difference = &comparison->differences[i];

		bind_text(insert, 1, difference->key);
		bind_text(insert, 2, actions[difference->action]);
		bind_text(insert, 3, difference->value[METRIC_BASELINE]);
		bind_text(insert, 4, difference->value[METRIC_CANDIDATE]);
		sqlite3_step(insert);
		result = sqlite3_reset(insert);
	}
	sqlite3_finalize(insert);
	return result;
}

static int fill_summary(sqlite3 *database, const struct comparison *comparison)
{
	sqlite3_stmt *insert = NULL;
	int result =
		sqlite3_prepare_v2(database,
				   "INSERT INTO summary VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
				   -1, &insert, NULL);

	if (result)
		return result;
	bind_text(insert, 1, comparison->failures ? "regressed" : "no regression");
	for (int i = 0; i < COMPARISON_VERDICTS; i++)
		sqlite3_bind_int64(insert, i + 2, (sqlite3_int64)comparison->verdicts[i]);
	sqlite3_bind_double(insert, 8, comparison->rules.alpha);
	sqlite3_bind_int64(insert, 9, (sqlite3_int64)comparison->tests);
	sqlite3_bind_int64(insert, 10, (sqlite3_int64)comparison->rules.samples);
	sqlite3_step(insert);
	return sqlite3_finalize(insert);
}

/* The comparison as tables of a database in memory. */
static int open_tables(const struct comparison *comparison, sqlite3 **out)
{
	int result = sqlite3_open(":memory:", out);

	if (!result)
		result = sqlite3_exec(*out, tables, NULL, NULL, NULL);
	if (!result)
		result = fill_summary(*out, comparison);
	if (!result)
		result = fill_metrics(*out, comparison);
	return result ? result : fill_differences(*out, comparison);
}

static int print_rows(struct render *render, sqlite3 *database, const char *sql,
		      const char *title)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

	if (!result)
		result = render_section(render, statement,
					&(struct render_section){.name = title});
	sqlite3_finalize(statement);
	return result;
}

/* Every table in full, for programs. */
static int print_tables(FILE *out, const struct comparison *comparison,
			enum render_format format)
{
	struct render render = {.out = out, .format = format, .sections = 1};
	sqlite3 *database = NULL;
	int result = open_tables(comparison, &database);

	if (!result)
		result = print_rows(&render, database, "SELECT * FROM summary", "summary");
	if (!result)
		result = print_rows(&render, database, "SELECT * FROM metric", "metrics");
	if (!result)
		result = print_rows(&render, database, "SELECT * FROM difference",
				    "differences");
	render_end(&render);
	sqlite3_close(database);
	return result ? -ENOMEM : 0;
}

static int print_json(FILE *out, const struct comparison *comparison)
{
	return print_tables(out, comparison, RENDER_JSON);
}

static int print_jsonl(FILE *out, const struct comparison *comparison)
{
	return print_tables(out, comparison, RENDER_JSONL);
}

/* One table: a CSV file has no sections. */
static int print_csv(FILE *out, const struct comparison *comparison)
{
	struct render render = {.out = out, .format = RENDER_CSV};
	sqlite3 *database = NULL;
	int result = open_tables(comparison, &database);

	if (!result)
		result = print_rows(&render, database, "SELECT * FROM metric", NULL);
	sqlite3_close(database);
	return result ? -ENOMEM : 0;
}

/* Seven digits are enough for people, and none behind the point of what is large. */
#define PLAIN(column)                                                     \
	"CASE typeof(" column ") WHEN 'real' THEN printf(iif(abs(" column \
	") < 1e7, '%.7g', '%.0f'), " column ") ELSE " column " END AS " column
#define PLAIN_COLUMNS \
	"verdict, metric, unit, " PLAIN("baseline") ", " PLAIN("candidate") ", evidence"

static const char judged_sql[] = "SELECT " PLAIN_COLUMNS " FROM metric"
				 " WHERE verdict NOT IN ('information')";
static const char bad_sql[] = "SELECT " PLAIN_COLUMNS " FROM metric"
			      " WHERE verdict IN ('regressed', 'missing', 'inconclusive')";
static const char good_sql[] = "SELECT " PLAIN_COLUMNS " FROM metric"
			       " WHERE verdict IN ('improved', 'same')";
static const char information_sql[] =
	"SELECT metric, unit, baseline, candidate, evidence FROM (SELECT " PLAIN_COLUMNS
	" FROM metric) WHERE verdict = 'information'";
static const char difference_sql[] = "SELECT key, baseline, candidate FROM difference";

static int print_text(FILE *out, const struct comparison *comparison)
{
	struct render render = {.out = out, .format = RENDER_TEXT};
	sqlite3 *database = NULL;
	int result = open_tables(comparison, &database);

	compare_headline(out, comparison);
	fputs("\n\n", out);
	if (!result)
		result = print_rows(&render, database, judged_sql, NULL);
	if (!result && comparison->verdicts[JUDGE_INFORMATION]) {
		fputs("\nNot judged\n", out);
		render.count = 0;
		result = print_rows(&render, database, information_sql, NULL);
	}
	if (!result && comparison->difference_count) {
		fputs("\nNot alike\n", out);
		render.count = 0;
		result = print_rows(&render, database, difference_sql, NULL);
	}
	sqlite3_close(database);
	return result ? -ENOMEM : 0;
}

/* A page for who has no terminal. */
static int print_html(FILE *out, const struct comparison *comparison)
{
	struct render render = {.out = out, .format = RENDER_HTML, .sections = 1};
	sqlite3 *database = NULL;
	char *headline = NULL;
	size_t size;
	FILE *words = open_memstream(&headline, &size);
	int result = open_tables(comparison, &database);

	if (words)
		compare_headline(words, comparison);
	if (!words || fclose(words))
		result = SQLITE_NOMEM;
	if (!result) {
		render_begin(&render, &(struct render_page){.name = "compare",
							    .title = "Comparison",
							    .summary = headline});
		result = print_rows(&render, database, judged_sql, "Judged");
	}
	if (!result)
		result = print_rows(&render, database, difference_sql, "Not alike");
	if (!result)
		result = print_rows(&render, database, information_sql, "Not judged");
	if (!result) {
		render_status(&render, headline, !comparison->failures);
		render_end(&render);
	}
	free(headline);
	sqlite3_close(database);
	return result ? -ENOMEM : 0;
}

static int print_folded(struct render *render, sqlite3 *database, const char *sql,
			const char *title, size_t rows)
{
	int result = 0;

	if (!rows)
		return 0;
	fprintf(render->out, "\n<details><summary>%s: %zu</summary>\n\n", title, rows);
	render->count = 0;
	result = print_rows(render, database, sql, NULL);
	fputs("\n</details>\n", render->out);
	return result;
}

/* The verdict, what is wrong, and the rest folded up. */
static int print_markdown(FILE *out, const struct comparison *comparison)
{
	const size_t *verdicts = comparison->verdicts;
	struct render render = {.out = out, .format = RENDER_MARKDOWN};
	sqlite3 *database = NULL;
	int result = open_tables(comparison, &database);

	fputs("## flowplay compare\n\n**", out);
	compare_headline(out, comparison);
	fputs("**\n", out);
	if (!result && verdicts[JUDGE_REGRESSED] + verdicts[JUDGE_MISSING] +
			       verdicts[JUDGE_INCONCLUSIVE]) {
		putc('\n', out);
		result = print_rows(&render, database, bad_sql, NULL);
	}
	if (!result && comparison->difference_count) {
		fputs("\nNot alike on both sides:\n\n", out);
		render.count = 0;
		result = print_rows(&render, database, difference_sql, NULL);
	}
	if (!result)
		result = print_folded(&render, database, good_sql, "Improved or the same",
				      verdicts[JUDGE_IMPROVED] + verdicts[JUDGE_SAME]);
	if (!result)
		result = print_folded(&render, database, information_sql, "Not judged",
				      verdicts[JUDGE_INFORMATION]);
	sqlite3_close(database);
	return result ? -ENOMEM : 0;
}

const struct compare_format *compare_format(const char *name)
{
	static const struct compare_format formats[] = {
		{"text", 1, print_text},
		{"json", 1, print_json},
		{"jsonl", 1, print_jsonl},
		{"csv", 0, print_csv},
		{"markdown", 1, print_markdown},
		{"html", 1, print_html},
		{"junit", 0, compare_print_junit},
		{"benchfmt", 0, compare_print_benchfmt},
		{"github-action-benchmark", 0, compare_print_gha},
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(name, formats[i].name))
			return &formats[i];
	return NULL;
}
