/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Charts: the comment that asks for one, and taking rows in. Drawing is chart_drawing.c.
 */
#include "analyzer/chart.h"
#include "analyzer/chart_axis.h"
#include "analyzer/chart_data.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct role {
	const char *key;
	enum chart_role role;
	char separator; /* between columns; 0: there can be only one */
	unsigned int kinds,
		needed; /* bits: of which chart it is, and which cannot do without */
} roles[] = {
#define BIT(kind) (1U << (kind))
	{"label", CHART_LABEL, '+', BIT(CHART_BAR) | BIT(CHART_INTERVAL),
	 BIT(CHART_BAR) | BIT(CHART_INTERVAL)},
	{"value", CHART_VALUE, ',', BIT(CHART_BAR) | BIT(CHART_INTERVAL),
	 BIT(CHART_BAR) | BIT(CHART_INTERVAL)},
	{"low", CHART_LOW, 0, BIT(CHART_BAR) | BIT(CHART_INTERVAL), BIT(CHART_INTERVAL)},
	{"high", CHART_HIGH, 0, BIT(CHART_BAR) | BIT(CHART_INTERVAL), BIT(CHART_INTERVAL)},
	{"x", CHART_X, 0, BIT(CHART_LINE), BIT(CHART_LINE)},
	{"y", CHART_VALUE, ',', BIT(CHART_LINE), BIT(CHART_LINE)},
	{"series", CHART_SERIES, 0, BIT(CHART_BAR) | BIT(CHART_INTERVAL) | BIT(CHART_LINE), 0},
#undef BIT
};

static const struct {
	const char *name, *keys;
} kinds[] = {
	[CHART_BAR] = {"bar", "label= value= [series=] [low= high=]"},
	[CHART_INTERVAL] = {"interval", "label= value= low= high= [series=]"},
	[CHART_LINE] = {"line", "x= y= [series=] [xscale=log] [yscale=log]"},
};

__attribute__((format(printf, 2, 3))) static int wrong(char **problem, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(problem, format, arguments) < 0)
		*problem = NULL;
	va_end(arguments);
	return *problem ? -EINVAL : -ENOMEM;
}

static int find_column(sqlite3_stmt *statement, const char *name, size_t size)
{
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const char *column = sqlite3_column_name(statement, i);

		if (column && strlen(column) == size && !memcmp(column, name, size))
			return i;
	}
	return -1;
}

static int take_columns(const struct role *role, const char *names, sqlite3_stmt *statement,
			struct chart_spec *spec, char **problem)
{
	const char separators[] = {role->separator, 0};
	int *count = &spec->columns[role->role];

	if (*count)
		return wrong(problem, "chart: %s= stands twice", role->key);
	for (;;) {
		size_t size = strcspn(names, separators);
		int column = find_column(statement, names, size);

		if (column < 0)
			return wrong(
				problem,
				"chart: %s: no column '%.*s'; expected one of the SELECT's",
				role->key, (int)size, names);
		if (*count == CHART_COLUMNS)
			return wrong(problem, "chart: %s: more than %d columns", role->key,
				     CHART_COLUMNS);
		spec->column[role->role][(*count)++] = column;
		if (!names[size])
			return 0;
		names += size + 1;
	}
}

/* One "key=value". The word is a string of its own. */
static int take_word(const char *word, sqlite3_stmt *statement, struct chart_spec *spec,
		     char **problem)
{
	const char *value = strchr(word, '=');
	size_t size = value ? (size_t)(value - word) : 0;

	for (size_t i = 0; value && i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strlen(roles[i].key) == size && !memcmp(roles[i].key, word, size) &&
		    roles[i].kinds >> spec->kind & 1)
			return take_columns(&roles[i], value + 1, statement, spec, problem);
	if (spec->kind == CHART_LINE && value && size == 6 && !strncmp(word + 1, "scale", 5) &&
	    (word[0] == 'x' || word[0] == 'y')) {
		int is_log = !strcmp(value + 1, "log");

		if (!is_log && strcmp(value + 1, "linear"))
			return wrong(problem, "chart: %s; expected log or linear", word);
		*(word[0] == 'x' ? &spec->is_log_x : &spec->is_log_y) = is_log;
		return 0;
	}
	return wrong(problem, "chart: '%s'; expected %s %s", word, kinds[spec->kind].name,
		     kinds[spec->kind].keys);
}

