/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of what options of flowrec record ask of the kernel.
 */
#include "recorder/record_options.h"
#include "recorder/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <wordexp.h>

#include <cmocka.h>

/* The words as they stand in a shell; kept until the next ones are parsed. */
static int parse(const char *line, struct record_options *options)
{
	static wordexp_t words;

	if (words.we_wordc)
		wordfree(&words);
	assert_int_equal(wordexp(line, &words, WRDE_NOCMD), 0);
	return record_options_parse((int)words.we_wordc, words.we_wordv, options);
}

static void nothing_said_is_the_recorder_as_it_is(void **state)
{
	struct record_options options;
	struct probes_options probes;

	assert_int_equal(parse("record", &options), -1);
	probes = record_options_probes(&options);
	assert_null(probes.without);
	assert_null(probes.filter);
	assert_int_equal(probes.flow_entries, 0);
	assert_int_equal(probes.ring_bytes, 0);
	assert_false(probes.count_only || probes.sightings.are_wanted);
	assert_false(options.streams >> STREAM_WORKLOAD & 1);
	record_options_free(&options);
}

static void what_concerns_the_kernel_reaches_it(void **state)
{
	struct record_options options;
	struct probes_options probes;

	assert_int_equal(parse("record --max-flows 4096 --when-full count --ring 2M "
			       "--without kprobe --streams +packet --packet-sample 1/8 "
			       "--only net=192.0.2.0/24 -o somewhere --slice 1s",
			       &options),
			 -1);
	probes = record_options_probes(&options);
	assert_int_equal(probes.flow_entries, 4096);
	assert_int_equal(probes.ring_bytes, 2 << 20);
	assert_true(probes.count_only);
	assert_string_equal(probes.without, "kprobe");
	assert_true(probes.sightings.are_wanted);
	assert_int_equal(probes.sightings.sampling_rate, 8);
	assert_non_null(probes.filter);
	assert_string_equal(options.output, "somewhere");
	record_options_free(&options);
	assert_null(options.filter);
}

static void help_ends_the_parsing(void **state)
{
	struct record_options options;

	assert_int_equal(parse("record --help --slice nonsense", &options), -1);
	assert_true(options.wants_help);
	record_options_free(&options);
}

static void what_is_wrong_is_misuse(void **state)
{
	static const char *const lines[] = {
		"record --slice 1ms",
		"record --max-flows 3",
		"record --ring 3M",
		"record --when-full maybe",
		"record --packet-sample 1/0",
		"record --without no-hook",
		"record --only net=x",
		"record --streams workload",
		"record a-word",
		"record --duration",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct record_options options;

		assert_int_equal(parse(lines[i], &options), COMMAND_MISUSE);
		record_options_free(&options);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said_is_the_recorder_as_it_is),
		cmocka_unit_test(what_concerns_the_kernel_reaches_it),
		cmocka_unit_test(help_ends_the_parsing),
		cmocka_unit_test(what_is_wrong_is_misuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
