/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the hash that decides which connections are in a sample.
 */
#include "schema/flow_hash.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 0x0123456789abcdefULL

/* A TCP connection of 10.0.0.0/8 to 192.0.2.1:443, number of many. */
static struct flow_key connection(uint32_t number)
{
	struct flow_key key = {.port = {(uint16_t)(32768 + number % 28000), 443},
			       .protocol = 6};
	const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const uint8_t source[4] = {10, 0, (uint8_t)(number / 28000 >> 8),
				   (uint8_t)(number / 28000)};
	const uint8_t destination[4] = {192, 0, 2, 1};

	for (int end = 0; end < 2; end++) {
		uint8_t *address = (uint8_t *)&key.address[end];

		memcpy(address, mapped, sizeof(mapped));
		memcpy(address + 12, end ? destination : source, 4);
	}
	return key;
}

static void the_formula_is_fixed(void **state)
{
	struct flow_hash_seed seed;
	struct flow_key zero = {0}, key = connection(1);

	flow_hash_plant(SEED, &seed);
	assert_int_equal(seed.word[0], 0xba77a5e264e6177cULL);
	assert_int_equal(seed.word[FLOW_HASH_SEEDS - 1], 0x05073c047e9d6394ULL);
	assert_int_equal(flow_hash(&zero, &seed), 0x82b089432fe0eabaULL);
	assert_int_equal(flow_hash(&key, &seed), 0x130b0d6682f36eebULL);
}

static void every_namespace_says_the_same(void **state)
{
	struct flow_hash_seed seed;
	struct flow_key here = connection(7), there = here;

	flow_hash_plant(SEED, &seed);
	there.network_namespace = 4026531840U;
	assert_int_equal(flow_hash(&here, &seed), flow_hash(&there, &seed));
}

static void every_bit_of_the_tuple_counts(void **state)
{
	struct flow_hash_seed seed;
	uint64_t hash;
	struct flow_key key = connection(7);

	flow_hash_plant(SEED, &seed);
	hash = flow_hash(&key, &seed);
	for (size_t bit = 0; bit < offsetof(struct flow_key, zero) * 8; bit++) {
		struct flow_key other = key;

		((uint8_t *)&other)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (other.network_namespace == key.network_namespace)
			assert_int_not_equal(flow_hash(&other, &seed), hash);
	}
}

/* The top bits of both addresses at once: what a sum with odd factors cannot tell. */
static void changes_at_both_ends_do_not_cancel(void **state)
{
	struct flow_hash_seed seed;

	for (uint64_t number = 0; number < 1000; number++) {
		struct flow_key key = connection(7), other = key;

		flow_hash_plant(number, &seed);
		other.address[0].half[1] ^= 1ULL << 63;
		other.address[1].half[1] ^= 1ULL << 63;
		assert_int_not_equal(flow_hash(&other, &seed), flow_hash(&key, &seed));
	}
}

/* Five standard deviations of the binomial distribution. */
static void a_sample_has_its_share(void **state)
{
	static const uint32_t rates[] = {1, 2, 3, 10, 100, 1000};
	const uint32_t all = 1000000;
	struct flow_hash_seed seed;

	flow_hash_plant(SEED, &seed);
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		double share = 1.0 / rates[i];
		double bound = 5 * sqrt(all * share * (1 - share));
		uint32_t sampled = 0;

		for (uint32_t number = 0; number < all; number++) {
			struct flow_key key = connection(number);

			sampled += (uint32_t)flow_hash_samples(flow_hash(&key, &seed),
							       UINT64_MAX / rates[i]);
		}
		assert_true(fabs(sampled - all * share) <= bound);
	}
}

static void another_seed_takes_another_sample(void **state)
{
	struct flow_hash_seed one, other;
	uint32_t both = 0;

	flow_hash_plant(1, &one);
	flow_hash_plant(2, &other);
	for (uint32_t number = 0; number < 100000; number++) {
		struct flow_key key = connection(number);

		both += flow_hash_samples(flow_hash(&key, &one), UINT64_MAX / 10) &&
			flow_hash_samples(flow_hash(&key, &other), UINT64_MAX / 10);
	}
	/* One in a hundred is in both; five standard deviations. */
	assert_in_range(both, 1000 - 158, 1000 + 158);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_formula_is_fixed),
		cmocka_unit_test(every_namespace_says_the_same),
		cmocka_unit_test(every_bit_of_the_tuple_counts),
		cmocka_unit_test(changes_at_both_ends_do_not_cancel),
		cmocka_unit_test(a_sample_has_its_share),
		cmocka_unit_test(another_seed_takes_another_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
