/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that segments are found to follow each other, or not.
 */
#include "analyzer/chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define MOST 8

struct words {
	char text[1024];
};

static int keep(void *context, const struct chain_link *link, const char *words)
{
	struct words *all = context;
	size_t size = strlen(all->text);

	snprintf(all->text + size, sizeof(all->text) - size, "%s %s\n", link->segment, words);
	return 0;
}

/* A link from "2a": number 2, digest a, names the one before it: b; "2": not sealed. */
static struct chain_link make_link(const char *directory, const char *recording,
				   const char *text)
{
	struct chain_link link = {.segment = text, .directory = directory};

	link.number = chain_number(text);
	link.summary.sequence = link.number;
	snprintf(link.summary.recording_id, sizeof(link.summary.recording_id), "%s", recording);
	link.summary.is_sealed = text[1] != 0;
	if (text[1])
		snprintf(link.summary.sha256, 2, "%c", text[1]);
	if (text[1] && text[2])
		snprintf(link.summary.previous_sha256, 2, "%c", text[2]);
	return link;
}

/* What is said of links of one directory, in any order. */
static void expect(const char *directory, const char *const *texts, const char *expected)
{
	struct chain_link links[MOST];
	struct words words = {""};
	size_t count = 0;

	for (; texts[count]; count++)
		links[count] = make_link(directory, "recording", texts[count]);
	assert_int_equal(chain_check(links, count, keep, &words), 0);
	assert_string_equal(words.text, expected);
}

static void a_whole_chain_is_sound(void **state)
{
	expect("d", (const char *const[]){"3cb", "1a", "2ba", NULL}, "");
	expect("d", (const char *const[]){"5cx", "6dc", NULL}, "");
}

static void a_missing_segment_is_damage_in_a_directory_only(void **state)
{
	const char *const links[] = {"1a", "4dc", NULL};

	expect("d", links, "4dc 2 segments before it are missing; expected number 2\n");
	expect(NULL, links, "");
}

static void an_exchanged_segment_is_noticed_by_the_next(void **state)
{
	expect("d", (const char *const[]){"1a", "2xa", "3cb", NULL},
	       "3cb names b as the digest before it; expected that of 2xa, x\n");
	expect(NULL, (const char *const[]){"1a", "2b", NULL},
	       "2b names nothing as the digest before it; expected that of 1a, a\n");
}

static void unsealed_segments_are_passed_over(void **state)
{
	expect("d", (const char *const[]){"1a", "2", "3ca", "4", NULL}, "");
}

static void what_is_too_damaged_to_say_its_number_is_not_missing(void **state)
{
	struct chain_link links[] = {
		make_link("d", "recording", "1a"),
		make_link("d", "", "2"),
		make_link("d", "recording", "3cb"),
		make_link("d", "recording", "5ed"),
	};
	struct words words = {""};

	assert_int_equal(chain_check(links, 4, keep, &words), 0);
	assert_string_equal(words.text,
			    "5ed 1 segment before it is missing; expected number 4\n");
}

static void recordings_have_chains_of_their_own(void **state)
{
	struct chain_link links[] = {
		make_link("d", "one", "1a"),
		make_link("d", "two", "1x"),
		make_link("d", "two", "2yx"),
		make_link("d", "one", "2ba"),
	};
	struct words words = {""};

	assert_int_equal(chain_check(links, 4, keep, &words), 0);
	assert_string_equal(words.text, "");
}

static void a_copy_counts_once(void **state)
{
	expect("d", (const char *const[]){"1a", "2ba", "2ba", "3cb", NULL}, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_chain_is_sound),
		cmocka_unit_test(a_missing_segment_is_damage_in_a_directory_only),
		cmocka_unit_test(an_exchanged_segment_is_noticed_by_the_next),
		cmocka_unit_test(unsealed_segments_are_passed_over),
		cmocka_unit_test(what_is_too_damaged_to_say_its_number_is_not_missing),
		cmocka_unit_test(recordings_have_chains_of_their_own),
		cmocka_unit_test(a_copy_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
