/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQL functions beside SQLite's own.
 */
#include "analyzer/functions.h"
#include "analyzer/address.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_NS 1000000000LL

void functions_rfc3339(int64_t time_ns, int digits, char text[FUNCTIONS_TIME_SIZE])
{
	int64_t seconds = time_ns / SECOND_NS, fraction = time_ns % SECOND_NS;
	time_t clock;
	struct tm utc;
	size_t size;

	if (fraction < 0) {
		fraction += SECOND_NS;
		seconds--;
	}
	clock = (time_t)seconds;
	gmtime_r(&clock, &utc);
	size = strftime(text, FUNCTIONS_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
	if (digits > 0) {
		size += (size_t)snprintf(text + size, FUNCTIONS_TIME_SIZE - size, ".%09lld",
					 (long long)fraction);
		size -= (size_t)(9 - digits);
	}
	memcpy(text + size, "Z", 2);
}

static void rfc3339(sqlite3_context *context, int count, sqlite3_value **values)
{
	char text[FUNCTIONS_TIME_SIZE];
	sqlite3_int64 digits = count > 1 ? sqlite3_value_int64(values[1]) : 9;

	if (sqlite3_value_numeric_type(values[0]) != SQLITE_INTEGER)
		return;
	if (digits < 0 || digits > 9) {
		sqlite3_result_error(context, "rfc3339: the digits must be 0 to 9", -1);
		return;
	}
	functions_rfc3339(sqlite3_value_int64(values[0]), (int)digits, text);
	sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void ip_in(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	const char *prefix_text = (const char *)sqlite3_value_text(values[1]);
	struct address_prefix prefix;
	struct address address;

	if (!prefix_text)
		return;
	if (address_prefix_parse(prefix_text, &prefix)) {
		char *problem = sqlite3_mprintf(
			"ip_in: '%s' is not a prefix such as 10.0.0.0/8", prefix_text);

		sqlite3_result_error(context, problem ? problem : "ip_in: not a prefix", -1);
		sqlite3_free(problem);
		return;
	}
	if (!text || address_parse(text, &address))
		return;
	sqlite3_result_int(context, address_prefix_holds(&prefix, &address));
}

static void tcp_flags(sqlite3_context *context, int count, sqlite3_value **values)
{
	static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK",
					    "URG", "ECE", "CWR", "AE"};
	char text[64] = "";
	sqlite3_int64 flags;
	size_t size = 0;

	if (sqlite3_value_numeric_type(values[0]) != SQLITE_INTEGER)
		return;
	flags = sqlite3_value_int64(values[0]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags >> i & 1)
			size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%s",
						 size ? "," : "", names[i]);
	sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

struct best {
	sqlite3_value *value, *by; /* NULL: no row so far */
};

/* Numbers before texts before blobs, as ORDER BY has it; of equal ones the first stays. */
static int is_more(sqlite3_value *by, sqlite3_value *than)
{
	int type = sqlite3_value_type(by), other = sqlite3_value_type(than);

	if (type == SQLITE_INTEGER && other == SQLITE_INTEGER)
		return sqlite3_value_int64(by) > sqlite3_value_int64(than);
	if (type <= SQLITE_FLOAT && other <= SQLITE_FLOAT)
		return sqlite3_value_double(by) > sqlite3_value_double(than);
	if (type != other)
		return type > other;
	return strcmp((const char *)sqlite3_value_text(by),
		      (const char *)sqlite3_value_text(than)) > 0;
}

static void arg_max_step(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct best *best = sqlite3_aggregate_context(context, sizeof(*best));

	if (!best) {
		sqlite3_result_error_nomem(context);
		return;
	}
	if (sqlite3_value_type(values[0]) == SQLITE_NULL ||
	    sqlite3_value_type(values[1]) == SQLITE_NULL ||
	    (best->by && !is_more(values[1], best->by)))
		return;
	sqlite3_value_free(best->value);
	sqlite3_value_free(best->by);
	best->value = sqlite3_value_dup(values[0]);
	best->by = sqlite3_value_dup(values[1]);
	if (!best->value || !best->by)
		sqlite3_result_error_nomem(context);
}

static void arg_max_final(sqlite3_context *context)
{
	struct best *best = sqlite3_aggregate_context(context, 0);

	if (!best)
		return;
	if (best->value)
		sqlite3_result_value(context, best->value);
	sqlite3_value_free(best->value);
	sqlite3_value_free(best->by);
}

int functions_register(sqlite3 *database)
{
	static const struct {
		const char *name;
		int count;
		void (*run)(sqlite3_context *, int, sqlite3_value **);
	} list[] = {
		{"rfc3339", 1, rfc3339},
		{"rfc3339", 2, rfc3339},
		{"ip_in", 2, ip_in},
		{"tcp_flags", 1, tcp_flags},
	};
	int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
	int result = SQLITE_OK;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]) && !result; i++)
		result = sqlite3_create_function(database, list[i].name, list[i].count, flags,
						 NULL, list[i].run, NULL, NULL);
	if (!result)
		result = sqlite3_create_function(database, "arg_max", 2, flags, NULL, NULL,
						 arg_max_step, arg_max_final);
	return result;
}
