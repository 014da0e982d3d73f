/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results of load tools in text: wrk, and hey's summary and CSV.
 */
#include "schema/workload_result_private.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int workload_trouble(struct workload_reader *reader, int error, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(reader->trouble, reader->trouble_size, format, list);
	va_end(list);
	for (char *at = reader->trouble; reader->trouble_size && *at; at++)
		if ((unsigned char)*at < ' ' || *at == 127)
			*at = '?';
	return error;
}

int workload_whole(double number, uint64_t *whole)
{
	if (!(number >= 0 && number < 0x1p63))
		return -EBADMSG;
	*whole = (uint64_t)llround(number);
	return 0;
}

int workload_record(struct workload_result *result, double seconds)
{
	uint64_t ns;

	if (workload_whole(seconds * 1e9, &ns))
		return -EBADMSG;
	if (!result->latency)
		result->latency = calloc(1, sizeof(*result->latency));
	return result->latency ? histogram_record(result->latency, ns) : -ENOMEM;
}

int workload_percentile(struct workload_result *result, double percent, double ns)
{
	unsigned int n = result->percentiles;

	if (n == MOST_PERCENTILES ||
	    !(percent >= 0 && percent <= 100 && ns >= 0 && ns < 0x1p63))
		return -EBADMSG;
	if (n &&
	    (percent <= result->percentile[n - 1].percent || ns < result->percentile[n - 1].ns))
		return -EBADMSG;
	result->percentile[result->percentiles++] = (struct workload_percentile){percent, ns};
	return 0;
}

static double unit_ns(const char *unit)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(unit, units[i].name))
			return units[i].ns;
	return NAN;
}

static double unit_bytes(const char *unit)
{
	static const char prefixes[] = "KMGTP";
	const char *prefix;

	if (!strcmp(unit, "B"))
		return 1;
	prefix = *unit ? strchr(prefixes, *unit) : NULL;
	return prefix && !strcmp(unit + 1, "B") ? ldexp(1, 10 * (int)(prefix - prefixes + 1))
						: NAN;
}

static int wrk_line(struct workload_result *result, const char *line)
{
	double number, other;
	char unit[8], bytes[8];
	unsigned long long a, b, c, d;

	if (sscanf(line, " %lf%% %lf%7[a-z]", &number, &other, unit) == 3)
		return workload_percentile(result, number, other * unit_ns(unit));
	if (sscanf(line, " %llu requests in %lf%7[a-z], %lf%7[A-Z] read", &a, &number, unit,
		   &other, bytes) == 5) {
		result->operations = a;
		result->known |= WORKLOAD_OPERATIONS | WORKLOAD_DURATION | WORKLOAD_BYTES |
				 WORKLOAD_ERRORS;
		return workload_whole(number * unit_ns(unit), &result->duration_ns) ||
				       workload_whole(other * unit_bytes(bytes), &result->bytes)
			       ? -EBADMSG
			       : 0;
	}
	if (sscanf(line, " Socket errors: connect %llu, read %llu, write %llu, timeout %llu",
		   &a, &b, &c, &d) == 4)
		result->errors += a + b + c + d;
	else if (sscanf(line, " Non-2xx or 3xx responses: %llu", &a) == 1)
		result->errors += a;
	else if (sscanf(line, "Requests/sec: %lf", &number) == 1) {
		result->rate = number;
		result->known |= WORKLOAD_RATE;
	}
	return 0;
}

static int hey_line(struct workload_result *result, const char *line)
{
	double number, other;
	unsigned long long a, status;

	if (sscanf(line, " Total: %lf secs", &number) == 1) {
		result->known |= WORKLOAD_DURATION | WORKLOAD_ERRORS;
		return workload_whole(number * 1e9, &result->duration_ns);
	}
	if (sscanf(line, " Requests/sec: %lf", &number) == 1) {
		result->rate = number;
		result->known |= WORKLOAD_RATE;
	} else if (sscanf(line, " Total data: %llu bytes", &a) == 1) {
		result->bytes = a;
		result->known |= WORKLOAD_BYTES;
	} else if (sscanf(line, " %lf%% in %lf secs", &number, &other) == 2) {
		return workload_percentile(result, number, other * 1e9);
	} else if (strstr(line, " responses") &&
		   sscanf(line, " [%llu] %llu", &status, &a) == 2) {
		result->known |= WORKLOAD_OPERATIONS;
		result->operations += a;
		result->errors += status / 100 == 2 || status / 100 == 3 ? 0 : a;
	} else if (sscanf(line, " [%llu]", &a) == 1) { /* an error, and how often */
		result->known |= WORKLOAD_OPERATIONS;
		result->operations += a;
		result->errors += a;
	}
	return 0;
}

