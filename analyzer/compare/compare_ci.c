/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A comparison as CI systems and benchmark tools read results: JUnit, Go's benchmark format,
 * github-action-benchmark.
 */
#include "analyzer/compare/compare_formats.h"
#include "analyzer/escape.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- JUnit --- */

/* XML forbids control characters even where they are escaped. */
static void put_xml(FILE *out, const char *text)
{
	char *shown = NULL;
	size_t size;
	FILE *stream = open_memstream(&shown, &size);

	if (!stream)
		return;
	escape_text(stream, text, strlen(text));
	if (fclose(stream))
		size = 0;
	for (size_t i = 0; i < size; i++)
		switch (shown[i]) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			putc(shown[i], out);
		}
	free(shown);
}

static void put_case(FILE *out, const struct comparison_row *row)
{
	const char *inside = row->is_failure ? "failure"
			     : row->judged.verdict <= JUDGE_INCONCLUSIVE ||
					     row->judged.verdict == JUDGE_INFORMATION
				     ? "skipped"
				     : NULL;

	fputs("    <testcase classname=\"flowplay compare\" name=\"", out);
	put_xml(out, row->name);
	fputs("\">", out);
	if (inside) {
		fprintf(out, "<%s message=\"%s: ", inside,
			judge_verdict_name(row->judged.verdict));
		put_xml(out, row->evidence);
		fputs("\"/>", out);
	} else {
		fputs("<system-out>", out);
		put_xml(out, row->evidence);
		fputs("</system-out>", out);
	}
	fputs("</testcase>\n", out);
}

int compare_print_junit(FILE *out, const struct comparison *comparison)
{
	const size_t *verdicts = comparison->verdicts;
	size_t passed = verdicts[JUDGE_IMPROVED] + verdicts[JUDGE_SAME];

	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites>\n"
		"  <testsuite name=\"flowplay compare\" tests=\"%zu\" failures=\"%zu\" "
		"skipped=\"%zu\">\n",
		comparison->count, comparison->failures,
		comparison->count - comparison->failures - passed);
	for (size_t i = 0; i < comparison->count; i++)
		put_case(out, &comparison->rows[i]);
	fputs("  </testsuite>\n</testsuites>\n", out);
	return 0;
}

/* --- Go's benchmark format --- */

/* Words of that format hold no blanks. */
static void put_word(FILE *out, const char *text)
{
	for (; *text; text++)
		putc(*text > ' ' && *text < 0x7f ? *text : '_', out);
}

static void put_benchmark_name(FILE *out, const char *name)
{
	fputs("Benchmark", out);
	putc(toupper((unsigned char)*name) > ' ' ? toupper((unsigned char)*name) : '_', out);
	put_word(out, name + 1);
}

static void put_unit(FILE *out, const struct comparison_row *row)
{
	if (row->judged.kind == METRIC_PROPORTION)
		fputs("share", out);
	else
		put_word(out, *row->metric->unit ? row->metric->unit : "value");
}

static void put_samples(FILE *out, const struct comparison_row *row, enum metric_side side)
{
	const struct metric_values *values = &row->judged.side[side];
	size_t count =
		row->judged.kind == METRIC_PROPORTION ? values->whole > 0 : values->count;

	for (size_t i = 0; i < count; i++) {
		put_benchmark_name(out, row->name);
		fprintf(out, " 1 %.17g ",
			row->judged.kind == METRIC_PROPORTION ? row->judged.value[side]
							      : values->values[i]);
		put_unit(out, row);
		putc('\n', out);
	}
}

/* A unit has one direction and one kind: those of the first metric that has it. */
static int is_first_of_unit(const struct comparison *comparison, size_t i)
{
	const struct comparison_row *row = &comparison->rows[i];

	for (size_t j = 0; j < i; j++)
		if (comparison->rows[j].metric &&
		    (comparison->rows[j].judged.kind == METRIC_PROPORTION) ==
			    (row->judged.kind == METRIC_PROPORTION) &&
		    (row->judged.kind == METRIC_PROPORTION ||
		     !strcmp(comparison->rows[j].metric->unit, row->metric->unit)))
			return 0;
	return 1;
}

int compare_print_benchfmt(FILE *out, const struct comparison *comparison)
{
	static const char *const sides[] = {"baseline", "candidate"};

	for (size_t i = 0; i < comparison->count; i++) {
		const struct comparison_row *row = &comparison->rows[i];

		if (!row->metric || !is_first_of_unit(comparison, i))
			continue;
		fputs("Unit ", out);
		put_unit(out, row);
		if (row->judged.better)
			fprintf(out, " better=%s", row->judged.better < 0 ? "lower" : "higher");
		fprintf(out, " assume=%s\n",
			row->judged.kind == METRIC_EXACT ? "exact" : "nothing");
	}
	for (int side = 0; side < METRIC_SIDES; side++) {
		fprintf(out, "side: %s\n", sides[side]);
		for (size_t i = 0; i < comparison->count; i++)
			if (comparison->rows[i].metric)
				put_samples(out, &comparison->rows[i], (enum metric_side)side);
	}
	return 0;
}

/* --- github-action-benchmark --- */

/* What a callback writes, as a JSON string. */
static int put_json(FILE *out, const struct comparison_row *row,
		    void (*write)(FILE *out, const struct comparison_row *row))
{
	char *words = NULL;
	size_t size;
	FILE *stream = open_memstream(&words, &size);

	if (!stream)
		return -ENOMEM;
	write(stream, row);
	if (fclose(stream))
		return -ENOMEM;
	escape_json(out, words, size);
	free(words);
	return 0;
}

static void write_unit(FILE *out, const struct comparison_row *row)
{
	fputs(row->judged.kind == METRIC_PROPORTION ? "share" : row->metric->unit, out);
}

static void write_range(FILE *out, const struct comparison_row *row)
{
	if (!isnan(row->judged.low))
		fprintf(out, "±%.3g",
			fmax(row->judged.high - row->judged.change,
			     row->judged.change - row->judged.low));
}

static void write_extra(FILE *out, const struct comparison_row *row)
{
	fprintf(out, "%s: %s", judge_verdict_name(row->judged.verdict), row->evidence);
}

static int put_entry(FILE *out, const struct comparison_row *row)
{
	int error;

	fputs("{\"name\":", out);
	escape_json(out, row->name, strlen(row->name));
	fputs(",\"unit\":", out);
	error = put_json(out, row, write_unit);
	fprintf(out, ",\"value\":%.17g,\"range\":", row->judged.value[METRIC_CANDIDATE]);
	if (!error)
		error = put_json(out, row, write_range);
	fputs(",\"extra\":", out);
	if (!error)
		error = put_json(out, row, write_extra);
	putc('}', out);
	return error;
}

/*
 * The candidate's values: that tool keeps the past by itself. It knows one direction for all,
 * so that only metrics which are better lower are told (customSmallerIsBetter).
 */
int compare_print_gha(FILE *out, const struct comparison *comparison)
{
	int error = 0, entries = 0;

	putc('[', out);
	for (size_t i = 0; i < comparison->count && !error; i++) {
		if (!comparison->rows[i].metric || comparison->rows[i].judged.better >= 0 ||
		    isnan(comparison->rows[i].judged.value[METRIC_CANDIDATE]))
			continue;
		fputs(entries++ ? ",\n" : "\n", out);
		error = put_entry(out, &comparison->rows[i]);
	}
	fputs(entries ? "\n]\n" : "]\n", out);
	return error;
}
