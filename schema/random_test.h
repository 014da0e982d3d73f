/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance for tests, the same in every run.
 */
#ifndef SCHEMA_RANDOM_TEST_H
#define SCHEMA_RANDOM_TEST_H

#include <stdint.h>

static uint64_t random_state;

static inline void random_begin(uint64_t seed)
{
	random_state = seed;
}

/* splitmix64 */
static inline uint64_t random_word(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

#endif