static int check(const struct chart_spec *spec, sqlite3_stmt *statement, char **problem)
{
	const int *values = spec->column[CHART_VALUE];
	size_t stem;

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (roles[i].needed >> spec->kind & 1 && !spec->columns[roles[i].role])
			return wrong(problem, "chart: no %s=; expected %s %s", roles[i].key,
				     kinds[spec->kind].name, kinds[spec->kind].keys);
	if (!spec->columns[CHART_LOW] != !spec->columns[CHART_HIGH])
		return wrong(problem, "chart: low= and high= stand together");
	if (spec->columns[CHART_VALUE] > 1 &&
	    (spec->columns[CHART_SERIES] || spec->columns[CHART_LOW]))
		return wrong(problem,
			     "chart: several values; expected no series=, low= and high="
			     " beside them");
	for (int i = 1; i < spec->columns[CHART_VALUE]; i++) {
		const char *one = sqlite3_column_name(statement, values[0]),
			   *other = sqlite3_column_name(statement, values[i]);

		if (strcmp(chart_unit(one, &stem), chart_unit(other, &stem)))
			return wrong(problem, "chart: '%s' and '%s' have different units", one,
				     other);
	}
	return 0;
}

int chart_parse(const char *text, sqlite3_stmt *statement, struct chart_spec *out,
		char **problem)
{
	struct chart_spec spec = {0};
	char *words = strdup(text), *rest = NULL, *word;
	size_t kind = 0;
	int error = 0;

	*problem = NULL;
	if (!words)
		return -ENOMEM;
	word = strtok_r(words, " \t", &rest);
	while (kind < sizeof(kinds) / sizeof(kinds[0]) &&
	       (!word || strcmp(word, kinds[kind].name)))
		kind++;
	if (kind == sizeof(kinds) / sizeof(kinds[0]))
		error = wrong(problem, "chart: '%s'; expected bar, interval or line",
			      word ? word : "");
	else
		spec.kind = (enum chart_kind)kind;
	while (!error && (word = strtok_r(NULL, " \t", &rest)))
		error = take_word(word, statement, &spec, problem);
	free(words);
	if (!error)
		error = check(&spec, statement, problem);
	if (!error)
		*out = spec;
	return error;
}

int chart_new(const struct chart_spec *spec, sqlite3_stmt *statement, struct chart **out)
{
	struct chart *chart = calloc(1, sizeof(*chart));

	if (!chart)
		return -ENOMEM;
	chart->spec = *spec;
	for (int i = 0; i < CHART_ROLES; i++) {
		for (int j = 0; j < spec->columns[i]; j++) {
			const char *name = sqlite3_column_name(statement, spec->column[i][j]);

			chart->names[i][j] = name ? strdup(name) : NULL;
			if (!chart->names[i][j]) {
				chart_free(chart);
				return -ENOMEM;
			}
		}
	}
	*out = chart;
	return 0;
}

void chart_free(struct chart *chart)
{
	if (!chart)
		return;
	for (int i = 0; i < CHART_ROLES; i++)
		for (int j = 0; j < CHART_COLUMNS; j++)
			free(chart->names[i][j]);
	for (unsigned int i = 0; i < chart->group_count; i++)
		free(chart->groups[i]);
	for (unsigned int i = 0; i < chart->series_count; i++)
		free(chart->series[i]);
	free(chart->marks);
	free(chart);
}

/* The texts of some columns, joined; malloc'd. */
static char *join(sqlite3_stmt *statement, const int *columns, int count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int parts = 0;

	if (!out)
		return NULL;
	for (int i = 0; i < count; i++) {
		const unsigned char *part = sqlite3_column_text(statement, columns[i]);

		if (part)
			fprintf(out, "%s%s", parts++ ? " " : "", part);
	}
	if (fclose(out)) {
		free(text);
		text = NULL;
	}
	return text;
}

