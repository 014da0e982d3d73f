/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowplay compare: whether a candidate is worse than its baseline.
 */
#include "analyzer/command.h"
#include "analyzer/compare/compare_formats.h"
#include "analyzer/compare/compare_input.h"
#include "analyzer/compare/evidence.h"
#include "analyzer/reports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"flowplay compare [OPTION...] BASELINE CANDIDATE\n"
	"flowplay compare [OPTION...] BASELINE... -- CANDIDATE...\n"
	"flowplay compare [OPTION...] --arms BASELINE,CANDIDATE EXPERIMENT...\n"
	"\n"
	"Judges each metric of the candidate: regressed, improved, same, or inconclusive. Each side\n"
	"is any number of recordings, of result files (wrk, hey, oha, iperf3, hyperfine; JSON lines\n"
	"of metrics or of figures), or of directories of result files; those of one side add up.\n"
	"\n"
	"The metrics of recordings are the report 'metrics'; what that prints as JSON lines is a\n"
	"result file, so that a baseline can be kept without its recording:\n"
	"\n"
	"  flowplay report metrics --format jsonl base > baseline.jsonl\n"
	"  flowplay compare baseline.jsonl candidate\n"
	"\n"
	"A change counts where it is beyond its threshold and, of samples and proportions, unlikely\n"
	"to be chance (Mann-Whitney, Fisher; Holm over all tests). New losses always count.\n"
	"\n"
	"  --format FORMAT   text (the default), json, jsonl, csv, markdown, html, junit, benchfmt\n"
	"                    or github-action-benchmark\n"
	"  --gate FILE       rules (thresholds, directions, ...) that override the built-in ones\n"
	"  --print-gate      print the built-in rules, which say how rules are written\n"
	"  --metrics REPORT  other metrics of recordings: a report's name, or FILE.sql\n"
	"  --arms ARM,ARM    compare two arms of the same experiments (flowrec bench)\n"
	"  --recipe NAME     the fingerprint whose errors are metrics (see report fingerprint)\n"
	"  --missing WHAT    pass (the default) or fail where a judged metric is on one side only\n"
	"  --fail-on WHAT    regression (the default), or inconclusive: exit status 3 there\n"
	"  --allow KEY,...   go on though these differ, such as sampling_rate or streams\n"
	"  --help            this text\n"
	"\n"
	"Exit status: 0 no regression; 1 trouble, not comparable, or nothing to judge; 2 regression,\n"
	"each told in one line on standard error; 3 inconclusive where asked, or a recording is\n"
	"partial; 64 misuse.\n"
	"\n"
	"Examples:\n"
	"  flowplay compare base candidate\n"
	"  flowplay compare base-* -- candidate-*\n"
	"  flowplay compare --gate ci.gate --format markdown baseline.jsonl candidate\n";

struct request {
	const char *gate, *metrics, *recipe, *missing, *fail_on, *allow, *arms;
	char *arm[METRIC_SIDES]; /* owned */
	const struct compare_format *format;
	int missing_fails, inconclusive_fails;
};

/* --- the words --- */

/* What is one of two words: 0, 1, or -1. */
static int one_of(const char *word, const char *first, const char *second)
{
	if (!word || !strcmp(word, first))
		return 0;
	return strcmp(word, second) ? -1 : 1;
}

/* "BASELINE,CANDIDATE". Returns 0 or -EINVAL. */
static int parse_arms(struct request *request)
{
	size_t size = strcspn(request->arms, ",");

	if (!size || !request->arms[size] || !request->arms[size + 1] ||
	    strchr(request->arms + size + 1, ','))
		return -EINVAL;
	request->arm[METRIC_BASELINE] = strndup(request->arms, size);
	request->arm[METRIC_CANDIDATE] = strdup(request->arms + size + 1);
	return request->arm[METRIC_BASELINE] && request->arm[METRIC_CANDIDATE] ? 0 : -EINVAL;
}

