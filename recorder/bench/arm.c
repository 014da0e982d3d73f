/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arms of a paired experiment.
 */
#include "recorder/bench/arm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char baseline[] = "off", repeat[] = "off-again", recorder[] = "on";

static int find(const struct arms *arms, const char *name)
{
	for (size_t i = 0; i < arms->count; i++)
		if (!strcmp(arms->arm[i].name, name))
			return (int)i;
	return -ENOENT;
}

static int add(struct arms *arms, const char *name, size_t size, enum arm_kind kind,
	       const char *words)
{
	struct arm *arm = &arms->arm[arms->count];

	if (arms->count == ARMS_MOST)
		return -E2BIG;
	*arm = (struct arm){.name = strndup(name, size),
			    .role = "candidate",
			    .kind = kind,
			    .words = words && *words ? strdup(words) : NULL};
	if (!arm->name || (words && *words && !arm->words)) {
		free(arm->name);
		free(arm->words);
		return -ENOMEM;
	}
	arms->count++;
	return 0;
}

static int is_built_in(const char *name)
{
	return !strcmp(name, baseline) || !strcmp(name, repeat) || !strcmp(name, recorder);
}

static int add_built_in(struct arms *arms, const char *name)
{
	return add(arms, name, strlen(name),
		   strcmp(name, recorder) ? ARM_NOTHING : ARM_RECORDER, NULL);
}

int arms_define(struct arms *arms, const char *definition)
{
	size_t size = strcspn(definition, "=");
	const char *words = definition + size + 1;
	struct arms one = {0};
	int error;

	/* A name is a word in lists, and part of the name of a directory. */
	if (!size || !definition[size] || strcspn(definition, ", \t\n/") < size ||
	    !strcmp(words, "!"))
		return -EINVAL;
	error = *words == '!' ? add(&one, definition, size, ARM_COMMAND, words + 1)
			      : add(&one, definition, size, ARM_RECORDER, words);
	if (error)
		return error;
	if (is_built_in(one.arm[0].name) || find(arms, one.arm[0].name) >= 0)
		error = -EEXIST;
	else if (arms->count == ARMS_MOST)
		error = -E2BIG;
	if (error) {
		arms_free(&one);
		return error;
	}
	arms->arm[arms->count++] = one.arm[0];
	return 0;
}

/* Move the arm of that name to the end of the others. */
static int take(struct arms *from, struct arms *to, const char *name)
{
	int at = find(from, name);

	if (find(to, name) >= 0)
		return -EEXIST;
	if (at < 0)
		return is_built_in(name) ? add_built_in(to, name) : -ENOENT;
	if (to->count == ARMS_MOST)
		return -E2BIG;
	to->arm[to->count++] = from->arm[at];
	from->arm[at] = from->arm[--from->count];
	return 0;
}

static int choose_listed(struct arms *arms, struct arms *chosen, char *list, const char **word)
{
	char *rest;
	int error = 0;

	for (char *name = strtok_r(list, ",", &rest); name && !error;
	     name = strtok_r(NULL, ",", &rest)) {
		*word = name;
		error = take(arms, chosen, name);
	}
	return error;
}

static int choose_usual(struct arms *arms, struct arms *chosen)
{
	int error = add_built_in(chosen, baseline);

	if (!error && !arms->count)
		error = add_built_in(chosen, recorder);
	for (size_t i = 0; i < arms->count && !error; i++) {
		if (chosen->count == ARMS_MOST)
			return -E2BIG;
		chosen->arm[chosen->count++] = arms->arm[i];
		arms->arm[i] = (struct arm){0};
	}
	arms->count = 0;
	return error ? error : add_built_in(chosen, repeat);
}

/* The baseline is "off", else what comes first; nothing else that records nothing is news. */
static void assign_roles(struct arms *arms)
{
	int at = find(arms, baseline);

	at = at < 0 ? 0 : at;
	for (size_t i = 0; i < arms->count; i++)
		if (arms->arm[i].kind == ARM_NOTHING && arms->arm[at].kind == ARM_NOTHING)
			arms->arm[i].role = "repeat";
	arms->arm[at].role = "baseline";
}

int arms_choose(struct arms *arms, char *list, const char **word)
{
	struct arms chosen = {0};
	int error =
		list ? choose_listed(arms, &chosen, list, word) : choose_usual(arms, &chosen);

	if (!error && chosen.count < 2)
		error = -EINVAL;
	if (error) {
		arms_free(&chosen);
		return error;
	}
	arms_free(arms);
	*arms = chosen;
	assign_roles(arms);
	return 0;
}

void arms_free(struct arms *arms)
{
	for (size_t i = 0; i < arms->count; i++) {
		free(arms->arm[i].name);
		free(arms->arm[i].words);
	}
	*arms = (struct arms){0};
}

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
 */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void arms_shuffle(uint64_t *state, size_t count, size_t *order)
{
	/* Each new one goes to a place drawn by lot, and who is there to the end. */
	for (size_t i = 0; i < count; i++) {
		size_t at = (size_t)((unsigned __int128)draw(state) * (i + 1) >> 64);

		order[i] = order[at];
		order[at] = i;
	}
}