/* The number of a series, or that there are too many: CHART_SERIES_MOST. Takes name. */
static unsigned int enter_series(struct chart *chart, char *name)
{
	unsigned int i = 0;

	while (i < chart->series_count && strcmp(chart->series[i], name))
		i++;
	if (i == chart->series_count && i < CHART_SERIES_MOST)
		chart->series[chart->series_count++] = name;
	else
		free(name);
	return i;
}

/* The same for the first label of that name that has no such series yet. Takes name. */
static unsigned int enter_group(struct chart *chart, char *name, unsigned int series)
{
	unsigned int i = 0;

	while (i < chart->group_count &&
	       (strcmp(chart->groups[i], name) || chart->taken[i] >> series & 1))
		i++;
	if (i == chart->group_count && i < CHART_GROUPS)
		chart->groups[chart->group_count++] = name;
	else
		free(name);
	if (i < CHART_GROUPS)
		chart->taken[i] |= 1U << series;
	return i;
}

/* Whether the column has a number that can be drawn. */
static int take_number(sqlite3_stmt *statement, int column, int is_log, double *out)
{
	int type = sqlite3_column_type(statement, column);

	*out = sqlite3_column_double(statement, column);
	return (type == SQLITE_INTEGER || type == SQLITE_FLOAT) && isfinite(*out) &&
	       fabs(*out) <= CHART_LIMIT && (!is_log || *out >= 1 / CHART_LIMIT);
}

static int take_numbers(const struct chart_spec *spec, sqlite3_stmt *statement, int value,
			struct chart_mark *mark)
{
	if (!take_number(statement, value, spec->is_log_y, &mark->value))
		return 0;
	mark->low = mark->high = mark->value;
	if (spec->kind == CHART_LINE)
		return take_number(statement, spec->column[CHART_X][0], spec->is_log_x,
				   &mark->x);
	/* A bar stands without whiskers, an interval does not. */
	if (spec->columns[CHART_LOW] &&
	    (!take_number(statement, spec->column[CHART_LOW][0], 0, &mark->low) ||
	     !take_number(statement, spec->column[CHART_HIGH][0], 0, &mark->high))) {
		mark->low = mark->high = mark->value;
		return spec->kind == CHART_BAR;
	}
	return 1;
}

/* Enter the mark's series and label. Returns 1, 0 when they are too many, or -ENOMEM. */
static int enter(struct chart *chart, sqlite3_stmt *statement, int value,
		 struct chart_mark *mark)
{
	const struct chart_spec *spec = &chart->spec;
	char *name;

	if (spec->columns[CHART_VALUE] > 1)
		name = strdup(sqlite3_column_name(statement, value));
	else
		name = join(statement, spec->column[CHART_SERIES], spec->columns[CHART_SERIES]);
	if (!name)
		return -ENOMEM;
	mark->series = enter_series(chart, name);
	if (mark->series == CHART_SERIES_MOST)
		return 0;
	if (spec->kind == CHART_LINE)
		return 1;
	name = join(statement, spec->column[CHART_LABEL], spec->columns[CHART_LABEL]);
	if (!name)
		return -ENOMEM;
	mark->group = enter_group(chart, name, mark->series);
	return mark->group < CHART_GROUPS;
}

int chart_add(struct chart *chart, sqlite3_stmt *statement)
{
	chart->rows++;
	for (int i = 0; i < chart->spec.columns[CHART_VALUE]; i++) {
		int value = chart->spec.column[CHART_VALUE][i], entered;
		struct chart_mark mark = {0};

		if (!take_numbers(&chart->spec, statement, value, &mark)) {
			chart->unnumbered++;
			continue;
		}
		entered = enter(chart, statement, value, &mark);
		if (entered < 0)
			return entered;
		if (!entered) {
			chart->left_out++;
			continue;
		}
		if (chart->count == chart->room) {
			size_t room = chart->room ? chart->room * 2 : 64;
			struct chart_mark *marks =
				reallocarray(chart->marks, room, sizeof(*marks));

			if (!marks)
				return -ENOMEM;
			chart->marks = marks;
			chart->room = room;
		}
		chart->marks[chart->count++] = mark;
	}
	return 0;
}

int chart_is_empty(const struct chart *chart)
{
	return !chart->count;
}
