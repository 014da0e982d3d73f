/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says in words what a judgement rests on.
 */
#include "analyzer/compare/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void evidence_number(FILE *out, double value)
{
	if (fabs(value) < 1e15 && value == floor(value))
		fprintf(out, "%.0f", value);
	else
		fprintf(out, "%.5g", value);
}

static const char *unit_of(const struct comparison_row *row)
{
	return row->metric ? row->metric->unit : "";
}

static void put_value(FILE *out, const struct comparison_row *row, enum metric_side side)
{
	const struct metric_values *values = &row->judged.side[side];

	if (row->judged.kind == METRIC_PROPORTION) {
		evidence_number(out, values->part);
		fputs(" of ", out);
		evidence_number(out, values->whole);
	} else {
		evidence_number(out, row->judged.value[side]);
	}
}

/* Whether changes of this metric are told in points: of a share, or of what is in %. */
static double point_of(const struct comparison_row *row)
{
	if (row->judged.kind == METRIC_PROPORTION)
		return 0.01;
	return strcmp(unit_of(row), "%") ? 0 : 1;
}

/* A change as a number: in points, in % of the baseline, or in the unit. */
static void put_bare(FILE *out, const struct comparison_row *row, double change,
		     const char *sign)
{
	double base = fabs(row->judged.value[METRIC_BASELINE]), point = point_of(row);
	double shown = point > 0 ? change / point : base > 0 ? 100 * change / base : change;
	char format[16];

	if (isinf(change)) {
		fputs(change < 0 ? "-infinite" : "+infinite", out);
		return;
	}
	snprintf(format, sizeof(format), fabs(shown) < 1000 ? "%%%s.3g" : "%%%s.0f", sign);
	fprintf(out, format, shown);
}

static void put_change_unit(FILE *out, const struct comparison_row *row)
{
	if (point_of(row) > 0)
		fputs(" points", out);
	else if (fabs(row->judged.value[METRIC_BASELINE]) > 0)
		fputs(" %", out);
	else if (*unit_of(row))
		fprintf(out, " %s", unit_of(row));
}

static void put_change(FILE *out, const struct comparison_row *row, double change,
		       const char *sign)
{
	put_bare(out, row, change, sign);
	put_change_unit(out, row);
}

static void put_effect(FILE *out, const struct comparison_row *row)
{
	const struct judge_case *judged = &row->judged;

	put_change(out, row, judged->change, "+");
	if (isnan(judged->low))
		return;
	fputs(" [", out);
	put_bare(out, row, judged->low, "+");
	fputs(", ", out);
	put_bare(out, row, judged->high, "+");
	putc(']', out);
}

static const char *samples_of(const struct comparison_row *row)
{
	return row->is_per_recording ? "recordings" : "samples";
}

static void put_p(FILE *out, const char *what, double p)
{
	if (p < 1e-12)
		fprintf(out, "%sbelow 1e-12", what);
	else
		fprintf(out, "%s%.2g", what, p);
}

static void put_test(FILE *out, const struct comparison_row *row)
{
	const struct judge_case *judged = &row->judged;

	if (!isnan(judged->p_family)) {
		put_p(out, "; p ", judged->p);
		put_p(out, ", in the family ", judged->p_family);
	}
	if (judged->kind == METRIC_SAMPLED)
		fprintf(out, "; %zu and %zu %s", judged->side[METRIC_BASELINE].count,
			judged->side[METRIC_CANDIDATE].count, samples_of(row));
	else if (judged->kind == METRIC_EXACT &&
		 judged->side[METRIC_BASELINE].count + judged->side[METRIC_CANDIDATE].count > 2)
		fprintf(out, "; means of %zu and %zu", judged->side[METRIC_BASELINE].count,
			judged->side[METRIC_CANDIDATE].count);
}

static void put_limit(FILE *out, const struct comparison_row *row, const char *before)
{
	fputs(before, out);
	put_change(out, row, row->judged.limit, "");
}

static void put_doubt(FILE *out, const struct comparison_row *row,
		      const struct judge_rules *rules)
{
	const struct judge_case *judged = &row->judged;

	put_effect(out, row);
	if (judged->reason == JUDGE_UNLIKE) {
		fprintf(out, "; %s is not alike on both sides", row->unlike);
		return;
	}
	if (judged->reason == JUDGE_FEW &&
	    (judged->side[METRIC_BASELINE].count < rules->samples ||
	     judged->side[METRIC_CANDIDATE].count < rules->samples)) {
		fprintf(out, "; %zu and %zu %s, the gate asks for %zu",
			judged->side[METRIC_BASELINE].count,
			judged->side[METRIC_CANDIDATE].count, samples_of(row), rules->samples);
		return;
	}
	if (judged->reason == JUDGE_FEW) {
		fputs("; too few samples for an interval", out);
	} else if (judged->reason == JUDGE_SMALL) {
		put_limit(out, row, "; whether that is beyond ");
		fputs(" cannot be told", out);
	} else {
		fputs("; known to within ", out);
		put_change(out, row,
			   fmax(judged->high - judged->change, judged->change - judged->low),
			   "");
		put_limit(out, row, ", the threshold is ");
	}
	put_test(out, row);
}

static void put_values(FILE *out, const struct comparison_row *row)
{
	fputs(" (", out);
	put_value(out, row, METRIC_BASELINE);
	fputs(" to ", out);
	put_value(out, row, METRIC_CANDIDATE);
	if (*unit_of(row))
		fprintf(out, " %s", unit_of(row));
	putc(')', out);
}

static void put_missing(FILE *out, const struct comparison_row *row)
{
	const struct metric *metric = row->metric;

	if (!metric)
		fputs("required, and on neither side", out);
	else
		fprintf(out, "not in the %s",
			metric->side[METRIC_BASELINE].count ? "candidate" : "baseline");
}

char *evidence_of(const struct comparison_row *row, const struct judge_rules *rules)
{
	char *words = NULL;
	size_t size;
	FILE *out = open_memstream(&words, &size);

	if (!out)
		return NULL;
	switch (row->judged.verdict) {
	case JUDGE_MISSING:
		put_missing(out, row);
		break;
	case JUDGE_INCONCLUSIVE:
		put_doubt(out, row, rules);
		break;
	case JUDGE_REGRESSED:
	case JUDGE_IMPROVED:
		put_effect(out, row);
		put_values(out, row);
		put_limit(out, row, ", beyond ");
		put_test(out, row);
		break;
	case JUDGE_SAME:
		put_effect(out, row);
		put_limit(out, row, ", within ");
		put_test(out, row);
		break;
	case JUDGE_INFORMATION:
		put_effect(out, row);
		put_test(out, row);
		break;
	}
	if (fclose(out)) {
		free(words);
		words = NULL;
	}
	return words;
}
