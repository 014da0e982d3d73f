/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of reading the model of a CPU.
 */
#include "recorder/cpu_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *read_text(const char *text)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	char *model;

	assert_non_null(file);
	model = cpu_model_read(file);
	fclose(file);
	return model;
}

static void the_name_is_taken_whole(void **state)
{
	char *model = read_text("processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC: 7B12\n"
				"processor\t: 1\nmodel name\t: another\n");

	assert_string_equal(model, "AMD EPYC: 7B12");
	free(model);
}

static void without_a_name_it_is_the_numbers_of_the_first(void **state)
{
	char *model = read_text("processor\t: 0\nFeatures\t: fp asimd\n"
				"CPU implementer\t: 0x41\nCPU architecture: 8\n"
				"CPU variant\t: 0x3\nCPU part\t: 0xd0c\n"
				"processor\t: 1\nCPU implementer\t: 0x42\nCPU part\t: 0xd0d\n");

	assert_string_equal(model, "implementer 0x41, part 0xd0c");
	free(model);
}

static void what_says_neither_has_no_model(void **state)
{
	assert_null(read_text("processor\t: 0\nhart\t: 0\nisa\t: rv64imafdc\n"));
	assert_null(read_text("model name\t:\nmodel names: x\n"));
	assert_null(read_text("CPU implementer\t: 0x41\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_is_taken_whole),
		cmocka_unit_test(without_a_name_it_is_the_numbers_of_the_first),
		cmocka_unit_test(what_says_neither_has_no_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
