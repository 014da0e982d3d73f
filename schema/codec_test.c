/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the column codec: every kind of column comes back as it was, and no bytes crash it.
 */
#include "schema/codec.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 65536U

static uint64_t random_state;

static uint64_t random_word(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x2545f4914f6cdd1dULL;
}

static const uint32_t counts[] = {1, 2, 3, 17, 1000, 65535, 65536};

/* Shapes of columns that real streams have, and the extremes. */
static uint64_t shaped(unsigned int shape, uint32_t row, uint32_t count)
{
	switch (shape) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return row == count - 1 ? INT64_MAX : (uint64_t)INT64_MIN;
	case 3:
		return 1700000000000000000ULL + row * 1000 + random_word() % 1000;
	case 4:
		return random_word();
	case 5:
		return (random_word() % 7) * 0x123456789abcdefULL;
	case 6:
		return random_word() % 65536;
	case 7:
		return random_word() >> (random_word() % 64);
	default:
		return row;
	}
}

static void round_trip(struct codec *codec, const void *values, size_t value_size,
		       uint32_t count)
{
	void *back = malloc(count * value_size);
	struct part part;
	uint8_t *bytes;

	if (value_size == 8)
		assert_int_equal(codec_encode_integers(codec, values, count, &part), 0);
	else
		assert_int_equal(codec_encode_addresses(codec, values, count, &part), 0);
	bytes = malloc(part.size);
	memcpy(bytes, part.data, part.size);
	assert_int_equal(codec_checksum(bytes, part.size), part.checksum);
	assert_int_equal(codec_decode(codec, bytes, part.size, value_size, count, back), 0);
	assert_memory_equal(values, back, count * value_size);
	free(bytes);
	free(back);
}

static void every_shape_of_integers_comes_back(void **state)
{
	struct codec *codec = codec_new(1);
	uint64_t *values = malloc(MOST * sizeof(*values));

	random_state = 42;
	for (unsigned int shape = 0; shape < 9; shape++)
		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
			for (uint32_t row = 0; row < counts[c]; row++)
				values[row] = shaped(shape, row, counts[c]);
			round_trip(codec, values, 8, counts[c]);
		}
	free(values);
	codec_free(codec);
}

static void every_shape_of_addresses_comes_back(void **state)
{
	struct codec *codec = codec_new(1);
	struct address *values = malloc(MOST * sizeof(*values));

	random_state = 43;
	for (unsigned int shape = 0; shape < 9; shape++)
		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
			for (uint32_t row = 0; row < counts[c]; row++) {
				values[row].half[0] = shaped(shape, row, counts[c]);
				values[row].half[1] = shaped(shape, row, counts[c]);
			}
			round_trip(codec, values, 16, counts[c]);
		}
	free(values);
	codec_free(codec);
}

static void the_zone_map_spans_the_values(void **state)
{
	struct codec *codec = codec_new(1);
	const uint64_t values[] = {5, (uint64_t)-3, 900, 7};
	const struct address addresses[] = {{{1, 2}}, {{0x0100000000000000ULL, 0}}, {{2, 0}}};
	struct part part;

	assert_int_equal(codec_encode_integers(codec, values, 4, &part), 0);
	assert_true(part.minimum == -3 && part.maximum == 900 && !part.all_zero);
	assert_int_equal(codec_encode_addresses(codec, addresses, 3, &part), 0);
	/* Bytewise, the word 0x0100000000000000 of a little-endian machine is the lowest. */
	assert_memory_equal(&part.lowest, &addresses[1], 16);
	assert_memory_equal(&part.highest, &addresses[2], 16);
	codec_free(codec);
}

static void a_repeating_column_is_smaller_than_its_values(void **state)
{
	struct codec *codec = codec_new(1);
	uint64_t *values = malloc(MOST * sizeof(*values));
	struct part part;

	random_state = 44;
	for (uint32_t row = 0; row < MOST; row++)
		values[row] = (random_word() % 200) * 0x9e3779b97f4a7c15ULL;
	assert_int_equal(codec_encode_integers(codec, values, MOST, &part), 0);
	assert_true(part.size < MOST + 200 * 8 + 1024);
	free(values);
	codec_free(codec);
}

static void damaged_bytes_are_an_error_or_values_but_never_a_crash(void **state)
{
	struct codec *codec = codec_new(1);
	uint64_t values[1000], back[1000 * 2];
	struct part part;
	uint8_t bytes[16384], work[16384];

	random_state = 45;
	for (unsigned int shape = 0; shape < 9; shape++) {
		for (uint32_t row = 0; row < 1000; row++)
			values[row] = shaped(shape, row, 1000);
		assert_int_equal(codec_encode_integers(codec, values, 1000, &part), 0);
		assert_true(part.size <= sizeof(bytes));
		memcpy(bytes, part.data, part.size);
		for (size_t bit = 0; bit < 8 * (part.size < 64 ? part.size : 64); bit++) {
			memcpy(work, bytes, part.size);
			work[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_not_equal(codec_checksum(work, part.size), part.checksum);
			codec_decode(codec, work, part.size, 8, 1000, back);
			codec_decode(codec, work, part.size, 16, 1000, back);
		}
		for (size_t cut = 0; cut < part.size; cut += 7)
			assert_int_equal(codec_decode(codec, bytes, cut, 8, 1000, back),
					 -EBADMSG);
	}
	codec_free(codec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_of_integers_comes_back),
		cmocka_unit_test(every_shape_of_addresses_comes_back),
		cmocka_unit_test(the_zone_map_spans_the_values),
		cmocka_unit_test(a_repeating_column_is_smaller_than_its_values),
		cmocka_unit_test(damaged_bytes_are_an_error_or_values_but_never_a_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
