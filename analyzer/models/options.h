/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a model is told: "name=value,name=value".
 */
#ifndef ANALYZER_MODELS_OPTIONS_H
#define ANALYZER_MODELS_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum option_kind {
	OPTION_COUNT,	 /* a number */
	OPTION_SWITCH,	 /* 0 or 1, no or yes */
	OPTION_DURATION, /* 250us, 100ms, 2s; nanoseconds without a unit */
	OPTION_WORD,	 /* one of words; its number */
};

struct option {
	const char *name;
	enum option_kind kind;
	size_t offset; /* of a uint64_t in the struct that is filled in */
	uint64_t least, most;
	const char *const *words; /* ended by NULL */
};

/*
 * Fill in what text names; NULL text names nothing. Returns 0, -EINVAL with *problem in one
 * line that the caller frees, -ENOMEM.
 */
int options_parse(const char *text, const struct option *options, size_t count, void *out,
		  char **problem);

/* Returns 0 or -EINVAL. */
int options_duration(const char *text, size_t size, uint64_t *out);

#endif
