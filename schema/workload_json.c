/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results of load tools in JSON: oha, iperf3, hyperfine. A tool is known by the keys at the
 * top.
 */
#include "schema/workload_result_private.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The number object.key; `where` names the object in errors. */
static int number_of(struct workload_reader *reader, const json_t *object, const char *where,
		     const char *key, double *number)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_number(value) || json_number_value(value) < 0)
		return workload_trouble(reader, -EBADMSG, "%s.%s: expected a number from 0",
					where, key);
	*number = json_number_value(value);
	return 0;
}

static int whole_of(struct workload_reader *reader, const json_t *object, const char *where,
		    const char *key, double scale, uint64_t *whole)
{
	double number;
	int error = number_of(reader, object, where, key, &number);

	if (!error && workload_whole(number * scale, whole))
		return workload_trouble(reader, -EBADMSG, "%s.%s: expected less than 2^63",
					where, key);
	return error;
}

static int is_text(const json_t *value, const char *text)
{
	return json_is_string(value) && !strcmp(json_string_value(value), text);
}

/* Sums of counts by status or by error. */
static int oha_counts(struct workload_reader *reader, json_t *summary, const char *where,
		      int statuses)
{
	json_t *counts = json_object_get(summary, where), *value;
	const char *key;

	if (!json_is_object(counts))
		return workload_trouble(reader, -EBADMSG, "%s: expected an object", where);
	json_object_foreach(counts, key, value)
	{
		json_int_t count = json_integer_value(value);

		if (!json_is_integer(value) || count < 0 || count >> 48)
			return workload_trouble(reader, -EBADMSG, "%s.%s: expected a count",
						where, key);
		if (!statuses && !strcmp(key, "aborted due to deadline"))
			continue;
		reader->result.operations += (uint64_t)count;
		if (!statuses || (key[0] != '2' && key[0] != '3'))
			reader->result.errors += (uint64_t)count;
	}
	return 0;
}

static int oha_percentiles(struct workload_reader *reader, json_t *all)
{
	json_t *value;
	const char *key;

	json_object_foreach(all, key, value)
	{
		char *end;
		double percent = key[0] == 'p' ? strtod(key + 1, &end) : -1;

		if (percent < 0 || *end || json_is_null(value))
			continue;
		if (!json_is_number(value) ||
		    workload_percentile(&reader->result, percent,
					json_number_value(value) * 1e9))
			return workload_trouble(
				reader, -EBADMSG,
				"latencyPercentiles.%s: expected rising seconds", key);
	}
	return 0;
}

static int read_oha(struct workload_reader *reader, json_t *root)
{
	struct workload_result *result = &reader->result;
	const json_t *summary = json_object_get(root, "summary");
	int error;

	result->tool = "oha";
	result->operation = "request";
	error = whole_of(reader, summary, "summary", "total", 1e9, &result->duration_ns);
	if (!error)
		error = whole_of(reader, summary, "summary", "totalData", 1, &result->bytes);
	if (!error)
		error = number_of(reader, summary, "summary", "requestsPerSec", &result->rate);
	if (!error)
		error = oha_counts(reader, root, "statusCodeDistribution", 1);
	if (!error)
		error = oha_counts(reader, root, "errorDistribution", 0);
	result->known = WORKLOAD_OPERATIONS | WORKLOAD_ERRORS | WORKLOAD_DURATION |
			WORKLOAD_BYTES | WORKLOAD_RATE;
	return error ? error
		     : oha_percentiles(reader, json_object_get(root, "latencyPercentiles"));
}

static int read_iperf3(struct workload_reader *reader, json_t *root)
{
	struct workload_result *result = &reader->result;
	const char *said = json_string_value(json_object_get(root, "error"));
	const json_t *end = json_object_get(root, "end");
	const json_t *received = json_object_get(end, "sum_received");
	const json_t *udp = json_object_get(end, "sum");
	const char *where = received ? "end.sum_received" : "end.sum";
	double bits = 0;
	int error;

	result->tool = "iperf3";
	if (said)
		return workload_trouble(reader, -EREMOTEIO, "iperf3 failed: %s", said);
	if (!received)
		received = udp;
	error = whole_of(reader, received, where, "bytes", 1, &result->bytes);
	if (!error)
		error = whole_of(reader, received, where, "seconds", 1e9, &result->duration_ns);
	if (!error)
		error = number_of(reader, received, where, "bits_per_second", &bits);
	result->rate = bits / 8;
	result->known = WORKLOAD_DURATION | WORKLOAD_BYTES | WORKLOAD_RATE;
	if (error || !udp)
		return error;
	result->operation = "packet";
	error = whole_of(reader, udp, "end.sum", "packets", 1, &result->operations);
	if (!error)
		error = whole_of(reader, udp, "end.sum", "lost_packets", 1, &result->errors);
	if (result->duration_ns)
		result->rate = (double)result->operations * 1e9 / (double)result->duration_ns;
	else
		result->known &= ~(unsigned int)WORKLOAD_RATE;
	result->known |= WORKLOAD_OPERATIONS | WORKLOAD_ERRORS;
	return error;
}