static int parse(const struct command *command, int argc, char **argv,
		 struct command_line *line, struct request *request)
{
	const char *format = "text";
	const struct command_option options[] = {
		{.name = "--format", .value = &format},
		{.name = "--gate", .value = &request->gate},
		{.name = "--metrics", .value = &request->metrics},
		{.name = "--recipe", .value = &request->recipe},
		{.name = "--arms", .value = &request->arms},
		{.name = "--missing", .value = &request->missing},
		{.name = "--fail-on", .value = &request->fail_on},
		{.name = "--allow", .value = &request->allow},
		{0},
	};
	int status = command_parse_options(command, argc, argv, line, options);

	if (status >= 0)
		return status;
	request->format = compare_format(format);
	if (!request->format)
		return command_misuse(command,
				      "unknown format '%s'; text, json, jsonl, csv, markdown, "
				      "html, junit, benchfmt or github-action-benchmark",
				      format);
	request->missing_fails = one_of(request->missing, "pass", "fail");
	if (request->missing_fails < 0)
		return command_misuse(command, "--missing '%s': expected pass or fail",
				      request->missing);
	request->inconclusive_fails = one_of(request->fail_on, "regression", "inconclusive");
	if (request->inconclusive_fails < 0)
		return command_misuse(command,
				      "--fail-on '%s': expected regression or inconclusive",
				      request->fail_on);
	if (request->arms && parse_arms(request))
		return command_misuse(command, "--arms '%s': expected the names of two arms",
				      request->arms);
	return -1;
}

/* --- what is read --- */

static int find_metrics(struct compare_input *input, const char *name, char **own)
{
	size_t size;

	for (size_t i = 0; embedded_reports[i].name; i++)
		if (!strcmp(embedded_reports[i].name, name))
			input->sql = embedded_reports[i].sql;
	input->sql_name = name;
	if (input->sql)
		return -1;
	*own = compare_input_file(name, &size);
	input->sql = *own;
	return *own ? -1 : COMMAND_TROUBLE;
}

static int read_gate(struct gate *gate, const char *path)
{
	char *problem = NULL, *text = NULL;
	size_t size = 0;
	int error = gate_read(gate, "built-in", gate_default, strlen(gate_default), &problem);

	if (!error && path) {
		text = compare_input_file(path, &size);
		if (!text)
			return COMMAND_TROUBLE;
		error = gate_read(gate, path, text, size, &problem);
	}
	if (error)
		command_say("%s", problem ? problem : "out of memory");
	free(problem);
	free(text);
	return error ? COMMAND_TROUBLE : -1;
}

/* --- the answer --- */

static int is_listed(const char *list, const char *word)
{
	size_t size = strlen(word);

	while (list && *list) {
		size_t length = strcspn(list, ",");

		if (length == size && !strncmp(list, word, size))
			return 1;
		list += length + (list[length] == ',');
	}
	return 0;
}

static int check_differences(const struct comparison *comparison, const char *allow)
{
	int status = -1;

	for (size_t i = 0; i < comparison->difference_count; i++) {
		const struct comparison_difference *difference = &comparison->differences[i];

		if (difference->action != GATE_REFUSE || is_listed(allow, difference->key))
			continue;
		command_say("not comparable: %s is '%s' in the baseline, '%s' in the "
			    "candidate; --allow %s compares all the same",
			    difference->key, difference->value[METRIC_BASELINE],
			    difference->value[METRIC_CANDIDATE], difference->key);
		status = COMMAND_TROUBLE;
	}
	return status;
}

static int has_judged(const struct comparison *comparison)
{
	return comparison->verdicts[JUDGE_REGRESSED] + comparison->verdicts[JUDGE_IMPROVED] +
		       comparison->verdicts[JUDGE_SAME] +
		       comparison->verdicts[JUDGE_INCONCLUSIVE] + comparison->required >
	       0;
}

static int answer(const struct comparison *comparison, const struct request *request,
		  int is_partial)
{
	if (request->format->print(stdout, comparison)) {
		command_say("out of memory");
		return COMMAND_TROUBLE;
	}
	fflush(stdout);
	for (size_t i = 0;
	     !request->format->tells_differences && i < comparison->difference_count; i++)
		command_say("not alike: %s is '%s' in the baseline, '%s' in the candidate",
			    comparison->differences[i].key,
			    comparison->differences[i].value[METRIC_BASELINE],
			    comparison->differences[i].value[METRIC_CANDIDATE]);
	for (size_t i = 0; i < comparison->count; i++)
		if (comparison->rows[i].is_failure)
			command_say("%s: %s: %s",
				    judge_verdict_name(comparison->rows[i].judged.verdict),
				    comparison->rows[i].name, comparison->rows[i].evidence);
	if (comparison->failures)
		return COMMAND_BAD_NEWS;
	if (is_partial)
		command_say("a recording is partial: what it lacks was not compared");
	return is_partial || (request->inconclusive_fails &&
			      comparison->verdicts[JUDGE_INCONCLUSIVE])
		       ? COMMAND_PARTIAL
		       : COMMAND_WHOLE;
}

