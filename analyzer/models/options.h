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
	OPTION_INSTANTS, /* nanoseconds since the Unix epoch, ascending: 1700;1800;2500 */
};

struct option {
	const char *name;
	enum option_kind kind;
	/* In the struct that is filled in, of a uint64_t; instants: of a const char *. */
	size_t offset;
	uint64_t least, most;
	const char *const *words; /* ended by NULL */
};

/*
 * Fill in what text names; NULL text names nothing. Instants stay in text, for options_instant.
 * Returns 0, -EINVAL with *problem in one line that the caller frees, -ENOMEM.
 */
int options_parse(const char *text, const struct option *options, size_t count, void *out,
		  char **problem);

/* Returns 0 or -EINVAL. */
int options_duration(const char *text, size_t size, uint64_t *out);

/* The first instant of *text, which moves on to the next. Returns 0, -ENODATA, -EINVAL. */
int options_instant(const char **text, uint64_t *out);

#endif
