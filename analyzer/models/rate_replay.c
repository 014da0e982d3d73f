/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a new packet is dismissed, by dice: packets, distances and places are drawn.
 */
#include "analyzer/models/rate.h"

#include "schema/flow_hash.h"

#include <math.h>

struct dice {
	uint64_t state;
};

/* Above 0, at most 1. */
static double roll(struct dice *dice)
{
	dice->state += 0x9e3779b97f4a7c15ULL;
	return ldexp((double)(flow_hash_mix(dice->state) >> 11) + 1, -53);
}

/* How many packets back the first is that has a probability each. */
static double roll_distance(struct dice *dice, double each)
{
	double chance = roll(dice);

	if (each <= 0)
		return INFINITY;
	return each >= 1 ? 1 : fmax(1, ceil(log(chance) / log1p(-each)));
}

/* How many of a window's packets are of a space: Poisson; for many, normal. */
static double roll_packets(struct dice *dice, double mean)
{
	double count = 0, product;

	if (mean > 30)
		return fmax(0, round(mean + sqrt(-2 * mean * log(roll(dice))) *
						    cos(2 * M_PI * roll(dice))));
	for (product = roll(dice); product > exp(-mean); product *= roll(dice))
		count++;
	return count;
}

/* Whether a place among so many has the content. */
static int roll_places(struct dice *dice, double share, double places)
{
	return roll_distance(dice, share) <= places;
}

static int replay_recurring(const struct rate *rate, struct dice *dice, uint32_t number,
			    double window)
{
	const struct rate_content *content = &rate->contents[rate->cells[number].content];

	if (roll_distance(dice, content->each) <= window ||
	    roll_distance(dice, content->rest) <= window)
		return 1;
	for (uint32_t i = 0; i < content->running; i++) {
		const struct rate_cell *cell = &rate->cells[content->first_cell + i];
		int is_own = content->first_cell + i == number;
		double places;

		if (i >= RATE_EXACT && !is_own)
			continue;
		places = roll_packets(dice, rate_space_packets(rate, cell, window)) /
			 RATE_IDENTIFICATIONS;
		if (!is_own)
			places += 1 - roll(dice);
		if (roll_places(dice, cell->share, floor(places)))
			return 1;
	}
	return 0;
}

uint64_t rate_replay(const struct rate *rate, double window_packets, unsigned int width,
		     uint64_t trials, uint64_t seed)
{
	struct dice dice = {flow_hash_mix(seed)};
	double by_digest = ldexp(1, -(int)width);
	uint64_t dismissed = 0;

	for (uint64_t i = 0; i < trials; i++) {
		double place = (1 - roll(&dice)) * (double)rate->summary.packets;
		const struct rate_draw *draw = &rate->draws[(size_t)place];
		int is_dismissed = roll_distance(&dice, by_digest) <= window_packets;

		if (draw->cell != RATE_NONE)
			is_dismissed |=
				replay_recurring(rate, &dice, draw->cell, window_packets);
		else if (draw->distance && draw->distance <= window_packets)
			is_dismissed |= roll(&dice) <= (double)draw->weight;
		dismissed += (uint64_t)is_dismissed;
	}
	return dismissed;
}