static int compare(const struct compare_input *input, const struct gate *gate,
		   const struct request *request)
{
	struct comparison comparison;
	int error = comparison_make(&input->metrics, gate, request->missing_fails, &comparison);
	int status;

	if (error) {
		command_say("the metrics cannot be judged: %s",
			    error == -EINVAL ? "values are too large to be added"
					     : strerror(-error));
		return COMMAND_TROUBLE;
	}
	status = check_differences(&comparison, request->allow);
	if (status < 0 && !has_judged(&comparison)) {
		command_say("no metric that is to be judged is on both sides");
		status = COMMAND_TROUBLE;
	}
	if (status < 0)
		status = answer(&comparison, request, input->is_partial);
	comparison_free(&comparison);
	return status;
}

static int read_and_compare(const struct request *request, const struct command_line *line,
			    size_t baselines)
{
	struct compare_input input = {.recipe = request->recipe};
	struct gate *gate = gate_new();
	char *own = NULL;
	int status = -1;

	if (!gate) {
		command_say("out of memory");
		return COMMAND_TROUBLE;
	}
	status = read_gate(gate, request->gate);
	if (status < 0)
		status = find_metrics(&input, request->metrics ? request->metrics : "metrics",
				      &own);
	for (int side = 0; side < METRIC_SIDES; side++)
		input.arms[side] = request->arm[side];
	for (size_t i = 0; i < line->word_count && status < 0; i++) {
		if (i < baselines)
			status = compare_input_read(&input, METRIC_BASELINE, line->words[i]);
		if (status < 0 && (i >= baselines || request->arms))
			status = compare_input_read(&input, METRIC_CANDIDATE, line->words[i]);
	}
	if (status < 0)
		status = compare(&input, gate, request);
	metrics_free(&input.metrics);
	gate_free(gate);
	free(own);
	return status;
}

/* Words before "--" and behind it; without it there are two. */
static int run(const struct command *command, int argc, char **argv)
{
	struct request request = {0};
	struct command_line line;
	size_t baselines;
	int end = 0, status;

	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--print-gate")) {
			fputs(gate_default, stdout);
			return COMMAND_WHOLE;
		}
	while (end < argc && strcmp(argv[end], "--"))
		end++;
	if (end < argc)
		argv[end] = NULL; /* an option's value does not lie behind it */
	status = parse(command, end, argv, &line, &request);
	baselines = line.word_count;
	for (int i = end + 1; i < argc && status < 0; i++) {
		const char **words =
			reallocarray(line.words, line.word_count + 1, sizeof(*words));

		if (!words)
			status = COMMAND_TROUBLE;
		else
			(line.words = words)[line.word_count++] = argv[i];
	}
	if (status < 0 && request.arms) {
		if (end < argc || !line.word_count)
			status = command_misuse(command,
						"--arms: expected experiments, and no --");
	} else if (status < 0 && end == argc) {
		baselines = 1;
		if (line.word_count != 2)
			status = command_misuse(command,
						"expected a baseline and a candidate, or "
						"BASELINE... -- CANDIDATE...");
	} else if (status < 0 && (!baselines || baselines == line.word_count)) {
		status =
			command_misuse(command, "expected at least one %s",
				       baselines ? "candidate after --" : "baseline before --");
	}
	if (status < 0)
		status = read_and_compare(&request, &line, baselines);
	for (int side = 0; side < METRIC_SIDES; side++)
		free(request.arm[side]);
	free(line.words);
	return status;
}

const struct command compare_command = {
	.name = "compare",
	.summary = "judge whether a candidate is worse than its baseline",
	.help = help,
	.run = run,
};
