/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules by which metrics are judged, as a small text. A line is one rule; "#" begins a
 * comment; patterns know * and ?.
 *
 *     alpha 0.005           the chance of any false alarm among all tests stays below this
 *     samples 10            fewer, on either side, are inconclusive
 *     metric PATTERN [better=lower|higher] [kind=exact|sampled|proportion] [threshold=N|N%]
 *                    [per=sample|recording] [needs=PATTERN] [absent=N]
 *     inform PATTERN        show these, judge them not
 *     ignore PATTERN        do not show them
 *     require PATTERN       where no metric of that name is on both sides, the gate fails
 *     context PATTERN warn|refuse|ignore [tolerance=N%]
 *     clear                 forget all rules before
 *
 * Every rule whose pattern fits applies, in order: a later one overrides what it says again.
 * N% is of the baseline's value (of a proportion: points), N in the metric's unit.
 * per=recording takes the median of each recording, or file, as one sample: where those of one
 * are alike for reasons that the next does not share. needs names contexts that must be alike
 * on both sides
 * (* all of them). absent is the value of a side that has none.
 */
#ifndef ANALYZER_COMPARE_GATE_H
#define ANALYZER_COMPARE_GATE_H

#include "analyzer/compare/metric.h"

struct gate;

struct gate_rule {
	int is_gated, is_ignored;
	int better; /* 0: as the metric says */
	int kind;   /* -1: as the metric says */
	double threshold;
	int is_percent;
	int is_per_recording;
	const char *needs; /* a pattern of contexts, the gate's; NULL: none */
	int has_absent;
	double absent;
};

enum gate_action {
	GATE_WARN,
	GATE_REFUSE,
	GATE_IGNORE,
};

struct gate_context {
	enum gate_action action;
	double tolerance; /* a part of the baseline's number */
};

/* What applies before any file is read. */
extern const char gate_default[];

struct gate *gate_new(void); /* or NULL */
void gate_free(struct gate *gate);

/*
 * Read a text that is known by name, after what was read before. Returns 0; -EINVAL with
 * *problem (name, line, word, what was expected), which the caller frees; -ENOMEM.
 */
int gate_read(struct gate *gate, const char *name, const char *text, size_t size,
	      char **problem);

double gate_alpha(const struct gate *gate);
size_t gate_samples(const struct gate *gate);

/* What applies to a metric; where no rule fits it is not gated. */
struct gate_rule gate_rule(const struct gate *gate, const char *metric);

struct gate_context gate_context(const struct gate *gate, const char *key);

/* The patterns that are required; NULL after the last. */
const char *gate_required(const struct gate *gate, size_t i);

/* Whether a name fits a pattern. */
int gate_fits(const char *pattern, const char *name);

#endif
