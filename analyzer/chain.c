/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks that the segments of recordings follow each other.
 */
#include "analyzer/chain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t chain_number(const char *name)
{
	return isdigit((unsigned char)*name) ? (uint32_t)strtoul(name, NULL, 10) : 0;
}

static int compare(const void *left, const void *right)
{
	const struct chain_link *a = left, *b = right;
	int order = strcmp(a->summary.recording_id, b->summary.recording_id);

	if (!order)
		order = (a->number > b->number) - (a->number < b->number);
	return order ? order : strcmp(a->segment, b->segment);
}

static int is_known(const struct chain_link *link)
{
	return *link->summary.recording_id;
}

static int same_directory(const struct chain_link *a, const struct chain_link *b)
{
	return a->directory && b->directory && !strcmp(a->directory, b->directory);
}

/* Files between two numbers that are too damaged to say what they are: not missing, at least.
 */
static uint32_t count_unknown(const struct chain_link *links, size_t count,
			      const struct chain_link *before, const struct chain_link *link)
{
	uint32_t unknown = 0;

	for (size_t i = 0; i < count && !is_known(&links[i]); i++)
		unknown += same_directory(&links[i], link) &&
			   links[i].number > before->number && links[i].number < link->number;
	return unknown;
}

static int check_gap(const struct chain_link *before, const struct chain_link *link,
		     uint32_t unknown, chain_report report, void *context)
{
	uint32_t missing = link->number - before->number - 1;
	char words[128];

	missing -= unknown < missing ? unknown : missing;
	if (!missing || !same_directory(before, link))
		return 0;
	snprintf(words, sizeof(words), "%u segment%s before it %s missing; expected number %u",
		 missing, missing == 1 ? "" : "s", missing == 1 ? "is" : "are",
		 before->number + 1);
	return report(context, link, words);
}

/* Of a sealed segment and the sealed one before it, with only unsealed ones in between. */
static int check_digest(const struct chain_link *before, const struct chain_link *link,
			chain_report report, void *context)
{
	const char *named = link->summary.previous_sha256, *digest = before->summary.sha256;
	char *words = NULL;
	int result;

	if (!*digest || !strcmp(named, digest))
		return 0;
	if (asprintf(&words, "names %s as the digest before it; expected that of %s, %s",
		     *named ? named : "nothing", before->segment, digest) < 0)
		words = NULL;
	result = report(context, link, words ? words : "names another digest before it");
	free(words);
	return result;
}

int chain_check(struct chain_link *links, size_t count, chain_report report, void *context)
{
	const struct chain_link *sealed = NULL; /* the last one; nothing is missing since */
	int result = 0;

	qsort(links, count, sizeof(*links), compare);
	for (size_t i = 0; i < count && !result; i++) {
		const struct chain_link *link = &links[i], *before = i ? link - 1 : NULL;

		if (!is_known(link))
			continue;
		if (!before || strcmp(before->summary.recording_id, link->summary.recording_id))
			before = sealed = NULL;
		if (before && link->number == before->number)
			continue; /* a copy */
		if (before && link->number - before->number > 1) {
			sealed = NULL;
			result = check_gap(before, link,
					   count_unknown(links, count, before, link), report,
					   context);
		}
		if (!link->summary.is_sealed)
			continue;
		if (!result && sealed)
			result = check_digest(sealed, link, report, context);
		sealed = link;
	}
	return result;
}