/*
 * Times have 4 decimals of a second, offset is when the request began; one that failed has no
 * line. The run is over with the last answer.
 */
static int hey_csv_line(struct workload_result *result, const char *line)
{
	double seconds, part[5], offset;
	unsigned int status;
	uint64_t end_ns;
	char more;
	int error;

	if (!strncmp(line, "response-time,", 14))
		return 0;
	if (sscanf(line, "%lf,%lf,%lf,%lf,%lf,%lf,%u,%lf%c", &seconds, &part[0], &part[1],
		   &part[2], &part[3], &part[4], &status, &offset, &more) != 8)
		return -EBADMSG;
	result->operations++;
	result->errors += status / 100 != 2 && status / 100 != 3;
	result->known = WORKLOAD_OPERATIONS | WORKLOAD_DURATION;
	error = workload_whole((offset + seconds) * 1e9, &end_ns);
	if (error)
		return error;
	if (end_ns > result->duration_ns)
		result->duration_ns = end_ns;
	return workload_record(result, seconds);
}

static int read_lines(struct workload_reader *reader, const char *text, size_t size,
		      int (*take)(struct workload_result *, const char *))
{
	unsigned int number = 1;

	for (size_t at = 0, length; at < size; at += length + 1, number++) {
		const char *end = memchr(text + at, '\n', size - at);
		char line[512];
		int error;

		length = end ? (size_t)(end - (text + at)) : size - at;
		snprintf(line, sizeof(line), "%.*s", (int)(length < 511 ? length : 511),
			 text + at);
		error = take(&reader->result, line);
		if (!error && !end)
			return workload_trouble(reader, -EBADMSG,
						"line %u: cut, expected its end: %.40s", number,
						line);
		if (error)
			return workload_trouble(reader, error,
						"line %u: expected a number of %s: %.40s",
						number, reader->result.tool, line);
	}
	return 0;
}

/* The text comes after so many white bytes, which count in the numbers of lines. */
static int read_text(struct workload_reader *reader, const char *text, size_t size,
		     size_t white)
{
	struct workload_result *result = &reader->result;
	int (*take)(struct workload_result *, const char *);
	unsigned int wanted = WORKLOAD_OPERATIONS | WORKLOAD_RATE;
	int error;

	result->operation = "request";
	result->tool = "hey";
	if (size > 8 && !memcmp(text, "Running ", 8)) {
		result->tool = "wrk";
		take = wrk_line;
	} else if (size > 14 && !memcmp(text, "response-time,", 14)) {
		take = hey_csv_line;
		wanted = WORKLOAD_OPERATIONS;
	} else if (size > 8 && !memcmp(text, "Summary:", 8)) {
		take = hey_line;
	} else {
		return workload_trouble(
			reader, -EPROTONOSUPPORT,
			"byte 0: expected output of wrk, hey, oha, iperf3 or hyperfine");
	}
	error = read_lines(reader, text - white, size + white, take);
	if (!error && (result->known & wanted) != wanted)
		return workload_trouble(reader, -EBADMSG,
					"byte %zu: %s's output ends early, expected its %s",
					size, result->tool,
					wanted & WORKLOAD_RATE ? "Requests/sec" : "requests");
	return error;
}

int workload_result_read(const char *text, size_t size, struct workload_result *result,
			 char *trouble, size_t trouble_size)
{
	struct workload_reader reader = {.trouble = trouble, .trouble_size = trouble_size};
	size_t white = 0;
	int error;

	while (white < size && text[white] && strchr(" \t\r\n", text[white]))
		white++;
	error = white < size && text[white] == '{'
			? workload_read_json(&reader, text, size)
			: read_text(&reader, text + white, size - white, white);
	if (error)
		workload_result_close(&reader.result);
	else
		*result = reader.result;
	return error;
}

int workload_result_wall(uint64_t ns, struct workload_result *result)
{
	struct workload_result built = {
		.tool = "command",
		.operation = "run",
		.known = WORKLOAD_OPERATIONS | WORKLOAD_DURATION | (ns ? WORKLOAD_RATE : 0),
		.operations = 1,
		.duration_ns = ns,
		.rate = ns ? 1e9 / (double)ns : 0,
		.latency = calloc(1, sizeof(*built.latency)),
	};

	if (!built.latency)
		return -ENOMEM;
	histogram_record(built.latency, ns);
	*result = built;
	return 0;
}

void workload_result_close(struct workload_result *result)
{
	free(result->latency);
	result->latency = NULL;
}