/* A run's time in seconds, whose path is told: a number, or {value, unit} from schema 2 on. */
static int hyperfine_run(struct workload_reader *reader, const json_t *time, const char *list,
			 size_t i, const char *key, double *sum)
{
	const json_t *unit = json_object_get(time, "unit");
	const json_t *number = json_is_object(time) ? json_object_get(time, "value") : time;
	int error = -EBADMSG;

	if (json_is_number(number) && (!json_is_object(time) || is_text(unit, "second")))
		error = workload_record(&reader->result, json_number_value(number));
	if (error)
		return workload_trouble(reader, error, "results[0].%s[%zu]%s: expected seconds",
					list, i, key);
	*sum += json_number_value(number);
	return 0;
}

/* Whether the run of that exit code failed; null: it was ended by a signal. */
static int has_failed(const json_t *code)
{
	return code && (json_is_null(code) || json_integer_value(code) != 0);
}

/* Until hyperfine 1.x: results[].times and .exit_codes, which came later. */
static int hyperfine_times(struct workload_reader *reader, const json_t *run, double *sum)
{
	const json_t *times = json_object_get(run, "times");
	const json_t *codes = json_object_get(run, "exit_codes");
	int error = 0;

	if (!json_array_size(times))
		return workload_trouble(reader, -EBADMSG, "results[0].times: expected seconds");
	for (size_t i = 0; i < json_array_size(times) && !error; i++)
		error = hyperfine_run(reader, json_array_get(times, i), "times", i, "", sum);
	for (size_t i = 0; i < json_array_size(codes); i++)
		reader->result.errors += (uint64_t)has_failed(json_array_get(codes, i));
	reader->result.operations = json_array_size(times);
	reader->result.known = WORKLOAD_OPERATIONS | (codes ? WORKLOAD_ERRORS : 0);
	return error;
}

/* Schema 2, from hyperfine 2.0 on: results[].measurements, an object a run. */
static int hyperfine_measurements(struct workload_reader *reader, const json_t *run,
				  double *sum)
{
	const json_t *all = json_object_get(run, "measurements");
	int error = 0;

	if (!json_array_size(all))
		return workload_trouble(reader, -EBADMSG,
					"results[0].measurements: expected one of each run");
	for (size_t i = 0; i < json_array_size(all) && !error; i++) {
		const json_t *one = json_array_get(all, i);

		error = hyperfine_run(reader, json_object_get(one, "time_wall_clock"),
				      "measurements", i, ".time_wall_clock", sum);
		reader->result.errors +=
			(uint64_t)has_failed(json_object_get(one, "exit_code"));
	}
	reader->result.operations = json_array_size(all);
	reader->result.known = WORKLOAD_OPERATIONS | WORKLOAD_ERRORS;
	return error;
}

static int read_hyperfine(struct workload_reader *reader, json_t *root)
{
	struct workload_result *result = &reader->result;
	const json_t *results = json_object_get(root, "results");
	const json_t *version = json_object_get(root, "schema_version");
	const json_t *run = json_array_get(results, 0);
	double sum = 0;
	int error;

	result->tool = "hyperfine";
	result->operation = "run";
	if (version && json_integer_value(version) != 2)
		return workload_trouble(reader, -EPROTONOSUPPORT,
					"schema_version: expected 2, or a file without it");
	if (json_array_size(results) != 1)
		return workload_trouble(reader, -EBADMSG,
					"results: expected one command, not %zu",
					json_array_size(results));
	error = version ? hyperfine_measurements(reader, run, &sum)
			: hyperfine_times(reader, run, &sum);
	if (!error && !workload_whole(sum * 1e9, &result->duration_ns) && sum > 0) {
		result->rate = (double)result->operations / sum;
		result->known |= WORKLOAD_DURATION | WORKLOAD_RATE;
	}
	return error;
}

int workload_read_json(struct workload_reader *reader, const char *text, size_t size)
{
	json_error_t wrong;
	json_t *root = json_loadb(text, size, 0, &wrong);
	int error;

	if (!root)
		return workload_trouble(reader, -EBADMSG, "byte %d, line %d: %s",
					wrong.position, wrong.line, wrong.text);
	if (json_object_get(root, "summary") && json_object_get(root, "latencyPercentiles"))
		error = read_oha(reader, root);
	else if (json_object_get(root, "start") && json_object_get(root, "end"))
		error = read_iperf3(reader, root);
	else if (json_object_get(root, "results"))
		error = read_hyperfine(reader, root);
	else
		error = workload_trouble(reader, -EPROTONOSUPPORT,
					 "top of the JSON: expected the keys of oha, iperf3 or "
					 "hyperfine");
	json_decref(root);
	return error;
}
