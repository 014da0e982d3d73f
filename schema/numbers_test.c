/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of blocks of numbers: every kind of array comes back as it was, in few bytes where it
 * has a pattern, and no bytes crash the reader.
 */
#include "schema/numbers.h"
#include "schema/random_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const uint32_t counts[] = {1, 2, 3, 17, 600, 4097, 65535, 65536};

/* Arrays that real columns are like, and the extremes. */
static uint64_t shaped(unsigned int shape, uint32_t i, uint32_t count, uint64_t last)
{
	switch (shape) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return i == count - 1 ? INT64_MAX : (uint64_t)INT64_MIN;
	case 3: /* times */
		return i ? last + random_word() % 3000000 : 1700000000000000000ULL;
	case 4: /* times of a coarse clock */
		return i ? last + random_word() % 3000 * 1000 : 1700000000000000000ULL;
	case 5:
		return random_word();
	case 6:
		return random_word() % 7 * 0x123456789abcdefULL;
	case 7: /* ports */
		return 32768 + random_word() % 28232;
	case 8: /* of all magnitudes */
		return random_word() >> (1 + random_word() % 63);
	case 9:
		return i;
	case 10:
		return count - i;
	case 11:
		return i & 1 ? 0 : UINT64_MAX;
	case 12: /* long runs */
		return i && random_word() % 50 ? last : random_word() % 1000;
	case 13: /* few values, each coming again soon */
		return i / 40 * 1000 + random_word() % 4;
	case 14: /* a steady step, more or less */
		return i ? last + 1000000 + random_word() % 16 : 5;
	case 15: /* squares */
		return (uint64_t)i * i;
	case 16: /* a skewed choice */
		return random_word() % 10 < 7 ? 6 : random_word() % 10 < 9 ? 17 : 1;
	case 17: /* almost only one value */
		return random_word() % 100 ? 3 : random_word() % 5;
	case 18: /* 57 to 63 bits */
		return random_word() >> (1 + random_word() % 7);
	case 19: /* drifts */
		return random_word() % (1 + i);
	case 20: /* up, and sometimes far down */
		return i % 1000 * 77 + random_word() % 70;
	default: /* few runs but no order in their lengths */
		return i && random_word() % 8 ? last : random_word();
	}
}
#define SHAPES 22U

static void fill(unsigned int shape, uint64_t *values, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		values[i] = shaped(shape, i, count, i ? values[i - 1] : 0);
}

static size_t come_back(struct numbers_coder *coder, const uint64_t *values, uint32_t count)
{
	static uint64_t back[MOST_NUMBERS];
	struct bytes bytes = {0};
	struct reader reader;
	size_t size;
	uint8_t *exact;

	assert_int_equal(numbers_put(coder, values, count, &bytes), 0);
	size = bytes.size;
	exact = malloc(size); /* so that reading beyond is noticed */
	assert_non_null(exact);
	memcpy(exact, bytes.data, size);
	reader = (struct reader){exact, size};
	assert_int_equal(numbers_get(coder, &reader, back, count), 0);
	assert_int_equal(reader.left, 0);
	assert_memory_equal(values, back, count * sizeof(*values));
	free(exact);
	free(bytes.data);
	return size;
}

static void every_shape_comes_back(void **state)
{
	struct numbers_coder *coder = numbers_coder_new(1);
	uint64_t *values = malloc(MOST_NUMBERS * sizeof(*values));

	random_begin(42);
	for (unsigned int shape = 0; shape < SHAPES; shape++)
		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
			fill(shape, values, counts[c]);
			come_back(coder, values, counts[c]);
		}
	free(values);
	numbers_coder_free(coder);
}

static void shapes_joined_by_chance_come_back(void **state)
{
	struct numbers_coder *coder = numbers_coder_new(1);
	uint64_t *values = malloc(MOST_NUMBERS * sizeof(*values));

	random_begin(43);
	for (unsigned int turn = 0; turn < 200; turn++) {
		uint32_t count = 1 + (uint32_t)(random_word() % (turn % 8 ? 3000 : 65536));

		for (uint32_t begin = 0; begin < count;) {
			uint32_t size = 1 + (uint32_t)(random_word() % (count - begin));

			fill(random_word() % SHAPES, values + begin, size);
			begin += size;
		}
		come_back(coder, values, count);
	}
	free(values);
	numbers_coder_free(coder);
}

static void patterns_take_few_bytes(void **state)
{
	static const struct {
		unsigned int shape;
		double most_bits; /* a value */
	} bounds[] = {
		{0, 0.01},  {1, 0.01},	{2, 0.03},  {3, 22.01}, {4, 12.1}, {7, 15.01},
		{9, 0.01},  {10, 0.01}, {11, 1.01}, {12, 0.4},	{13, 3.2}, {14, 4.1},
		{15, 0.01}, {16, 1.45}, {17, 0.13}, {5, 64.1},	{8, 37.5}, {20, 7.2},
	};
	struct numbers_coder *coder = numbers_coder_new(1);
	uint64_t *values = malloc(MOST_NUMBERS * sizeof(*values));

	random_begin(44);
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		double bits;

		fill(bounds[i].shape, values, MOST_NUMBERS);
		bits = 8.0 * (double)come_back(coder, values, MOST_NUMBERS) / MOST_NUMBERS;
		if (bits > bounds[i].most_bits)
			fail_msg("shape %u: %.3f bits a value", bounds[i].shape, bits);
	}
	free(values);
	numbers_coder_free(coder);
}

static void damaged_bytes_are_an_error_or_values_but_never_a_crash(void **state)
{
	struct numbers_coder *coder = numbers_coder_new(1);
	uint64_t values[1000], back[1000];

	random_begin(45);
	for (unsigned int shape = 0; shape < SHAPES; shape++) {
		struct bytes bytes = {0};
		uint8_t *work;

		fill(shape, values, 1000);
		assert_int_equal(numbers_put(coder, values, 1000, &bytes), 0);
		work = malloc(bytes.size);
		for (size_t cut = 0; cut < bytes.size; cut++) {
			struct reader reader = {work, 0};
			uint8_t *exact = malloc(cut + 1);

			memcpy(exact, bytes.data, cut);
			reader = (struct reader){exact, cut};
			assert_int_equal(numbers_get(coder, &reader, back, 1000), -EBADMSG);
			free(exact);
		}
		for (unsigned int turn = 0; turn < 2000; turn++) {
			struct reader reader = {work, bytes.size};
			size_t reach = turn % 2 && bytes.size > 40 ? 40 : bytes.size;

			memcpy(work, bytes.data, bytes.size);
			for (unsigned int flips = 1 + turn % 3; flips; flips--)
				work[random_word() % reach] ^= (uint8_t)random_word();
			numbers_get(coder, &reader, back, 1000);
		}
		free(work);
		free(bytes.data);
	}
	numbers_coder_free(coder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_comes_back),
		cmocka_unit_test(shapes_joined_by_chance_come_back),
		cmocka_unit_test(patterns_take_few_bytes),
		cmocka_unit_test(damaged_bytes_are_an_error_or_values_but_never_a_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
